/* topics.c - topics as they should be beside topics as they are.
 *
 * librdkafka 2.0.2 has no incremental change of configs: setting one drops all others that were set. So the overrides that are there are read and
 * sent back with ours on top. */
#include "kafka/admin.h"
#include <inttypes.h>
#include <stdarg.h>

enum { TRIES = 100, PAUSE_MS = 100 };

/* Splits "key=value". */
static void cut(const char *pair, char key[128], const char **value)
{
    size_t length = strcspn(pair, "=");

    snprintf(key, 128, "%.*s", (int)length, pair);
    *value = pair[length] == '=' ? pair + length + 1 : "";
}

static size_t config_count(const struct cx_topic_spec *spec)
{
    size_t n = 0;
    while (spec->config != NULL && spec->config[n] != NULL)
        n++;
    return n;
}

/* ---- describing ---- */

struct described {
    rd_kafka_event_t *event;
    const rd_kafka_ConfigResource_t **resource;
    size_t count;
};

/* Configs of the topics of `specs` that exist. */
static int describe(struct cx_admin *a, const struct cx_topic_spec *specs, size_t n, struct described *d, struct cx_error *err)
{
    rd_kafka_ConfigResource_t **asked = calloc(n + 1, sizeof(rd_kafka_ConfigResource_t *));
    size_t count = 0;

    *d = (struct described){ 0 };
    cx_assert(asked != NULL);
    for (size_t i = 0; i < n; i++)
        if (cx_metadata_partitions(&a->metadata, specs[i].name) >= 0)
            asked[count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, specs[i].name);
    if (count != 0) {
        rd_kafka_AdminOptions_t *made = cx_admin_options(a, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
        rd_kafka_DescribeConfigs(a->rk, asked, count, made, a->queue);
        d->event = cx_admin_answer(a, made, "describe the topics", err);
    }
    rd_kafka_ConfigResource_destroy_array(asked, count);
    free(asked);
    if (count != 0 && d->event == NULL)
        return -1;
    if (d->event != NULL)
        d->resource = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(d->event), &d->count);
    return 0;
}

static void described_free(struct described *d)
{
    if (d->event != NULL)
        rd_kafka_event_destroy(d->event);
}

static const rd_kafka_ConfigEntry_t **entries_of(const struct described *d, const char *topic, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(rd_kafka_ConfigResource_name(d->resource[i]), topic) == 0)
            return rd_kafka_ConfigResource_configs(d->resource[i], count);
    return NULL;
}

static const char *value_of(const rd_kafka_ConfigEntry_t **entries, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), key) == 0) {
            const char *value = rd_kafka_ConfigEntry_value(entries[i]);
            return value ? value : "";
        }
    return "";
}

int cx_topics_value(const struct cx_kafka_config *cfg, const char *topic, const char *name, char value[128], struct cx_error *err)
{
    const struct cx_topic_spec spec = { .name = topic };
    const rd_kafka_ConfigEntry_t **entries;
    struct described d = { 0 };
    struct cx_admin a;
    size_t count;
    int status = cx_admin_open(&a, cfg, NULL, err) == 0 ? describe(&a, &spec, 1, &d, err) : -1;

    if (status == 0) {
        entries = entries_of(&d, topic, &count);
        snprintf(value, 128, "%s", value_of(entries, count, name));
        if (value[0] == '\0')
            status = cx_fail(err, CX_EXIT_CONFIG, "the cluster does not tell %s of topic %s", name, topic);
    }
    described_free(&d);
    cx_admin_close(&a);
    return status;
}

/* Lists are compared as sets of words: "compact,delete" is "delete,compact". */
static bool same_value(const char *a, const char *b)
{
    struct cx_str rest = cx_str(a), word;

    if (strcmp(a, b) == 0)
        return true;
    if (strlen(a) != strlen(b) || strchr(a, ',') == NULL)
        return false;
    while (cx_str_cut(&rest, ',', &word)) {
        struct cx_str others = cx_str(b), other;
        bool found = false;
        while (!found && cx_str_cut(&others, ',', &other))
            found = cx_str_eq(word, other);
        if (!found)
            return false;
    }
    return true;
}

static bool differs(const struct described *d, const struct cx_topic_spec *spec)
{
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = entries_of(d, spec->name, &count);
    const char *value;
    char key[128];

    for (size_t i = 0; i < config_count(spec); i++) {
        cut(spec->config[i], key, &value);
        if (!same_value(value_of(entries, count, key), value))
            return true;
    }
    return false;
}

/* ---- planning ---- */

struct findings {
    struct cx_topic_finding *row;
    size_t count;
};

