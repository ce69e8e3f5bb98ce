/* real_waits.c - preloaded before libfaketime: the clock that waits are reckoned by stays real.
 *
 * librdkafka waits with C11's cnd_timedwait until a time of the wall clock. libfaketime fakes the clock it asks, but not the wait itself, which the
 * kernel ends by the real clock: with a false clock an hour ahead each wait of a millisecond would last an hour. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && syscall(SYS_clock_gettime, CLOCK_REALTIME, now) == 0 ? base : 0;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec real;
    (void)zone;
    if (syscall(SYS_clock_gettime, CLOCK_REALTIME, &real) != 0)
        return -1;
    *now = (struct timeval){ real.tv_sec, real.tv_nsec / 1000 };
    return 0;
}
