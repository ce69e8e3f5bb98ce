/* small.h - a head of two labels and eight texts, learned in a moment. */
#ifndef CX_TEST_LEARN_SMALL_H
#define CX_TEST_LEARN_SMALL_H
#include "learn/build.h"
#include <criterion/criterion.h>

static const char labelled[] = "good\tI love this, great service\n"
                               "good\tgreat people, love the app\n"
                               "good\tvery happy, great and fast\n"
                               "good\tlove it, happy with all of it\n"
                               "bad\tterrible service, never again\n"
                               "bad\tthe app is broken and terrible\n"
                               "bad\tbroken parcel, nobody answers\n"
                               "bad\tnever again, so angry and broken\n";

static inline void say_nothing(void *context, struct cx_str head, const char *what)
{
    (void)context, (void)head, (void)what;
}

static inline int read_text(struct cx_learn_task *task, struct cx_arena *arena, const char *content, struct cx_error *err)
{
    struct cx_text_source source = { .path = CX_STR("labels.tsv"), .content = cx_str(content), .weight = 1 };
    return cx_learn_task_read(task, arena, &source, err);
}

/* Learns one task, which is closed. */
static inline void build_of(struct cx_build *build, struct cx_learn_task *task, struct cx_arena *arena)
{
    *build = (struct cx_build){ .head_count = 1, .heads = { { .task = task } }, .say = say_nothing };
    cx_build_learn(build, arena);
}

/* The model that was learned, as it is packed and read; its image, which is to be freed. */
static inline struct cx_buf read_packed(const struct cx_build *build, struct cx_arena *arena, struct cx_model *model)
{
    struct cx_buf image;
    struct cx_error err;
    cx_buf_init(&image, 64u << 20);
    cx_build_pack(build, arena, CX_STR("t"), CX_STR_NULL, CX_STR("{}"), &image);
    cr_assert_eq(cx_model_read(arena, cx_buf_view(&image), model, &err), 0, "%s", err.text);
    return image;
}
#endif
