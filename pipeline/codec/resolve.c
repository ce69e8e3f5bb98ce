#include "codec/resolve.h"
#include <pthread.h>
#include <stdatomic.h>
#include "codec/avro_in.h"
#include "codec/avro_out.h"
#include "codec/plan.h"

/* What resolution may make of one record: defaults can be longer than what they stand for. */
#define MAX_RESOLVED ((size_t)16 << 20)

struct walk {
    struct cx_avro_in in;
    struct cx_buf *out;
    int depth;
};

static const uint8_t *skip(struct walk *walk, const uint8_t *p, const struct cx_avro_type *type);
static const uint8_t *run(struct walk *walk, const uint8_t *p, const struct cx_step *step);

static bool enter(struct walk *walk)
{
    if (walk->depth++ < 2 * CX_AVRO_MAX_DEPTH)
        return true;
    return cx_in_fail(&walk->in, CX_DECODE_DEPTH);
}

static void put_long(struct walk *walk, int64_t value)
{
    char bytes[CX_AVRO_MAX_VARINT];
    cx_buf_add(walk->out, bytes, (size_t)(cx_put_long(bytes, value) - bytes));
}

static const uint8_t *skip_bytes(struct cx_avro_in *in, const uint8_t *p, size_t size)
{
    return size <= cx_in_left(in, p) ? p + size : cx_in_fail(in, CX_DECODE_TRUNCATED);
}

static const uint8_t *skip_items(struct walk *walk, const uint8_t *p, const struct cx_avro_type *type)
{
    struct cx_str key;
    struct cx_in_list list = { 0 };
    while ((p = cx_in_next_block(&walk->in, p, &list, 0)) && list.more != 0)
        for (; list.more != 0; list.more--) {
            if (type->kind == CX_AVRO_MAP && !(p = cx_in_bytes(&walk->in, p, &key)))
                return NULL;
            if (!(p = skip(walk, p, type->branches[0])))
                return NULL;
        }
    return p;
}

static const uint8_t *skip_parts(struct walk *walk, const uint8_t *p, const struct cx_avro_type *type)
{
    int index;
    switch (type->kind) {
    case CX_AVRO_RECORD:
        for (size_t i = 0; p && i < type->count; i++)
            p = skip(walk, p, type->fields[i].type);
        return p;
    case CX_AVRO_UNION:
        p = cx_in_index(&walk->in, p, (int)type->count, &index);
        return p ? skip(walk, p, type->branches[index]) : NULL;
    default: /* array and map */
        return skip_items(walk, p, type);
    }
}

static const uint8_t *skip(struct walk *walk, const uint8_t *p, const struct cx_avro_type *type)
{
    bool flag;
    int index;
    int32_t narrow;
    int64_t wide;
    struct cx_str bytes;
    switch (type->kind) {
    case CX_AVRO_NULL:
        return p;
    case CX_AVRO_BOOLEAN:
        return cx_in_bool(&walk->in, p, &flag);
    case CX_AVRO_INT:
        return cx_in_int(&walk->in, p, &narrow);
    case CX_AVRO_LONG:
        return cx_in_long(&walk->in, p, &wide);
    case CX_AVRO_FLOAT:
        return skip_bytes(&walk->in, p, 4);
    case CX_AVRO_DOUBLE:
        return skip_bytes(&walk->in, p, 8);
    case CX_AVRO_BYTES:
        return cx_in_bytes(&walk->in, p, &bytes);
    case CX_AVRO_STRING:
        return cx_in_string(&walk->in, p, &bytes);
    case CX_AVRO_FIXED:
        return skip_bytes(&walk->in, p, type->size);
    case CX_AVRO_ENUM:
        return cx_in_index(&walk->in, p, (int)type->symbols.len, &index);
    default:
        p = enter(walk) ? skip_parts(walk, p, type) : NULL;
        walk->depth--;
        return p;
    }
}

