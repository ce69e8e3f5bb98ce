/* registry.c - look-ups in the generated tables; the one place that reads files for stages. */
#include "run/registry.h"
#include "base/file.h"

const struct cx_stage *cx_stage_find(struct cx_str name)
{
    for (size_t i = 0; cx_stages[i]; i++)
        if (cx_str_is(name, cx_stages[i]->name))
            return cx_stages[i];
    return NULL;
}

int cx_chain_stages(struct cx_str name, const struct cx_stage *stages[CX_CHAIN_STAGES], size_t *count, struct cx_error *err)
{
    struct cx_str rest = name, piece;
    *count = 0;
    while (cx_str_cut(&rest, '-', &piece)) {
        const struct cx_stage *stage = cx_stage_find(piece);
        if (!stage || *count == CX_CHAIN_STAGES)
            return cx_fail(err, CX_EXIT_USAGE, "--chains: %.*s is no chain: stages joined by '-', such as dedup-identify", CX_STR_ARG(name));
        stages[(*count)++] = stage;
    }
    return 0;
}

struct cx_str cx_resource_find(struct cx_str path)
{
    for (const struct cx_resource *r = cx_resources; r->path; r++)
        if (cx_str_is(path, r->path))
            return cx_str_n(r->bytes, r->len);
    return CX_STR_NULL;
}

const char *const *cx_resource_list(struct cx_arena *arena, const char *folder)
{
    size_t n = 0;
    for (const struct cx_resource *r = cx_resources; r->path; r++)
        n++;
    const char **names = CX_NEW_ARRAY(arena, const char *, n + 1);
    n = 0;
    for (const struct cx_resource *r = cx_resources; r->path; r++)
        if (cx_str_starts(cx_str(r->path), cx_str(folder)))
            names[n++] = r->path;
    return names;
}

int cx_read_file(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    return cx_file_content(arena, path, 64, CX_EXIT_CONFIG, content, err);
}
