/* process.h - a stage process: one chain between the topics of a cluster, exactly once.
 *
 * One thread polls, settles, produces and commits; a second one answers HTTP. The state machine of a transaction is in batch.c, partitions
 * coming and going are in assignment.c, the loop that drives both is loop.c. */
#ifndef CX_RUN_PROCESS_H
#define CX_RUN_PROCESS_H
#include "run/chain.h"
#include "run/ledger.h"
#include "run/settings.h"

#include <signal.h>
#include <stdatomic.h>

#define CX_ASSIGNED_MAX 4096
struct cx_generation { /* of one changelog partition: tells a recreated or foreign topic from ours (invariants 1, 4) */
    struct cx_id uuid;
    bool is_known, is_pending; /* restored or drawn; to be written in the next transaction */
    int64_t written_ms;        /* timestamp of the last one on the topic; 0: none */
    int64_t offset;            /* where the newest one stands; -1: not known */
};
enum cx_restored_from { CX_FROM_CHANGELOG, CX_FROM_SNAPSHOT, CX_FROM_MEMORY }; /* what a replica's tables were filled from first */
struct cx_replica {                                                            /* a stage's tables on one partition, as its changelog sees them */
    struct cx_generation generation;
    int64_t offset;   /* what the tables do not reflect stands here or beyond (state/snapshot.h: the offset rule); 0: nothing is reflected */
    int64_t as_of_ms; /* wall clock at which they reflected all there was: after it records may have been deleted */
    bool is_warm;     /* the tables are filled but not yet compared with the changelog */
    enum cx_restored_from source;
    bool is_dirty;                       /* changed since the last snapshot was begun */
    int64_t snapshot_ns;                 /* when that was, monotonic; 0: never in this process */
    int64_t snapshot_ms, snapshot_bytes; /* as_of_ms and size of the last one in place; 0: none of this process's */
};
#define CX_REPLICAS_MAX 8 /* stages in a chain */
struct cx_assignment {    /* an input partition this process owns */
    const char *topic;    /* the kafka room's own pointer: messages carry the same */
    int32_t partition;
    struct cx_task *task;
    struct cx_ledger_page page;
    bool is_touched;             /* by the open transaction */
    bool is_at_end;              /* no record since the end was told */
    bool needs_barrier;          /* the ledger has not been told yet which configuration holds from here */
    int64_t position, committed; /* next offset: of the open transaction, and as of the last one; committed -1: the group has none */
    int64_t last_tick_ms, aborts_in_a_row;
    struct cx_replica replicas[CX_REPLICAS_MAX]; /* by stage */
};

enum cx_standby { CX_STANDBY_NOT, CX_STANDBY_FILLING, CX_STANDBY_WARM };
struct cx_process_metrics;
struct cx_http;
struct cx_snapshots;
struct cx_process {
    struct cx_settings *settings;
    struct cx_chain *chain;
    struct cx_kafka *kafka;
    const char *const *topics;
    size_t topic_count;
    struct cx_assignment *assigned[CX_ASSIGNED_MAX];
    size_t assigned_count;
    struct cx_assignment *warm[CX_ASSIGNED_MAX]; /* not ours at the moment, or not yet: filled so that being given them takes no time */
    size_t warm_count;
    struct cx_snapshots *snapshots; /* NULL: none are written or read */
    int32_t partitions[64];         /* by row of cx_topics; 0: not asked yet */
    char ledger_topic[128];
    int32_t ledger_partitions;
    struct cx_sink sink;
    struct cx_arena *arena; /* for one transaction's records */
    struct cx_buf buf;
    /* the open transaction */
    struct cx_assignment *current;
    int64_t current_timestamp_ms;
    int64_t batch_records, batch_bytes, opened_ns, opened_ms;
    int64_t batch_limit;
    struct cx_assignment *refused; /* a broker refused what the record at refused_offset became: it is to be a dead letter (invariant 10) */
    int64_t refused_offset;
    enum cx_kafka_result failed; /* of a produce inside settle */
    struct cx_error *err;
    /* the breaker's window */
    int64_t window_items, window_rejected;
    bool is_reload_due;        /* files of stages have changed, or SIGHUP came */
    bool is_losing;            /* the partitions being taken have another owner already */
    bool is_broken, is_doomed; /* the breaker opened; a callback inside poll met what ends the process, p->err says what */
    struct cx_metrics *metrics;
    struct cx_process_metrics *series;
    struct cx_http *http;
    atomic_llong heartbeat_ns; /* of the loop; read by the HTTP thread */
    atomic_ullong config_hash; /* of the configuration and of the files that stages have read; the ledger's and /status' */
    atomic_int assigned_now;
    atomic_bool is_restoring;
    atomic_int standby; /* enum cx_standby */
    int64_t given_ns;   /* when the first partition was given; 0: not yet; -1: the first commit after it has been told */
};
extern volatile sig_atomic_t cx_stop_requested;

/* loop.c */
/* Fills a zeroed process whose settings are set, and connects it; input NULL: as configured. Closes with cx_process_close also after a failure. */
int cx_process_open(struct cx_process *p, const struct cx_stage *const *stages, size_t count, const char *input, struct cx_error *err);
/* Until told to stop, or until something ends it; returns the exit status. */
int cx_process_run(struct cx_process *p);
void cx_process_close(struct cx_process *p);
/* The thread that runs the process is at work, or waits for brokers: /livez and the supervisor may know. */
void cx_process_alive(struct cx_process *p, int64_t now_ns);

