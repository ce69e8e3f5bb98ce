/* doctor.c - cx doctor: gathers facts of the cluster and this machine, shows them to every check, says what to change. */
#include "run/doctor.h"
#include "run/audit.h"
#include "run/verb.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CHAINS = CX_FLAG_FIRST, LIST, JSON };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "chains", 0, "A,B,…", "Chains whose topics are looked at (default: " CX_USUAL_CHAINS ")." },
    { "list", 0, NULL, "Prints the checks and what they are for, and looks at nothing." },
    { "json", 0, NULL, "Prints JSON lines." },
    { 0 },
};

/* What keeps us from writing there; NULL: nothing. */
static const char *try_to_write(struct cx_arena *arena, const char *folder)
{
    char probe[1100];
    if (mkdir(folder, 0750) != 0 && errno != EEXIST)
        return cx_arena_format(arena, "%s cannot be made: %s%c", folder, strerror(errno), '\0').ptr;
    snprintf(probe, sizeof probe, "%s/doctor-XXXXXX", folder);
    int fd = mkstemp(probe);
    if (fd < 0)
        return cx_arena_format(arena, "%s cannot be written: %s%c", folder, strerror(errno), '\0').ptr;
    close(fd);
    unlink(probe);
    return NULL;
}

static struct cx_machine look_at_machine(const struct cx_settings *settings)
{
    struct cx_machine m = { cx_kafka_library_version(), cx_kafka_library_number(), NULL, -1, -1 };
    struct statvfs disk;
    struct rlimit files;
    char folder[1024];
    snprintf(folder, sizeof folder, "%.*s", CX_STR_ARG(settings->kafka.state_dir));
    m.state_dir_trouble = try_to_write(settings->arena, folder);
    if (!m.state_dir_trouble && statvfs(folder, &disk) == 0)
        m.free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
        m.open_files = (int64_t)files.rlim_cur;
    return m;
}

static int gather(struct cx_facts *facts, const char *chains, struct cx_error *err)
{
    CX_TRY(cx_topic_specs_make(facts->settings, chains, -1, &facts->specs, err));
    const char **names = CX_NEW_ARRAY(facts->settings->arena, const char *, facts->specs.len + 1);
    for (size_t i = 0; i < facts->specs.len; i++)
        names[i] = facts->specs.items[i].name;
    facts->machine = look_at_machine(facts->settings);
    return cx_cluster_describe(&facts->settings->kafka, facts->settings->arena, names, facts->specs.len, &facts->cluster, err);
}

static void put_member(struct cx_buf *line, const char *name, const char *value)
{
    cx_buf_format(line, "%s\"%s\":", line->len ? "," : "{", name);
    cx_json_string(line, cx_str(value));
}

static void put_line(struct cx_buf *line)
{
    printf("%.*s}\n", (int)line->len, line->ptr);
    cx_buf_free(line);
}

static void print_diagnosis(const struct cx_diagnosis *d, bool json)
{
    struct cx_buf line;
    if (!json) {
        printf("%s %s: %s %s\n        do: %s\n", d->is_advice ? "advice " : "finding", d->check->name, d->where, d->what, d->cure);
        return;
    }
    cx_buf_init(&line, 65536);
    put_member(&line, "check", d->check->name);
    put_member(&line, "level", d->is_advice ? "advice" : "finding");
    put_member(&line, "where", d->where);
    put_member(&line, "what", d->what);
    put_member(&line, "do", d->cure);
    put_line(&line);
}

static void print_check(const struct cx_check *c, bool json)
{
    struct cx_buf line;
    if (!json) {
        printf("%s: %s\n        why: %s\n        do: %s\n", c->name, c->what, c->why, c->cure);
        return;
    }
    cx_buf_init(&line, 65536);
    put_member(&line, "check", c->name);
    put_member(&line, "what", c->what);
    put_member(&line, "why", c->why);
    put_member(&line, "do", c->cure);
    put_line(&line);
}

static int diagnose(const struct cx_facts *facts, bool json)
{
    struct cx_diagnoses found = { .arena = facts->settings->arena };
    size_t checks = 0, findings = 0;
    for (const struct cx_check *c = cx_checks; c->name; c++, checks++)
        c->look(c, facts, &found);
    for (size_t i = 0; i < found.len; i++) {
        print_diagnosis(&found.rows[i], json);
        findings += !found.rows[i].is_advice;
    }
    fprintf(stderr, "%zu checks of %zu brokers and %zu topics: %zu finding%s, %zu advice\n", checks, facts->cluster.broker_count,
            facts->cluster.topic_count, findings, findings == 1 ? "" : "s", found.len - findings);
    return findings ? CX_EXIT_FINDINGS : CX_EXIT_OK;
}

static int run_doctor(const struct cx_args *args, struct cx_error *err)
{
    bool json = cx_args_has(args, JSON);
    struct cx_settings settings;
    struct cx_facts facts = { .settings = &settings };
    if (cx_args_has(args, LIST)) {
        for (const struct cx_check *c = cx_checks; c->name; c++)
            print_check(c, json);
        return CX_EXIT_OK;
    }
    if (cx_args_settings(args, &settings, err))
        return (int)err->exit;
    int status = gather(&facts, args->values[CHAINS] ? args->values[CHAINS] : CX_USUAL_CHAINS, err) == 0 ? diagnose(&facts, json) : (int)err->exit;
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_doctor = {
    .name = "doctor",
    .synopsis = "-c cx.yaml",
    .doc = "Checks a live cluster and this machine, and says what to change; exit 1 when something must be.",
    .examples = "  cx doctor -c cx.yaml\n  cx doctor --json -c cx.yaml | jq -r .do\n  cx doctor --list\n",
    .flags = flags,
    .run = run_doctor,
};
