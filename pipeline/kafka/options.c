/* options.c - the kafka: map of cx.yaml. */
#include "kafka/kafka.h"

#define OPTION(field, fallback, min, max, unit, doc) CX_OPTION(struct cx_kafka_config, field, fallback, min, max, unit, doc)
const struct cx_option cx_kafka_options[] = {
    OPTION(brokers, "localhost:9092", 0, 0, "", "Brokers to ask first, host:port, separated by commas."),
    OPTION(client_id, "cxstream", 0, 0, "", "What brokers call this process in their logs and quotas."),
    OPTION(
        instance, "", 0, 0, "",
        "Stable name of this process among its copies (systemd %i, a StatefulSet's ordinal): a restart then keeps its partitions. Empty: a dynamic "
        "member."),
    OPTION(state_dir, "cx-state", 0, 0, "", "Folder for lock files and snapshots; all in it can be rebuilt."),
    OPTION(transaction_timeout, "20s", 5e3, 900e3, "ms",
           "A transaction that is open longer is aborted by the broker; readers wait at most so long for a dead process."),
    OPTION(session_timeout, "10s", 3e3, 300e3, "ms", "A process unheard of for so long loses its partitions."),
    OPTION(max_poll_interval, "5m", 10e3, 3600e3, "ms", "Longest time between two polls, restoring included, before partitions are lost."),
    OPTION(message_timeout, "15s", 2e3, 800e3, "ms", "A record that no broker took for so long aborts its transaction."),
    OPTION(socket_timeout, "10s", 1e3, 300e3, "ms", "A request unanswered for so long is sent again."),
    OPTION(queue_in, "16m", 1 << 20, 2e9, "bytes", "Fetched records waiting to be processed, at most."),
    OPTION(queue_out, "16m", 1 << 20, 2e9, "bytes", "Produced records waiting to be sent, at most; a full queue makes the process wait."),
    OPTION(max_message, "1000000", 1e3, 1e8, "bytes", "Largest record written; topics must allow as much (max.message.bytes)."),
    OPTION(compression, "lz4", 0, 0, "", "Of produced batches: none, lz4 or zstd."),
    OPTION(security_protocol, "plaintext", 0, 0, "", "plaintext, ssl, sasl_plaintext or sasl_ssl."),
    OPTION(sasl_mechanism, "", 0, 0, "", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."),
    OPTION(sasl_username, "", 0, 0, "", "User name for SASL."),
    OPTION(sasl_password_file, "", 0, 0, "", "File that holds the password for SASL, alone on its line."),
    OPTION(ssl_ca, "", 0, 0, "", "File of the certificate authorities to trust; empty: the system's."),
    OPTION(ssl_certificate, "", 0, 0, "", "File of this client's certificate."),
    OPTION(ssl_key, "", 0, 0, "", "File of this client's private key."),
    OPTION(ssl_key_password_file, "", 0, 0, "", "File that holds the password of the private key, alone on its line."),
    OPTION(librdkafka, NULL, 0, 0, "", "Further librdkafka properties, name: value; those that would break a promise are refused."),
    OPTION(partitions, NULL, 0, 0, "", "Counts for new topics: raw, scope, route."),
    { 0 },
};
