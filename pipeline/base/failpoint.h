/* failpoint.h - faults on purpose, compiled into test builds only (cmake -DCX_FAILPOINTS=ON), chosen by the environment. Rows: failpoint.def.
 *
 *   CX_FAIL=POINT:N[,…]        kill -9 of the own process when POINT is passed for the N-th time
 *   CX_FAIL=POINT:N:MS[,…]     sleeps MS milliseconds there instead
 *   CX_FAIL=POINT:N:stop[,…]   stops itself there until somebody sends SIGCONT
 *   CX_BUG=NAME                the program as if somebody had made that mistake
 *   CX_PAD=STAGE:TEXT          side outputs of STAGE for records whose native_id contains TEXT are padded to more than kafka.max_message
 *   CX_ABORT_EVERY=N           aborts every N-th transaction: no bug, it must change nothing
 *   CX_STATE_DIGEST=1          says on stderr what the tables hold when a task ends: "state_digest STAGE PARTITION HEX"
 *
 * Names that no row has end the process with 64. In other builds all of it is constant false and costs nothing. */
#ifndef CX_BASE_FAILPOINT_H
#define CX_BASE_FAILPOINT_H
#include <stdbool.h>
#include <stddef.h>

enum cx_failpoint {
#define CX_FAILPOINT_ROW(symbol, name, where) CX_POINT_##symbol,
#include "base/failpoint.def"
    CX_FAILPOINTS_COUNT
};
enum cx_bug {
    CX_BUG_NONE,
#define CX_BUG_ROW(symbol, name, what) CX_BUG_##symbol,
#include "base/failpoint.def"
};

#ifdef CX_FAILPOINTS
void cx_failpoint_pass(enum cx_failpoint point);
bool cx_failpoint_bug(enum cx_bug bug);
bool cx_failpoint_every(const char *variable); /* true each time the N of an environment variable has gone by */
bool cx_failpoint_is_set(const char *variable);
bool cx_failpoint_pads(const char *stage, const char *native_id, size_t len);
#else
static inline void cx_failpoint_pass(enum cx_failpoint point)
{
    (void)point;
}
static inline bool cx_failpoint_bug(enum cx_bug bug)
{
    (void)bug;
    return false;
}
static inline bool cx_failpoint_every(const char *variable)
{
    (void)variable;
    return false;
}
static inline bool cx_failpoint_is_set(const char *variable)
{
    (void)variable;
    return false;
}
static inline bool cx_failpoint_pads(const char *stage, const char *native_id, size_t len)
{
    (void)stage, (void)native_id, (void)len;
    return false;
}
#endif
#endif
