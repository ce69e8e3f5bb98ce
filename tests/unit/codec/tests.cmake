set(here ${CMAKE_CURRENT_LIST_DIR})
add_library(codec_oracle STATIC ${here}/oracle.c)
target_include_directories(codec_oracle PUBLIC ${here})
target_link_libraries(codec_oracle PUBLIC cx_codec PRIVATE PkgConfig::avro m)

foreach(name differential bounds json splice wire resolve)
  cx_unit_test(${here}/codec_${name}_test.c codec_oracle)
endforeach()
target_compile_definitions(codec_wire_test PRIVATE CX_TEST_SCHEMAS="${CMAKE_SOURCE_DIR}/schemas")
