find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(here ${CMAKE_CURRENT_LIST_DIR})
add_library(codec_oracle STATIC ${here}/oracle.c)
target_include_directories(codec_oracle PUBLIC ${here})
target_link_libraries(codec_oracle PUBLIC cx_codec PRIVATE PkgConfig::avro m)

foreach(name differential bounds json splice wire resolve schema)
  cx_unit_test(${here}/codec_${name}_test.c codec_oracle)
endforeach()
target_compile_definitions(codec_wire_test PRIVATE CX_TEST_SCHEMAS="${CMAKE_SOURCE_DIR}/schemas")

add_executable(codec_resolve_tool ${here}/resolve_tool.c)
target_link_libraries(codec_resolve_tool PRIVATE cx_codec)
add_test(NAME python.codec_resolution
  COMMAND ${Python3_EXECUTABLE} ${here}/resolution_test.py $<TARGET_FILE:codec_resolve_tool> ${CMAKE_BINARY_DIR}/python)
set_tests_properties(python.codec_resolution PROPERTIES LABELS python SKIP_RETURN_CODE 77)

add_test(NAME unit.avsc2c COMMAND ${Python3_EXECUTABLE} ${here}/avsc2c_test.py ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.avsc2c PROPERTIES LABELS unit)
