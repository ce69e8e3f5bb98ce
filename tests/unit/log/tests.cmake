cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/log_test.c cx_log cx_base PkgConfig::jansson)
