/* models.h - models as verbs name them: files, and the one compiled in. */
#ifndef CX_RUN_MODELS_H
#define CX_RUN_MODELS_H
#include "base/error.h"
#include "text/model.h"

/* The file that is meant; NULL: the model compiled in, which path NULL or "cx" names. */
const char *cx_models_file(const char *path);
/* Reads a model, named as above. All is in the arena. */
int cx_models_load(struct cx_arena *arena, const char *path, struct cx_model *model, struct cx_error *err);
/* The same; an overlay comes laid over the base it was made for, which is `base`. */
int cx_models_load_whole(struct cx_arena *arena, const char *path, const char *base, struct cx_model *model, struct cx_error *err);
/* Writes an image as a .cxm file (output.h). */
int cx_models_write(const char *path, struct cx_str image, struct cx_error *err);
#endif
