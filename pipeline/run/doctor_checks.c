/* doctor_checks.c - the checks, and the table that says what each is for. */
#include "run/doctor_look.h"
#include "run/registry.h"

#include <inttypes.h>

#define DAY_MS INT64_C(86400000)
enum { SAFE_REPLICAS = 3 };

static const char *of_topic(const struct cx_looking *l, const struct cx_cluster_topic *t)
{
    return cx_look_text(l, "topic %s", t->name);
}

static const char *of_broker(const struct cx_looking *l, const struct cx_broker *b)
{
    return cx_look_text(l, "broker %d", (int)b->id);
}

static const char *set_topic(const struct cx_looking *l, const struct cx_cluster_topic *t, const char *name, const char *value)
{
    return cx_look_text(l, "kafka-configs.sh --alter --entity-type topics --entity-name %s --add-config %s=%s", t->name, name, value);
}

static const char *topic_property(const struct cx_cluster_topic *t, const char *name)
{
    return cx_property_find(t->properties, t->property_count, name);
}

/* False where it is not told or no number. */
static bool number_of(const char *value, int64_t *n)
{
    return value && cx_str_to_i64(cx_str(value), n);
}

static bool broker_number(const struct cx_broker *b, const char *name, int64_t *n)
{
    return number_of(cx_property_find(b->properties, b->property_count, name), n);
}

#define EACH_BROKER(b) (const struct cx_broker *b = f->cluster.brokers; b < f->cluster.brokers + f->cluster.broker_count; b++)
#define EACH_TOPIC(t)  (const struct cx_cluster_topic *t = f->cluster.topics; t < f->cluster.topics + f->cluster.topic_count; t++)

static const struct cx_topic *row_of(const struct cx_facts *f, const struct cx_cluster_topic *t)
{
    return f->specs.rows[t - f->cluster.topics];
}

/* ---- brokers ---- */

static void look_rights(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_BROKER(b)
    if (!b->properties)
        cx_find(&l, of_broker(&l, b), "kafka-acls.sh --add --allow-principal User:… --operation DescribeConfigs --cluster",
                "its settings may not be read: nothing is known of it");
    for
        EACH_TOPIC(t)
    if (t->partitions >= 0 && !t->properties)
        cx_find(&l, of_topic(&l, t), cx_look_text(&l, "kafka-acls.sh --add --allow-principal User:… --operation DescribeConfigs --topic %s", t->name),
                "its settings may not be read: nothing is known of it");
}

/* inter.broker.protocol.version is there up to 3.9, with the broker's own version as default; 4.0.0 differs from 4.0.1 in what it refuses. */
static void look_broker_version(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_BROKER(b)
        {
            const char *version = cx_property_find(b->properties, b->property_count, "inter.broker.protocol.version");
            if (version && strncmp(version, "3.9", 3) != 0)
                cx_find(&l, of_broker(&l, b), "upgrade to the last 3.9, or to 4.0.1 and later; remove inter.broker.protocol.version if it is set",
                        "speaks %s", version);
        }
    if (f->cluster.join_group_min >= 2)
        cx_find(&l, "cluster", "upgrade to 4.0.1 or later", "a broker refuses JoinGroup versions 0 and 1, as 4.0.0 does: groups cannot be joined");
}

static void look_auto_create(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_BROKER(b)
        {
            const char *value = cx_property_find(b->properties, b->property_count, "auto.create.topics.enable");
            if (value && strcmp(value, "true") == 0)
                cx_find(&l, of_broker(&l, b), "auto.create.topics.enable=false in server.properties", "makes any topic that somebody misspells");
        }
}

static void look_transaction_timeout(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    int64_t most;
    for
        EACH_BROKER(b)
    if (broker_number(b, "transaction.max.timeout.ms", &most) && most < f->settings->kafka.transaction_timeout)
        cx_find(&l, of_broker(&l, b), "raise transaction.max.timeout.ms, or lower kafka.transaction_timeout",
                "transaction.max.timeout.ms=%" PRId64 " is below kafka.transaction_timeout (%" PRId64 " ms)", most,
                f->settings->kafka.transaction_timeout);
}

static void look_transactional_id(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    int64_t kept;
    for
        EACH_BROKER(b)
    if (broker_number(b, "transactional.id.expiration.ms", &kept) && kept < DAY_MS)
        cx_find(&l, of_broker(&l, b), "transactional.id.expiration.ms=604800000 (the default)",
                "forgets an idle process after %" PRId64 " ms (transactional.id.expiration.ms)", kept);
}

