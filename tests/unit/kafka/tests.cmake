foreach(test kafka_errors_test kafka_transaction_test kafka_matrix_test kafka_config_test)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/${test}.c cx_kafka PkgConfig::rdkafka)
endforeach()
# Mostly waits for librdkafka's own pauses.
set_tests_properties(unit.kafka_matrix_test PROPERTIES ENVIRONMENT CRITERION_JOBS=8)
