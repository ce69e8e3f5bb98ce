/* acl.h - the least rights a chain needs. */
#ifndef CX_RUN_ACL_H
#define CX_RUN_ACL_H
#include "run/settings.h"
#include "stage/stage.h"

struct cx_acl {
    const char *operation; /* Read, Write; each implies Describe */
    const char *resource;  /* topic, group, transactional-id: as kafka-acls.sh spells them */
    const char *name;
    bool is_prefix;  /* all names that begin with `name` */
    const char *why; /* what for, a few words */
};
/* What `cx run STAGE…` needs; each row is needed, and together they suffice (tests/system/secured.py). IdempotentWrite is not among them: brokers
 * since 2.8 ask a transactional producer only for its transactional id. Returns the number of rows; they live in the settings' arena. */
size_t cx_acls_of_chain(const struct cx_settings *settings, const struct cx_stage *const *stages, size_t count, struct cx_acl **rows);
#endif