static int64_t longest_input(const struct cx_facts *f, const char **topic)
{
    int64_t longest = 0, kept;
    *topic = "";
    for
        EACH_TOPIC(t)
        {
            bool is_input = row_of(f, t)->placement == CX_PLACE_ANY;
            for (size_t i = 0; cx_stages[i] && !is_input; i++)
                is_input = strcmp(cx_stages[i]->input, t->name) == 0;
            if (is_input && number_of(topic_property(t, "retention.ms"), &kept) && kept > longest) {
                longest = kept;
                *topic = t->name;
            }
        }
    return longest;
}

static void look_offsets_retention(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    const char *topic;
    int64_t minutes, longest = longest_input(f, &topic);
    for
        EACH_BROKER(b)
    if (broker_number(b, "offsets.retention.minutes", &minutes) && minutes * 60000 < longest)
        cx_find(&l, of_broker(&l, b), cx_look_text(&l, "offsets.retention.minutes=%" PRId64 " or more in server.properties", longest / 60000),
                "forgets a stopped group's offsets after %" PRId64 " minutes, %s keeps records %" PRId64, minutes, topic, longest / 60000);
}

static void look_session_timeout(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    int64_t session = f->settings->kafka.session_timeout, least, most;
    for
        EACH_BROKER(b)
    if (broker_number(b, "group.min.session.timeout.ms", &least) && broker_number(b, "group.max.session.timeout.ms", &most) &&
        (session < least || session > most))
        cx_find(&l, of_broker(&l, b), "change kafka.session_timeout, or group.min/max.session.timeout.ms",
                "takes session timeouts from %" PRId64 " to %" PRId64 " ms; kafka.session_timeout is %" PRId64, least, most, session);
}

/* ---- topics ---- */

static void look_topics(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_TOPIC(t)
    if (t->partitions < 0)
        cx_find(&l, of_topic(&l, t), "cx topics create; if it is there, this user lacks Describe", "is not there");
}

static void look_partitions(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_TOPIC(t)
        {
            int32_t wanted = f->specs.items[t - f->cluster.topics].partitions;
            bool is_keyed = row_of(f, t)->placement == CX_PLACE_SOURCE || row_of(f, t)->placement == CX_PLACE_TENANT;
            if (t->partitions >= 0 && is_keyed && t->partitions != wanted)
                cx_find(&l, of_topic(&l, t),
                        "kafka.partitions.scope must be the count of all of them; a topic with another count must be made anew, empty",
                        "has %" PRId32 " partitions, those beside it %" PRId32, t->partitions, wanted);
        }
}

static void look_replicas(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    if (f->cluster.broker_count < SAFE_REPLICAS) {
        cx_advise(&l, "cluster", "three brokers, and three replicas of every topic", "%zu broker%s: the loss of one can be the loss of records",
                  f->cluster.broker_count, f->cluster.broker_count == 1 ? "" : "s");
        return;
    }
    for
        EACH_TOPIC(t)
    if (t->partitions >= 0 && t->replicas < SAFE_REPLICAS)
        cx_find(&l, of_topic(&l, t), "kafka-reassign-partitions.sh; new topics: cx topics create --replication 3",
                "has a partition with %" PRId32 " replica%s", t->replicas, t->replicas == 1 ? "" : "s");
}

static void look_min_insync(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    int64_t least;
    for
        EACH_TOPIC(t)
        {
            if (!number_of(topic_property(t, "min.insync.replicas"), &least))
                continue;
            if (least > t->replicas)
                cx_find(&l, of_topic(&l, t), set_topic(&l, t, "min.insync.replicas", t->replicas > 2 ? "2" : "1"),
                        "min.insync.replicas=%" PRId64 " with %" PRId32 " replicas: nothing can be written", least, t->replicas);
            else if (t->replicas > 1 && least < 2)
                cx_find(&l, of_topic(&l, t), set_topic(&l, t, "min.insync.replicas", "2"),
                        "min.insync.replicas=1: a record may be acknowledged by one broker, and die with it");
            else if (t->replicas > 2 && least == t->replicas)
                cx_find(&l, of_topic(&l, t), set_topic(&l, t, "min.insync.replicas", "2"),
                        "min.insync.replicas=%" PRId64 " is the number of replicas: one broker down stops it", least);
        }
}

static void look_unclean_election(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_TOPIC(t)
        {
            const char *value = topic_property(t, "unclean.leader.election.enable");
            if (value && strcmp(value, "true") == 0)
                cx_find(&l, of_topic(&l, t), set_topic(&l, t, "unclean.leader.election.enable", "false"),
                        "unclean.leader.election.enable=true: a replica that missed records may become leader");
        }
}

static bool is_compacted(const char *policy)
{
    return strstr(policy, "compact") != NULL;
}

