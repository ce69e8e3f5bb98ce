# The fault tests' own tools, tested without a broker.
add_test(NAME faults.kproxy COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/kproxy_test.py)
set_tests_properties(faults.kproxy PROPERTIES LABELS python)
