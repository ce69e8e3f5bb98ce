#include "codec/json_out.h"
#include "codec/sorted_map.h"

void cx_out_id(struct cx_buf *out, const struct cx_id *id)
{
    char text[34] = "\"";
    if (id == NULL) {
        cx_out_null(out);
        return;
    }
    cx_id_hex(*id, text + 1);
    text[33] = '"';
    cx_buf_add(out, text, sizeof text);
}

void cx_out_time(struct cx_buf *out, int64_t ms)
{
    char text[CX_TIME_TEXT + 2] = "\"";
    cx_time_format(ms, text + 1);
    text[CX_TIME_TEXT + 1] = '"';
    cx_buf_add(out, text, sizeof text);
}

void cx_out_str_list(struct cx_buf *out, struct cx_str_list list)
{
    cx_buf_byte(out, '[');
    for (size_t i = 0; i < list.len; i++) {
        if (i != 0)
            cx_buf_byte(out, ',');
        cx_out_string(out, list.items[i]);
    }
    cx_buf_byte(out, ']');
}

void cx_out_str_map(struct cx_buf *out, struct cx_str_map map)
{
    struct cx_sorted_map sorted;
    cx_sorted_map_begin(&sorted, map.items, map.len, sizeof *map.items);
    const struct cx_str_entry *entries = sorted.entries;
    cx_buf_byte(out, '{');
    for (size_t i = 0; i < map.len; i++) {
        if (i != 0)
            cx_buf_byte(out, ',');
        cx_out_string(out, entries[i].key);
        cx_buf_byte(out, ':');
        cx_out_string(out, entries[i].value);
    }
    cx_buf_byte(out, '}');
    cx_sorted_map_end(&sorted);
}

void cx_out_i64_map(struct cx_buf *out, struct cx_i64_map map)
{
    struct cx_sorted_map sorted;
    cx_sorted_map_begin(&sorted, map.items, map.len, sizeof *map.items);
    const struct cx_i64_entry *entries = sorted.entries;
    cx_buf_byte(out, '{');
    for (size_t i = 0; i < map.len; i++) {
        if (i != 0)
            cx_buf_byte(out, ',');
        cx_out_string(out, entries[i].key);
        cx_buf_byte(out, ':');
        cx_json_i64(out, entries[i].value);
    }
    cx_buf_byte(out, '}');
    cx_sorted_map_end(&sorted);
}
