# cx_fuzz(name libs...) - tests/fuzz/<name>_fuzz.c over the files of corpus/<name>/ and a few thousand seeded mutations of each.
# By hand, for longer: build/<preset>/tests/<name>_fuzz tests/fuzz/corpus/<name> 1000000
set(CX_FUZZ ${CMAKE_CURRENT_LIST_DIR})
function(cx_fuzz name)
  add_executable(${name}_fuzz ${CX_FUZZ}/${name}_fuzz.c ${CX_FUZZ}/driver.c)
  target_link_libraries(${name}_fuzz PRIVATE ${ARGN})
  add_test(NAME fuzz.${name} COMMAND ${name}_fuzz ${CX_FUZZ}/corpus/${name} 2000)
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
endfunction()

cx_fuzz(avro cx_codec)
cx_fuzz(wire cx_codec)
cx_fuzz(text cx_text)
cx_fuzz(json cx_base)
cx_fuzz(config cx_config)
cx_fuzz(rules cx_stage_route)
cx_fuzz(mail cx_stage_normalize)
