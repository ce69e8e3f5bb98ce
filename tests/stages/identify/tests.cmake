cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/identify_test.c cx_stage_identify)
cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/identify_property_test.c cx_stage_identify)
