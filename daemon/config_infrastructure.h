// The part of the configuration that says what a platform has of its own.
#pragma once

#include "base/strict_yaml.h"
#include "daemon/config.h"

namespace terrace {

// Problems go to the reader's list; what is returned is used only when there are none.
InfrastructureConfig read_infrastructure(YamlReader& reader);

}  // namespace terrace
