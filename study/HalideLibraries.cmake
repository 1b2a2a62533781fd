# The programs that call libraries which Halide compiles ahead of time, from
# halide_pipelines and from generators/, scheduled by our plugin.
include(ProcessorCount)
ProcessorCount(processors)

set(halide_libraries "${CMAKE_CURRENT_BINARY_DIR}/halide")
file(MAKE_DIRECTORY "${halide_libraries}")

# The plugin opens one of them; it does not change when they do.
get_filename_component(plugin_folder "${STUDY_PLUGIN}" DIRECTORY)
file(GLOB plugin_builds "${plugin_folder}/libsrivastava2020_halide*.so")

# The runtime that all libraries share.
set(runtime "${halide_libraries}/study_runtime.a")
add_custom_command(OUTPUT "${runtime}"
    COMMAND "${STUDY_GENERATOR}" -r study_runtime -o "${halide_libraries}"
            -e static_library target=host
    DEPENDS "${STUDY_GENERATOR}"
    VERBATIM)
add_custom_target(study_runtime DEPENDS "${runtime}")

# For kernels that halide_pipelines has not.
find_library(gengen NAMES Halide_GenGen REQUIRED
             PATHS "${halide_library_folder}" NO_DEFAULT_PATH NO_CACHE)
add_executable(study.generator generators/valid_conv2d.cpp)
target_compile_features(study.generator PRIVATE cxx_std_17)
target_compile_options(study.generator PRIVATE -Wall -Wextra -O0)
target_include_directories(study.generator SYSTEM PRIVATE "${halide_root}/include")
target_link_libraries(study.generator PRIVATE "${gengen}" "${halide_library}" ${CMAKE_DL_LIBS})
set_target_properties(study.generator PROPERTIES BUILD_RPATH "${halide_library_folder}")

# add_halide_program(<name> <executable> <libraries>): each library, of a generator in the
# executable, is "<generator>[ <GeneratorParam>=<value>...]"; its function is
# study_<generator> and the values, all joined by "_". Its schedule is written beside it.
function(add_halide_program name executable)
    add_study_program(${name})
    foreach(library ${ARGN})
        string(REPLACE " " ";" parameters "${library}")
        list(POP_FRONT parameters generator)
        string(REGEX REPLACE " [a-z]+=" "_" function "study_${library}")
        set(stem "${halide_libraries}/${function}")
        add_custom_command(OUTPUT "${stem}.a" "${stem}.h" "${stem}.schedule.h"
            COMMAND "${executable}" -g ${generator} -f ${function} -n ${function}
                    -o "${halide_libraries}" -e static_library,c_header,schedule
                    -p "${STUDY_PLUGIN}" autoscheduler=Srivastava2020
                    autoscheduler.parallelism=${processors}
                    target=host-no_runtime ${parameters}
            DEPENDS "${executable}" "${STUDY_PLUGIN}" ${plugin_builds}
            VERBATIM)
        target_sources(${name} PRIVATE "${stem}.h")
        target_link_libraries(${name} PRIVATE "${stem}.a")
    endforeach()
    add_dependencies(${name} study_runtime)
    target_include_directories(${name} PRIVATE "${halide_libraries}")
    target_include_directories(${name} SYSTEM PRIVATE "${halide_root}/include")
    target_link_libraries(${name} PRIVATE "${runtime}" ${CMAKE_DL_LIBS})
endfunction()

add_halide_program(mm_halide "${STUDY_GENERATOR}" "matmul")
add_halide_program(mv_halide "${STUDY_GENERATOR}" "matvec")
add_halide_program(mc_halide study.generator
                   "valid_conv2d size=3" "valid_conv2d size=5" "valid_conv2d size=7")
set(max_pool)
foreach(size 2 3 4 5)
    foreach(stride 1 2)
        list(APPEND max_pool "max_pool size=${size} stride=${stride}")
    endforeach()
endforeach()
add_halide_program(mp_halide "${STUDY_GENERATOR}" ${max_pool})