static void look_cleanup(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_TOPIC(t)
        {
            const char *is = topic_property(t, "cleanup.policy"),
                       *wanted = cx_topic_spec_value(&f->specs.items[t - f->cluster.topics], "cleanup.policy");
            if (is && (is_compacted(is) != is_compacted(wanted) || (strstr(is, "delete") != NULL) != (strstr(wanted, "delete") != NULL)))
                cx_find(&l, of_topic(&l, t), "cx topics create", "cleanup.policy=%s, must be %s", is, wanted);
        }
}

static void look_input_retention(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    int64_t ms, bytes;
    for
        EACH_TOPIC(t)
        {
            if (!topic_property(t, "retention.ms") || row_of(f, t)->cleanup != CX_CLEANUP_DELETE)
                continue;
            if (number_of(topic_property(t, "retention.ms"), &ms) && ms >= 0 && ms < DAY_MS)
                cx_find(&l, of_topic(&l, t), "cx topics create", "keeps records %" PRId64 " ms: whoever is down longer loses them", ms);
            if (number_of(topic_property(t, "retention.bytes"), &bytes) && bytes >= 0)
                cx_find(&l, of_topic(&l, t), set_topic(&l, t, "retention.bytes", "-1"), "retention.bytes=%" PRId64 " deletes by size, read or not",
                        bytes);
        }
}

/* The retention of the topic a stage reads, as it is. */
static int64_t input_retention(const struct cx_facts *f, const struct cx_stage *stage)
{
    const struct cx_node *own = cx_node_get(cx_node_get(f->settings->root, stage->name), "input");
    struct cx_str name = own ? own->text : cx_str(stage->input);
    int64_t ms;
    for
        EACH_TOPIC(t)
    if (cx_str_is(name, t->name) && number_of(topic_property(t, "retention.ms"), &ms))
        return ms;
    return cx_topic_find(cx_str(stage->input))->retention_ms;
}

static void look_changelog_retention(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    int64_t is, wanted;
    struct cx_error err;
    for
        EACH_TOPIC(t)
        {
            const struct cx_stage *stage = cx_changelog_stage(row_of(f, t));
            if (!stage || row_of(f, t)->cleanup != CX_CLEANUP_COMPACT_DELETE || !number_of(topic_property(t, "retention.ms"), &is) || is < 0)
                continue;
            if (cx_changelog_retention(f->settings, row_of(f, t), input_retention(f, stage), &wanted, &err) != 0)
                cx_find(&l, of_topic(&l, t), "mend the configuration", "%s", err.text);
            else if (wanted < 0 || is < wanted)
                cx_find(&l, of_topic(&l, t), set_topic(&l, t, "retention.ms", cx_look_text(&l, "%" PRId64, wanted)),
                        "keeps state %" PRId64 " ms; %s.window and the retention of its input together need %" PRId64, is, stage->name, wanted);
        }
}

static void look_timestamps(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_TOPIC(t)
        {
            const char *is = topic_property(t, "message.timestamp.type");
            if (is && row_of(f, t)->placement == CX_PLACE_ANY && strcmp(is, "LogAppendTime") != 0)
                cx_find(&l, of_topic(&l, t), "cx topics create", "message.timestamp.type=%s: a producer's clock decides when records arrived", is);
            else if (is && row_of(f, t)->placement != CX_PLACE_ANY && strcmp(is, "CreateTime") != 0)
                cx_find(&l, of_topic(&l, t), set_topic(&l, t, "message.timestamp.type", "CreateTime"),
                        "message.timestamp.type=%s: record times are overwritten", is);
        }
}

static void look_message_size(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    int64_t is, wanted;
    for
        EACH_TOPIC(t)
    if (number_of(topic_property(t, "max.message.bytes"), &is) &&
        number_of(cx_topic_spec_value(&f->specs.items[t - f->cluster.topics], "max.message.bytes"), &wanted) && is < wanted)
        cx_find(&l, of_topic(&l, t), "cx topics create, or lower kafka.max_message",
                "max.message.bytes=%" PRId64 ", kafka.max_message needs %" PRId64, is, wanted);
}

static void look_clock(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    for
        EACH_TOPIC(t)
    if (row_of(f, t)->placement == CX_PLACE_ANY && t->ahead_ms > 0)
        cx_find(&l, of_topic(&l, t), "set the clocks of brokers and of this machine by NTP (chronyc tracking)",
                "its newest record is at least %" PRId64 " s ahead of this machine's clock", t->ahead_ms / 1000);
}

