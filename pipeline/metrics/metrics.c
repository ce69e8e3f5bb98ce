#include "metrics/metrics.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include <math.h>
#include <pthread.h>

enum { FIRST_SLOT_BITS = 8, ARENA_MAX = 64 * 1024 * 1024 };

static const double bucket_limits[] = { 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
enum { BUCKETS = sizeof bucket_limits / sizeof *bucket_limits };

struct cx_series {
    const struct family *family;
    uint64_t hash;          /* of name, extra labels and label value as asked for */
    struct cx_str labels;   /* as exposed, without braces */
    struct cx_series *next; /* of the family */
    double value;           /* histogram: sum of observations */
    uint64_t *buckets;      /* histogram: BUCKETS + 1 counts, not cumulative */
};

/* All series of one name. */
struct family {
    const struct cx_metric *row;
    struct cx_series *first, **end;
    uint32_t count;
    struct family *next;
};

struct cx_metrics {
    pthread_mutex_t lock; /* of everything but the numbers */
    struct cx_arena *arena;
    struct cx_str const_labels;
    struct family *first, **end;
    struct cx_series **slots; /* open addressing by hash */
    unsigned slot_bits;
    size_t taken;
};

struct cx_metrics *cx_metrics_new(const char *const_labels)
{
    struct cx_arena *arena = cx_arena_new(ARENA_MAX);
    struct cx_metrics *m = CX_NEW(arena, struct cx_metrics);
    pthread_mutex_init(&m->lock, NULL);
    m->arena = arena;
    m->const_labels = cx_arena_copy(arena, cx_str(const_labels));
    m->end = &m->first;
    m->slot_bits = FIRST_SLOT_BITS;
    m->slots = CX_NEW_ARRAY(arena, struct cx_series *, (size_t)1 << FIRST_SLOT_BITS);
    return m;
}

void cx_metrics_free(struct cx_metrics *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    cx_arena_free(m->arena);
}

/* ---- finding and making series; under the lock ---- */

static struct family *find_family(struct cx_metrics *m, const struct cx_metric *row)
{
    for (struct family *f = m->first; f; f = f->next) {
        if (strcmp(f->row->name, row->name) != 0)
            continue;
        cx_assert(f->row->kind == row->kind && !f->row->label == !row->label);
        return f;
    }
    struct family *f = CX_NEW(m->arena, struct family);
    f->row = row;
    f->end = &f->first;
    *m->end = f;
    m->end = &f->next;
    return f;
}

/* Backslash and line feed, in a label value the quote too. */
static void put_escaped(struct cx_buf *out, struct cx_str s, bool quote)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '\\' || c == '\n' || (quote && c == '"'))
            cx_buf_byte(out, '\\');
        cx_buf_byte(out, c == '\n' ? 'n' : c);
    }
}

static void put_label(struct cx_buf *out, struct cx_str labels)
{
    if (labels.len && out->len)
        cx_buf_byte(out, ',');
    cx_buf_str(out, labels);
}

static struct cx_str render_labels(struct cx_metrics *m, const struct cx_metric *row, const char *extra, const char *label_value)
{
    struct cx_buf text;
    cx_buf_init(&text, 64 * 1024);
    put_label(&text, m->const_labels);
    put_label(&text, cx_str(extra));
    if (row->label) {
        put_label(&text, cx_str(row->label));
        cx_buf_str(&text, CX_STR("=\""));
        struct cx_str value = cx_str(label_value);
        put_escaped(&text, cx_utf8_valid(value) ? value : CX_STR("invalid"), true); /* one bad byte would cost the whole scrape */
        cx_buf_byte(&text, '"');
    }
    cx_assert(!text.overflow);
    struct cx_str labels = cx_arena_copy(m->arena, cx_buf_view(&text));
    cx_buf_free(&text);
    return labels;
}

static struct cx_series **find_slot(struct cx_metrics *m, uint64_t hash)
{
    size_t mask = ((size_t)1 << m->slot_bits) - 1, i = hash & mask;
    while (m->slots[i] && m->slots[i]->hash != hash)
        i = (i + 1) & mask;
    return &m->slots[i];
}

static void grow_slots(struct cx_metrics *m)
{
    struct cx_series **old = m->slots;
    size_t size = (size_t)1 << m->slot_bits;
    m->slot_bits++;
    m->slots = CX_NEW_ARRAY(m->arena, struct cx_series *, 2 * size);
    for (size_t i = 0; i < size; i++)
        if (old[i])
            *find_slot(m, old[i]->hash) = old[i];
}

static struct cx_series *new_series(struct cx_metrics *m, struct family *f, uint64_t hash, struct cx_str labels)
{
    struct cx_series *s = CX_NEW(m->arena, struct cx_series);
    s->family = f;
    s->hash = hash;
    s->labels = labels;
    if (f->row->kind == CX_HISTOGRAM)
        s->buckets = CX_NEW_ARRAY(m->arena, uint64_t, BUCKETS + 1);
    *f->end = s;
    f->end = &s->next;
    f->count++;
    if (++m->taken > (size_t)1 << (m->slot_bits - 1))
        grow_slots(m);
    *find_slot(m, hash) = s;
    return s;
}

