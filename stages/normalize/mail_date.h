/* mail_date.h - dates of RFC 5322, RSS and their obsolete relatives. */
#ifndef NORMALIZE_MAIL_DATE_H
#define NORMALIZE_MAIL_DATE_H
#include "base/str.h"

/* "Sun, 22 Nov 2026 07:00:00 +0300 (TRT)" to ms. Weekday and seconds may be missing, comments nest, years may have two digits, zones may be names
 * (GMT, EST, military letters; an unknown name counts as UTC, as RFC 5322 4.3 says). False on anything else. */
bool normalize_mail_date(struct cx_str text, int64_t *ms);
#endif
