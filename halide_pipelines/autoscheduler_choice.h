// HL_AUTOSCHEDULER: the autoscheduler of a build, chosen by the environment.
#pragma once

#include <string>
#include <vector>

namespace pipelines {

/// Adds to a generator's command line `args` what the value of HL_AUTOSCHEDULER
/// asks for: `NAME_OR_PLUGIN_PATH[,key=value...]`. An empty value and `none` ask
/// for nothing. A command line that names a schedule itself (`autoscheduler=...`
/// or `manual=true`), or that builds no generator, stays as it is.
///
/// Throws std::invalid_argument if the value is malformed or names no plugin
/// that exists.
void add_autoscheduler(const std::string &value, std::vector<std::string> &args);

}  // namespace pipelines
