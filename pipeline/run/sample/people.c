#include "run/sample/people.h"
#include "base/error.h"
#include "run/sample.h"
#include "run/sample/random.h"

const struct cx_sample_customer cx_sample_customers[] = {
    { "tr", "Zeynep Aksoy", "zeynep.aksoy@example.com", "+905000550101" },    { "es", "Inés Montalvo", "ines.montalvo@example.com", "+34790550102" },
    { "ar", "ريم الخطيب", "reem.alkhatib@example.com", "+966520550103" },     { "ru", "Вера Лукаш", "vera.lukash@example.com", "+79700550104" },
    { "en", "Ruth Thornbury", "ruth.thornbury@example.com", "+15550550105" }, { 0 },
};

void cx_sample_put_u64(struct cx_buf *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    cx_buf_add(out, digits + at, sizeof digits - at);
}

void cx_sample_put_code(struct cx_buf *out, uint64_t hash, const char *alphabet, unsigned len)
{
    enum { most = 40, per_number = 10 }; /* 62^10 < 2^64 */
    char code[most];
    const unsigned size = (unsigned)strlen(alphabet);
    cx_assert(len <= most);
    uint64_t fraction = 0; /* of 2^64; its digits in base `size` are the code */
    for (unsigned i = 0; i < len; i++) {
        if (i % per_number == 0)
            fraction = cx_sample_hash(hash, i);
        const unsigned __int128 product = (unsigned __int128)fraction * size;
        code[i] = alphabet[product >> 64];
        fraction = (uint64_t)product;
    }
    cx_buf_add(out, code, len);
}

/* ---- who ---- */

static bool is_named(const struct cx_sample_person *person)
{
    return person->number >= CX_SAMPLE_PEOPLE;
}

static const struct cx_sample_customer *named(const struct cx_sample_person *person)
{
    return &cx_sample_customers[person->number - CX_SAMPLE_PEOPLE];
}

static unsigned pick_language(uint64_t hash)
{
    static const unsigned per_mille[CX_SAMPLE_LANGUAGES] = { 280, 190, 160, 150, 220 }; /* as cx_sample_languages */
    unsigned rest = (unsigned)(hash % 1000), language = 0;
    while (rest >= per_mille[language])
        rest -= per_mille[language++];
    return language;
}

void cx_sample_person_init(struct cx_sample_person *person, const struct cx_sample_corpus *corpus, uint64_t seed, uint64_t number)
{
    *person = (struct cx_sample_person){ .number = number, .hash = cx_sample_hash(seed, number) };
    if (is_named(person)) {
        person->language = (unsigned)(number - CX_SAMPLE_PEOPLE);
        struct cx_str rest = cx_str(named(person)->name), address = cx_str(named(person)->email);
        cx_str_cut(&rest, ' ', &person->first);
        person->last = rest;
        cx_str_cut(&address, '@', &rest);
        cx_str_cut(&rest, '.', &person->first_ascii);
        person->last_ascii = rest;
        return;
    }
    person->language = pick_language(person->hash);
    const struct cx_sample_names *first = &corpus->first[person->language], *last = &corpus->last[person->language];
    const uint64_t f = cx_sample_hash(person->hash, 1) % first->names.len, l = cx_sample_hash(person->hash, 2) % last->names.len;
    person->first = first->names.items[f];
    person->first_ascii = first->ascii.items[f];
    person->last = last->names.items[l];
    person->last_ascii = last->ascii.items[l];
}

/* Among regulars density falls with the root of the number, among all with its 2/3 power. */
uint64_t cx_sample_person_pick(uint64_t random)
{
    enum { regular_percent = 40 };
    const uint64_t u = random >> 44, range = 1u << 20; /* 20 bits, as a fraction of one */
    if (random % 100 < regular_percent)
        return u * u / range * CX_SAMPLE_REGULARS / range;
    return u * u / range * u / range * CX_SAMPLE_PEOPLE / range;
}

bool cx_sample_person_shows(const struct cx_sample_person *person, enum cx_sample_shown what)
{
    return person->number < CX_SAMPLE_REGULARS || cx_sample_hash(person->hash, what) % 1000 < 350;
}

