# Builds the plugin with cargo and defines Halide::Srivastava2020, an imported module
# library, which is what add_halide_library(... AUTOSCHEDULER ...) takes. The part of
# the target's name after the colons is the name under which the plugin registers.
find_program(Srivastava2020_CARGO cargo PATHS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
if(NOT Srivastava2020_CARGO)
    message(FATAL_ERROR "cargo not found; install Rust from https://rustup.rs")
endif()

# The plugin that users load works with every Halide; it opens the build for theirs, which
# is beside it and is named after that version here, so that several can be installed.
file(STRINGS "${HALIDE_ROOT}/include/HalideRuntime.h" version_lines
     REGEX "^#define HALIDE_VERSION_(MAJOR|MINOR|PATCH) ")
list(TRANSFORM version_lines REPLACE "^.* " "")
list(JOIN version_lines "." halide_version)
set(plugin_name "libautoschedule_srivastava2020${CMAKE_SHARED_MODULE_SUFFIX}")
set(Srivastava2020_PLUGIN "${CMAKE_CURRENT_BINARY_DIR}/${plugin_name}")
set(Srivastava2020_BUILD "${CMAKE_CURRENT_BINARY_DIR}/libsrivastava2020_halide${halide_version}.so")

# cargo rebuilds the bindings when HALIDE_ROOT changes, and finds the wheel in .deps by
# itself: naming it would rebuild what a plain `cargo build` in the same folder built.
get_filename_component(real_root "${HALIDE_ROOT}" REALPATH)
get_filename_component(real_wheel "${CMAKE_CURRENT_SOURCE_DIR}/.deps/halide" REALPATH)
if(real_root STREQUAL real_wheel)
    set(cargo_environment --unset=HALIDE_ROOT)
else()
    set(cargo_environment "HALIDE_ROOT=${HALIDE_ROOT}")
endif()

# Always run, since only cargo knows what it depends on; the copies keep their times when
# nothing changed, so that generators are not run again.
add_custom_target(srivastava2020_plugin ALL
    COMMAND "${CMAKE_COMMAND}" -E env ${cargo_environment}
            "${Srivastava2020_CARGO}" build --quiet --release --locked
            --package autoschedule_srivastava2020 --package srivastava2020_halide
            --manifest-path "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml"
            --target-dir "${Srivastava2020_CARGO_TARGET_DIR}"
    COMMAND "${CMAKE_COMMAND}" "-DFROM=${Srivastava2020_CARGO_TARGET_DIR}/release"
            "-DPLUGIN=${Srivastava2020_PLUGIN}" "-DBUILD=${Srivastava2020_BUILD}"
            -P "${CMAKE_CURRENT_LIST_DIR}/CopyPlugin.cmake"
    BYPRODUCTS "${Srivastava2020_PLUGIN}" "${Srivastava2020_BUILD}"
    COMMENT "Building the Srivastava2020 autoscheduler"
    VERBATIM)

add_library(Halide::Srivastava2020 MODULE IMPORTED GLOBAL)
set_target_properties(Halide::Srivastava2020 PROPERTIES IMPORTED_LOCATION "${Srivastava2020_PLUGIN}")
add_dependencies(Halide::Srivastava2020 srivastava2020_plugin)
