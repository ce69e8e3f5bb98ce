/* lexicon_fuzz.c - any bytes as a lexicon: a place and a sentence, or lexicons that compile. Where there are regexes they are only read: to compile
 * them is Vectorscan's affair, and slow. */
#include "stages/classify/lexicon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx_arena *arena = cx_arena_new((size_t)1 << 30);
    struct cx_error err = { 0 };
    struct classify_reader *reader = classify_reader_new(arena);
    struct classify_lexicons lexicons = { 0 };
    int status = classify_reader_add(reader, "fuzz.yaml", cx_str_n(data, size), false, &err);
    if (status == 0 && memmem(data, size, "regex", 5) == NULL)
        status = classify_reader_end(reader, &lexicons, &err);
    cx_assert(status == 0 || (err.exit == CX_EXIT_CONFIG && err.text[0]));
    classify_lexicons_close(&lexicons);
    cx_arena_free(arena);
    return 0;
}
