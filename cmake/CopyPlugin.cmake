# cmake -DFROM=<cargo's folder> -DPLUGIN=<file> -DBUILD=<file> -P CopyPlugin.cmake
#
# Copies the plugin and the build that it opens. Rules that run generators depend on the
# plugin's file alone, so that it is as new as the build.
get_filename_component(plugin_name "${PLUGIN}" NAME)
file(COPY_FILE "${FROM}/${plugin_name}" "${PLUGIN}" ONLY_IF_DIFFERENT)
file(COPY_FILE "${FROM}/libsrivastava2020_halide.so" "${BUILD}" ONLY_IF_DIFFERENT)
if("${BUILD}" IS_NEWER_THAN "${PLUGIN}")
    file(TOUCH "${PLUGIN}")
endif()
