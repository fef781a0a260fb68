// What the netns infrastructure is told: where it works, and what it has.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "terrace/driver/v1/driver.pb.h"

namespace terrace {

// A place where a customer's network comes in: an interface of the site's namespace, which becomes
// a port of a bridge of ours and must not be anyone else's.
struct NetnsAttachment {
  driver::v1::Attachment attachment;
  std::string interface;
};

// Where links leave for other sites: an interface of the site's namespace that has the vtep
// address.
struct NetnsWanPort {
  driver::v1::WanPort port;
  std::string interface;
};

// One of the built-in functions (router, firewall, nat, web, loadbalancer), and the images that
// mean it; none: "terrace/<name>".
struct NetnsFunction {
  std::string name;
  std::vector<std::string> image;
};

// Absolute paths; where Debian has them.
struct NetnsPrograms {
  std::string nginx = "/usr/sbin/nginx";
  std::string haproxy = "/usr/sbin/haproxy";
};

struct NetnsConfig {
  // File of the network namespace that has the attachments' and WAN ports' interfaces. Empty: the
  // daemon's own.
  std::string site;
  // Absolute; the driver's own, made if missing, shared with no other driver. Below it:
  //   ns/<key>-<profile>-<index>, ns/<key>-fabric   namespaces of the hold with that key
  //   ns/segment-<key>                              what joins VXLAN and the holds that use it
  //   vnf/<key>/desired                             the part as it was last applied
  //   vnf/<key>/<profile>-<index>/                  configuration, content and output of programs
  // On a file system that outlives the daemon but not the machine (/run), as namespaces do.
  std::string run_dir;
  std::vector<driver::v1::Node> node;
  // Empty: all of them.
  std::vector<NetnsFunction> function;
  std::vector<NetnsAttachment> attachment;
  std::vector<NetnsWanPort> wan_port;
  NetnsPrograms program;
  // Holds that are worked on at once.
  std::size_t workers = 4;
};

}  // namespace terrace
