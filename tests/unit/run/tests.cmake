foreach(noun acl chain doctor ledger placement reload settings topics)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/${noun}_test.c cx_run)
  set_target_properties(${noun}_test PROPERTIES LINKER_LANGUAGE CXX)
endforeach()