__attribute__((format(printf, 4, 5))) static void find(struct findings *f, const char *topic, bool missing, const char *format, ...)
{
    struct cx_topic_finding *finding = &f->row[f->count++];
    va_list args;

    finding->topic = topic;
    finding->missing = missing;
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
}

static void plan_one(const struct cx_admin *a, const struct described *d, const struct cx_topic_spec *spec, struct findings *f)
{
    int32_t partitions = cx_metadata_partitions(&a->metadata, spec->name);
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = entries_of(d, spec->name, &count);
    const char *value;
    char key[128];

    if (partitions < 0) {
        find(f, spec->name, true, "is missing; would be made with %" PRId32 " partitions", spec->partitions);
        return;
    }
    if (partitions != spec->partitions)
        find(f, spec->name, false, "has %" PRId32 " partitions, should have %" PRId32 "; counts are never changed", partitions, spec->partitions);
    for (size_t i = 0; i < config_count(spec); i++) {
        cut(spec->config[i], key, &value);
        if (!same_value(value_of(entries, count, key), value))
            find(f, spec->name, false, "has %s=%s, should have %s", key, value_of(entries, count, key), value);
    }
}

int cx_topics_plan(const struct cx_kafka_config *cfg, struct cx_arena *arena, const struct cx_topic_spec *specs, size_t n,
                   struct cx_topic_finding **findings, size_t *count, struct cx_error *err)
{
    struct cx_admin a;
    struct described d = { 0 };
    struct findings f = { 0 };
    size_t most = 0;
    int status = cx_admin_open(&a, cfg, NULL, err);

    if (status == 0)
        status = describe(&a, specs, n, &d, err);
    if (status == 0) {
        for (size_t i = 0; i < n; i++)
            most += 1 + config_count(&specs[i]);
        f.row = CX_NEW_ARRAY(arena, struct cx_topic_finding, most);
        for (size_t i = 0; i < n; i++)
            plan_one(&a, &d, &specs[i], &f);
    }
    described_free(&d);
    cx_admin_close(&a);
    *findings = f.row;
    *count = f.count;
    return status;
}

/* ---- making ---- */

static rd_kafka_NewTopic_t *new_topic(const struct cx_topic_spec *spec, struct cx_error *err)
{
    char key[128], why[256];
    const char *value;
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(spec->name, spec->partitions, spec->replication, why, sizeof why);

    if (topic == NULL)
        cx_fail(err, CX_EXIT_CONFIG, "topic %s: %s", spec->name, why);
    for (size_t i = 0; topic != NULL && i < config_count(spec); i++) {
        cut(spec->config[i], key, &value);
        (void)rd_kafka_NewTopic_set_config(topic, key, value);
    }
    return topic;
}

static int send_new(struct cx_admin *a, rd_kafka_NewTopic_t **topics, size_t count, size_t *created, struct cx_error *err)
{
    rd_kafka_AdminOptions_t *made = cx_admin_options(a, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    const rd_kafka_topic_result_t **results;
    rd_kafka_event_t *event;
    size_t result_count;
    int status = 0;

    rd_kafka_CreateTopics(a->rk, topics, count, made, a->queue);
    event = cx_admin_answer(a, made, "make topics", err);
    if (event == NULL)
        return -1;
    results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &result_count);
    for (size_t i = 0; i < result_count && status == 0; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        const char *reason = rd_kafka_topic_result_error_string(results[i]);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            (*created)++;
        else if (code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) /* made by another meanwhile */
            status = cx_fail(err, CX_EXIT_CONFIG, "topic %s cannot be made: %s", rd_kafka_topic_result_name(results[i]),
                             reason ? reason : rd_kafka_err2str(code));
    }
    rd_kafka_event_destroy(event);
    return status;
}

static int make_missing(struct cx_admin *a, const struct cx_topic_spec *specs, size_t n, size_t *created, struct cx_error *err)
{
    rd_kafka_NewTopic_t **missing = calloc(n + 1, sizeof(rd_kafka_NewTopic_t *));
    size_t count = 0;
    int status = 0;

    cx_assert(missing != NULL);
    for (size_t i = 0; i < n && status == 0; i++) {
        if (cx_metadata_partitions(&a->metadata, specs[i].name) >= 0)
            continue;
        missing[count] = new_topic(&specs[i], err);
        status = missing[count] ? 0 : -1;
        count += status == 0;
    }
    if (count != 0 && status == 0)
        status = send_new(a, missing, count, created, err);
    rd_kafka_NewTopic_destroy_array(missing, count);
    free(missing);
    return status;
}

