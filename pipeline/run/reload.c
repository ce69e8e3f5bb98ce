/* reload.c - stages opened from the operator's files, and opened anew when the files change (invariant 15).
 * A stage keeps nothing that matters but in its state tables, so that another of its kind may take its place between two transactions. It is opened
 * whole before it does, by the code that opened the first one: what a start would refuse is refused here, and the old one goes on. */
#include "run/chain_internal.h"
#include "run/registry.h"

#include <sys/stat.h>

struct loading {
    struct cx_env env; /* first: callbacks get its address */
    struct cx_loaded *loaded;
};

static struct cx_file_state look(const char *path)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return (struct cx_file_state){ .size = -1 };
    return (struct cx_file_state){ (int64_t)found.st_dev, (int64_t)found.st_ino, (int64_t)found.st_size,
                                   (int64_t)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec };
}

static bool is_same(const struct cx_file_state *a, const struct cx_file_state *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->changed_ns == b->changed_ns;
}

/* ---- opening ---- */

static struct cx_str find_resource(const struct cx_env *env, const char *path)
{
    (void)env;
    return cx_resource_find(cx_str(path));
}

static const char *const *list_resources(const struct cx_env *env, const char *folder)
{
    return cx_resource_list(env->arena, folder);
}

/* What it was like is noted before it is read: who changes it meanwhile is seen at the next look. */
static int read_operator_file(const struct cx_env *env, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    struct cx_loaded *loaded = ((const struct loading *)env)->loaded;
    struct cx_file *file = CX_NEW(env->arena, struct cx_file);
    *file = (struct cx_file){ .path = cx_arena_format(env->arena, "%.*s%c", CX_STR_ARG(path), '\0').ptr };
    file->used = file->seen = look(file->path);
    CX_TRY(cx_read_file(env->arena, path, content, err));
    file->content = cx_hash128(content->ptr, content->len);
    *loaded->last = file;
    loaded->last = &file->next;
    return 0;
}

int cx_link_load(const struct cx_link *link, const struct cx_node *root, struct cx_loaded *loaded, struct cx_error *err)
{
    struct cx_arena *arena = cx_arena_new((size_t)1 << 30);
    *loaded = (struct cx_loaded){ .arena = arena, .self = cx_arena_zalloc(arena, link->stage->self_size + 1), .last = &loaded->files };
    struct loading *loading = CX_NEW(arena, struct loading);
    *loading = (struct loading){ { arena, find_resource, list_resources, read_operator_file, root }, loaded };
    if (link->stage->open == NULL || link->stage->open(loaded->self, link->config, &loading->env, err) == 0)
        return 0;
    cx_link_unload(link, loaded);
    return -1;
}

void cx_link_unload(const struct cx_link *link, struct cx_loaded *loaded)
{
    if (loaded->arena == NULL)
        return;
    if (link->stage->close != NULL)
        link->stage->close(loaded->self);
    cx_arena_free(loaded->arena);
    *loaded = (struct cx_loaded){ 0 };
}

/* ---- opening anew ---- */

bool cx_chain_files_changed(struct cx_chain *chain)
{
    bool is_due = false;
    for (size_t i = 0; i < chain->count; i++)
        for (struct cx_file *file = chain->links[i].loaded.files; file != NULL; file = file->next) {
            struct cx_file_state now = look(file->path);
            is_due = is_due || (!is_same(&now, &file->used) && is_same(&now, &file->seen));
            file->seen = now;
        }
    return is_due;
}

/* What was refused is not tried again until it changes. */
static void note_refusal(struct cx_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        for (struct cx_file *file = chain->links[i].loaded.files; file != NULL; file = file->next)
            file->used = file->seen;
}

int cx_chain_reload(struct cx_chain *chain, struct cx_error *err)
{
    struct cx_loaded fresh[CX_CHAIN_MAX] = { { 0 } };
    int reloaded = 0;
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->links[i].loaded.files == NULL)
            continue;
        if (cx_link_load(&chain->links[i], chain->root, &fresh[i], err) != 0) {
            while (i-- > 0)
                cx_link_unload(&chain->links[i], &fresh[i]);
            note_refusal(chain);
            return -1;
        }
        reloaded++;
    }
    for (size_t i = 0; i < chain->count; i++) {
        if (fresh[i].arena == NULL)
            continue;
        cx_link_unload(&chain->links[i], &chain->links[i].loaded);
        chain->links[i].loaded = fresh[i];
    }
    return reloaded;
}

uint64_t cx_chain_files_hash(const struct cx_chain *chain)
{
    struct cx_hasher hasher;
    bool has_files = false;
    cx_hasher_init(&hasher, "cx.files");
    for (size_t i = 0; i < chain->count; i++)
        for (const struct cx_file *file = chain->links[i].loaded.files; file != NULL; file = file->next) {
            cx_hasher_id(&hasher, file->content);
            has_files = true;
        }
    struct cx_id id = cx_hasher_end(&hasher);
    return has_files ? cx_hash64(id.bytes, sizeof id.bytes) : 0;
}
