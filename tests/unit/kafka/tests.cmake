foreach(test kafka_errors_test kafka_transaction_test kafka_config_test)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/${test}.c cx_kafka PkgConfig::rdkafka)
endforeach()
