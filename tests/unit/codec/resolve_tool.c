/* Resolution as a filter, for resolution_test.py: per case three lines in (writer's schema, reader's schema, body in hex), one line out
 * (the resolved body in hex, or "error: ..."). */
#include "codec/resolve.h"

static bool read_line(char **line, size_t *cap, struct cx_str *text)
{
    ssize_t len = getline(line, cap, stdin);
    if (len <= 0)
        return false;
    *text = cx_str_trim(cx_str_n(*line, (size_t)len));
    return true;
}

static struct cx_str from_hex(struct cx_arena *arena, struct cx_str hex)
{
    char *bytes = cx_arena_bytes(arena, hex.len / 2 + 1);
    for (size_t i = 0; i < hex.len / 2; i++) {
        char digits[3] = { hex.ptr[2 * i], hex.ptr[2 * i + 1], 0 };
        bytes[i] = (char)strtoul(digits, NULL, 16);
    }
    return cx_str_n(bytes, hex.len / 2);
}

/* Plans are kept under the address of the reader's schema, so every case has its own. */
static const struct cx_schema *reader_schema(struct cx_str avsc)
{
    struct cx_schema *schema = calloc(1, sizeof *schema + avsc.len);
    schema->avsc = cx_str_n(memcpy(schema + 1, avsc.ptr, avsc.len), avsc.len);
    return schema;
}

static void answer(struct cx_arena *arena, int32_t id, struct cx_str writer, const struct cx_schema *reader, struct cx_str hex)
{
    struct cx_error err;
    struct cx_str resolved;
    if (cx_schema_register(id, writer, &err) != 0) {
        printf("error: %s\n", err.text);
        return;
    }
    enum cx_decode_error error = cx_resolve(arena, id, reader, from_hex(arena, hex), &resolved);
    if (error != CX_DECODE_OK)
        printf("error: %s", cx_decode_error_text(error));
    for (size_t i = 0; error == CX_DECODE_OK && i < resolved.len; i++)
        printf("%02x", (unsigned char)resolved.ptr[i]);
    putchar('\n');
}

int main(void)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    char *lines[3] = { NULL };
    size_t caps[3] = { 0 };
    struct cx_str texts[3];
    for (int32_t id = 100000;
         read_line(&lines[0], &caps[0], &texts[0]) && read_line(&lines[1], &caps[1], &texts[1]) && read_line(&lines[2], &caps[2], &texts[2]); id++) {
        answer(arena, id, texts[0], reader_schema(texts[1]), texts[2]);
        cx_arena_reset(arena);
    }
    for (int i = 0; i < 3; i++)
        free(lines[i]);
    cx_arena_free(arena);
    return 0;
}
