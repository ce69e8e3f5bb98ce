/* raw_stage.h - stage normalize on its own: messages in, one outcome per item out. Adapters are read from the source folder. */
#ifndef CX_TESTS_RAW_STAGE_H
#define CX_TESTS_RAW_STAGE_H
#include "tests/stages/one_stage.h"
#include <dirent.h>

extern const struct cx_stage normalize_stage;

enum { OUTCOMES_MAX = 64 };
struct outcome {
    const char *verdict; /* "emit", or the name of the reason */
    struct cx_str detail;
    const struct cx_interaction *record; /* of an emit */
};
struct raw_stage {
    struct one_stage one;
    struct outcome outcomes[OUTCOMES_MAX];
    size_t count;
};

static inline struct cx_str raw_stage_file_(struct cx_arena *arena, const char *path)
{
    struct cx_str name = cx_arena_format(arena, SOURCE_DIR "/%s%c", path, 0);
    FILE *file = fopen(name.ptr, "rb");
    if (!file)
        return CX_STR_NULL;
    char *bytes = cx_arena_bytes(arena, 1 << 20);
    size_t len = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return cx_str_n(bytes, len);
}
static inline struct cx_str raw_stage_resource_(const struct cx_env *env, const char *path)
{
    return raw_stage_file_(env->arena, path);
}
static inline const char *const *raw_stage_resources_(const struct cx_env *env, const char *folder)
{
    static const char *names[64];
    size_t count = 0;
    struct cx_str path = cx_arena_format(env->arena, SOURCE_DIR "/%s%c", folder, 0);
    DIR *dir = opendir(path.ptr);
    for (struct dirent *entry; dir && count < 63 && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            names[count++] = cx_arena_format(env->arena, "%s%s%c", folder, entry->d_name, 0).ptr;
    if (dir)
        closedir(dir);
    names[count] = NULL;
    return names;
}
static inline int raw_stage_read_file_(const struct cx_env *env, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    *content = raw_stage_file_(env->arena, cx_arena_format(env->arena, "%.*s%c", CX_STR_ARG(path), 0).ptr);
    return content->ptr ? 0 : cx_fail(err, CX_EXIT_CONFIG, "cannot read %.*s", CX_STR_ARG(path));
}

/* `yaml`: a whole cx.yaml ("inputs:", "normalize:"); "" for nothing. 0, or -1 with raw->one.err filled. */
static inline int raw_stage_open(struct raw_stage *raw, const char *yaml)
{
    const struct cx_stage *stage = &normalize_stage;
    struct one_stage *one = &raw->one;
    raw->count = 0;
    *one = (struct one_stage){ .stage = stage, .env_arena = cx_arena_new(256u << 20), .arena = cx_arena_new(256u << 20) };
    one->config = calloc(1, stage->config_size);
    one->self = calloc(1, stage->self_size);
    const struct cx_node *root = cx_config_parse(one->env_arena, "test.yaml", *yaml ? cx_str(yaml) : CX_STR("{}"), &one->err);
    if (!root)
        return -1;
    CX_TRY(cx_options_read(stage->options, cx_node_get(root, "normalize"), "normalize", one->config, &one->err));
    struct cx_env env = { one->env_arena, raw_stage_resource_, raw_stage_resources_, raw_stage_read_file_, root };
    return stage->open(one->self, one->config, &env, &one->err);
}

/* Settles a message; what it made lives until the next one. */
static inline void raw_stage_settle(struct raw_stage *raw, const struct cx_message *message)
{
    struct one_stage *one = &raw->one;
    struct cx_item item = { .message = message };
    struct cx_ctx ctx = { .arena = one->arena, .item = &item, .emit_ = one_stage_emit_, .count_ = one_stage_count_, .runtime_ = one };
    void **parts;
    cx_arena_reset(one->arena);
    raw->count = one->stage->split(one->self, &ctx, message, &parts);
    for (size_t i = 0; i < raw->count; i++) {
        item = (struct cx_item){ .message = message, .index = (int32_t)i, .part = parts[i] };
        struct cx_settled settled = one->stage->process(one->self, &ctx);
        if (i < OUTCOMES_MAX)
            raw->outcomes[i] = (struct outcome){ one_stage_verdict(one, settled), settled.detail, settled.reason == CX_PASSED ? item.record : NULL };
    }
}
/* A line of a pipe. */
static inline void raw_stage_line(struct raw_stage *raw, struct cx_str line)
{
    struct cx_message message = { .topic = CX_STR("-"), .value = line, .is_pipe = true };
    raw_stage_settle(raw, &message);
}
static inline void raw_stage_close(struct raw_stage *raw)
{
    one_stage_close(&raw->one);
}
#endif
