/* models.c - from files to models and back. */
#include "run/models.h"
#include "base/buf.h"
#include "codec/codec.h"
#include "run/registry.h"

#include <errno.h>
#include <unistd.h>

#define IMAGE_MAX  ((size_t)1 << 30)
#define ZSTD_LEVEL 19

int cx_models_load(struct cx_arena *arena, const char *path, struct cx_model *model, struct cx_error *err)
{
    bool is_own = path == NULL || strcmp(path, "cx") == 0;
    struct cx_str file = cx_resource_find(CX_STR("models/cx.cxm"));
    struct cx_buf image;
    if (!is_own)
        CX_TRY(cx_read_file(arena, cx_str(path), &file, err));
    if (file.ptr == NULL)
        return cx_fail(err, CX_EXIT_USAGE, "this program has no model compiled in: name a file");
    cx_buf_init(&image, IMAGE_MAX);
    struct cx_error why;
    int status = cx_zstd_decompress(&image, file) == 0 ? cx_model_read(arena, cx_buf_view(&image), model, &why)
                                                       : cx_fail(&why, CX_EXIT_DATA, "not a model: it is no zstd file");
    cx_buf_free(&image);
    return status == 0 ? 0 : cx_fail(err, why.exit, "%s: %s", is_own ? "models/cx.cxm" : path, why.text);
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
    char draft[4096];
    struct cx_buf file;
    if (snprintf(draft, sizeof draft, "%s.%d.tmp", path, (int)getpid()) >= (int)sizeof draft)
        return cx_fail(err, CX_EXIT_USAGE, "%.60s…: the name is too long", path);
    cx_buf_init(&file, IMAGE_MAX);
    if (cx_zstd_compress(&file, image, ZSTD_LEVEL) != 0) {
        cx_buf_free(&file);
        return cx_fail(err, CX_EXIT_BUG, "compressing failed");
    }
    FILE *out = fopen(draft, "wb");
    bool is_written = out != NULL && fwrite(file.ptr, 1, file.len, out) == file.len && fflush(out) == 0 && fsync(fileno(out)) == 0;
    is_written = out != NULL && fclose(out) == 0 && is_written && rename(draft, path) == 0;
    int error = errno;
    cx_buf_free(&file);
    if (is_written)
        return 0;
    unlink(draft);
    return cx_fail(err, CX_EXIT_IO, "%s: cannot be written: %s", path, strerror(error));
}
