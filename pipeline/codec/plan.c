#include "codec/plan.h"

/* Pairs already planned or being planned, so that types that contain themselves end. */
struct pair {
    const struct cx_step *step;
    struct pair *next;
};
struct planner {
    struct cx_arena *arena;
    struct pair *pairs;
    size_t steps_left; /* two schemas of many unions can ask for the product of their sizes */
};
#define MAX_STEPS 100000

static const struct cx_step *plan(struct planner *planner, const struct cx_avro_type *writer, const struct cx_avro_type *reader, int depth);

static struct cx_step *new_step(struct planner *planner, enum cx_step_kind kind, const struct cx_avro_type *writer, const struct cx_avro_type *reader)
{
    struct cx_step *step = CX_NEW(planner->arena, struct cx_step);
    *step = (struct cx_step){ .kind = kind, .writer = writer, .reader = reader };
    return step;
}

/* By the last part of the name, as the specification says, or by an alias of ours. */
static bool same_name(const struct cx_avro_type *writer, const struct cx_avro_type *reader)
{
    struct cx_str name = cx_avro_short_name(writer->name);
    if (cx_str_eq(name, cx_avro_short_name(reader->name)))
        return true;
    for (size_t i = 0; i < reader->aliases.len; i++)
        if (cx_str_eq(reader->aliases.items[i], writer->name) || cx_str_eq(cx_avro_short_name(reader->aliases.items[i]), name))
            return true;
    return false;
}

/* A writer's number or text read as a larger type. */
static const struct cx_step *promotion(struct planner *planner, const struct cx_avro_type *writer, const struct cx_avro_type *reader)
{
    enum cx_avro_kind from = writer->kind, to = reader->kind;
    bool from_whole = from == CX_AVRO_INT || from == CX_AVRO_LONG, from_text = from == CX_AVRO_STRING || from == CX_AVRO_BYTES;
    if ((from == CX_AVRO_INT && to == CX_AVRO_LONG) || (from_text && (to == CX_AVRO_STRING || to == CX_AVRO_BYTES)))
        return new_step(planner, CX_STEP_COPY, writer, reader);
    if (from_whole && (to == CX_AVRO_FLOAT || to == CX_AVRO_DOUBLE))
        return new_step(planner, CX_STEP_INT_TO_REAL, writer, reader);
    if (from == CX_AVRO_FLOAT && to == CX_AVRO_DOUBLE)
        return new_step(planner, CX_STEP_WIDEN, writer, reader);
    return NULL;
}

static const struct cx_step *plan_enum(struct planner *planner, const struct cx_avro_type *writer, const struct cx_avro_type *reader)
{
    struct cx_step *step = new_step(planner, CX_STEP_ENUM, writer, reader);
    int *indexes = CX_NEW_ARRAY(planner->arena, int, writer->symbols.len);
    for (size_t i = 0; i < writer->symbols.len; i++) {
        indexes[i] = reader->default_symbol;
        for (size_t j = 0; j < reader->symbols.len; j++)
            if (cx_str_eq(writer->symbols.items[i], reader->symbols.items[j]))
                indexes[i] = (int)j;
    }
    step->indexes = indexes;
    return step;
}

/* The writer's field that ours reads: of the same name, else of one of our aliases; -1: none. */
static int field_for(const struct cx_avro_type *writer, const struct cx_avro_field *field)
{
    for (size_t i = 0; i < writer->count; i++)
        if (cx_str_eq(writer->fields[i].name, field->name))
            return (int)i;
    for (size_t i = 0; i < writer->count; i++)
        for (size_t j = 0; j < field->aliases.len; j++)
            if (cx_str_eq(writer->fields[i].name, field->aliases.items[j]))
                return (int)i;
    return -1;
}

static bool plan_record(struct planner *planner, struct cx_step *step, int depth)
{
    const struct cx_avro_type *writer = step->writer, *reader = step->reader;
    int *indexes = CX_NEW_ARRAY(planner->arena, int, reader->count);
    step->steps = CX_NEW_ARRAY(planner->arena, const struct cx_step *, writer->count);
    step->indexes = indexes;
    for (size_t i = 0; i < reader->count; i++) {
        const struct cx_avro_field *field = &reader->fields[i];
        indexes[i] = field_for(writer, field);
        if (indexes[i] < 0 && field->default_bytes.ptr == NULL)
            return false;
        if (indexes[i] < 0)
            continue;
        if (step->steps[indexes[i]] != NULL)
            return false; /* two of our fields claim one of the writer's */
        step->steps[indexes[i]] = plan(planner, writer->fields[indexes[i]].type, field->type, depth + 1);
        if (step->steps[indexes[i]] == NULL)
            return false;
    }
    return true;
}

