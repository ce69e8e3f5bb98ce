foreach(test fold matcher language model sketch)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/${test}_test.c cx_text)
endforeach()
