/* reload_test.c - files of stages that change while records flow: classify with overlays, which cx train makes. */
#include "run/chain.h"
#include "run/registry.h"
#include "run/verb.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct rig {
    char folder[64];
    struct cx_arena *arena;
    struct cx_chain *chain;
    struct cx_task *task;
    int64_t offset;
    char model[200], intent[64]; /* of the last record */
};

static void put(const struct rig *rig, const char *name, const char *content, size_t len)
{
    char path[128], draft[140];
    snprintf(path, sizeof path, "%s/%s", rig->folder, name);
    snprintf(draft, sizeof draft, "%s.new", path);
    FILE *file = fopen(draft, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(content, 1, len, file), len);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(rename(draft, path), 0);
}

/* A model of labels "yes" and "no" by another name each, alone or over base.cxm. */
static void train(const struct rig *rig, const char *one, const char *other, const char *base, const char *out)
{
    char text[1000], data[128], below[128], to[128];
    struct cx_error err = { 0 };
    int len = snprintf(text, sizeof text,
                       "%s\tthe hinge broke, warranty please\n%s\twarranty claim for a drawer\n%s\tis it under warranty\n%s\ta claim: broken leg\n"
                       "%s\tbroken door, warranty\n%s\ta screw is missing\n%s\tmissing panel in the box\n%s\tthe box misses a handle\n"
                       "%s\tone bolt missing\n%s\tthe parcel came with a missing door\n",
                       one, one, one, one, one, other, other, other, other, other);
    put(rig, "labels.tsv", text, (size_t)len);
    snprintf(data, sizeof data, "%s/labels.tsv", rig->folder);
    snprintf(below, sizeof below, "%s/%s", rig->folder, base != NULL ? base : "");
    snprintf(to, sizeof to, "%s/%s", rig->folder, out);
    struct cx_args args = { .values = { [0] = data, [1] = base != NULL ? below : NULL, [2] = "intent", [5] = to } };
    cr_assert_eq(cx_verb_train.run(&args, &err), 0, "%s", err.text);
}

static struct cx_chain *open_chain(const struct rig *rig, const char *config, struct cx_error *err)
{
    const struct cx_stage *const stages[] = { cx_stage_find(CX_STR("classify")) };
    const struct cx_node *root = cx_config_parse(rig->arena, "cx.yaml", cx_str(config), err);
    cr_assert_not_null(root, "%s", err->text);
    struct cx_chain_plan plan = { .stages = stages, .count = 1, .root = root, .max_message = 1000000, .is_pipe = true };
    return cx_chain_open(&plan, err);
}

static struct rig new_rig(void)
{
    struct rig rig = { .folder = "/tmp/cx-reload-XXXXXX", .arena = cx_arena_new(1u << 26) };
    struct cx_error err;
    cr_assert_not_null(mkdtemp(rig.folder));
    cr_assert_eq(chdir(rig.folder), 0);
    train(&rig, "complaint", "question", NULL, "base.cxm");
    train(&rig, "warranty_claim", "missing_part", "base.cxm", "acme.cxm");
    rig.chain = open_chain(&rig, "classify: {model: base.cxm, overlays: {acme: acme.cxm}}", &err);
    cr_assert_not_null(rig.chain, "%s", err.text);
    rig.task = cx_task_new(rig.chain, 0);
    return rig;
}

static void free_rig(struct rig *rig)
{
    char command[128];
    cx_task_free(rig->task);
    cx_chain_close(rig->chain);
    cx_arena_free(rig->arena);
    snprintf(command, sizeof command, "rm -r '%s'", rig->folder);
    cr_assert_eq(system(command), 0);
}

static int on_output(void *context, const struct cx_output *output)
{
    (void)context, (void)output;
    return 0;
}

static void on_ending(void *context, const struct cx_ending *e)
{
    struct rig *rig = context;
    const struct cx_classification *c = e->record->classification;
    snprintf(rig->model, sizeof rig->model, "%.*s", CX_STR_ARG(c->model));
    snprintf(rig->intent, sizeof rig->intent, "%.*s", c->intents.len > 0 ? (int)c->intents.items[0].name.len : 0,
             c->intents.len > 0 ? c->intents.items[0].name.ptr : "");
}

/* One record of a tenant; what was said of it is in the rig. */
static void settle(struct rig *rig, const char *tenant)
{
    struct cx_sink sink = { .context = rig, .output = on_output, .ending = on_ending };
    struct cx_str line =
        cx_arena_format(rig->arena,
                        "{\"tenant\":\"%s\",\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":1767607200000,\"author\":{\"name\":"
                        "\"n\"},\"text\":\"a broken hinge, is it under warranty\"}",
                        tenant);
    struct cx_message message = { .topic = CX_STR("-"), .offset = rig->offset++, .value = line, .is_pipe = true };
    int64_t items;
    cr_assert_eq(cx_task_settle(rig->task, &message, &sink, &items), 0);
    cx_task_commit(rig->task);
}

