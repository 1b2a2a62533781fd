# srivastava2020_find_halide_root(<variable>)
#
# Sets <variable> to the folder of the Halide to build against, which holds
# include/Halide.h. In this order: the CMake variable HALIDE_ROOT, the Halide that
# the surrounding project found (a plugin must use the libHalide of the generator
# that loads it), the environment variable HALIDE_ROOT, the wheel that
# tools/setup.sh installs.
function(srivastava2020_find_halide_root result)
    set(wheel "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../.deps/halide")
    if(HALIDE_ROOT)
        set(root "${HALIDE_ROOT}")
    elseif(TARGET Halide::Halide)
        get_target_property(root Halide::Halide LOCATION)
        # <root>/lib/libHalide.so, or <root>/lib/<triple>/libHalide.so
        foreach(level RANGE 2)
            get_filename_component(root "${root}" DIRECTORY)
            if(EXISTS "${root}/include/Halide.h")
                break()
            endif()
        endforeach()
    elseif(NOT "$ENV{HALIDE_ROOT}" STREQUAL "")
        set(root "$ENV{HALIDE_ROOT}")
    else()
        set(root "${wheel}")
    endif()
    get_filename_component(root "${root}" ABSOLUTE)
    if(NOT EXISTS "${root}/include/Halide.h")
        message(FATAL_ERROR "No Halide in '${root}'. Run tools/setup.sh, call find_package(Halide) first, "
                            "or set HALIDE_ROOT to a folder that holds include/Halide.h.")
    endif()
    set(${result} "${root}" PARENT_SCOPE)
endfunction()
