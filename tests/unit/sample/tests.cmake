cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/sample_test.c cx_run)
cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/sample_chain_test.c cx_run)