Test(reload, a_new_overlay_is_taken_between_records_and_told_in_each)
{
    struct rig rig = new_rig();
    struct cx_error err;
    char before[200];
    settle(&rig, "acme");
    cr_assert_str_eq(rig.intent, "warranty_claim");
    snprintf(before, sizeof before, "%s", rig.model);
    uint64_t hash = cx_chain_files_hash(rig.chain);
    cr_assert_not(cx_chain_files_changed(rig.chain));

    train(&rig, "guarantee", "missing_part", "base.cxm", "acme.cxm");
    cr_assert_not(cx_chain_files_changed(rig.chain), "the first look only notes it: it may still be written");
    cr_assert(cx_chain_files_changed(rig.chain));
    settle(&rig, "acme");
    cr_assert_str_eq(rig.model, before, "nothing changes by itself");
    cr_assert_eq(cx_chain_reload(rig.chain, &err), 1, "%s", err.text);

    settle(&rig, "acme");
    cr_assert_str_eq(rig.intent, "guarantee");
    cr_assert_str_neq(rig.model, before);
    cr_assert_neq(cx_chain_files_hash(rig.chain), hash);
    cr_assert_not(cx_chain_files_changed(rig.chain));
    settle(&rig, "beta");
    cr_assert_str_eq(rig.intent, "complaint");
    cr_assert_null(strchr(rig.model, '+'));

    train(&rig, "warranty_claim", "missing_part", "base.cxm", "acme.cxm");
    cr_assert_eq(cx_chain_reload(rig.chain, &err), 1);
    settle(&rig, "acme");
    cr_assert_str_eq(rig.model, before, "the same labels are the same model");
    cr_assert_eq(cx_chain_files_hash(rig.chain), hash);
    free_rig(&rig);
}

Test(reload, a_broken_overlay_is_refused_with_its_place_and_the_old_one_stays)
{
    struct rig rig = new_rig();
    struct cx_error err;
    char before[200];
    settle(&rig, "acme");
    snprintf(before, sizeof before, "%s", rig.model);

    put(&rig, "acme.cxm", "no model", 8);
    cr_assert_not(cx_chain_files_changed(rig.chain));
    cr_assert(cx_chain_files_changed(rig.chain));
    cr_assert_eq(cx_chain_reload(rig.chain, &err), -1);
    cr_assert(strstr(err.text, "cx.yaml:1:") != NULL && strstr(err.text, "acme.cxm: not a model") != NULL, "%s", err.text);
    settle(&rig, "acme");
    cr_assert_str_eq(rig.model, before);
    cr_assert_not(cx_chain_files_changed(rig.chain), "what was refused is not tried until it changes");

    char path[128];
    snprintf(path, sizeof path, "%s/acme.cxm", rig.folder);
    cr_assert_eq(unlink(path), 0);
    cr_assert_not(cx_chain_files_changed(rig.chain));
    cr_assert(cx_chain_files_changed(rig.chain));
    cr_assert_eq(cx_chain_reload(rig.chain, &err), -1);
    cr_assert(strstr(err.text, "cannot be read") != NULL, "%s", err.text);
    settle(&rig, "acme");
    cr_assert_str_eq(rig.model, before);
    free_rig(&rig);
}

Test(reload, an_overlay_of_another_base_is_refused)
{
    struct rig rig = new_rig();
    struct cx_error err;
    train(&rig, "praise", "question", NULL, "other.cxm");
    cr_assert_null(open_chain(&rig, "classify: {model: other.cxm, overlays: {acme: acme.cxm}}", &err));
    cr_assert(strstr(err.text, "was made over intent@") != NULL && strstr(err.text, "cx train --base") != NULL, "%s", err.text);
    cr_assert_null(open_chain(&rig, "classify: {model: none, overlays: {acme: acme.cxm}}", &err));
    cr_assert(strstr(err.text, "need a model under them") != NULL, "%s", err.text);
    cr_assert_null(open_chain(&rig, "classify: {model: base.cxm, overlays: {acme: base.cxm}}", &err));
    cr_assert(strstr(err.text, "would take the place") != NULL, "%s", err.text);
    cr_assert_null(open_chain(&rig, "classify: {model: base.cxm, overlays: {acme: [acme.cxm, acme.cxm]}}", &err));
    cr_assert(strstr(err.text, "is listed already") != NULL, "%s", err.text);
    train(&rig, "late", "lost", "base.cxm", "second.cxm");
    struct cx_chain *two = open_chain(&rig, "classify: {model: base.cxm, overlays: {acme: [acme.cxm, second.cxm]}}", &err);
    cr_assert_not_null(two, "%s", err.text);
    cx_chain_close(two);
    free_rig(&rig);
}