static const uint8_t *copy(struct walk *walk, const uint8_t *p, const struct cx_avro_type *type)
{
    const uint8_t *end = skip(walk, p, type);
    if (end)
        cx_buf_add(walk->out, p, (size_t)(end - p));
    return end;
}

static const uint8_t *run_real(struct walk *walk, const uint8_t *p, const struct cx_step *step)
{
    int64_t whole = 0;
    float narrow = 0;
    char bytes[8];
    p = step->kind == CX_STEP_WIDEN ? cx_in_float(&walk->in, p, &narrow) : cx_in_long(&walk->in, p, &whole);
    if (p == NULL)
        return NULL;
    double value = step->kind == CX_STEP_WIDEN ? (double)narrow : (double)whole;
    narrow = step->kind == CX_STEP_WIDEN ? narrow : (float)whole;
    char *end = step->reader->kind == CX_AVRO_FLOAT ? cx_put_float(bytes, narrow) : cx_put_double(bytes, value);
    cx_buf_add(walk->out, bytes, (size_t)(end - bytes));
    return p;
}

static const uint8_t *run_enum(struct walk *walk, const uint8_t *p, const struct cx_step *step)
{
    int index;
    p = cx_in_index(&walk->in, p, (int)step->writer->symbols.len, &index);
    if (p == NULL || step->indexes[index] < 0)
        return p ? cx_in_fail(&walk->in, CX_DECODE_ENUM) : NULL;
    put_long(walk, step->indexes[index]);
    return p;
}

/* The writer's fields come in the writer's order: first where each begins, then ours one after the other. */
static const uint8_t *run_record(struct walk *walk, const uint8_t *p, const struct cx_step *step)
{
    const struct cx_avro_type *writer = step->writer, *reader = step->reader;
    const uint8_t *starts[CX_AVRO_MAX_FIELDS];
    uint32_t items_left = walk->in.items_left;
    for (size_t i = 0; i < writer->count; i++) {
        starts[i] = p;
        if (!(p = skip(walk, p, writer->fields[i].type)))
            return NULL;
    }
    walk->in.items_left = items_left; /* counted once, not once per pass */
    for (size_t i = 0; i < reader->count; i++) {
        int from = step->indexes[i];
        if (from < 0)
            cx_buf_str(walk->out, reader->fields[i].default_bytes);
        else if (!run(walk, starts[from], step->steps[from]))
            return NULL;
    }
    return p;
}

static const uint8_t *run_items(struct walk *walk, const uint8_t *p, const struct cx_step *step)
{
    struct cx_str key;
    struct cx_in_list list = { 0 };
    while ((p = cx_in_next_block(&walk->in, p, &list, 0)) && list.more != 0) {
        put_long(walk, (int64_t)list.more);
        for (; list.more != 0; list.more--) {
            if (step->writer->kind == CX_AVRO_MAP) {
                if (!(p = cx_in_string(&walk->in, p, &key)))
                    return NULL;
                put_long(walk, (int64_t)key.len);
                cx_buf_str(walk->out, key);
            }
            if (!(p = run(walk, p, step->steps[0])))
                return NULL;
        }
    }
    put_long(walk, 0);
    return p;
}

static const uint8_t *run_parts(struct walk *walk, const uint8_t *p, const struct cx_step *step)
{
    int index;
    switch (step->kind) {
    case CX_STEP_RECORD:
        return run_record(walk, p, step);
    case CX_STEP_ITEMS:
        return run_items(walk, p, step);
    case CX_STEP_UNION:
        p = cx_in_index(&walk->in, p, (int)step->writer->count, &index);
        return p ? run(walk, p, step->steps[index]) : NULL;
    default: /* CX_STEP_BRANCH */
        put_long(walk, step->branch);
        return run(walk, p, step->steps[0]);
    }
}

