# Rules of the house as tests.
foreach(rule includes headers stages sizes topics)
  add_test(NAME house.${rule} COMMAND python3 -B ${CMAKE_SOURCE_DIR}/tools/dev/check_rooms.py ${rule})
  set_tests_properties(house.${rule} PROPERTIES LABELS house)
endforeach()
add_test(NAME house.symbols COMMAND python3 -B ${CMAKE_SOURCE_DIR}/tools/dev/check_rooms.py symbols ${CMAKE_BINARY_DIR})
set_tests_properties(house.symbols PROPERTIES LABELS house)
add_test(NAME golden COMMAND python3 -B ${CMAKE_SOURCE_DIR}/tools/dev/golden.py --cx $<TARGET_FILE:cx>)
set_tests_properties(golden PROPERTIES LABELS golden)
