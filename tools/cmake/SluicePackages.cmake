# What is installed beside the SDK (sdk/CMakeLists.txt), and the two Debian packages that tools/package makes of it:
#   sluice      the gateway, its plugins, /etc/sluice, the systemd unit
#   sluice-sdk  for authors of plugins; nothing in it depends on the machine
# To be included when the plugins that are shipped are there, and no others. Components: runtime, configuration (for an installation in a folder of its own), system (the same for /, packages
# only) and sdk.
set(SLUICE_PLUGIN_DESTINATION lib/sluice/plugins)

get_property(plugins GLOBAL PROPERTY SLUICE_PLUGINS)
install(TARGETS ${plugins} LIBRARY DESTINATION "${SLUICE_PLUGIN_DESTINATION}" COMPONENT runtime)
install(FILES README.md CHANGELOG.md conf/REFERENCE.md conf/full.yaml DESTINATION share/doc/sluice COMPONENT runtime)
install(DIRECTORY conf/examples DESTINATION share/doc/sluice COMPONENT runtime)
install(FILES conf/sluice.yaml DESTINATION etc/sluice COMPONENT configuration)

# A command finds the service's state without systemd's environment, too.
file(READ conf/sluice.yaml configuration)
string(REPLACE "\${SLUICE_STATE_DIR:-}" "\${SLUICE_STATE_DIR:-/var/lib/sluice}" for_service "${configuration}")
if(for_service STREQUAL configuration)
  message(FATAL_ERROR "conf/sluice.yaml: expected \${SLUICE_STATE_DIR:-} to put the service's folder in, found none")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS conf/sluice.yaml)
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/debian/sluice.yaml" "${for_service}")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/debian/sluice.yaml" DESTINATION /etc/sluice COMPONENT system EXCLUDE_FROM_ALL)
install(FILES tools/debian/sluice.service DESTINATION lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sluice)
set(CPACK_PACKAGE_VENDOR Sluice)
set(CPACK_PACKAGE_CONTACT "Sluice maintainers <sluice@example.org>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_SOURCE_DIR}/build/package")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime system sdk)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)

set(debian "${PROJECT_SOURCE_DIR}/tools/debian")
set(CPACK_DEBIAN_GATEWAY_PACKAGE_NAME sluice)
set(CPACK_DEBIAN_GATEWAY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_GATEWAY_PACKAGE_DEPENDS "adduser, ca-certificates, init-system-helpers")
set(CPACK_DEBIAN_GATEWAY_PACKAGE_SUGGESTS sluice-sdk)
set(CPACK_DEBIAN_GATEWAY_PACKAGE_CONTROL_EXTRA
  "${debian}/conffiles;${debian}/postinst;${debian}/prerm;${debian}/postrm")
set(CPACK_DEBIAN_GATEWAY_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_GATEWAY_DESCRIPTION
  "LLM gateway with hot-swappable native plugins
One OpenAI-compatible endpoint in front; behind it backends and middleware
that are plugins on a stable C ABI and are swapped while requests run.")

set(CPACK_DEBIAN_SDK_PACKAGE_NAME sluice-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SDK_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_SDK_PACKAGE_RECOMMENDS "sluice, cmake, binutils, g++ | c++-compiler")
set(CPACK_DEBIAN_SDK_PACKAGE_SUGGESTS "cargo, pkg-config")
set(CPACK_DEBIAN_SDK_DESCRIPTION
  "headers and templates for plugins of the Sluice gateway
The C ABI, a header-only C++17 wrapper, a Rust crate, fakes for unit tests,
a CMake package, and what `sluice plugin new` makes new plugins of.")

include(CPack)
cpack_add_component(runtime GROUP gateway)
cpack_add_component(system GROUP gateway)
cpack_add_component(sdk GROUP sdk)
