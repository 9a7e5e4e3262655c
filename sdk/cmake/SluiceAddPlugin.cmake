# sluice_add_plugin(<name> SOURCES <file>... [LIBRARIES <target>...])
#
# Builds the plugin <name>.so: a loadable module that exports sluice_plugin_query and nothing else, binds all its
# symbols when it is loaded and can be unloaded again. The finished file is checked by check_plugin.sh. C++17 unless
# CMAKE_CXX_STANDARD asks for more. With SLUICE_SANITIZE set (a list as for -fsanitize=) undefined symbols are allowed,
# because a sanitizer's runtime is found in the host.
# The global property SLUICE_PLUGINS lists the targets of all plugins.
include_guard(GLOBAL)

set(SLUICE_SDK_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "Where the SDK's CMake files are")

function(sluice_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sluice_add_plugin(${name}): expected SOURCES <file>... [LIBRARIES <target>...], "
                        "found \"${ARGN}\"")
  endif()
  set(map "${SLUICE_SDK_CMAKE_DIR}/sluice_plugin.map")
  set(check "${SLUICE_SDK_CMAKE_DIR}/check_plugin.sh")

  add_library(${name} MODULE ${arg_SOURCES})
  set_property(GLOBAL APPEND PROPERTY SLUICE_PLUGINS ${name})
  target_link_libraries(${name} PRIVATE Sluice::sdk ${arg_LIBRARIES})
  target_compile_features(${name} PRIVATE cxx_std_17)
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${map};${check}")
  # Unique symbols pin a library for the life of the process and are shared with its next version.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${map}" LINKER:--exclude-libs,ALL LINKER:-z,now LINKER:-z,relro LINKER:--build-id)
  if(SLUICE_SANITIZE)
    set(check_options --sanitized)
  else()
    set(check_options "")
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  if(COMMAND sluice_set_warnings)
    sluice_set_warnings(${name})
  endif()
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND sh "${check}" ${check_options} "$<TARGET_FILE:${name}>" VERBATIM)
endfunction()