/* ---- what they are known by ---- */

void cx_sample_person_name(const struct cx_sample_person *person, struct cx_buf *out)
{
    cx_buf_str(out, person->first);
    cx_buf_byte(out, ' ');
    cx_buf_str(out, person->last);
}

void cx_sample_person_handle(const struct cx_sample_person *person, struct cx_buf *out)
{
    cx_buf_str(out, person->first_ascii);
    cx_buf_byte(out, '_');
    cx_buf_str(out, person->last_ascii);
    cx_sample_put_u64(out, person->number % 97);
}

void cx_sample_person_email(const struct cx_sample_person *person, struct cx_buf *out)
{
    static const char *const domains[] = { "@example.com", "@example.net", "@example.org", "@mail.example", "@post.example" };
    if (is_named(person)) {
        cx_sample_put(out, named(person)->email);
        return;
    }
    cx_buf_str(out, person->first_ascii);
    cx_buf_byte(out, '.');
    cx_buf_str(out, person->last_ascii);
    cx_sample_put_u64(out, person->number);
    cx_sample_put(out, domains[person->hash % (sizeof domains / sizeof *domains)]);
}

/* Ranges that no operator has, as far as is known; seven digits follow, those of the named customers begin with 0. */
void cx_sample_person_phone(const struct cx_sample_person *person, struct cx_buf *out)
{
    static const char *const ranges[CX_SAMPLE_LANGUAGES] = { "+90500", "+3479", "+96652", "+7970", "+1555" };
    if (is_named(person)) {
        cx_sample_put(out, named(person)->phone);
        return;
    }
    cx_sample_put(out, ranges[person->language]);
    cx_sample_put_u64(out, 1000000 + person->number * 37);
}

void cx_sample_person_customer(const struct cx_sample_person *person, struct cx_buf *out)
{
    cx_buf_byte(out, 'C');
    cx_sample_put_u64(out, 10000000 + person->number * 13);
}

/* Which platform a channel belongs to, and how that names its members. */
struct account_form {
    enum cx_sample_channel platform;
    const char *prefix, *alphabet;
    unsigned len;
};
static struct account_form account_form(enum cx_sample_channel channel)
{
    switch (channel) {
    case CX_SAMPLE_X:
    case CX_SAMPLE_X_DM:
        return (struct account_form){ CX_SAMPLE_X, "1", CX_SAMPLE_DIGITS, 18 };
    case CX_SAMPLE_INSTAGRAM:
    case CX_SAMPLE_INSTAGRAM_DM:
        return (struct account_form){ CX_SAMPLE_INSTAGRAM, "17", CX_SAMPLE_DIGITS, 14 };
    case CX_SAMPLE_FACEBOOK:
    case CX_SAMPLE_MESSENGER:
        return (struct account_form){ CX_SAMPLE_FACEBOOK, "6", CX_SAMPLE_DIGITS, 15 };
    case CX_SAMPLE_YOUTUBE:
        return (struct account_form){ channel, "UC", CX_SAMPLE_BASE62, 22 };
    case CX_SAMPLE_REDDIT:
        return (struct account_form){ channel, "t2_", CX_SAMPLE_BASE36, 9 };
    case CX_SAMPLE_TRUSTPILOT:
        return (struct account_form){ channel, "", CX_SAMPLE_HEX, 24 };
    case CX_SAMPLE_LIVE_CHAT:
        return (struct account_form){ channel, "", CX_SAMPLE_HEX, 32 };
    case CX_SAMPLE_GOOGLE_BUSINESS:
        return (struct account_form){ channel, "1", CX_SAMPLE_DIGITS, 20 };
    default:
        return (struct account_form){ channel, "7", CX_SAMPLE_DIGITS, 12 };
    }
}

void cx_sample_person_account(const struct cx_sample_person *person, enum cx_sample_channel channel, struct cx_buf *out)
{
    const struct account_form form = account_form(channel);
    cx_sample_put(out, form.prefix);
    cx_sample_put_code(out, cx_sample_hash(person->hash, 1000u + form.platform), form.alphabet, form.len);
}
