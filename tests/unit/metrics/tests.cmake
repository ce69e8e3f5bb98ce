cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/metrics_test.c cx_metrics cx_base)

# The judge of the text format is Prometheus itself: its linter reads what a registry with one of everything exposes.
add_executable(metrics_sample ${CMAKE_CURRENT_LIST_DIR}/metrics_sample.c)
target_link_libraries(metrics_sample PRIVATE cx_metrics cx_base)
find_program(PROMTOOL promtool REQUIRED)
add_test(NAME unit.metrics_promtool COMMAND sh -c "$<TARGET_FILE:metrics_sample> | ${PROMTOOL} check metrics")
set_tests_properties(unit.metrics_promtool PROPERTIES LABELS unit)