static uint64_t series_hash(const char *name, const char *extra_labels, const char *label_value)
{
    struct cx_hasher h;
    cx_hasher_init(&h, name);
    cx_hasher_str(&h, cx_str(extra_labels));
    cx_hasher_str(&h, cx_str(label_value));
    struct cx_id id = cx_hasher_end(&h);
    uint64_t hash;
    memcpy(&hash, id.bytes, sizeof hash);
    return hash;
}

struct cx_series *cx_metrics_series(struct cx_metrics *m, const struct cx_metric *row, const char *extra_labels, const char *label_value)
{
    cx_assert(!row->label == !label_value);
    uint64_t hash = series_hash(row->name, extra_labels, label_value);
    pthread_mutex_lock(&m->lock);
    struct cx_series *s = *find_slot(m, hash);
    if (!s) {
        struct family *f = find_family(m, row);
        if (f->count >= CX_METRICS_MAX_SERIES && label_value) {
            label_value = "other";
            hash = series_hash(row->name, extra_labels, label_value);
            s = *find_slot(m, hash);
        }
        if (!s)
            s = new_series(m, f, hash, render_labels(m, row, extra_labels, label_value));
    }
    pthread_mutex_unlock(&m->lock);
    return s;
}

/* ---- numbers ---- */

static double load(const double *at)
{
    double v;
    __atomic_load(at, &v, __ATOMIC_RELAXED);
    return v;
}

static void store(double *at, double v)
{
    __atomic_store(at, &v, __ATOMIC_RELAXED);
}

void cx_series_add(struct cx_series *s, double v)
{
    store(&s->value, load(&s->value) + v);
}

void cx_series_set(struct cx_series *s, double v)
{
    store(&s->value, v);
}

void cx_series_observe(struct cx_series *s, double v)
{
    size_t bucket = 0;
    while (bucket < BUCKETS && v > bucket_limits[bucket])
        bucket++;
    __atomic_store_n(&s->buckets[bucket], s->buckets[bucket] + 1, __ATOMIC_RELAXED);
    cx_series_add(s, v);
}

double cx_series_get(const struct cx_series *s)
{
    if (!s->buckets)
        return load(&s->value);
    uint64_t count = 0;
    for (size_t i = 0; i <= BUCKETS; i++)
        count += __atomic_load_n(&s->buckets[i], __ATOMIC_RELAXED);
    return (double)count;
}

/* ---- exposition ---- */

static void put_sample(struct cx_buf *out, const struct cx_series *s, const char *suffix, const char *limit, double value)
{
    cx_buf_format(out, "%s%s", s->family->row->name, suffix);
    if (s->labels.len || limit) {
        cx_buf_byte(out, '{');
        cx_buf_str(out, s->labels);
        if (limit)
            cx_buf_format(out, "%sle=\"%s\"", s->labels.len ? "," : "", limit);
        cx_buf_byte(out, '}');
    }
    cx_buf_byte(out, ' ');
    if (isfinite(value))
        cx_json_f64(out, value);
    else
        cx_buf_str(out, cx_str(isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"));
    cx_buf_byte(out, '\n');
}

static void put_histogram(struct cx_buf *out, const struct cx_series *s)
{
    char limit[32];
    uint64_t count = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        count += __atomic_load_n(&s->buckets[i], __ATOMIC_RELAXED);
        snprintf(limit, sizeof limit, "%g", bucket_limits[i]);
        put_sample(out, s, "_bucket", limit, (double)count);
    }
    count += __atomic_load_n(&s->buckets[BUCKETS], __ATOMIC_RELAXED);
    put_sample(out, s, "_bucket", "+Inf", (double)count);
    put_sample(out, s, "_sum", NULL, load(&s->value));
    put_sample(out, s, "_count", NULL, (double)count);
}

static void put_family(struct cx_buf *out, const struct family *f)
{
    static const char *const types[] = { [CX_COUNTER] = "counter", [CX_GAUGE] = "gauge", [CX_HISTOGRAM] = "histogram" };
    cx_buf_format(out, "# HELP %s ", f->row->name);
    put_escaped(out, cx_str(f->row->doc), false);
    cx_buf_format(out, "\n# TYPE %s %s\n", f->row->name, types[f->row->kind]);
    for (const struct cx_series *s = f->first; s; s = s->next) {
        if (s->buckets)
            put_histogram(out, s);
        else
            put_sample(out, s, "", NULL, load(&s->value));
    }
}

void cx_metrics_expose(struct cx_metrics *m, struct cx_buf *out)
{
    pthread_mutex_lock(&m->lock);
    for (const struct family *f = m->first; f; f = f->next)
        put_family(out, f);
    pthread_mutex_unlock(&m->lock);
}
