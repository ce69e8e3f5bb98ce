foreach(test kafka_errors_test kafka_transaction_test kafka_matrix_test kafka_config_test kafka_calls_test)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/${test}.c cx_kafka PkgConfig::rdkafka)
endforeach()
# Mostly waits for librdkafka's own pauses.
set_tests_properties(unit.kafka_matrix_test PROPERTIES ENVIRONMENT CRITERION_JOBS=8)

target_compile_options(kafka_calls_test PRIVATE -Wno-missing-prototypes)
foreach(symbol memberid assignment_lost committed seek_partitions assign send_offsets_to_transaction error_is_retriable new topic_new consume_start_queue
        consume_queue query_watermark_offsets)
  target_link_options(kafka_calls_test PRIVATE LINKER:--wrap=rd_kafka_${symbol})
endforeach()
