/* create.c - cx create: the commented reference configuration. */
#include "run/settings.h"
#include "run/verb.h"

static const struct cx_flag flags[] = { { 0 } };

static int run_create(const struct cx_args *args, struct cx_error *err)
{
    (void)args;
    struct cx_buf out;
    cx_buf_init(&out, (size_t)1 << 20);
    cx_settings_reference(&out);
    bool is_written = fwrite(out.ptr, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    cx_buf_free(&out);
    if (!is_written)
        cx_fail(err, CX_EXIT_IO, "writing to stdout failed");
    return is_written ? CX_EXIT_OK : CX_EXIT_IO;
}

const struct cx_verb cx_verb_create = { .name = "create",
                                        .synopsis = "> cx.yaml",
                                        .doc = "Prints a configuration with every option at its default, explained.",
                                        .flags = flags,
                                        .run = run_create };
