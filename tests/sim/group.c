/* group.c - the group coordinator: members with names of their own (static), eager rebalances, range assignment, offsets inside transactions. */
#include "cluster.h"

enum { MEMBERS_MAX = 4, PENDING_MAX = 64 };
static const int64_t SESSION = 3 * SIM_SECOND, REBALANCE = 30 * SIM_SECOND;

struct member {
    char id[16], instance[4];
    int process;
    int64_t heard_ns;
    bool waits; /* has sent JoinGroup in the present rebalance */
    unsigned partitions;
};
static struct {
    struct member members[MEMBERS_MAX];
    int count, generation, ids;
    bool is_rebalancing;
    int64_t deadline_ns;
    int64_t committed[SIM_PARTITIONS];
    struct {
        int number;
        struct sim_offset offset;
    } pending[PENDING_MAX];
    int pending_count;
} group;

void sim_group_begin(void)
{
    memset(&group, 0, sizeof group);
    for (int p = 0; p < SIM_PARTITIONS; p++)
        group.committed[p] = -1;
}

static struct member *member_of(const char *instance)
{
    for (int i = 0; i < group.count; i++)
        if (strcmp(group.members[i].instance, instance) == 0)
            return &group.members[i];
    return NULL;
}

static void rebalance(const char *why)
{
    if (group.is_rebalancing)
        return;
    sim_note("[rebalance: %s]", why);
    sim.rebalances++;
    group.is_rebalancing = true;
    group.deadline_ns = sim.now_ns + REBALANCE;
    for (int i = 0; i < group.count; i++)
        group.members[i].waits = false;
}

/* Range: partitions in order, members by name. */
static void assign(void)
{
    group.is_rebalancing = false;
    group.generation++;
    for (int i = 0; i < group.count; i++)
        for (int j = i + 1; j < group.count; j++)
            if (strcmp(group.members[i].instance, group.members[j].instance) > 0) {
                struct member other = group.members[i];
                group.members[i] = group.members[j];
                group.members[j] = other;
            }
    int32_t next = 0;
    for (int i = 0; i < group.count; i++) {
        int share = SIM_PARTITIONS / group.count + (i < SIM_PARTITIONS % group.count);
        group.members[i].partitions = ((1u << share) - 1) << next;
        next += share;
        sim_note("[generation %d: %s %s has %x]", group.generation, group.members[i].instance, group.members[i].id, group.members[i].partitions);
    }
}

static void complete_if_all_wait(void)
{
    bool all = group.count > 0;
    for (int i = 0; i < group.count; i++)
        all = all && group.members[i].waits;
    if (group.is_rebalancing && all)
        assign();
}

static void remove_member(struct member *m)
{
    *m = group.members[--group.count];
}

void sim_expire_members(void)
{
    for (int i = 0; i < group.count; i++) {
        struct member *m = &group.members[i];
        if (sim_hears(&sim.processes[m->process]))
            m->heard_ns = sim.now_ns;
        bool is_late = group.is_rebalancing && sim.now_ns > group.deadline_ns && !m->waits;
        if (sim.now_ns - m->heard_ns <= SESSION && !is_late)
            continue;
        sim_note("[member %s of %s is thrown out]", m->id, m->instance);
        remove_member(m);
        i--;
        rebalance("a member is gone");
    }
    complete_if_all_wait();
}

bool sim_join(int process, const char *instance, struct sim_membership *self, unsigned *partitions)
{
    struct member *m = member_of(instance);
    bool is_me = m != NULL && self->id[0] && strcmp(m->id, self->id) == 0;
    if (!is_me) { /* new, or the name's new bearer: the old one is fenced and its place taken over */
        if (m == NULL) {
            cx_assert(group.count < MEMBERS_MAX);
            m = &group.members[group.count++];
            *m = (struct member){ 0 };
            snprintf(m->instance, sizeof m->instance, "%s", instance);
            rebalance("a member joins");
        }
        snprintf(m->id, sizeof m->id, "m%d", ++group.ids);
        snprintf(self->id, sizeof self->id, "%s", m->id);
        m->process = process;
        m->heard_ns = sim.now_ns;
    }
    if (group.is_rebalancing) {
        m->waits = true;
        complete_if_all_wait();
    }
    if (group.is_rebalancing)
        return false;
    self->generation = group.generation;
    *partitions = member_of(instance)->partitions; /* they have been put in order */
    return true;
}

rd_kafka_resp_err_t sim_heartbeat(const struct sim_membership *self, const char *instance)
{
    struct member *m = member_of(instance);
    if (m == NULL)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (strcmp(m->id, self->id) != 0)
        return RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
    if (self->generation != group.generation)
        return RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    return group.is_rebalancing ? RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* A member of the generation may commit also while a rebalance is being prepared. Who names no member is not checked at all, as in Kafka. */
rd_kafka_resp_err_t sim_commit_offsets(int number, int epoch, const struct sim_membership *self, const char *instance,
                                       const struct sim_offset *offsets, int count)
{
    rd_kafka_resp_err_t code = self->id[0] ? sim_heartbeat(self, instance) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
        return code;
    if (!sim_has_group(number, epoch))
        return RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
    for (int i = 0; i < count; i++) {
        cx_assert(group.pending_count < PENDING_MAX);
        group.pending[group.pending_count].number = number;
        group.pending[group.pending_count++].offset = offsets[i];
        sim_note("[offset %lld of partition %d]", (long long)offsets[i].offset, offsets[i].partition);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void sim_group_end(int number, bool commit)
{
    int kept = 0;
    for (int i = 0; i < group.pending_count; i++) {
        if (group.pending[i].number != number)
            group.pending[kept++] = group.pending[i];
        else if (commit)
            group.committed[group.pending[i].offset.partition] = group.pending[i].offset.offset;
    }
    group.pending_count = kept;
}

rd_kafka_resp_err_t sim_committed(int32_t partition, int64_t *offset)
{
    for (int i = 0; i < group.pending_count; i++)
        if (group.pending[i].offset.partition == partition)
            return RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
    *offset = group.committed[partition];
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int64_t sim_committed_now(int32_t partition)
{
    return group.committed[partition];
}
