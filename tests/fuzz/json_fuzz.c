/* json_fuzz.c - any bytes are read or refused within the memory that json.h promises, and what was read is written so that it reads back the same.
 * Times, numbers and ids are read from the same bytes. */
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_scalars(struct cx_str text)
{
    char written[CX_TIME_TEXT];
    int64_t ms, again, whole;
    double number;
    struct cx_id id;
    if (cx_time_parse(text, &ms)) {
        cx_time_format(ms, written);
        cx_assert(cx_time_parse(cx_str_n(written, sizeof written), &again));
        cx_assert(again == ms || ms < -62167219200000 || ms > 253402300799999); /* an offset may lead out of the years it is written in */
    }
    if (cx_str_to_i64(text, &whole))
        cx_assert(cx_str_to_f64(text, &number) || text.len > 1000);
    cx_id_from_hex(text, &id);
}

static void walk(const struct cx_json *node)
{
    cx_assert(!node->key.ptr || cx_utf8_valid(node->key));
    if (node->text.ptr) {
        cx_assert(cx_utf8_valid(node->text));
        read_scalars(node->text);
    }
    uint32_t count = 0;
    for (const struct cx_json *child = node->first; child; child = child->next, count++)
        walk(child);
    cx_assert(count == node->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx_str text = cx_str_n(data, size);
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_json_fault fault;
    struct cx_buf first, second;
    cx_buf_init(&first, 1u << 30);
    cx_buf_init(&second, 1u << 30);
    read_scalars(text);
    const struct cx_json *node = cx_json_parse(arena, text, &fault);
    cx_assert((node != NULL) == (fault.error == CX_JSON_OK));
    cx_assert(fault.offset <= size);
    cx_assert(cx_arena_used(arena) <= 32 * size + 8192);
    if (node) {
        walk(node);
        cx_json_dump(&first, node);
        node = cx_json_parse(arena, cx_buf_view(&first), &fault);
        cx_assert(node != NULL);
        cx_json_dump(&second, node);
        cx_assert(cx_str_eq(cx_buf_view(&first), cx_buf_view(&second)));
    }
    cx_buf_free(&first);
    cx_buf_free(&second);
    cx_arena_free(arena);
    return 0;
}