const struct cx_check cx_checks[] = {
    { "rights", "This user may read the settings of brokers and topics.", "Else nothing below can be told.",
      "ACL DescribeConfigs on the cluster and on `cx.` topics, for the user that runs doctor", look_rights },
    { "broker_version", "Brokers are 3.9, or 4.0.1 and later.",
      "4.0.0 refuses the group protocol of librdkafka before 2.11; older ones are not tested.", "Upgrade the brokers", look_broker_version },
    { "auto_create", "Brokers make no topics by themselves.",
      "A misspelt name becomes a topic with the wrong partitions and retention, and records vanish in it.", "auto.create.topics.enable=false",
      look_auto_create },
    { "transaction_timeout", "transaction.max.timeout.ms is at least kafka.transaction_timeout.", "Else no process can start.",
      "Raise the one or lower the other", look_transaction_timeout },
    { "transactional_id_expiration", "transactional.id.expiration.ms is at least a day.",
      "A process that was idle for longer is forgotten, and ends with 70 at its next record.", "transactional.id.expiration.ms=604800000",
      look_transactional_id },
    { "offsets_retention", "offsets.retention.minutes is at least the retention of every input.",
      "A group stopped for longer loses its place while its records are still there: state without offsets is refused (78).",
      "offsets.retention.minutes=10080 or more", look_offsets_retention },
    { "session_timeout", "kafka.session_timeout is within what the brokers take.", "Else no process can join its group.",
      "Change kafka.session_timeout or group.min/max.session.timeout.ms", look_session_timeout },
    { "topics", "Every topic is there.", "A process that lacks one does not start (78).", "`cx topics create`", look_topics },
    { "partitions", "Topics keyed by tenant and their changelogs have the same number of partitions.",
      "State and input of a tenant would be in different partitions (invariant 4); a process does not start (78).",
      "kafka.partitions, and new topics", look_partitions },
    { "replicas", "Three brokers, three replicas.", "With fewer the loss of a broker can be the loss of acknowledged records.",
      "`cx topics create --replication 3`, kafka-reassign-partitions.sh", look_replicas },
    { "min_insync", "min.insync.replicas is at least 2 and below the number of replicas.",
      "With 1 an acknowledged record may be on one broker only; with all, one broker down stops everything.", "min.insync.replicas=2",
      look_min_insync },
    { "unclean_election", "unclean.leader.election.enable is false.",
      "A replica that missed records becomes leader: committed records are gone, or transactions torn.", "unclean.leader.election.enable=false",
      look_unclean_election },
    { "cleanup", "cleanup.policy is what schemas/topics.def says.", "A compacted input loses records; a changelog that deletes loses state.",
      "`cx topics create`", look_cleanup },
    { "input_retention", "Topics keep records at least a day, and by time alone.",
      "Whoever is down for longer finds records deleted before they were read (78).", "`cx topics create`; retention.bytes=-1",
      look_input_retention },
    { "changelog_retention", "A changelog that deletes keeps at least the stage's window and the retention of its input.",
      "State would be forgotten before its window is over: repeats pass (invariant 4).", "retention.ms of the changelog", look_changelog_retention },
    { "timestamps", "Raw topics stamp records on arrival (LogAppendTime), all others keep their time (CreateTime).",
      "Record time is the raw record's timestamp: a producer's wrong clock would move a tenant's time (invariant 13).", "`cx topics create`",
      look_timestamps },
    { "message_size", "max.message.bytes leaves room for kafka.max_message.",
      "Records that pass our own limit would be refused, and end as dead letters.", "`cx topics create`, or lower kafka.max_message",
      look_message_size },
    { "clock", "No raw record is from the future.",
      "Clocks of brokers and of this machine differ, or raw topics were stamped by producers: ticks come late.", "NTP on all machines", look_clock },
    { "librdkafka", "librdkafka is 2.13.2 or later.",
      "Older ones have faults that cxstream goes around (docs/guarantees.md); newer ones need no detour. Advice only.", "A newer package",
      cx_look_librdkafka },
    { "state_dir", "kafka.state_dir can be written.", "Without `instance` a process cannot get a name, and does not start (78).", "Make it, chown it",
      cx_look_state_dir },
    { "disk", "1 GiB is free where kafka.state_dir is.", "Lock files and snapshots need room.", "Make room", cx_look_disk },
    { "files", "At least 1024 files may be open.", "Each broker takes several connections of each client.", "LimitNOFILE=, ulimit -n",
      cx_look_files },
    { "secrets", "Files that hold secrets are readable by their owner alone.", "Everybody on the machine could read them.", "chmod 600",
      cx_look_secrets },
    { "encryption", "What leaves the machine is encrypted, and brokers prove who they are.",
      "The records are what customers wrote, and who they are.", "kafka.security_protocol: sasl_ssl or ssl", cx_look_encryption },
    { 0 },
};

const struct cx_check *cx_check_find(const char *name)
{
    for (const struct cx_check *c = cx_checks; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}
