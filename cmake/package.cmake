# The Debian package: `cpack -G DEB` in the build folder of release, armhf or arm64. What belongs
# to building with the core (headers, archive, CMake package) is not in it: `cmake --install`.
set(VN_PACKAGING ${CMAKE_SOURCE_DIR}/packaging)
set(VN_RUNTIME COMPONENT runtime)
install(FILES ${VN_PACKAGING}/vnotchd.service DESTINATION lib/systemd/system ${VN_RUNTIME})
install(FILES ${VN_PACKAGING}/vnotch.yaml DESTINATION /etc/vnotch ${VN_RUNTIME} EXCLUDE_FROM_ALL)
install(FILES ${VN_PACKAGING}/debian/copyright docs/operations.md docs/configuration.md
              docs/errors.md docs/summary.cddl README.md
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/vnotch ${VN_RUNTIME})
install(DIRECTORY config/examples DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/vnotch ${VN_RUNTIME})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vnotch)
set(CPACK_PACKAGE_VENDOR vnotch)
set(CPACK_PACKAGE_CONTACT "vnotch maintainers <vnotch@invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "edge stream processor for sensor readings")
string(JOIN "\n" CPACK_PACKAGE_DESCRIPTION
       "Takes readings over MQTT and gives event-time windows, samples and alerts."
       "State survives power cuts; the memory it needs is known before it starts.")
set(CPACK_COMPONENTS_ALL runtime)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME vnotch)
set(CPACK_DEBIAN_RUNTIME_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS mosquitto)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${VN_PACKAGING}/debian/postinst ${VN_PACKAGING}/debian/prerm ${VN_PACKAGING}/debian/postrm
    ${VN_PACKAGING}/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# dpkg-shlibdeps knows the machine's own packages only; cross builds say what Debian 12 calls them.
if(CMAKE_CROSSCOMPILING)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${VN_DEBIAN_ARCH})
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.34), libyaml-0-2, libpaho-mqtt1.3 (>= 1.3.0)")
  if(VN_CBOR STREQUAL "libcbor")
    string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", libcbor0.8 (>= 0.8.0)")
  endif()
else()
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
endif()
include(CPack)
