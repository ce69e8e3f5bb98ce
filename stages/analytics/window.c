#include "analytics/window.h"

/* ---- names: a value of NAMES, each framed by its length ---- */

#define ABSENT UINT32_MAX

static char *put_name(char *at, struct cx_str name)
{
    uint32_t len = name.ptr ? (uint32_t)name.len : ABSENT;
    memcpy(at, &len, sizeof len);
    if (name.ptr)
        memcpy(at + sizeof len, name.ptr, name.len);
    return at + sizeof len + name.len;
}

static struct cx_str get_name(struct cx_str *rest)
{
    uint32_t len;
    cx_assert(rest->len >= sizeof len);
    memcpy(&len, rest->ptr, sizeof len);
    *rest = cx_str_skip(*rest, sizeof len);
    if (len == ABSENT)
        return CX_STR_NULL;
    cx_assert(rest->len >= len);
    struct cx_str name = { rest->ptr, len };
    *rest = cx_str_skip(*rest, len);
    return name;
}

static struct cx_str pack_names(struct cx_arena *arena, const struct analytics_cell *cell, struct cx_str function)
{
    const struct cx_str names[] = { cell->brand, cell->channel, cell->language, function };
    const size_t count = sizeof names / sizeof *names;
    size_t len = count * sizeof(uint32_t);
    for (size_t i = 0; i < count; i++)
        len += names[i].len;
    char *bytes = cx_arena_bytes(arena, len), *at = bytes;
    for (size_t i = 0; i < count; i++)
        at = put_name(at, names[i]);
    return cx_str_n(bytes, len);
}

/* ---- keys ---- */

/* Key of OPEN: hash of the tenant, whose name may be of any length; end, big-endian so that byte order is time order. */
struct minute_key {
    struct cx_id tenant;
    uint8_t end[8];
};

static struct cx_id tenant_id(struct cx_str tenant)
{
    return cx_hash128(tenant.ptr, tenant.len);
}

static struct minute_key minute_key(struct cx_id tenant, int64_t end)
{
    struct minute_key key = { .tenant = tenant };
    for (int i = 0; i < 8; i++)
        key.end[i] = (uint8_t)((uint64_t)end >> (56 - 8 * i));
    return key;
}

static int64_t minute_end(const struct minute_key *key)
{
    uint64_t end = 0;
    for (int i = 0; i < 8; i++)
        end = end << 8 | key->end[i];
    return (int64_t)end;
}

/* Key of MINUTES. */
static struct cx_id minute_id(const struct minute_key *key)
{
    return cx_hash128(key, sizeof *key);
}

static struct cx_id row_id(const struct analytics_cell *cell, struct cx_str function)
{
    struct cx_hasher hasher;
    cx_hasher_init(&hasher, "analytics.row");
    cx_hasher_id(&hasher, cell->id);
    cx_hasher_str(&hasher, function);
    return cx_hasher_end(&hasher);
}

void analytics_cell_init(struct analytics_cell *cell, const struct cx_interaction *record, int64_t end)
{
    *cell = (struct analytics_cell){
        .tenant = record->tenant,
        .brand = record->brand.len > 0 ? record->brand : CX_STR_NULL,
        .channel = record->channel,
        .language = record->classification ? record->classification->language : CX_STR("und"),
        .end = end,
    };
    struct cx_hasher hasher;
    cx_hasher_init(&hasher, "analytics.cell");
    cx_hasher_i64(&hasher, end);
    cx_hasher_str(&hasher, cell->tenant);
    cx_hasher_str(&hasher, cell->brand);
    cx_hasher_str(&hasher, cell->channel);
    cx_hasher_str(&hasher, cell->language);
    cell->id = cx_hasher_end(&hasher);
}

/* ---- changing ---- */

/* Puts a row in front of a list and returns what stood there. */
static struct cx_id push(struct cx_state *state, enum analytics_table heads, const struct cx_id *list, struct cx_id row, bool *is_new)
{
    struct cx_id *head = cx_state_edit(state, heads, list, is_new);
    const struct cx_id next = *head;
    *head = row;
    return next;
}

static struct cx_id push_minute(struct cx_state *state, const struct analytics_cell *cell, struct cx_id row)
{
    const struct minute_key key = minute_key(tenant_id(cell->tenant), cell->end);
    const struct cx_id minute = minute_id(&key);
    bool is_new;
    const struct cx_id next = push(state, ANALYTICS_MINUTES, &minute, row, &is_new);
    if (is_new)
        cx_state_oput(state, ANALYTICS_OPEN, cx_str_n(&key, sizeof key), CX_STR(""));
    return next;
}