/* files.c */
void cx_process_catch_reload(void); /* SIGHUP; not where a terminal would send it */
void cx_process_hash(struct cx_process *p);
/* Looks whether stages are to be opened anew; every half second. */
void cx_process_look(struct cx_process *p);
/* Opens them anew where that is due, between transactions: partitions get a barrier in the ledger, or nothing changes and the log says why. */
void cx_process_reload(struct cx_process *p);

/* batch.c */
void cx_process_sink(struct cx_process *p); /* where tasks send what they settle */
/* Each return CX_KAFKA_OK, or ABORTED when the work was taken back and will come again, or FATAL with p->err. */
enum cx_kafka_result cx_process_message(struct cx_process *p, const struct cx_message *message);
enum cx_kafka_result cx_process_tick(struct cx_process *p, struct cx_assignment *a, int64_t now_ms);
/* Writes the partition's generation records anew where they come of age, so that retention does not take the last one of an idle partition. */
enum cx_kafka_result cx_process_refresh(struct cx_process *p, struct cx_assignment *a, int64_t now_ms);
enum cx_kafka_result cx_process_commit(struct cx_process *p);
enum cx_kafka_result cx_process_abort(struct cx_process *p);

/* assignment.c */
struct cx_assignment *cx_assignment_find(struct cx_process *p, struct cx_str topic, int32_t partition);
int cx_process_assigned(void *process, const char *topic, int32_t partition, int64_t committed, struct cx_error *err);
void cx_process_revoked(void *process, const char *topic, int32_t partition);
void cx_process_revoking(void *process, bool lost);
void cx_process_settled(void *process);
struct cx_assignment *cx_assignment_new(struct cx_process *p, const char *topic, int32_t partition);
void cx_assignment_free(struct cx_assignment *a); /* takes NULL */
/* Number of partitions of an output topic, cached; -1 with p->err. */
int32_t cx_process_partitions(struct cx_process *p, const struct cx_topic *topic);
/* Appends what a changelog's generation record looks like. */
struct cx_str cx_generation_key(void);

/* restore.c */
/* Brings a stage's tables to where their changelog ends (invariant 5). */
int cx_restore_stage(struct cx_process *p, struct cx_assignment *a, size_t stage, struct cx_error *err);
/* Why a warm replica is too old (or of a wrong clock) to be used, NULL where it is not. */
const char *cx_replica_refusal(const struct cx_process *p, size_t stage, const struct cx_replica *replica);

/* standby.c */
/* Returns 0 when the instance is gone and this process is to go on in its place, with its replicas in p->warm; -1 when it failed or was told to stop
 * (CX_EXIT_OK). */
int cx_standby_follow(struct cx_process *p, struct cx_error *err);
extern volatile sig_atomic_t cx_takeover_requested;

/* snapshots.c */
/* Finds out how long snapshots are good; without a folder or an interval there are none, which is logged and no error. */
void cx_snapshots_open(struct cx_process *p, const char *cluster_id, const char *identity);
void cx_snapshots_close(struct cx_process *p);
/* Writes a slice of the snapshot that is due, if any. Between transactions. True: more is to be written soon. */
bool cx_snapshots_step(struct cx_process *p);
/* Writes what has changed, at the end of a clean run. */
void cx_snapshots_finish(struct cx_process *p);
/* The assignment's tables go away: what is being written of them is given up. */
void cx_snapshots_forget(struct cx_process *p, const struct cx_assignment *a);
/* Fills the empty tables from the stage's snapshot and makes the replica warm; leaves them empty when there is none or it is refused. */
void cx_snapshots_load(struct cx_process *p, struct cx_assignment *a, size_t stage);
/* Loads what this process wrote when it last ran, for the partitions it then had, in the time that a restart has before they are given to others. */
void cx_snapshots_warm(struct cx_process *p);
/* A warm replica older than this may miss what was deleted since (docs/decisions/0008); 0: not known. */
int64_t cx_snapshots_good_ms(const struct cx_process *p, size_t stage);
/* Must an idle partition's owner show that it still is the owner, lest its snapshot comes of age? */
bool cx_snapshots_need_refresh(const struct cx_process *p, const struct cx_assignment *a, int64_t now_ms);

/* process_metrics.c */
void cx_process_metrics_open(struct cx_process *p);
void cx_process_metrics_close(struct cx_process *p);
void cx_metric_produced(struct cx_process *p, const struct cx_topic *topic);
void cx_metric_ending(struct cx_process *p, const struct cx_ending *ending);
void cx_metric_stage(void *process, int stage, int metric, const char *label, double n);
void cx_metric_committed(struct cx_process *p, double seconds, int64_t records);
void cx_metric_aborted(struct cx_process *p);
void cx_metric_restored(struct cx_process *p, enum cx_restored_from source, uint64_t records, double seconds);
void cx_metric_snapshot(struct cx_process *p, const char *result, double seconds); /* written, failed, refused */
void cx_metric_standby(struct cx_process *p, bool follows, int64_t lag);
void cx_metric_first_commit(struct cx_process *p, double seconds);
void cx_metric_refresh(struct cx_process *p); /* gauges */
void cx_metric_reload(struct cx_process *p, bool is_loaded);
void cx_metric_latency(struct cx_process *p, int64_t ingested_ms);

/* http.c */
int cx_http_open(struct cx_process *p, struct cx_error *err);
void cx_http_close(struct cx_process *p);
#endif
