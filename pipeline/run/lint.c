/* lint.c - cx lint: everything that can be known wrong of a configuration without a cluster. */
#include "run/chain.h"
#include "run/registry.h"
#include "run/settings.h"
#include "run/verb.h"

#include <errno.h>
#include <unistd.h>

enum { JSON = CX_FLAG_FIRST };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "json", 0, NULL, "Findings as JSON lines." },
    { 0 },
};

static void report(bool json, const char *file, const struct cx_error *err)
{
    struct cx_buf out;
    cx_buf_init(&out, 65536);
    if (json) {
        cx_buf_str(&out, CX_STR("{\"file\":"));
        cx_json_string(&out, cx_str(file));
        cx_buf_str(&out, CX_STR(",\"error\":"));
        cx_json_string(&out, cx_str(err->text));
        cx_buf_str(&out, CX_STR("}"));
    } else {
        cx_buf_str(&out, cx_str(err->text));
    }
    printf("%.*s\n", (int)out.len, out.ptr);
    cx_buf_free(&out);
}

/* Opens every stage by itself, so that one bad map does not hide the next. */
static int lint_file(const char *file, const char *const *sets, bool json)
{
    struct cx_settings settings;
    struct cx_error err = { CX_EXIT_CONFIG, "" };
    int findings = 0;
    if (cx_settings_load(&settings, file, sets, &err) != 0) {
        report(json, file ? file : "defaults", &err);
        return 1;
    }
    for (size_t i = 0; cx_stages[i]; i++) {
        struct cx_chain_plan plan = { .stages = &cx_stages[i], .count = 1, .root = settings.root, .max_message = settings.kafka.max_message };
        struct cx_error last = err;
        struct cx_chain *chain = cx_chain_open(&plan, &err);
        if (!chain && strcmp(err.text, last.text) != 0) { /* what concerns all stages is found by each */
            report(json, file ? file : "defaults", &err);
            findings++;
        }
        cx_chain_close(chain);
    }
    cx_settings_free(&settings);
    return findings;
}

/* A file that is not there is no finding about it. */
static bool is_readable(const char *file, struct cx_error *err)
{
    if (access(file, R_OK) == 0)
        return true;
    cx_fail(err, CX_EXIT_IO, "%s: cannot be read: %s", file, strerror(errno));
    return false;
}

static int run_lint(const struct cx_args *args, struct cx_error *err)
{
    bool json = cx_args_has(args, JSON);
    int findings = 0;
    const char *usual = args->values[CX_FLAG_CONFIG] ? args->values[CX_FLAG_CONFIG] : getenv("CX_CONFIG");
    const char *const *files = args->operand_count ? args->operands : &usual;
    for (size_t i = 0; i == 0 || i < args->operand_count; i++) {
        if (files[i] && !is_readable(files[i], err))
            return CX_EXIT_IO;
        findings += lint_file(files[i], args->sets, json);
    }
    fprintf(stderr, "%d finding%s\n", findings, findings == 1 ? "" : "s");
    return findings ? CX_EXIT_FINDINGS : CX_EXIT_OK;
}

const struct cx_verb cx_verb_lint = {
    .name = "lint",
    .synopsis = "[FILE…]",
    .doc = "Checks configurations, rules, lexicons and adapters without a cluster; exit 1 when something is wrong.",
    .examples = "  cx lint cx.yaml\n",
    .flags = flags,
    .operands = CX_OPERANDS_MAX,
    .run = run_lint,
};
