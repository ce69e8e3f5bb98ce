/* oracle.h - Avro-C as the second opinion: random records it writes, and what it makes of ours. */
#ifndef CX_TEST_CODEC_ORACLE_H
#define CX_TEST_CODEC_ORACLE_H
#include "codec/codec.h"

struct oracle;
struct oracle *oracle_new(struct cx_str avsc);
void oracle_free(struct oracle *oracle);
/* A random value in Avro-C's encoding, the same for the same seed. Numbers are kept where JSON can carry them, if asked. */
void oracle_random(struct oracle *oracle, uint64_t seed, bool for_json, struct cx_buf *out);
/* Decodes and encodes again with Avro-C; false if it cannot, or if bytes are left over. */
bool oracle_recode(struct oracle *oracle, struct cx_str body, struct cx_buf *out);
/* The next of a sequence of random numbers. */
uint64_t oracle_next(uint64_t *seed);
#endif
