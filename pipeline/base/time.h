/* time.h - instants as milliseconds since 1970 UTC. Only run/ reads clocks; everything else is handed times. */
#ifndef CX_BASE_TIME_H
#define CX_BASE_TIME_H
#include "base/str.h"

int64_t cx_wall_ms(void);      /* UTC now */
int64_t cx_monotonic_ns(void); /* for durations */

#define CX_TIME_TEXT 24 /* "2026-11-22T04:00:00.000Z" */
/* RFC 3339 with three decimals and Z; years 0000..9999, else clamped. No NUL. */
void cx_time_format(int64_t ms, char out[CX_TIME_TEXT]);
/* RFC 3339: T or blank, any number of decimals (truncated), Z or ±hh:mm or ±hhmm. The offset is required. Leap second 60 reads as 59.999. */
bool cx_time_parse(struct cx_str text, int64_t *ms);
/* Date and clock fields to ms; false when they are impossible (31 February). */
bool cx_time_civil(int year, int month, int day, int hour, int minute, int second, int64_t *ms);
#endif
