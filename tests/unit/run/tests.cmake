cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/chain_test.c cx_run)
set_target_properties(chain_test PROPERTIES LINKER_LANGUAGE CXX)
