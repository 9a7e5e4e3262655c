# Compiles several sources of a target as one, where a build has to be done soon rather than often:
#   cmake --preset release -DCMAKE_PROJECT_Sluice_INCLUDE=tools/cmake/SluiceUnity.cmake
#
# Sources are grouped so that names in unnamed namespaces do not meet, anew with each configure run. What only compiles
# to see whether it compiles is compiled as it is, and not at all with a sanitizer.
set(SLUICE_UNITY_SIZE 20 CACHE STRING "How many sources at most are compiled as one")
set(SLUICE_UNITY_GROUPS "${CMAKE_CURRENT_LIST_DIR}/unity_groups.awk" CACHE INTERNAL "")
set(compile_only abi_layout sdk_headers_alone)

# The targets of a folder and those below it.
function(sluice_targets_below folder result)
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  get_property(subfolders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(subfolder IN LISTS subfolders)
    sluice_targets_below("${subfolder}" below)
    list(APPEND targets ${below})
  endforeach()
  set(${result} "${targets}" PARENT_SCOPE)
endfunction()

function(sluice_unite_sources target)
  get_target_property(folder ${target} SOURCE_DIR)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  list(TRANSFORM sources PREPEND "${folder}/" REGEX "^[^/]")
  list(LENGTH sources count)
  if(count LESS 2)
    return()
  endif()
  execute_process(COMMAND awk -v size=${SLUICE_UNITY_SIZE} -f "${SLUICE_UNITY_GROUPS}" ${sources}
    OUTPUT_VARIABLE groups COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "\n$" "" groups "${groups}")
  string(REPLACE "\n" ";" groups "${groups}")
  foreach(line IN LISTS groups)
    string(REGEX MATCH "^([0-9]+) (.+)$" matched "${line}")
    set_source_files_properties("${CMAKE_MATCH_2}" TARGET_DIRECTORY ${target} PROPERTIES UNITY_GROUP "${CMAKE_MATCH_1}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # It holds a .cpp that was included for a header, and warns of what is fine in a source.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endfunction()

function(sluice_unite_all_sources)
  sluice_targets_below("${PROJECT_SOURCE_DIR}" targets)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(target IN_LIST compile_only)
      if(SLUICE_SANITIZE)
        set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
      endif()
    elseif(type MATCHES "LIBRARY$|EXECUTABLE" AND NOT type STREQUAL "INTERFACE_LIBRARY")
      sluice_unite_sources(${target})
    endif()
  endforeach()
endfunction()

cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL sluice_unite_all_sources)
