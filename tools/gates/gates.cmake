# The gates: what the documents claim about the code, checked. Each has a self-test that feeds it
# violations, so that a gate which no longer bites is a red test.
function(vn_add_gate name)
  add_test(NAME gate.${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  vn_label_test(gate.${name} gate 300)
  set_tests_properties(gate.${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

set(gates ${CMAKE_SOURCE_DIR}/tools/gates)
foreach(gate layers sizes words)
  vn_add_gate(${gate} ${VN_PYTHON} ${gates}/${gate}.py)
  vn_add_gate(${gate}.self_test ${VN_PYTHON} ${gates}/${gate}.py --self-test)
endforeach()
vn_add_gate(format ${gates}/format)
vn_add_gate(format.self_test ${gates}/format --self-test)
vn_add_gate(shell ${gates}/shell)
vn_add_gate(shell.self_test ${gates}/shell --self-test)

vn_add_gate(footprint.table ${CMAKE_SOURCE_DIR}/tools/footprint --table --check)
vn_add_gate(footprint.self_test ${CMAKE_SOURCE_DIR}/tools/footprint --self-test)

# Sanitizers and coverage add calls and data of their own.
if(NOT CMAKE_C_FLAGS AND NOT VN_COVERAGE AND NOT CMAKE_CROSSCOMPILING AND TARGET vnotch-core)
  vn_add_gate(symbols ${VN_PYTHON} ${gates}/symbols.py --nm ${CMAKE_NM} $<TARGET_FILE:vnotch-core>)
  if(TARGET vnotch-core-builtin)
    vn_add_gate(symbols.builtin ${VN_PYTHON} ${gates}/symbols.py --nm ${CMAKE_NM}
                $<TARGET_FILE:vnotch-core-builtin>)
  endif()
  vn_add_gate(symbols.self_test ${VN_PYTHON} ${gates}/symbols.py --self-test ${CMAKE_C_COMPILER})
endif()

# Generated documents must equal what their generators write today.
file(GLOB generators CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/gen_*)
foreach(generator ${generators})
  get_filename_component(stem ${generator} NAME_WE)
  vn_add_gate(${stem} ${CMAKE_COMMAND} -E env VN_BIN_DIR=${CMAKE_BINARY_DIR}/bin ${generator}
              --check)
endforeach()
