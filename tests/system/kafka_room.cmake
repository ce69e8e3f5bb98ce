# System tests: real processes against a real broker, started through deploy/local. `ctest -L system`.
add_executable(kafka_room_test ${CMAKE_CURRENT_LIST_DIR}/kafka_room_test.c)
target_link_libraries(kafka_room_test PRIVATE cx_kafka)
add_test(NAME system.kafka_room COMMAND ${CMAKE_SOURCE_DIR}/deploy/local/kafka run --set transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
         -- $<TARGET_FILE:kafka_room_test> --broker ${CMAKE_SOURCE_DIR}/deploy/local/kafka)
set_tests_properties(system.kafka_room PROPERTIES LABELS system TIMEOUT 600 RESOURCE_LOCK broker)
