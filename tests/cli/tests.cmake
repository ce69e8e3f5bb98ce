# The command line as users have it: the real program, run from outside.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_test(NAME cli COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/command_line.py --cx $<TARGET_FILE:cx>)
set_tests_properties(cli PROPERTIES LABELS cli)
