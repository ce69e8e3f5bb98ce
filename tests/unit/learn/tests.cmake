cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/learn_test.c cx_learn)
