/* words.h - texts made of word lists; and what the readers of corpus.c and words.c share. */
#ifndef CX_LEARN_WORDS_H
#define CX_LEARN_WORDS_H
#include "learn/learn.h"

/* language TAB centibels TAB word: a word's frequency is 10^(-centibels / 100); a hundred centibels are a factor of ten. */
int learn_read_words(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_text_source *source, struct cx_error *err);
struct cx_example *learn_add_example(struct cx_learn_task *task, bool is_dev);
/* Says that none of the labels is meant, also where `no` may be a label: an answer, say. */
bool learn_is_outside(struct cx_str label);
int learn_label(struct cx_learn_task *task, struct cx_str label);
#endif
