#include <pthread.h>
#include <stdatomic.h>
#include "codec/avro_schema.h"
#include "codec/generated.h"

/* Schemas learnt at run time; pushed under the lock, read without it, never taken away. */
struct registered {
    struct cx_schema_version version;
    struct registered *next;
};
static _Atomic(struct registered *) registered;
static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;

const struct cx_schema *cx_schema_by_subject(struct cx_str subject)
{
    for (const struct cx_schema *const *at = cx_schemas; *at; at++)
        if (cx_str_is(subject, (*at)->subject))
            return *at;
    return NULL;
}

const struct cx_schema_version *cx_schema_version_by_id(int32_t id)
{
    for (size_t i = 0; i < cx_schema_version_count; i++)
        if (cx_schema_versions[i].id == id)
            return &cx_schema_versions[i];
    for (const struct registered *at = atomic_load_explicit(&registered, memory_order_acquire); at; at = at->next)
        if (at->version.id == id)
            return &at->version;
    return NULL;
}

/* One block: the row, the subject, the text. */
static struct registered *new_row(int32_t id, struct cx_str subject, struct cx_str avsc)
{
    struct registered *row = malloc(sizeof *row + subject.len + 1 + avsc.len);
    cx_assert(row != NULL);
    char *name = (char *)(row + 1), *text = name + subject.len + 1;
    memcpy(name, subject.ptr, subject.len);
    name[subject.len] = 0;
    memcpy(text, avsc.ptr, avsc.len);
    row->version = (struct cx_schema_version){ .id = id, .subject = name, .avsc = { text, avsc.len } };
    return row;
}

static int add(int32_t id, struct cx_str avsc, struct cx_error *err)
{
    const struct cx_schema_version *known = cx_schema_version_by_id(id);
    if (known && cx_str_eq(known->avsc, avsc))
        return 0;
    if (known)
        return cx_fail(err, CX_EXIT_DATA, "schema id %d already stands for another text of %s", (int)id, known->subject);
    struct cx_arena *arena = cx_arena_new(CX_SCHEMA_MEMORY);
    const struct cx_avro_type *type = cx_avro_schema_parse(arena, avsc, err);
    if (type != NULL) {
        struct registered *row = new_row(id, type->name.ptr ? type->name : CX_STR(""), avsc);
        row->next = atomic_load_explicit(&registered, memory_order_relaxed);
        atomic_store_explicit(&registered, row, memory_order_release);
    }
    cx_arena_free(arena);
    return type != NULL ? 0 : -1;
}

int cx_schema_register(int32_t id, struct cx_str avsc, struct cx_error *err)
{
    if (avsc.len > CX_SCHEMA_MAX_TEXT)
        return cx_fail(err, CX_EXIT_DATA, "schema id %d: over 1 MiB of text", (int)id);
    pthread_mutex_lock(&registering);
    int result = add(id, avsc, err);
    pthread_mutex_unlock(&registering);
    return result;
}
