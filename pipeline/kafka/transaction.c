/* transaction.c - begin, done, commit, abort.
 *
 * Three rules beyond librdkafka's own:
 *
 * No owner, no commit (invariant 6). Offsets are sent for the membership under which the partitions were given, and a transaction that touched a
 * partition which is not ours any more is aborted whole: leaving that partition's offset out would commit outputs without it.
 *
 * A new producer after a doubtful end (invariant 8). librdkafka sends EndTxn again by itself when a connection breaks, and a broker cannot tell
 * such a late copy from the end of the next transaction (KIP-890, which librdkafka lacks). A new producer raises the epoch, which fences every
 * late request. So after an end that was slow or disturbed, or when any request of the transaction got no answer, the producer is made anew before
 * the next begin.
 *
 * Going back is checked. After an abort the group's committed offsets are asked for and must be what this process knows. If they are not, memory
 * and topics have parted, and only a restart mends that. */
#include "kafka/handle.h"
#include "base/failpoint.h"
#include "base/time.h"
#include "log/log.h"

/* An end that gets no answer is asked for again and again, a few seconds at a time, so that a stop is heeded in between. */
enum { OFFSET_TRIES = 5, END_MS = 5000 };

static enum cx_kafka_result renew(struct cx_kafka *k, struct cx_error *err)
{
    struct cx_error why = { CX_EXIT_BUG, "" };

    cx_log(CX_INFO, "kafka_renew", "transactional_id=%s", k->transactional_id);
    k->counts.renewals++;
    cx_producer_close(k);
    if (cx_producer_open(k, -1, &why) != 0)
        return cx_kafka_fail(k, &why, err);
    return CX_KAFKA_OK;
}

enum cx_kafka_result cx_kafka_begin(struct cx_kafka *k, struct cx_error *err)
{
    rd_kafka_error_t *error;
    struct cx_error why;

    if (k->open)
        return CX_KAFKA_OK;
    if (cx_failpoint_bug(CX_BUG_NO_RENEWAL))
        k->renew = false;
    if (k->renew && renew(k, err) != CX_KAFKA_OK)
        return CX_KAFKA_FATAL;
    rd_kafka_poll(k->producer, 0);
    k->trouble.disturbed = k->blamed = false;
    error = rd_kafka_begin_transaction(k->producer);
    if (error != NULL) {
        enum cx_cure cure = cx_cure_of_transaction(error);
        cx_cure_fail(&why, cure, "beginning a transaction", rd_kafka_error_code(error), rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        return cx_kafka_fail(k, &why, err);
    }
    k->open = true;
    return CX_KAFKA_OK;
}

bool cx_kafka_in_transaction(const struct cx_kafka *k)
{
    return k->open;
}

bool cx_kafka_blames_record(const struct cx_kafka *k)
{
    return k->blamed;
}

void cx_kafka_done(struct cx_kafka *k, const char *topic, int32_t partition, int64_t next_offset)
{
    struct cx_slot *slot = cx_slot_find(k, topic, partition);

    if (cx_failpoint_bug(CX_BUG_OFFSET_LEFT_OUT) && slot != NULL && partition == 0)
        next_offset = slot->committed == CX_NO_OFFSET ? 0 : slot->committed;
    if (slot != NULL)
        slot->done = next_offset;
    else
        k->foreign = true;
}

/* The transaction is over, one way or the other. */
static void forget(struct cx_kafka *k, bool committed)
{
    for (struct cx_slot *slot = k->slots; slot < k->slots + k->slot_count; slot++) {
        if (committed && slot->done != CX_NO_OFFSET)
            slot->committed = slot->done;
        slot->done = CX_NO_OFFSET;
    }
    k->open = k->foreign = false;
}

static rd_kafka_topic_partition_list_t *offsets_done(const struct cx_kafka *k)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->slot_count);

    for (const struct cx_slot *slot = k->slots; slot < k->slots + k->slot_count; slot++)
        if (slot->done != CX_NO_OFFSET)
            rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition)->offset = slot->done;
    return list;
}

/* Judges and destroys `error`. RETRY is left to the caller; fatal kinds are noted. */
static enum cx_cure judge(struct cx_kafka *k, rd_kafka_error_t *error, const char *doing, struct cx_error *err)
{
    enum cx_cure cure = cx_cure_of_transaction(error);
    struct cx_error why;

