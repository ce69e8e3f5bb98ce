/* failpoint.c - reads the environment once. */
#include "run/failpoint.h"

#ifdef CX_FAILPOINTS
bool cx_failpoint_bug(const char *name)
{
    static const char *chosen;
    if (!chosen)
        chosen = getenv("CX_BUG") ? getenv("CX_BUG") : "";
    return strcmp(chosen, name) == 0;
}

bool cx_failpoint_abort_now(void)
{
    static long every = -1, n;
    if (every < 0)
        every = getenv("CX_ABORT_EVERY") ? strtol(getenv("CX_ABORT_EVERY"), NULL, 10) : 0;
    return every > 0 && ++n % every == 0;
}
#else
typedef int cx_failpoint_unused; /* a translation unit has to declare something */
#endif
