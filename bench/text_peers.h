/* text_peers.h - CLD2 and fastText beside text_bench.c: what is compared with, where it is installed (tools/dev/setup bench). */
#ifndef CX_BENCH_TEXT_PEERS_H
#define CX_BENCH_TEXT_PEERS_H
#include <stdbool.h>
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
enum { TEXT_PEERS_LANGUAGE, TEXT_PEERS_INTENT, TEXT_PEERS_MODELS };
/* False: compiled without them. */
bool text_peers_are_here(void);
/* Trains one of fastText's models on a file in its own form, with the measures of its published language model: 16 dimensions, runs of 2 to 4
 * letters, 2^21 buckets; for intents pairs of words as well. */
void text_peers_train(int model, const char *path);
/* Something of the answer, so that no compiler leaves the question out. */
int text_peers_fasttext(int model, const char *text, size_t len);
int text_peers_cld2(const char *text, size_t len);
#ifdef __cplusplus
}
#endif
#endif