    cx_log_limited(CX_WARN, "kafka_transaction", "doing=\"%s\" code=%s text=\"%s\"", doing, rd_kafka_error_name(error), rd_kafka_error_string(error));
    if (cure == CX_CURE_RESTART || cure == CX_CURE_OPERATOR) {
        cx_cure_fail(&why, cure, doing, rd_kafka_error_code(error), rd_kafka_error_string(error));
        cx_kafka_fail(k, &why, err);
    }
    rd_kafka_error_destroy(error);
    return cure;
}

/* ABORTED here means: must be aborted. */
static enum cx_kafka_result send_offsets(struct cx_kafka *k, struct cx_error *err)
{
    static const char doing[] = "send offsets";
    rd_kafka_topic_partition_list_t *list = offsets_done(k);
    enum cx_kafka_result result = CX_KAFKA_ABORTED;
    int pause_ms = 50;

    cx_assert(list->cnt > 0); /* no transaction without offsets (invariant 2) */
    for (int i = 0; i < OFFSET_TRIES; i++) {
        rd_kafka_error_t *error = rd_kafka_send_offsets_to_transaction(k->producer, list, k->membership, (int)k->cfg.socket_timeout);
        if (error == NULL) {
            result = CX_KAFKA_OK;
            break;
        }
        bool timed_out = rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__TIMED_OUT;
        enum cx_cure cure = judge(k, error, doing, err);
        k->renew = true; /* a late copy of this request could put its offsets into the next transaction */
        if (cure == CX_CURE_RESTART || cure == CX_CURE_OPERATOR)
            result = CX_KAFKA_FATAL;
        else if (cure == CX_CURE_RETRY && !timed_out && cx_kafka_wait(k, doing, &pause_ms, err))
            continue; /* unlike the others this call cannot be resumed after a timeout */
        break;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* Was the end such that a late copy of its request, or of an earlier one, may be under way? */
static void note_end(struct cx_kafka *k, int64_t begun_ns)
{
    bool is_slow = cx_monotonic_ns() - begun_ns > k->cfg.socket_timeout * 500000;

    rd_kafka_poll(k->producer, 0);
    k->renew = k->renew || is_slow || k->trouble.disturbed || atomic_load(&k->unanswered);
}

/* ABORTED here means: must be aborted. */
static enum cx_kafka_result end_commit(struct cx_kafka *k, struct cx_error *err)
{
    int64_t begun = cx_monotonic_ns();
    int pause_ms = 50;
    rd_kafka_error_t *error;

    while ((error = rd_kafka_commit_transaction(k->producer, END_MS)) != NULL) {
        enum cx_cure cure = judge(k, error, "commit", err);
        k->renew = true;
        if (cure == CX_CURE_ABORT)
            return CX_KAFKA_ABORTED;
        if (cure != CX_CURE_RETRY || !cx_kafka_wait(k, "commit", &pause_ms, err))
            return CX_KAFKA_FATAL;
    }
    note_end(k, begun);
    return CX_KAFKA_OK;
}

/* A mistake on purpose: for no member and no generation, which brokers do not check. */
static enum cx_kafka_result send_offsets_of_nobody(struct cx_kafka *k)
{
    rd_kafka_topic_partition_list_t *list = offsets_done(k);
    rd_kafka_consumer_group_metadata_t *nobody = rd_kafka_consumer_group_metadata_new(k->group);
    rd_kafka_error_t *error = list->cnt > 0 ? rd_kafka_send_offsets_to_transaction(k->producer, list, nobody, (int)k->cfg.socket_timeout) : NULL;
    enum cx_kafka_result result = error ? CX_KAFKA_ABORTED : CX_KAFKA_OK;

    rd_kafka_error_destroy(error);
    rd_kafka_consumer_group_metadata_destroy(nobody);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

enum cx_kafka_result cx_kafka_commit(struct cx_kafka *k, struct cx_error *err)
{
    enum cx_kafka_result result = CX_KAFKA_ABORTED;

    if (!k->open)
        return CX_KAFKA_OK;
    cx_failpoint_pass(CX_POINT_BEFORE_OFFSETS);
    if (cx_failpoint_bug(CX_BUG_COMMIT_UNOWNED))
        result = send_offsets_of_nobody(k);
    else if (k->foreign || k->membership == NULL || k->stale || rd_kafka_assignment_lost(k->consumer))
        cx_log_limited(CX_WARN, "kafka_not_owner", "group=%s", k->group);
    else
        result = send_offsets(k, err);
    if (result == CX_KAFKA_OK) {
        cx_failpoint_pass(CX_POINT_BEFORE_COMMIT);
        result = end_commit(k, err);
    }
    if (result == CX_KAFKA_OK)
        cx_failpoint_pass(CX_POINT_AFTER_COMMIT);
    if (result == CX_KAFKA_ABORTED)
        return cx_kafka_abort(k, err) == CX_KAFKA_OK ? CX_KAFKA_ABORTED : CX_KAFKA_FATAL;
    if (result == CX_KAFKA_OK) {
        forget(k, true);
        k->counts.commits++;
    }
    return result;
}

/* An abort right after a begin can overtake the registration of its partitions, while the broker still completes the commit before it: the broker
 * then knows of no transaction to abort, and librdkafka takes that for fatal. To begin anew, as after a crash, is right; and had the transaction been
 * committed after all, going back would find it out. */
static bool is_unknown_transaction(const rd_kafka_error_t *error)
{
    return rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
}

/* An abort that does not come through within a transaction's time is left to the broker: the new producer ends it. */
static enum cx_kafka_result end_abort(struct cx_kafka *k, struct cx_error *err)
{
    int64_t begun = cx_monotonic_ns();
    int pause_ms = 50;
    rd_kafka_error_t *error;

    while ((error = rd_kafka_abort_transaction(k->producer, END_MS)) != NULL) {
        bool is_over = is_unknown_transaction(error) || cx_monotonic_ns() - begun > k->cfg.transaction_timeout * 1000000;
        k->renew = true;
        if (is_over) {
            rd_kafka_error_destroy(error);
            return CX_KAFKA_OK;
        }
        enum cx_cure cure = judge(k, error, "abort", err);
        if (cure == CX_CURE_RESTART || cure == CX_CURE_OPERATOR || !cx_kafka_wait(k, "abort", &pause_ms, err))
            return CX_KAFKA_FATAL;
    }
    note_end(k, begun);
    return CX_KAFKA_OK;
}

/* librdkafka gives a transaction up by itself when a broker refuses to add a partition, and the next call only says that it is over. A begin within a
 * transaction changes nothing and is refused with the transaction's own error; an abort cures it unless this says otherwise. */
static enum cx_kafka_result learn_cause(struct cx_kafka *k, struct cx_error *err)
{
    rd_kafka_error_t *cause = rd_kafka_begin_transaction(k->producer);
    enum cx_cure cure = CX_CURE_ABORT;

    if (cause != NULL && rd_kafka_error_txn_requires_abort(cause))
        cure = judge(k, cause, "a transaction that failed", err);
    else
        rd_kafka_error_destroy(cause);
    return cure == CX_CURE_ABORT ? CX_KAFKA_OK : CX_KAFKA_FATAL;
}

enum cx_kafka_result cx_kafka_abort(struct cx_kafka *k, struct cx_error *err)
{
    struct cx_error why = { CX_EXIT_BUG, "" };

    if (!k->open)
        return CX_KAFKA_OK;
    rd_kafka_poll(k->producer, 0);
    if (k->failed) /* refused for good: there is no going on after this abort */
        return cx_kafka_fail(k, &k->failure, err);
    if (learn_cause(k, err) != CX_KAFKA_OK || end_abort(k, err) != CX_KAFKA_OK)
        return CX_KAFKA_FATAL;
    k->counts.aborts++;
    forget(k, false);
    /* First the producer: committed offsets are not stable before the transaction has ended. */
    if (k->renew && renew(k, err) != CX_KAFKA_OK)
        return CX_KAFKA_FATAL;
    if (cx_offsets_rewind(k, &why) != 0)
        return cx_kafka_fail(k, &why, err);
    return CX_KAFKA_OK;
}
