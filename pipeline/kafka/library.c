/* library.c - which librdkafka runs. */
#include "kafka/kafka.h"

#include <librdkafka/rdkafka.h>

const char *cx_kafka_library_version(void)
{
    return rd_kafka_version_str();
}
