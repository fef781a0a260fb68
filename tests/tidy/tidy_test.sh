#!/bin/bash
# Does tidy.sh find each breach, where it is, and leave alone what only looks like one?
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
failed=0

# finds "file:line: rule" CONTENT FILE: a tree of this one file has exactly this breach.
finds() {
  local want=$1 file=$3 got
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/$(dirname "$file")"
  printf '%b' "$2" >"$tree/$file"
  got=$("$here/tidy.sh" "$tree" 2>/dev/null | grep -v '^tidy:' | cut -d: -f1-3)
  [[ $got == "$want" ]] && return
  printf 'for: %b\nwant: %s\ngot:  %s\n' "$2" "$want" "$got"
  failed=1
}

lines() { yes '//' | head -n "$1" | tr '\n' '~' | sed 's/~/\\n/g'; }
wide() { printf '/%.0s' $(seq "$1"); }

finds '' '#pragma once\n' base/a.h
finds 'base/a.h:1: pragma-once' '// none\n' base/a.h
finds 'base/b.cc:501: length' "$(lines 501)" base/b.cc
finds '' "$(lines 500)" base/b.cc
finds 'base/b.cc:1: width' "$(wide 101)\n" base/b.cc
finds '' "$(wide 100)\n" base/b.cc
finds '' "// $(printf '\\303\\251%.0s' $(seq 97))\n" base/b.cc
finds 'base/b.cc:2: shell' '\n  int x = system("ls");\n' base/b.cc
finds 'base/b.cc:1: shell' 'auto f = ::popen(cmd, "r");\n' base/b.cc
finds '' '// system("ls")\nauto s = "system(x)"; host.system(1); boost_system(2);\n' base/b.cc
finds '' '/* system(\n system("ls") */\n' base/b.cc
finds 'tests/b.cc:1: sleep' 'std::this_thread::sleep_for(1ms);\n' tests/b.cc
finds 'base/b.cc:1: sleep' '  usleep(3);\n' base/b.cc
finds 'base/b.cc:1: coroutine' 'co_await x;\n' base/b.cc
finds 'base/b.cc:1: using-namespace' 'using namespace std;\n' base/b.cc
finds 'base/b.cc:1: unfinished' '// TO''DO: more\n' base/b.cc
finds 'docs/a.md:2: unfinished' 'a\nFIX''ME\n' docs/a.md
finds 'examples/a.sh:1: machine' 'cd /wo''rk/x\n' examples/a.sh
finds '' '# runs in ./wo''rk/ or /usr/wo''rkspace and network/wo''rk\n' examples/a.sh

finds 'recursion/a.cc:1: rooms' '#include <grpcpp/grpcpp.h>\n' recursion/a.cc
finds 'recursion/a.cc:2: rooms' '\n#include <sqlite3.h>\n' recursion/a.cc
finds 'recursion/a.cc:1: rooms' '#include <netlink/netlink.h>\n' recursion/a.cc
finds 'recursion/a.cc:1: rooms' '#include "store/sqlite_store.h"\n' recursion/a.cc
finds 'northbound/a.cc:1: rooms' '#include "southbound/leaf/leaf.h"\n' northbound/a.cc
finds 'northbound/a.cc:1: rooms' '#include "recursion/engine.h"\n' northbound/a.cc
finds 'northbound/a.cc:1: rooms' '#include "terrace/v1/hold_service.grpc.pb.h"\n' northbound/a.cc
finds 'southbound/leaf/a.cc:1: rooms' '#include "northbound/dispatch.h"\n' southbound/leaf/a.cc
finds 'southbound/leaf/a.cc:1: rooms' '#include "linux/netns.h"\n' southbound/leaf/a.cc
finds 'base/a.cc:1: rooms' '#include "dispatch.h"\n' base/a.cc
finds 'attic/a.cc:1: rooms' '\n' attic/a.cc
finds '' '#include "store/store.h"\n#include "base/result.h"\n#include <vector>\n' recursion/a.cc
finds '' '#include "linux/netns.h"\n#include <sys/mount.h>\n' southbound/netns/a.cc
finds '' '#include <grpcpp/server.h>\n#include "terrace/v1/a.grpc.pb.h"\n' northbound/grpc/a.cc
finds '' '#include "terrace/v1/a.pb.h"\n#include "google/protobuf/any.pb.h"\n' base/a.cc

((failed)) || echo 'tidy_test: each breach is found'
exit "$failed"
