cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/learn_test.c cx_learn)
add_test(NAME unit.variants COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/variants_test.py)
set_tests_properties(unit.variants PROPERTIES LABELS unit)
