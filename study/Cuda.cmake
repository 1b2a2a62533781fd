# The programs for GPUs of NVIDIA, where there is a compiler for them.
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
    message(STATUS "No programs with CUDA: no nvcc")
    return()
endif()
enable_language(CUDA)
foreach(kernel mm mv mc mp)
    add_executable(${kernel}_cuda programs/cuda/${kernel}.cu)
    target_include_directories(${kernel}_cuda PRIVATE programs)
    target_link_libraries(${kernel}_cuda PRIVATE study_protocol Threads::Threads)
    set_target_properties(${kernel}_cuda PROPERTIES
        CUDA_STANDARD 17
        RUNTIME_OUTPUT_DIRECTORY "${STUDY_OUTPUT_DIR}")
endforeach()
