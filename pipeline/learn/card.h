/* card.h - the model card: what a model was made of and what it reaches. */
#ifndef CX_LEARN_CARD_H
#define CX_LEARN_CARD_H
#include "learn/recipe.h"

/* Figures by head, language and set on examples that were not fitted, as JSON; and the sets with their licences. */
void cx_card_write(struct cx_buf *card, const struct cx_recipe *recipe, const struct cx_build *build, bool only_open, struct cx_str date);
#endif
