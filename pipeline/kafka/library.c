/* library.c - which librdkafka runs. */
#include "kafka/kafka.h"

#include <librdkafka/rdkafka.h>

int64_t cx_kafka_library_number(void)
{
    return rd_kafka_version();
}

const char *cx_kafka_library_version(void)
{
    return rd_kafka_version_str();
}
