# What is shipped to run it, and the program as it was built.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_test(NAME deploy.files COMMAND sh -c "${CMAKE_SOURCE_DIR}/tests/system/run --prepare && exec ${CMAKE_SOURCE_DIR}/build/venv/bin/python -B ${CMAKE_CURRENT_LIST_DIR}/deploy.py --cx $<TARGET_FILE:cx>")
add_test(NAME deploy.generated COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/dev/generated.py --cx $<TARGET_FILE:cx> --check)
add_test(NAME deploy.hardening COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/dev/check_hardening.py $<TARGET_FILE:cx>)
set_tests_properties(deploy.files deploy.generated deploy.hardening PROPERTIES LABELS deploy)