static const uint8_t *run(struct walk *walk, const uint8_t *p, const struct cx_step *step)
{
    switch (step->kind) {
    case CX_STEP_COPY:
        return copy(walk, p, step->writer);
    case CX_STEP_INT_TO_REAL:
    case CX_STEP_WIDEN:
        return run_real(walk, p, step);
    case CX_STEP_ENUM:
        return run_enum(walk, p, step);
    case CX_STEP_REFUSE:
        return cx_in_fail(&walk->in, CX_DECODE_INCOMPATIBLE);
    default:
        p = enter(walk) ? run_parts(walk, p, step) : NULL;
        walk->depth--;
        return p && walk->out->overflow ? cx_in_fail(&walk->in, CX_DECODE_LENGTH) : p;
    }
}

/* Plans made so far; pushed under the lock, read without it, never taken away. */
struct plan {
    int32_t writer_id;
    const struct cx_schema *reader;
    const struct cx_step *step; /* NULL: cannot be resolved */
    struct cx_arena *arena;     /* where this plan itself lives */
    struct plan *next;
};
static _Atomic(struct plan *) plans;
static pthread_mutex_t planning = PTHREAD_MUTEX_INITIALIZER;

static const struct plan *find_plan(int32_t writer_id, const struct cx_schema *reader)
{
    const struct plan *plan = atomic_load_explicit(&plans, memory_order_acquire);
    while (plan && (plan->writer_id != writer_id || plan->reader != reader))
        plan = plan->next;
    return plan;
}

/* The arena of a plan stays for the life of the process, as the plan does. */
static const struct plan *make_plan(const struct cx_schema_version *writer, const struct cx_schema *reader)
{
    struct cx_arena *arena = cx_arena_new(4 * CX_SCHEMA_MEMORY);
    struct plan *plan = CX_NEW(arena, struct plan);
    const struct cx_avro_type *from = cx_avro_schema_parse(arena, writer->avsc, NULL);
    const struct cx_avro_type *to = cx_avro_schema_parse(arena, reader->avsc, NULL);
    *plan = (struct plan){ .writer_id = writer->id, .reader = reader, .arena = arena };
    cx_assert(from != NULL); /* it was parsed when it was registered */
    plan->step = to ? cx_plan_make(arena, from, to) : NULL;
    plan->next = atomic_load_explicit(&plans, memory_order_relaxed);
    atomic_store_explicit(&plans, plan, memory_order_release);
    return plan;
}

static enum cx_decode_error get_plan(int32_t writer_id, const struct cx_schema *reader, const struct cx_step **step)
{
    const struct plan *plan = find_plan(writer_id, reader);
    if (plan == NULL) {
        const struct cx_schema_version *writer = cx_schema_version_by_id(writer_id);
        if (writer == NULL)
            return CX_DECODE_UNKNOWN_SCHEMA;
        pthread_mutex_lock(&planning);
        plan = find_plan(writer_id, reader);
        if (plan == NULL)
            plan = make_plan(writer, reader);
        pthread_mutex_unlock(&planning);
    }
    *step = plan->step;
    return plan->step ? CX_DECODE_OK : CX_DECODE_INCOMPATIBLE;
}

enum cx_decode_error cx_resolve(struct cx_arena *arena, int32_t writer_id, const struct cx_schema *reader, struct cx_str body,
                                struct cx_str *resolved)
{
    const struct cx_step *step;
    enum cx_decode_error error = get_plan(writer_id, reader, &step);
    if (error != CX_DECODE_OK)
        return error;
    struct cx_buf out;
    struct walk walk = { .out = &out };
    cx_buf_init(&out, MAX_RESOLVED);
    const uint8_t *p = cx_in_init(&walk.in, arena, body);
    error = cx_in_done(&walk.in, p ? run(&walk, p, step) : NULL);
    if (error == CX_DECODE_OK && out.overflow)
        error = CX_DECODE_LENGTH;
    if (error == CX_DECODE_OK)
        *resolved = cx_arena_copy(arena, cx_buf_view(&out));
    cx_buf_free(&out);
    return error;
}
