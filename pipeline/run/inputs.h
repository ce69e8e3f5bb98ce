/* inputs.h - the topics a chain reads. */
#ifndef CX_RUN_INPUTS_H
#define CX_RUN_INPUTS_H
#include "run/settings.h"
#include "stage/stage.h"

#define CX_INPUTS_MAX 256
/* `given` (a,b; NULL: nothing was), else the rows of `inputs` for a stage that reads raw payloads, else its map's `input`, else its default. Returns
 * how many; the names live in the settings' arena. `first` is the chain's first stage. */
size_t cx_inputs_find(const struct cx_settings *settings, const struct cx_stage *first, const char *given, const char *names[CX_INPUTS_MAX]);
#endif
