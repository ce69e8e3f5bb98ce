/* changelog_fuzz.c - any bytes as a changelog: the first chooses the stage, then records of a key's length, a value's length (two bytes, 65535:
 * deleted), key and value. A record is refused with a sentence, or it is state, which is written back as it came. */
#include "run/registry.h"
#include "stage/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cx_str take(struct cx_str *rest, size_t len)
{
    struct cx_str piece = cx_str_n(rest->ptr, len < rest->len ? len : rest->len);
    *rest = cx_str_skip(*rest, piece.len);
    return piece;
}

static int restore(struct cx_state *state, struct cx_str rest)
{
    struct cx_error err = { 0 };
    while (rest.len >= 3) {
        struct cx_str head = take(&rest, 3), key, value = CX_STR_NULL;
        size_t value_len = (size_t)(uint8_t)head.ptr[1] << 8 | (uint8_t)head.ptr[2];
        key = take(&rest, (uint8_t)head.ptr[0]);
        if (value_len != 65535)
            value = take(&rest, value_len);
        if (cx_state_restore(state, key, value, &err) != 0) {
            cx_assert(err.exit == CX_EXIT_CONFIG && err.text[0]);
            return -1;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "dedup", "identify", "analytics" };
    if (size == 0)
        return 0;
    const struct cx_stage *stage = cx_stage_find(cx_str(names[data[0] % 3]));
    struct cx_state *once = cx_state_new(stage->tables), *again = cx_state_new(stage->tables);
    struct cx_str records = cx_str_n(data + 1, size - 1);
    if (restore(once, records) == 0) {
        cx_assert(restore(again, records) == 0 && restore(again, records) == 0); /* reading twice is reading once */
        struct cx_id a = cx_state_digest(once), b = cx_state_digest(again);
        cx_assert(cx_id_eq(a, b) && !cx_state_is_changed(once));
    }
    cx_state_free(once);
    cx_state_free(again);
    return 0;
}
