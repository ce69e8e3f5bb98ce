cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/state_test.c cx_state)
cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/state_property_test.c cx_state)
