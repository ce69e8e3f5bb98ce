/* main.c - cx: finds the verb, reads its flags, runs it. */
#include "run/settings.h"
#include "run/verb.h"

#include <errno.h>

static const struct cx_verb *const verbs[] = { &cx_verb_run,    &cx_verb_pipe,    &cx_verb_demo, &cx_verb_lint,   &cx_verb_doctor, &cx_verb_create,
                                               &cx_verb_topics, &cx_verb_produce, &cx_verb_tap,  &cx_verb_audit,  &cx_verb_trace,  &cx_verb_explain,
                                               &cx_verb_label,  &cx_verb_train,   &cx_verb_eval, &cx_verb_version };
#define VERBS (sizeof verbs / sizeof *verbs)

static void print_usage(FILE *to)
{
    fprintf(to, "cx - customer interactions from Kafka topics to the people who should act on them, exactly once\n\nusage: cx VERB [options]\n\n");
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->doc);
    fprintf(to, "\ncx VERB --help tells more. Data goes to stdout, the rest to stderr.\n"
                "exit: 0 ok, 1 findings, 64 usage, 65 bad data, 69 unreachable, 70 bug, 74 I/O, 78 configuration\n");
}

static void print_help(const struct cx_verb *verb)
{
    printf("cx %s %s\n\n%s\n\n", verb->name, verb->synopsis, verb->doc);
    if (verb->examples)
        printf("%s\n", verb->examples);
    for (const struct cx_flag *f = verb->flags; f->name; f++) {
        char left[64];
        int width = snprintf(left, sizeof left, "--%s%s%s", f->name, f->argument ? " " : "", f->argument ? f->argument : "");
        for (const char *c = left; *c; c++)
            width -= ((unsigned char)*c & 0xc0) == 0x80; /* columns, not bytes */
        printf("  %c%c%s %s%*s %s\n", f->letter ? '-' : ' ', f->letter ? f->letter : ' ', f->letter ? "," : " ", left, width < 24 ? 24 - width : 0,
               "", f->doc);
    }
}

static int find_flag(const struct cx_verb *verb, struct cx_str name, char letter)
{
    for (int i = 0; verb->flags[i].name; i++)
        if (letter ? verb->flags[i].letter == letter : cx_str_is(name, verb->flags[i].name))
            return i;
    return -1;
}

static int unknown_flag(const struct cx_verb *verb, const char *word, struct cx_error *err)
{
    const char *names[64];
    size_t n = 0;
    for (; verb->flags[n].name && n < 64; n++)
        names[n] = verb->flags[n].name;
    const char *nearest = cx_did_you_mean(cx_str(word + strspn(word, "-")), names, n);
    return cx_fail(err, CX_EXIT_USAGE, "unknown option %s%s%s (cx %s --help lists them)", word, nearest ? "; did you mean --" : "",
                   nearest ? nearest : "", verb->name);
}

static int take_value(struct cx_args *args, const struct cx_verb *verb, int flag, const char *value, struct cx_error *err)
{
    if (strcmp(verb->flags[flag].name, "set") == 0) {
        for (size_t i = 0; i < 64; i++)
            if (!args->sets[i]) {
                args->sets[i] = value;
                return 0;
            }
        return cx_fail(err, CX_EXIT_USAGE, "more than 64 --set");
    }
    args->values[flag] = value;
    return 0;
}

/* --name value, --name=value, -c value, -cvalue; -- ends the options. */
static int read_args(const struct cx_verb *verb, int argc, char **argv, struct cx_args *args, struct cx_error *err)
{
    bool only_operands = false;
    for (int i = 2; i < argc; i++) {
        const char *word = argv[i];
        if (only_operands || word[0] != '-' || word[1] == '\0') {
            if (args->operand_count == verb->operands)
                return cx_fail(err, CX_EXIT_USAGE, "%s is one word too many (cx %s --help)", word, verb->name);
            args->operands[args->operand_count++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_operands = true;
            continue;
        }
        bool is_long = word[1] == '-';
        const char *equals = is_long ? strchr(word, '=') : NULL;
        struct cx_str name = cx_str_n(word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 1) - 1);
        int flag = find_flag(verb, name, is_long ? 0 : word[1]);
        if (flag < 0)
            return unknown_flag(verb, word, err);
        const char *value = equals ? equals + 1 : !is_long && word[2] ? word + 2 : NULL;
        if (!verb->flags[flag].argument) {
            if (value)
                return cx_fail(err, CX_EXIT_USAGE, "--%s takes no value", verb->flags[flag].name);
            value = "";
        } else if (!value && ++i < argc) {
            value = argv[i];
        } else if (!value) {
            return cx_fail(err, CX_EXIT_USAGE, "--%s needs %s", verb->flags[flag].name, verb->flags[flag].argument);
        }
        CX_TRY(take_value(args, verb, flag, value, err));
    }
    return 0;
}

int cx_args_settings(const struct cx_args *args, struct cx_settings *settings, struct cx_error *err)
{
    const char *file = args->values[CX_FLAG_CONFIG] ? args->values[CX_FLAG_CONFIG] : getenv("CX_CONFIG");
    return cx_settings_load(settings, file, args->sets, err);
}

int cx_args_i64(const struct cx_args *args, int flag, int64_t fallback, int64_t min, int64_t max, int64_t *out, struct cx_error *err)
{
    *out = fallback;
    if (!args->values[flag])
        return 0;
    if (!cx_str_to_i64(cx_str(args->values[flag]), out) || *out < min || *out > max)
        return cx_fail(err, CX_EXIT_USAGE, "%s is not a number from %lld to %lld", args->values[flag], (long long)min, (long long)max);
    return 0;
}

static const struct cx_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

static int unknown_verb(const char *word)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i]->name;
    const char *nearest = cx_did_you_mean(cx_str(word), names, VERBS);
    fprintf(stderr, "cx: no verb %s%s%s (cx --help lists them)\n", word, nearest ? "; did you mean " : "", nearest ? nearest : "");
    return CX_EXIT_USAGE;
}

/* What was printed is worth nothing when the disk is full: then the exit says so, whatever the verb thought. */
static int finish_stdout(int status)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || status != CX_EXIT_OK)
        return status;
    fprintf(stderr, "cx: writing to stdout failed: %s\n", strerror(errno));
    return CX_EXIT_IO;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return CX_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        const struct cx_verb *about = argc > 2 ? find_verb(argv[2]) : NULL;
        if (argc > 2 && !about)
            return unknown_verb(argv[2]);
        about ? print_help(about) : print_usage(stdout);
        return finish_stdout(CX_EXIT_OK);
    }
    const struct cx_verb *verb = find_verb(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
    if (!verb)
        return unknown_verb(argv[1]);
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(verb);
            return finish_stdout(CX_EXIT_OK);
        }
    struct cx_error err = { CX_EXIT_BUG, "" };
    static struct cx_args args;
    int status = read_args(verb, argc, argv, &args, &err) == 0 ? verb->run(&args, &err) : (int)err.exit;
    if (err.text[0])
        fprintf(stderr, "cx %s: %s\n", verb->name, err.text);
    return finish_stdout(status);
}