struct analytics_counts *analytics_window_change(struct cx_ctx *ctx, const struct analytics_cell *cell, struct cx_str function, bool *is_new)
{
    const struct cx_id row = row_id(cell, function);
    struct analytics_window *window = cx_state_edit(ctx->state, ANALYTICS_WINDOWS, &row, is_new);
    if (*is_new) {
        const struct cx_str names = pack_names(ctx->arena, cell, function);
        cx_state_put(ctx->state, ANALYTICS_NAMES, &row, names.ptr, names.len);
        window->end = cell->end;
        window->of_minute = push_minute(ctx->state, cell, row);
    }
    if (!window->is_changed) {
        const struct cx_id tenant = tenant_id(cell->tenant);
        window->is_changed = 1;
        window->of_changed = push(ctx->state, ANALYTICS_CHANGED, &tenant, row, &(bool){ false });
    }
    return &window->counts;
}

/* ---- writing ---- */

static void write_window(struct cx_ctx *ctx, struct cx_str tenant, const struct cx_id *id, const struct analytics_window *window, bool final,
                         analytics_write_fn *write)
{
    size_t len;
    const void *bytes = cx_state_get(ctx->state, ANALYTICS_NAMES, id, &len);
    cx_assert(bytes);
    struct cx_str names = cx_str_n(bytes, len);
    struct analytics_row row = {
        .tenant = tenant, .end = window->end, .version = window->written + final, .final = final, .counts = &window->counts
    };
    row.brand = get_name(&names);
    row.channel = get_name(&names);
    row.language = get_name(&names);
    row.function = get_name(&names);
    write(ctx, &row);
}

static void write_changed(struct cx_ctx *ctx, struct cx_str tenant, int64_t closed, analytics_write_fn *write)
{
    const struct cx_id list = tenant_id(tenant), *head = cx_state_get(ctx->state, ANALYTICS_CHANGED, &list, NULL);
    if (!head)
        return;
    struct cx_id row = *head;
    cx_state_del(ctx->state, ANALYTICS_CHANGED, &list);
    while (!cx_id_is_zero(row)) {
        bool is_new;
        struct analytics_window *window = cx_state_edit(ctx->state, ANALYTICS_WINDOWS, &row, &is_new);
        cx_assert(!is_new);
        const struct cx_id next = window->of_changed;
        window->is_changed = 0;
        window->of_changed = (struct cx_id){ { 0 } };
        if (window->end > closed) { /* else its last row follows */
            window->written++;
            write_window(ctx, tenant, &row, window, false, write);
        }
        row = next;
    }
}

static void close_minute(struct cx_ctx *ctx, struct cx_str tenant, const struct minute_key *key, analytics_write_fn *write)
{
    const struct cx_id minute = minute_id(key), *head = cx_state_get(ctx->state, ANALYTICS_MINUTES, &minute, NULL);
    cx_assert(head);
    struct cx_id row = *head;
    while (!cx_id_is_zero(row)) {
        const struct analytics_window *window = cx_state_get(ctx->state, ANALYTICS_WINDOWS, &row, NULL);
        cx_assert(window);
        const struct cx_id next = window->of_minute;
        write_window(ctx, tenant, &row, window, true, write);
        cx_state_del(ctx->state, ANALYTICS_NAMES, &row);
        cx_state_del(ctx->state, ANALYTICS_WINDOWS, &row);
        row = next;
    }
    cx_state_del(ctx->state, ANALYTICS_MINUTES, &minute);
    cx_state_odel(ctx->state, ANALYTICS_OPEN, cx_str_n(key, sizeof *key));
}

void analytics_windows_write(struct cx_ctx *ctx, struct cx_str tenant, int64_t closed, analytics_write_fn *write)
{
    write_changed(ctx, tenant, closed, write);
    const struct minute_key from = minute_key(tenant_id(tenant), 0);
    struct cx_str found, value;
    while (cx_state_seek(ctx->state, ANALYTICS_OPEN, cx_str_n(&from, sizeof from), false, &found, &value)) {
        struct minute_key key;
        cx_assert(found.len == sizeof key);
        memcpy(&key, found.ptr, sizeof key);
        if (!cx_id_eq(key.tenant, from.tenant) || minute_end(&key) > closed)
            return;
        close_minute(ctx, tenant, &key, write);
    }
}
