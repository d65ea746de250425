# Install rules of the core: headers, library, CMake package, pkg-config file.
include(CMakePackageConfigHelpers)
set(VN_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/vnotch)

install(TARGETS vnotch-core EXPORT vnotchTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT development)
install(DIRECTORY firmware-agnostic-core/include/vn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development
        FILES_MATCHING PATTERN "*.h")
install(EXPORT vnotchTargets NAMESPACE vnotch:: DESTINATION ${VN_CMAKE_DIR}
        COMPONENT development)
configure_package_config_file(cmake/vnotchConfig.cmake.in vnotchConfig.cmake
                              INSTALL_DESTINATION ${VN_CMAKE_DIR})
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file(vnotchConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/vnotchConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/vnotchConfigVersion.cmake
        DESTINATION ${VN_CMAKE_DIR} COMPONENT development)

# The prefix is relative to the .pc file: `cmake --install --prefix` then needs no edit.
file(RELATIVE_PATH VN_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
set(VN_PC_REQUIRES "")
if(VN_CBOR STREQUAL "libcbor")
  set(VN_PC_REQUIRES "Requires: libcbor")
endif()
configure_file(cmake/vnotch.pc.in vnotch.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/vnotch.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