static bool plan_items(struct planner *planner, struct cx_step *step, int depth)
{
    step->steps = CX_NEW_ARRAY(planner->arena, const struct cx_step *, 1);
    step->steps[0] = plan(planner, step->writer->branches[0], step->reader->branches[0], depth + 1);
    return step->steps[0] != NULL;
}

static bool plan_union(struct planner *planner, struct cx_step *step, int depth)
{
    bool any = false;
    step->steps = CX_NEW_ARRAY(planner->arena, const struct cx_step *, step->writer->count);
    for (size_t i = 0; i < step->writer->count; i++) {
        step->steps[i] = plan(planner, step->writer->branches[i], step->reader, depth + 1);
        any |= step->steps[i] != NULL;
        if (step->steps[i] == NULL)
            step->steps[i] = new_step(planner, CX_STEP_REFUSE, step->writer->branches[i], step->reader);
    }
    return any;
}

/* Our first branch of the writer's own type, else the first that resolves. */
static const struct cx_step *plan_branch(struct planner *planner, const struct cx_avro_type *writer, const struct cx_avro_type *reader, int depth)
{
    for (int exact = 1; exact >= 0; exact--)
        for (size_t i = 0; i < reader->count; i++) {
            const struct cx_avro_type *branch = reader->branches[i];
            if (exact && (branch->kind != writer->kind || !cx_str_eq(branch->name, writer->name)))
                continue;
            const struct cx_step *inner = plan(planner, writer, branch, depth + 1);
            if (inner == NULL)
                continue;
            struct cx_step *step = new_step(planner, CX_STEP_BRANCH, writer, reader);
            step->steps = CX_NEW_ARRAY(planner->arena, const struct cx_step *, 1);
            step->steps[0] = inner;
            step->branch = (int)i;
            return step;
        }
    return NULL;
}

/* Records, arrays, maps and writers' unions: noted before their parts are planned, taken back if those fail. */
static const struct cx_step *plan_nested(struct planner *planner, const struct cx_avro_type *writer, const struct cx_avro_type *reader, int depth)
{
    for (const struct pair *pair = planner->pairs; pair; pair = pair->next)
        if (pair->step->writer == writer && pair->step->reader == reader)
            return pair->step;
    enum cx_step_kind kind = writer->kind == CX_AVRO_UNION ? CX_STEP_UNION : writer->kind == CX_AVRO_RECORD ? CX_STEP_RECORD : CX_STEP_ITEMS;
    struct cx_step *step = new_step(planner, kind, writer, reader);
    struct pair *pair = CX_NEW(planner->arena, struct pair);
    *pair = (struct pair){ step, planner->pairs };
    planner->pairs = pair;
    bool ok = kind == CX_STEP_UNION    ? plan_union(planner, step, depth)
              : kind == CX_STEP_RECORD ? plan_record(planner, step, depth)
                                       : plan_items(planner, step, depth);
    if (!ok)
        step->kind = CX_STEP_REFUSE; /* a type inside may point back here */
    return ok ? step : NULL;
}

static const struct cx_step *plan(struct planner *planner, const struct cx_avro_type *writer, const struct cx_avro_type *reader, int depth)
{
    if (depth > 2 * CX_AVRO_MAX_DEPTH || planner->steps_left == 0)
        return NULL;
    planner->steps_left--;
    if (writer->kind == CX_AVRO_UNION)
        return plan_nested(planner, writer, reader, depth);
    if (reader->kind == CX_AVRO_UNION)
        return plan_branch(planner, writer, reader, depth);
    if (writer->kind != reader->kind)
        return promotion(planner, writer, reader);
    switch (writer->kind) {
    case CX_AVRO_ENUM:
        return same_name(writer, reader) ? plan_enum(planner, writer, reader) : NULL;
    case CX_AVRO_FIXED:
        return same_name(writer, reader) && writer->size == reader->size ? new_step(planner, CX_STEP_COPY, writer, reader) : NULL;
    case CX_AVRO_RECORD:
        return same_name(writer, reader) ? plan_nested(planner, writer, reader, depth) : NULL;
    case CX_AVRO_ARRAY:
    case CX_AVRO_MAP:
        return plan_nested(planner, writer, reader, depth);
    default:
        return new_step(planner, CX_STEP_COPY, writer, reader);
    }
}

const struct cx_step *cx_plan_make(struct cx_arena *arena, const struct cx_avro_type *writer, const struct cx_avro_type *reader)
{
    struct planner planner = { arena, NULL, MAX_STEPS };
    return plan(&planner, writer, reader, 0);
}
