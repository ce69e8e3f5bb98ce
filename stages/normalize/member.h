/* member.h - typed reading of JSON members; every function fails with the member's name in the detail. JSON null is absence. */
#ifndef NORMALIZE_MEMBER_H
#define NORMALIZE_MEMBER_H
#include "stages/normalize/normalize.h"

struct normalize_member {
    struct cx_arena *arena;
    struct normalize_fault *fault;
    const char *where;          /* the object around it, in messages: "author"; NULL at the top */
    int index;                  /* of that object in a list of objects; -1: it is no element */
    const struct cx_json *node; /* its key names it */
};
/* "handle", "author.handle", "media[2].url" */
struct cx_str normalize_member_name(const struct normalize_member *m);
/* "author.handle: expected a string", and false. */
bool normalize_member_fail(const struct normalize_member *m, enum normalize_reason reason, const char *expected);

/* A string; null for JSON null. */
bool normalize_member_string(const struct normalize_member *m, struct cx_str *out);
/* A string, or an integer whose digits are kept as sent; blank is null. */
bool normalize_member_id(const struct normalize_member *m, struct cx_str *out);
bool normalize_member_bool(const struct normalize_member *m, bool *out);
bool normalize_member_i64(const struct normalize_member *m, int64_t min, int64_t max, int64_t *out);
bool normalize_member_f64(const struct normalize_member *m, double *out);
/* RFC 3339, or epoch milliseconds as a number. */
bool normalize_member_time(const struct normalize_member *m, int64_t *ms);
#endif
