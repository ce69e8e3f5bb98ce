cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/analytics_test.c cx_stage_analytics)
cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/analytics_property_test.c cx_stage_analytics)
