#include "autoscheduler_choice.h"

#include <Halide.h>

#include <algorithm>
#include <cctype>
#include <dlfcn.h>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace pipelines {
namespace {

namespace fs = std::filesystem;

// File names are in lower case, the names that plugins register are not.
const std::vector<std::string> known_names = {
    "Adams2019", "Anderson2021", "Li2018", "Mullapudi2016", "Srivastava2020"};

struct Plugin {
    std::string name;
    fs::path file;
};

std::string lowercase(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string plugin_file_name(const std::string &name) {
    return "libautoschedule_" + lowercase(name) + ".so";
}

bool starts_with(const std::string &text, const std::string &prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool is_path(const std::string &text) {
    const std::string suffix = ".so";
    return text.find('/') != std::string::npos ||
           (text.size() > suffix.size() &&
            text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0);
}

/// Where plugins are looked for: beside this executable, in the `release` folder
/// of the same cargo target directory, beside libHalide.
std::vector<fs::path> plugin_folders() {
    const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
    std::vector<fs::path> folders = {here, here.parent_path() / "release"};
    int (*in_libhalide)(int, char **) = &Halide::Internal::generate_filter_main;
    Dl_info info;
    if (dladdr(reinterpret_cast<void *>(in_libhalide), &info) && info.dli_fname) {
        folders.push_back(fs::absolute(info.dli_fname).parent_path());
    }
    return folders;
}

Plugin plugin_at(const std::string &path) {
    if (!fs::is_regular_file(path)) {
        throw std::invalid_argument("there is no plugin file " + path);
    }
    const std::string file_name = fs::path(path).filename().string();
    for (const std::string &name : known_names) {
        if (file_name == plugin_file_name(name)) {
            return {name, fs::absolute(path)};
        }
    }
    throw std::invalid_argument(
        "cannot tell from the file name " + file_name +
        " which name the plugin registers; give both on the command line instead: -p " + path +
        " autoscheduler=NAME");
}

Plugin plugin_named(const std::string &text) {
    const auto known = std::find_if(known_names.begin(), known_names.end(), [&](const auto &name) {
        return lowercase(name) == lowercase(text);
    });
    if (known == known_names.end()) {
        std::string names = "none";
        for (const std::string &name : known_names) {
            names += ", " + name;
        }
        throw std::invalid_argument("unknown autoscheduler '" + text + "'; accepted are " + names +
                                    " and the path of a plugin");
    }
    std::string searched;
    for (const fs::path &folder : plugin_folders()) {
        const fs::path file = folder / plugin_file_name(*known);
        if (fs::is_regular_file(file)) {
            return {*known, file};
        }
        searched += " " + folder.string();
    }
    throw std::invalid_argument(plugin_file_name(*known) + " is in none of the folders" + searched);
}

/// The generator parameter that a `key=value` of HL_AUTOSCHEDULER stands for.
std::string generator_param(const std::string &item) {
    const size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == item.size()) {
        throw std::invalid_argument("'" + item + "' is not of the form key=value");
    }
    return "autoscheduler." + item;
}

/// Loads `file` in addition to the plugins that the command line loads already.
void add_plugin_file(const std::string &file, std::vector<std::string> &args) {
    const auto flag = std::find(args.begin(), args.end(), "-p");
    if (flag == args.end() || flag + 1 == args.end()) {
        args.insert(args.end(), {"-p", file});
    } else {
        *(flag + 1) += "," + file;
    }
}

}  // namespace

void add_autoscheduler(const std::string &value, std::vector<std::string> &args) {
    if (value.empty() || value == "none") {
        return;
    }
    std::vector<std::string> items;
    std::stringstream stream(value);
    for (std::string item; std::getline(stream, item, ',');) {
        items.push_back(item);
    }
    if (items[0] == "none") {
        throw std::invalid_argument("none takes no parameters");
    }
    const Plugin plugin = is_path(items[0]) ? plugin_at(items[0]) : plugin_named(items[0]);
    std::vector<std::string> params = {"autoscheduler=" + plugin.name};
    for (size_t i = 1; i < items.size(); i++) {
        params.push_back(generator_param(items[i]));
    }

    const bool builds_a_generator = std::find(args.begin(), args.end(), "-g") != args.end();
    const bool names_a_schedule = std::any_of(args.begin(), args.end(), [](const auto &arg) {
        return starts_with(arg, "autoscheduler=") || arg == "manual=true";
    });
    if (builds_a_generator && !names_a_schedule) {
        add_plugin_file(plugin.file.string(), args);
        args.insert(args.end(), params.begin(), params.end());
    }
}

}  // namespace pipelines
