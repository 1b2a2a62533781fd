# Installs the plugin and the files that find_package(Srivastava2020) reads.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Srivastava2020")

configure_package_config_file(
    "${CMAKE_CURRENT_LIST_DIR}/Srivastava2020Config.cmake.in"
    "${CMAKE_CURRENT_BINARY_DIR}/Srivastava2020Config.cmake"
    INSTALL_DESTINATION "${package_folder}"
    PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(
    "${CMAKE_CURRENT_BINARY_DIR}/Srivastava2020ConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)

install(PROGRAMS "${Srivastava2020_PLUGIN}" "${Srivastava2020_BUILD}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/Srivastava2020Config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/Srivastava2020ConfigVersion.cmake"
    DESTINATION "${package_folder}")
