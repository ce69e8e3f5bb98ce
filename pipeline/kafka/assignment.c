/* assignment.c - partitions given, taken away, and put back to their committed offsets.
 *
 * The protocol is eager: every rebalance takes all partitions and then gives the new set. Giving a partition goes in this order (invariant 5): read
 * the stable committed offsets, let the callee restore, and only then assign at exactly those offsets. So no record is fetched before the state it
 * meets is whole, and nothing needs pausing. */
#include "kafka/handle.h"
#include "log/log.h"
#include <inttypes.h>

/* ---- committed offsets ---- */

static rd_kafka_resp_err_t first_error(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return list->elems[i].err;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int cx_offsets_committed(struct cx_kafka *k, rd_kafka_topic_partition_list_t *list, struct cx_error *err)
{
    static const char doing[] = "read the committed offsets";
    int pause_ms = 20;

    while (true) {
        /* Asked stable, since the consumer reads committed: an open transaction of an earlier owner makes this wait. */
        rd_kafka_resp_err_t code = rd_kafka_committed(k->consumer, list, (int)k->cfg.socket_timeout);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            code = first_error(list);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        enum cx_cure cure = cx_cure_of_consumer(code);
        if (cure != CX_CURE_RETRY)
            return cx_cure_fail(err, cure, doing, code, rd_kafka_err2str(code));
        if (!cx_kafka_wait(k, doing, &pause_ms, err))
            return -1;
    }
}

static int seek_all(struct cx_kafka *k, rd_kafka_topic_partition_list_t *list, struct cx_error *err)
{
    static const char doing[] = "go back to the committed offsets";
    int pause_ms = 20;

    while (true) {
        rd_kafka_error_t *error = rd_kafka_seek_partitions(k->consumer, list, (int)k->cfg.socket_timeout);
        rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : first_error(list);
        rd_kafka_error_destroy(error);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        if (cx_cure_of_consumer(code) != CX_CURE_RETRY)
            return cx_cure_fail(err, cx_cure_of_consumer(code), doing, code, rd_kafka_err2str(code));
        if (!cx_kafka_wait(k, doing, &pause_ms, err))
            return -1;
    }
}

static rd_kafka_topic_partition_list_t *list_of_slots(const struct cx_kafka *k)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->slot_count);

    for (const struct cx_slot *slot = k->slots; slot < k->slots + k->slot_count; slot++)
        rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition);
    return list;
}

/* What the group says must be what we know: another writer of our offsets, or a commit that passed for an abort, would leave memory behind the
 * topics (reliability: "commit outcome unknown"). */
static int compare_committed(struct cx_kafka *k, rd_kafka_topic_partition_list_t *list, struct cx_error *err)
{
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *answer = &list->elems[i];
        int64_t committed = answer->offset >= 0 ? answer->offset : CX_NO_OFFSET;
        if (committed != k->slots[i].committed)
            return cx_fail(err, CX_EXIT_BUG,
                           "%s partition %" PRId32 ": the group's offset is %" PRId64 ", this process knows %" PRId64
                           "; what it holds in memory is not what is committed",
                           answer->topic, answer->partition, committed, k->slots[i].committed);
        answer->offset = committed == CX_NO_OFFSET ? RD_KAFKA_OFFSET_BEGINNING : committed;
    }
    return 0;
}

int cx_offsets_rewind(struct cx_kafka *k, struct cx_error *err)
{
    rd_kafka_topic_partition_list_t *list;
    int status;

    if (k->rebalancing || k->slot_count == 0) /* they are going away, or gone */
        return 0;
    if (rd_kafka_assignment_lost(k->consumer)) {
        k->stale = true; /* until the callback that takes them */
        return 0;
    }
    list = list_of_slots(k);
    status = cx_offsets_committed(k, list, err);
    if (status == 0)
        status = compare_committed(k, list, err);
    if (status == 0)
        status = seek_all(k, list, err);
    rd_kafka_topic_partition_list_destroy(list);
    for (struct cx_slot *slot = k->slots; slot < k->slots + k->slot_count; slot++)
        slot->position = slot->committed;
    return status;
}

/* ---- membership ---- */

/* A transaction's offsets are accepted for the member and generation that own the partitions. They are taken down here, when the partitions are
 * given, and not at each commit: a member that was thrown out and joined again would pass with its new generation, and one that was thrown out and
 * has not joined yet has none, which brokers do not check at all. In that state nothing is taken down, and every commit aborts. */
static void take_membership(struct cx_kafka *k)
{
    char *member = rd_kafka_memberid(k->consumer);
    bool is_member = member != NULL && member[0] != '\0';

    if (is_member)
        k->membership = rd_kafka_consumer_group_metadata(k->consumer);
    if (member != NULL)
        rd_kafka_mem_free(k->consumer, member);
    /* Thrown out between the two questions? Then the flag is up. */
    if (k->membership != NULL && rd_kafka_assignment_lost(k->consumer)) {
        rd_kafka_consumer_group_metadata_destroy(k->membership);
        k->membership = NULL;
    }
}

static void drop_assignment(struct cx_kafka *k)
{
    if (k->membership != NULL)
        rd_kafka_consumer_group_metadata_destroy(k->membership);
    k->membership = NULL;
    free(k->slots);
    k->slots = k->last_slot = NULL;
    k->last_rkt = NULL;
    k->slot_count = 0;
    k->stale = false;
}

