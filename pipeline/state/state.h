/* state.h - a task's keyed tables: the only memory a stage has between records.
 *
 * A task is one stage on one input partition. Its tables change inside a transaction: every change is written in place and its old value
 * goes to an undo log. A savepoint marks the start of an item, so that a reject takes back just that item; cx_state_abort takes back the
 * whole transaction; cx_state_commit forgets the log. Between transactions the tables hold committed state only. (invariant 3)
 *
 * Every changed key leaves one changelog record per transaction: key = table number (1 byte) + key bytes, value = the bytes now, null for a
 * deleted key. cx_state_restore feeds those records back. What a stage does must not depend on anything else. (invariants 1, 2)
 *
 * Two kinds of table:
 *   CX_TABLE_HASH     16-byte keys (a hash of something), open addressing, one probe; values of a fixed size, or of any size.
 *                     An entry takes 16 + value_size + 6.4..12.8 bytes of index; growing copies a bounded number of references, never the values
 *   CX_TABLE_ORDERED  keys of 1..255 bytes in byte order, values of any size; has a cursor: for windows, timers, expiry
 * A hash table has no iteration, since its order would depend on its history. */
#ifndef CX_STATE_H
#define CX_STATE_H
#include "base/error.h"
#include "base/hash.h"

struct cx_state;
/* True: to the stage this entry has been absent since the last commit and will be until it is written again; a pure function of committed state.
 * The room then takes it out after some commit, a few entries at a time and without a changelog record: memory stays bounded, a changelog with
 * cleanup compact+delete forgets by itself, and no answer of the stage depends on when it happens. */
typedef bool cx_is_dead_fn(const struct cx_state *state, const struct cx_id *key, const void *value);

enum cx_table_kind { CX_TABLE_END, CX_TABLE_HASH, CX_TABLE_ORDERED };
struct cx_table { /* a row of a stage's `tables`; its index is the table number on the changelog: append, never reorder */
    const char *name;
    enum cx_table_kind kind;
    size_t value_size; /* fixed size of a hash table's values (rounded up to 4); 0: any size */
    const char *doc;
    cx_is_dead_fn *is_dead; /* hash tables of fixed-size values only; may be left out */
};
#define CX_STATE_VALUE_MAX (1u << 20)

struct cx_state *cx_state_new(const struct cx_table *tables);
void cx_state_free(struct cx_state *state); /* takes NULL */

/* Hash tables. The view or pointer is valid until the next change of this table; aligned to 4 bytes, to 8 where value_size is a multiple of 8 or 0.
 */
const void *cx_state_get(const struct cx_state *state, int table, const struct cx_id *key, size_t *len);      /* NULL: absent; len may be NULL */
void cx_state_put(struct cx_state *state, int table, const struct cx_id *key, const void *value, size_t len); /* fixed size: the rest is zeroed */
void cx_state_del(struct cx_state *state, int table, const struct cx_id *key);
/* Asks for the memory that get or edit of this key will read; worth it where there is something else to do until then. */
void cx_state_prefetch(const struct cx_state *state, int table, const struct cx_id *key);
/* Fixed-size values only: a place to write the new value in; zeroed when the key is new (*is_new). The old value is already in the undo log. */
void *cx_state_edit(struct cx_state *state, int table, const struct cx_id *key, bool *is_new);

/* Ordered tables. */
struct cx_str cx_state_oget(const struct cx_state *state, int table, struct cx_str key); /* null ptr: absent */
void cx_state_oput(struct cx_state *state, int table, struct cx_str key, struct cx_str value);
void cx_state_odel(struct cx_state *state, int table, struct cx_str key);
/* First key >= from; false at the end. To go on, call with the key found and after = true. Views valid until the next change of this table. */
bool cx_state_seek(const struct cx_state *state, int table, struct cx_str from, bool after, struct cx_str *key, struct cx_str *value);

/* Sizes, for metrics and caps: never decide by them, they may count what is expired. */
size_t cx_state_count(const struct cx_state *state, int table);
size_t cx_state_bytes(const struct cx_state *state);

/* ---- for run/ only ---- */
struct cx_savepoint {
    size_t undo, bytes;
};
struct cx_savepoint cx_state_savepoint(const struct cx_state *state);
void cx_state_rollback(struct cx_state *state, struct cx_savepoint to);
bool cx_state_is_changed(const struct cx_state *state); /* since the last commit or abort */
/* One call per changed key, in order of first change; value.ptr NULL is a tombstone. */
typedef int cx_state_change_fn(void *context, struct cx_str key, struct cx_str value);
int cx_state_changes(struct cx_state *state, cx_state_change_fn *each, void *context);
void cx_state_commit(struct cx_state *state);
void cx_state_abort(struct cx_state *state);
/* Applies one changelog record outside any transaction. Fails on bytes that no table of ours wrote (CX_EXIT_CONFIG). */
int cx_state_restore(struct cx_state *state, struct cx_str key, struct cx_str value, struct cx_error *err);
/* Order-independent digest of all tables' live contents (dead entries left out): equal states, equal digests. For tests and audit. */
struct cx_id cx_state_digest(const struct cx_state *state);
#endif
