/* doctor_look.h - what the files of the checks share. */
#ifndef CX_RUN_DOCTOR_LOOK_H
#define CX_RUN_DOCTOR_LOOK_H
#include "run/doctor.h"

struct cx_looking {
    const struct cx_check *check;
    struct cx_diagnoses *out;
};
#define LOOK struct cx_looking l = { self, out }
/* Something must be changed; better were. `where` and `cure` live as long as the diagnoses. */
void cx_find(const struct cx_looking *l, const char *where, const char *cure, const char *format, ...) __attribute__((format(printf, 4, 5)));
void cx_advise(const struct cx_looking *l, const char *where, const char *cure, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A text for `where` or `cure`. */
const char *cx_look_text(const struct cx_looking *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

void cx_look_librdkafka(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out);
void cx_look_state_dir(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out);
void cx_look_disk(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out);
void cx_look_files(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out);
void cx_look_secrets(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out);
void cx_look_encryption(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out);
#endif