static bool is_specified(const struct cx_topic_spec *spec, const char *name)
{
    const char *value;
    char key[128];

    for (size_t i = 0; i < config_count(spec); i++) {
        cut(spec->config[i], key, &value);
        if (strcmp(key, name) == 0)
            return true;
    }
    return false;
}

/* The overrides that are there and not in the spec, and the spec's. */
static rd_kafka_ConfigResource_t *changed(const struct described *d, const struct cx_topic_spec *spec)
{
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, spec->name);
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = entries_of(d, spec->name, &count);
    const char *value;
    char key[128];

    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConfigEntry_name(entries[i]);
        value = rd_kafka_ConfigEntry_value(entries[i]);
        if (rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG && value != NULL && !is_specified(spec, name))
            (void)rd_kafka_ConfigResource_set_config(resource, name, value);
    }
    for (size_t i = 0; i < config_count(spec); i++) {
        cut(spec->config[i], key, &value);
        (void)rd_kafka_ConfigResource_set_config(resource, key, value);
    }
    return resource;
}

static int alter(struct cx_admin *a, rd_kafka_ConfigResource_t **resources, size_t count, struct cx_error *err)
{
    rd_kafka_AdminOptions_t *made = cx_admin_options(a, RD_KAFKA_ADMIN_OP_ALTERCONFIGS);
    const rd_kafka_ConfigResource_t **result;
    rd_kafka_event_t *event;
    size_t results;
    int status = 0;

    rd_kafka_AlterConfigs(a->rk, resources, count, made, a->queue);
    event = cx_admin_answer(a, made, "set configs of topics", err);
    if (event == NULL)
        return -1;
    result = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &results);
    for (size_t i = 0; i < results && status == 0; i++)
        if (rd_kafka_ConfigResource_error(result[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            status = cx_fail(err, CX_EXIT_CONFIG, "topic %s: %s", rd_kafka_ConfigResource_name(result[i]),
                             rd_kafka_ConfigResource_error_string(result[i]));
    rd_kafka_event_destroy(event);
    return status;
}

/* Sets what differs; *count says for how many topics. */
static int set_differing(struct cx_admin *a, const struct cx_topic_spec *specs, size_t n, size_t *count, struct cx_error *err)
{
    rd_kafka_ConfigResource_t **resources = calloc(n + 1, sizeof(rd_kafka_ConfigResource_t *));
    struct described d;
    int status = describe(a, specs, n, &d, err);

    cx_assert(resources != NULL);
    *count = 0;
    for (size_t i = 0; i < n && status == 0; i++)
        if (cx_metadata_partitions(&a->metadata, specs[i].name) >= 0 && differs(&d, &specs[i]))
            resources[(*count)++] = changed(&d, &specs[i]);
    if (*count != 0)
        status = alter(a, resources, *count, err);
    rd_kafka_ConfigResource_destroy_array(resources, *count);
    free(resources);
    described_free(&d);
    return status;
}

/* A topic is made when the controller says so, and known to all brokers a little later. */
static int await_all(struct cx_admin *a, const struct cx_topic_spec *specs, size_t n, struct cx_error *err)
{
    rd_kafka_resp_err_t code;

    for (int tries = 0; tries < TRIES; tries++) {
        size_t known = 0;
        if (cx_metadata_fetch(a->rk, &a->metadata, CX_ADMIN_CALL_MS, &code) == 0)
            for (size_t i = 0; i < n; i++)
                known += cx_metadata_partitions(&a->metadata, specs[i].name) >= 0;
        if (known == n)
            return 0;
        rd_kafka_poll(a->rk, PAUSE_MS);
    }
    return cx_fail(err, CX_EXIT_UNREACHABLE, "kafka: new topics did not become known to the brokers");
}

int cx_topics_create(const struct cx_kafka_config *cfg, const struct cx_topic_spec *specs, size_t n, size_t *created, struct cx_error *err)
{
    struct cx_admin a;
    size_t differing = 1;
    int status = cx_admin_open(&a, cfg, NULL, err);

    *created = 0;
    /* A config that was set shows a little later, too. */
    for (int tries = 0; tries < TRIES && status == 0 && differing != 0; tries++) {
        status = set_differing(&a, specs, n, &differing, err);
        if (differing != 0)
            rd_kafka_poll(a.rk, PAUSE_MS);
    }
    if (status == 0 && differing != 0)
        status = cx_fail(err, CX_EXIT_CONFIG, "kafka: %zu topics do not take the configs they are given", differing);
    if (status == 0)
        status = make_missing(&a, specs, n, created, err);
    if (status == 0 && *created != 0)
        status = await_all(&a, specs, n, err);
    cx_admin_close(&a);
    return status;
}
