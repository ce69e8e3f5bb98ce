foreach(test pii lexicon evidence section)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/classify_${test}_test.c cx_stage_classify)
endforeach()
