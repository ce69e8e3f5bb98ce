/* failpoint.h - faults on purpose, compiled into test builds only (cmake -DCX_FAILPOINTS=ON), chosen by the environment.
 *   CX_BUG=commit-before-produce   commits a record's offset one transaction before its outputs
 *   CX_BUG=keep-state-on-abort     keeps the state of an aborted transaction
 *   CX_ABORT_EVERY=n               aborts every n-th transaction: no bug, it must change nothing
 * In other builds all of it is constant false. */
#ifndef CX_RUN_FAILPOINT_H
#define CX_RUN_FAILPOINT_H
#include <stdbool.h>

#ifdef CX_FAILPOINTS
bool cx_failpoint_bug(const char *name);
bool cx_failpoint_abort_now(void);
#define CX_FAILPOINT_BUG(name) cx_failpoint_bug(name)
#else
#define CX_FAILPOINT_BUG(name) false
static inline bool cx_failpoint_abort_now(void)
{
    return false;
}
#endif
#endif
