/* people.h - who writes: 200,000 people, each a function of a number, and one named customer per language.
 * The first 800 are regulars: two fifths of everything are theirs, and they show what they are known by wherever a channel lets them. */
#ifndef CX_SAMPLE_PEOPLE_H
#define CX_SAMPLE_PEOPLE_H
#include "run/sample/corpus.h"
#include "base/buf.h"

#define CX_SAMPLE_REGULARS 800
#define CX_SAMPLE_PEOPLE   200000 /* numbers from here on are the named ones, in order of languages */

struct cx_sample_person {
    uint64_t number, hash;
    unsigned language;
    struct cx_str first, last, first_ascii, last_ascii;
};
void cx_sample_person_init(struct cx_sample_person *person, const struct cx_sample_corpus *corpus, uint64_t seed, uint64_t number);
/* The person of a random number. */
uint64_t cx_sample_person_pick(uint64_t random);

void cx_sample_person_name(const struct cx_sample_person *person, struct cx_buf *out);   /* "Ruth Thornbury" */
void cx_sample_person_handle(const struct cx_sample_person *person, struct cx_buf *out); /* "ruth_thornbury4" */
void cx_sample_person_email(const struct cx_sample_person *person, struct cx_buf *out);
void cx_sample_person_phone(const struct cx_sample_person *person, struct cx_buf *out); /* E.164 */
void cx_sample_person_customer(const struct cx_sample_person *person, struct cx_buf *out);
/* The id that the channel's platform knows the person by. Channels of one platform know the same. */
void cx_sample_person_account(const struct cx_sample_person *person, enum cx_sample_channel channel, struct cx_buf *out);
/* Whether this person is one who shows what only some show. Decided once per person. */
bool cx_sample_person_shows(const struct cx_sample_person *person, enum cx_sample_shown what);

/* ---- small writing ---- */
void cx_sample_put_u64(struct cx_buf *out, uint64_t value);
/* `len` characters of the alphabet, made from the hash. */
void cx_sample_put_code(struct cx_buf *out, uint64_t hash, const char *alphabet, unsigned len);
#define CX_SAMPLE_DIGITS "0123456789"
#define CX_SAMPLE_HEX    "0123456789abcdef"
#define CX_SAMPLE_BASE36 "0123456789abcdefghijklmnopqrstuvwxyz"
#define CX_SAMPLE_BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
static inline void cx_sample_put(struct cx_buf *out, const char *text)
{
    cx_buf_add(out, text, strlen(text));
}
#endif
