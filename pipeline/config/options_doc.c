/* An option table as the reference configuration and as documentation. */
#include "config/config.h"
#include "config/scalar.h"
#include "config/unit.h"

enum { WIDTH = 100 };

/* Comment lines of at most WIDTH bytes. */
static void put_comment(struct cx_buf *out, struct cx_str text, const char *indent)
{
    while (text.len) {
        size_t end = text.len;
        if (end > WIDTH) {
            end = WIDTH;
            while (end > 0 && text.ptr[end] != ' ')
                end--;
            if (end == 0)
                end = cx_utf8_prefix(text, WIDTH).len;
        }
        cx_buf_format(out, "%s# %.*s\n", indent, (int)end, text.ptr);
        text = cx_str_trim(cx_str_skip(text, end));
    }
}

/* "1s to 7d", "0 to 1 records", "ms", or nothing. */
static void put_range(struct cx_buf *out, const struct cx_option *o)
{
    const char *unit = o->unit ? o->unit : "";
    bool spelled = strcmp(unit, "ms") == 0 || strcmp(unit, "bytes") == 0; /* the suffixes say it */
    if (o->min != 0 || o->max != 0) {
        char low[CX_UNIT_TEXT], high[CX_UNIT_TEXT];
        if (o->max >= CX_UNIT_NO_LIMIT) {
            cx_unit_write((int64_t)o->min, unit, low);
            cx_buf_format(out, "at least %s", low);
        } else if (o->type == CX_TYPE_I64) {
            cx_unit_write((int64_t)o->min, unit, low);
            cx_unit_write((int64_t)o->max, unit, high);
            cx_buf_format(out, "%s to %s", low, high);
        } else {
            cx_buf_format(out, "%g to %g", o->min, o->max);
        }
        if (!spelled && *unit)
            cx_buf_format(out, " %s", unit);
    } else {
        cx_buf_str(out, cx_str(unit));
    }
}

static void put_option(struct cx_buf *out, const struct cx_option *o)
{
    struct cx_buf text;
    cx_buf_init(&text, 4096);
    cx_buf_str(&text, cx_str(o->doc));
    cx_buf_str(&text, CX_STR(" ("));
    size_t open = text.len;
    put_range(&text, o);
    if (!o->fallback && o->type != CX_TYPE_NODE)
        cx_buf_format(&text, "%srequired", text.len > open ? "; " : "");
    if (text.len > open)
        cx_buf_byte(&text, ')');
    else
        text.len = open - 2;
    put_comment(out, cx_buf_view(&text), "  ");
    cx_buf_free(&text);
    if (o->type == CX_TYPE_NODE) {
        cx_buf_format(out, o->fallback ? "  # %s: %s\n" : "  # %s:\n", o->name, o->fallback);
        return;
    }
    cx_buf_format(out, "  %s:", o->name);
    if (o->fallback) {
        cx_buf_byte(out, ' ');
        cx_put_scalar(out, cx_str(o->fallback), false);
    }
    cx_buf_byte(out, '\n');
}

void cx_options_reference(struct cx_buf *out, const struct cx_option *options, const char *map_name, const char *summary)
{
    put_comment(out, cx_str(summary), "");
    cx_buf_format(out, "%s:%s\n", map_name, options->name ? "" : " {}");
    for (; options->name; options++)
        put_option(out, options);
}

/* A bar would end the cell. */
static void put_cell(struct cx_buf *out, struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|')
            cx_buf_byte(out, '\\');
        cx_buf_byte(out, text.ptr[i]);
    }
}

void cx_options_markdown(struct cx_buf *out, const struct cx_option *options)
{
    cx_buf_str(out, CX_STR("| Option | Default | Range | Meaning |\n|---|---|---|---|\n"));
    for (; options->name; options++) {
        cx_buf_format(out, "| `%s` | ", options->name);
        if (!options->fallback)
            cx_buf_str(out, options->type == CX_TYPE_NODE ? CX_STR("none") : CX_STR("required"));
        else if (*options->fallback)
            cx_buf_format(out, "`%s`", options->fallback);
        else
            cx_buf_str(out, CX_STR("empty"));
        cx_buf_str(out, CX_STR(" | "));
        put_range(out, options);
        cx_buf_str(out, CX_STR(" | "));
        put_cell(out, cx_str(options->doc));
        cx_buf_str(out, CX_STR(" |\n"));
    }
}