/* ---- given ---- */

static const char *topic_of_ours(const struct cx_kafka *k, const char *name)
{
    for (size_t i = 0; i < k->topic_count; i++)
        if (strcmp(k->topics[i], name) == 0)
            return k->topics[i];
    cx_assert(!"a partition of a topic that was not subscribed");
    return NULL;
}

static void fill_slots(struct cx_kafka *k, rd_kafka_topic_partition_list_t *list)
{
    k->slots = calloc((size_t)list->cnt + 1, sizeof *k->slots);
    cx_assert(k->slots != NULL);
    k->slot_count = (size_t)list->cnt;
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *given = &list->elems[i];
        int64_t committed = given->offset >= 0 ? given->offset : CX_NO_OFFSET;
        const char *topic = topic_of_ours(k, given->topic);
        k->slots[i] = (struct cx_slot){ topic, strlen(topic), given->partition, CX_NO_OFFSET, committed, CX_NO_OFFSET };
        given->offset = committed == CX_NO_OFFSET ? RD_KAFKA_OFFSET_BEGINNING : committed;
    }
}

static int restore_all(struct cx_kafka *k, struct cx_error *err)
{
    if (k->callbacks.assigned == NULL)
        return 0;
    for (size_t i = 0; i < k->slot_count; i++) {
        const struct cx_slot *slot = &k->slots[i];
        CX_TRY(k->callbacks.assigned(k->callbacks.context, slot->topic, slot->partition, slot->committed, err));
    }
    if (k->callbacks.settled != NULL)
        k->callbacks.settled(k->callbacks.context);
    return 0;
}

/* Committed offset and changelog seem not to belong together. Did another process, which has the partitions by now, commit between the two looks?
 * Then there is nothing for a person to mend: a restart looks again. */
static void excuse_overtaken(struct cx_kafka *k, struct cx_error *why)
{
    rd_kafka_topic_partition_list_t *list = list_of_slots(k);
    struct cx_error ignored;

    if (cx_offsets_committed(k, list, &ignored) == 0)
        for (int i = 0; i < list->cnt; i++)
            if ((list->elems[i].offset >= 0 ? list->elems[i].offset : CX_NO_OFFSET) != k->slots[i].committed)
                cx_fail(why, CX_EXIT_BUG, "%s partition %" PRId32 " was committed by another process while it was restored here",
                        list->elems[i].topic, list->elems[i].partition);
    rd_kafka_topic_partition_list_destroy(list);
}

static int restore(struct cx_kafka *k, rd_kafka_topic_partition_list_t *list, struct cx_error *why)
{
    if (list->cnt != 0)
        CX_TRY(cx_offsets_committed(k, list, why));
    fill_slots(k, list);
    if (restore_all(k, why) == 0)
        return 0;
    if (why->exit == CX_EXIT_CONFIG)
        excuse_overtaken(k, why);
    return -1;
}

static void give(struct cx_kafka *k, rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(partitions);
    struct cx_error why = { CX_EXIT_BUG, "" };
    rd_kafka_resp_err_t code;

    rd_kafka_topic_partition_list_sort(list, NULL, NULL);
    take_membership(k);
    if (restore(k, list, &why) != 0) {
        cx_kafka_fail(k, &why, NULL);
        rd_kafka_assign(k->consumer, NULL);
    } else if ((code = rd_kafka_assign(k->consumer, list)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        cx_cure_fail(&why, CX_CURE_RESTART, "assigning", code, rd_kafka_err2str(code));
        cx_kafka_fail(k, &why, NULL);
    }
    cx_restore_close(k);
    cx_log(CX_INFO, "kafka_assigned", "group=%s partitions=%d", k->group, list->cnt);
    rd_kafka_topic_partition_list_destroy(list);
}

/* ---- taken ---- */

static void take(struct cx_kafka *k, bool lost)
{
    struct cx_error why = { CX_EXIT_BUG, "" };

    k->stale = k->stale || lost;
    if (!k->closing && !k->failed) {
        if (k->callbacks.revoking != NULL)
            k->callbacks.revoking(k->callbacks.context, lost);
        if (k->open && cx_kafka_abort(k, &why) == CX_KAFKA_FATAL)
            cx_kafka_fail(k, &why, NULL);
        for (size_t i = 0; k->callbacks.revoked != NULL && i < k->slot_count; i++)
            k->callbacks.revoked(k->callbacks.context, k->slots[i].topic, k->slots[i].partition);
    }
    cx_log(CX_INFO, "kafka_revoked", "group=%s partitions=%zu lost=%d", k->group, k->slot_count, lost);
    drop_assignment(k);
    rd_kafka_assign(k->consumer, NULL);
}

void cx_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct cx_kafka *k = opaque;
    struct cx_error why;

    k->rebalancing = true;
    k->counts.rebalances++;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !k->closing && !k->failed) {
        give(k, partitions);
    } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || k->closing || k->failed) {
        take(k, rd_kafka_assignment_lost(rk) != 0);
    } else {
        take(k, true);
        cx_cure_fail(&why, CX_CURE_RESTART, "rebalancing", code, rd_kafka_err2str(code));
        cx_kafka_fail(k, &why, NULL);
    }
    k->rebalancing = false;
}
