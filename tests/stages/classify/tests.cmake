foreach(test pii lexicon evidence section)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/classify_${test}_test.c cx_stage_classify)
endforeach()
target_compile_definitions(classify_pii_test PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
