/* overlays.h - what companies labelled themselves, laid over the model (README.md, "Own labels"). */
#ifndef CX_STAGES_CLASSIFY_OVERLAYS_H
#define CX_STAGES_CLASSIFY_OVERLAYS_H
#include "stage/stage.h"
#include "stages/classify/learned.h"

struct classify_overlay {
    struct cx_str tenant;
    struct classify_learned learned;
};
struct classify_overlays {
    const struct classify_overlay *items; /* by tenant */
    size_t count;
};
/* Reads the model of a file that the configuration names. -1 with *err, which names the place there. */
int classify_model_file(const struct cx_node *node, const struct cx_env *env, struct cx_model *model, struct cx_error *err);
/* Reads the files of a map tenant -> file or list of files (NULL: none) and lays them over the base. -1 with *err, which names the place in the
 * configuration. */
int classify_overlays_open(struct classify_overlays *overlays, const struct cx_node *map, const struct classify_learned *base,
                           const struct cx_env *env, struct cx_error *err);
/* The tenant's model; NULL: it has none of its own. */
const struct classify_learned *classify_overlays_find(const struct classify_overlays *overlays, struct cx_str tenant);
#endif
