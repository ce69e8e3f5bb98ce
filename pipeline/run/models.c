/* models.c - from files to models and back. */
#include "run/models.h"
#include "base/buf.h"
#include "codec/codec.h"
#include "run/output.h"
#include "run/registry.h"

#define IMAGE_MAX  ((size_t)1 << 30)
#define ZSTD_LEVEL 19

const char *cx_models_file(const char *path)
{
    return path == NULL || strcmp(path, "cx") == 0 ? NULL : path;
}

int cx_models_load(struct cx_arena *arena, const char *path, struct cx_model *model, struct cx_error *err)
{
    const char *named = cx_models_file(path);
    struct cx_str file = cx_resource_find(CX_STR("models/cx.cxm"));
    struct cx_buf image;
    if (named != NULL)
        CX_TRY(cx_read_file(arena, cx_str(named), &file, err));
    if (file.ptr == NULL)
        return cx_fail(err, CX_EXIT_USAGE, "this program has no model compiled in: name a file");
    cx_buf_init(&image, IMAGE_MAX);
    struct cx_error why;
    int status = cx_zstd_decompress(&image, file) == 0
                     ? cx_model_read(arena, cx_buf_view(&image), model, &why)
                     : cx_fail(&why, CX_EXIT_DATA,
                               "not a model: it is no zstd file, is damaged, is cut short, has bytes behind its end, or is larger than 1 GiB");
    status = status == 0 ? cx_model_check(arena, model, cx_buf_view(&image), &why) : status;
    cx_buf_free(&image);
    return status == 0 ? 0 : cx_fail(err, why.exit, "%s: %s", named != NULL ? named : "models/cx.cxm", why.text);
}

int cx_models_load_whole(struct cx_arena *arena, const char *path, const char *base, struct cx_model *model, struct cx_error *err)
{
    CX_TRY(cx_models_load(arena, path, model, err));
    if (model->base.ptr == NULL)
        return 0;
    struct cx_model *below = CX_NEW(arena, struct cx_model), *overlay = CX_NEW(arena, struct cx_model);
    *overlay = *model;
    CX_TRY(cx_models_load(arena, base, below, err));
    return cx_model_lay(arena, below, (const struct cx_model *const[]){ overlay }, 1, model, err);
}

int cx_models_write(const char *path, struct cx_str image, struct cx_error *err)
{
    struct cx_buf file;
    cx_buf_init(&file, IMAGE_MAX);
    int status = cx_zstd_compress(&file, image, ZSTD_LEVEL) == 0 ? cx_output_write(path, cx_buf_view(&file), err)
                                                                 : cx_fail(err, CX_EXIT_BUG, "compressing failed");
    cx_buf_free(&file);
    return status;
}
