# Plans compiled into tables by `vnotch compile`: those of the examples, and of the files here.
# Tests find them in compiled_plans (compiled.h).
if(NOT TARGET vnotch)
  return()
endif()
file(GLOB VN_COMPILED_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/config/examples/*.yaml
                                              ${CMAKE_CURRENT_LIST_DIR}/*.yaml)
set(VN_COMPILED_DIR ${CMAKE_BINARY_DIR}/tests/compiled)
file(MAKE_DIRECTORY ${VN_COMPILED_DIR})
set(VN_COMPILED_SOURCES)
set(VN_COMPILED_DECLARATIONS)
set(VN_COMPILED_ENTRIES)
foreach(file ${VN_COMPILED_FILES})
  get_filename_component(name ${file} NAME_WE)
  set(tables ${VN_COMPILED_DIR}/${name}.c)
  add_custom_command(
    OUTPUT ${tables} ${VN_COMPILED_DIR}/${name}.h
    COMMAND vnotch compile ${file} -o ${tables}
    DEPENDS ${file} vnotch)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/entry.c.in ${VN_COMPILED_DIR}/${name}_entry.c @ONLY)
  list(APPEND VN_COMPILED_SOURCES ${tables} ${VN_COMPILED_DIR}/${name}_entry.c)
  string(APPEND VN_COMPILED_DECLARATIONS "extern const compiled_plan_t compiled_${name};\n")
  string(APPEND VN_COMPILED_ENTRIES "    &compiled_${name},\n")
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/list.c.in ${VN_COMPILED_DIR}/list.c @ONLY)
add_library(vnotch-test-compiled STATIC ${VN_COMPILED_SOURCES} ${VN_COMPILED_DIR}/list.c)
set_target_properties(vnotch-test-compiled PROPERTIES ARCHIVE_OUTPUT_DIRECTORY
                                                      ${CMAKE_BINARY_DIR}/tests/lib)
target_include_directories(vnotch-test-compiled PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(vnotch-test-compiled PUBLIC vnotch-core PRIVATE vnotch_host_options)
foreach(target unit-test_compiled_plans unit-test_plan_load)
  target_link_libraries(${target} PRIVATE vnotch-test-compiled)
endforeach()
