/* snapshot.h - a task's tables in a file, so that a restart reads the file and the end of the changelog instead of all of it.
 *
 * A snapshot is truth of the second hand (invariant 1): it says which cluster, topic and generation it was taken from and which changelog offset it
 * reflects, and whoever restores from it checks all of that. It may be thrown away at any time.
 *
 * **The offset rule.** Every changelog record of a committed transaction that the tables did not reflect when the snapshot was begun has
 * `offset` or a larger one. Then the snapshot with the records from `offset` on, in order, gives the tables: a key that has a record there takes its
 * last one, and any other key did not change since and stands in the file as it is. So the tables need not stand still while they are written: the
 * writer goes through them in slices, between transactions, and the file may hold a key as it was at any moment since (docs/decisions/0008).
 *
 * The file: magic, version, head with its hash; blocks of entries of one table, each with its number and hash; an end block with the number of
 * entries and a hash over all hashes. Numbers little-endian, hashes XXH3-64. A reader believes nothing beyond the block it has checked. */
#ifndef CX_STATE_SNAPSHOT_H
#define CX_STATE_SNAPSHOT_H
#include "state/state.h"

struct cx_snapshot_head {
    struct cx_str cluster, topic; /* of the changelog */
    struct cx_str chain, stage;   /* whose tables */
    struct cx_str owner;          /* who wrote it: a process looks for its own before it knows what it owns */
    int32_t partition;
    struct cx_id generation;   /* of the changelog partition */
    int64_t generation_offset; /* where its newest generation record below `offset` stands */
    int64_t offset;            /* see the offset rule */
    int64_t taken_ms;          /* wall clock when it was begun: records deleted since then may matter */
};
#define CX_SNAPSHOT_VERSION  1u
#define CX_SNAPSHOT_TEXT_MAX 255 /* bytes of each text of a head */

struct cx_snapshot { /* what was found; the head's texts are views into `texts` */
    struct cx_snapshot_head head;
    char texts[5 * CX_SNAPSHOT_TEXT_MAX];
    uint64_t entries, bytes;
};

/* ---- writing ---- */
enum cx_snapshot_status { CX_SNAPSHOT_MORE, CX_SNAPSHOT_DONE, CX_SNAPSHOT_FAILED };
struct cx_snapshot_writer;
/* Between transactions. At most one writer at a time for a state, and it must be ended before the state is freed. */
struct cx_snapshot_writer *cx_snapshot_begin(const char *path, struct cx_state *state, const struct cx_snapshot_head *head);
/* Encodes about so many bytes more; between transactions only. Never waits for the disk: when that is behind, nothing is done. DONE: the file is in
 * place and synced. FAILED: *err says why; what was at `path` before is still there, or already the new file. */
enum cx_snapshot_status cx_snapshot_step(struct cx_snapshot_writer *writer, size_t bytes, struct cx_error *err);
/* All that is left, waiting for the disk. */
enum cx_snapshot_status cx_snapshot_finish(struct cx_snapshot_writer *writer, struct cx_error *err);
uint64_t cx_snapshot_written(const struct cx_snapshot_writer *writer, uint64_t *entries); /* bytes so far, entries of whole blocks */
void cx_snapshot_end(struct cx_snapshot_writer *writer); /* a snapshot that is not done leaves no trace; takes NULL */

/* ---- reading ---- */
/* Fills the empty tables of `state` from the file. 0; 1: there is no file; -1: refused, *err says why, and `state` is to be thrown away. Texts,
 * partition and tables must be those of `wanted` and `state`, except that a null text is not compared. */
int cx_snapshot_load(const char *path, const struct cx_snapshot_head *wanted, struct cx_state *state, struct cx_snapshot *found,
                     struct cx_error *err);
/* The same from memory. */
int cx_snapshot_parse(struct cx_str bytes, const struct cx_snapshot_head *wanted, struct cx_state *state, struct cx_snapshot *found,
                      struct cx_error *err);
/* Only the head: 0, 1, -1 as above. */
int cx_snapshot_read_head(const char *path, struct cx_snapshot *found, struct cx_error *err);
#endif
