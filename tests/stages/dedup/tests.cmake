cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/dedup_test.c cx_stage_dedup)
cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/dedup_property_test.c cx_stage_dedup)
cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/dedup_cluster_test.c cx_stage_dedup)
cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/dedup_cluster_property_test.c cx_stage_dedup)
