/* overlay.h - what an overlay is learned over: the say of its base, and background.
 *
 * A tenant's texts show what its labels are, and hardly ever what is none of them: an overlay learned from these alone finds its labels everywhere.
 * Background is texts of no company in particular, beside the tenant's: there the overlay is to say what its base says. Where a tenant names
 * otherwise what the base has a name for, it must not be held back: a label contests what the base tells more than half of its texts as, and
 * background told as that may be of either. docs/decisions/0029 has what this gains and costs. */
#ifndef CX_LEARN_OVERLAY_H
#define CX_LEARN_OVERLAY_H
#include "learn/learn.h"

/* Gives examples from number `from` on the logits that `below`, a head of `base`, has for them; labels that it does not know have 0. All of them
 * stand in the arena. */
void cx_overlay_priors(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_model *base, const struct cx_head *below, size_t from);
/* Adds the background of `content` (a header, then language TAB text) to a task that is closed, whose first labels are those of `below` and whose
 * examples have priors. ONE_OF heads only. */
void cx_overlay_background(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_model *base, const struct cx_head *below,
                           struct cx_str content);
#endif
