/* doctor_machine.c - the checks of this machine and its configuration, and how a check says what it found. */
#include "run/doctor_look.h"

#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>

enum { OPEN_FILES = 1024 };
#define FREE_BYTES (INT64_C(1) << 30)

static void diagnose(const struct cx_looking *l, bool is_advice, const char *where, const char *cure, const char *format, va_list args)
{
    char what[400];
    struct cx_diagnoses *out = l->out;
    if (out->len == CX_DIAGNOSES_MAX)
        return;
    vsnprintf(what, sizeof what, format, args);
    out->rows[out->len++] = (struct cx_diagnosis){ l->check, is_advice, where, cx_arena_format(out->arena, "%s%c", what, '\0').ptr, cure };
}

void cx_find(const struct cx_looking *l, const char *where, const char *cure, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diagnose(l, false, where, cure, format, args);
    va_end(args);
}

void cx_advise(const struct cx_looking *l, const char *where, const char *cure, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diagnose(l, true, where, cure, format, args);
    va_end(args);
}

const char *cx_look_text(const struct cx_looking *l, const char *format, ...)
{
    char line[600];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return cx_arena_format(l->out->arena, "%s%c", line, '\0').ptr;
}

/* ---- this machine ---- */

void cx_look_librdkafka(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    if (f->machine.librdkafka_number < 0x020d0200)
        cx_advise(&l, "this machine", "install librdkafka1 of 2.13.2 or later when the distribution has it", "runs librdkafka %s",
                  f->machine.librdkafka);
}

void cx_look_state_dir(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    if (f->machine.state_dir_trouble)
        cx_find(&l, "this machine", "make the folder and give it to the user that runs cx", "kafka.state_dir: %s", f->machine.state_dir_trouble);
}

void cx_look_disk(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    if (f->machine.free_bytes >= 0 && f->machine.free_bytes < FREE_BYTES)
        cx_find(&l, "this machine", "make room, or move kafka.state_dir", "%" PRId64 " MiB free where kafka.state_dir is",
                f->machine.free_bytes >> 20);
}

void cx_look_files(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    if (f->machine.open_files >= 0 && f->machine.open_files < OPEN_FILES)
        cx_find(&l, "this machine", cx_look_text(&l, "ulimit -n %d, or LimitNOFILE=%d in the unit", OPEN_FILES, OPEN_FILES),
                "at most %" PRId64 " open files", f->machine.open_files);
}

void cx_look_secrets(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    const struct cx_kafka_config *k = &f->settings->kafka;
    const struct cx_str files[] = { k->sasl_password_file, k->ssl_key, k->ssl_key_password_file };
    struct stat about;
    for (size_t i = 0; i < 3; i++) {
        const char *path = files[i].len ? cx_look_text(&l, "%.*s", CX_STR_ARG(files[i])) : NULL;
        if (path && stat(path, &about) == 0 && (about.st_mode & 077) != 0)
            cx_find(&l, cx_look_text(&l, "file %s", path), cx_look_text(&l, "chmod 600 %s", path),
                    "holds a secret, and others may read it (mode %03o)", (unsigned)about.st_mode & 0777);
    }
}

static bool is_loopback(struct cx_str host)
{
    return cx_str_starts(host, CX_STR("127.")) || cx_str_starts(host, CX_STR("localhost")) || cx_str_starts(host, CX_STR("[::1]"));
}

void cx_look_encryption(const struct cx_check *self, const struct cx_facts *f, struct cx_diagnoses *out)
{
    LOOK;
    const struct cx_kafka_config *k = &f->settings->kafka;
    const struct cx_node *names = cx_node_get(k->librdkafka, "ssl.endpoint.identification.algorithm");
    const struct cx_node *trust = cx_node_get(k->librdkafka, "enable.ssl.certificate.verification");
    struct cx_str rest = k->brokers, broker;
    bool is_plain = cx_str_is(k->security_protocol, "plaintext") || cx_str_is(k->security_protocol, "sasl_plaintext"), is_far = false;
    while (cx_str_cut(&rest, ',', &broker))
        is_far = is_far || !is_loopback(cx_str_trim(broker));
    if (is_plain && is_far)
        cx_find(&l, "cx.yaml", "kafka.security_protocol: sasl_ssl", "kafka.security_protocol=%.*s: what customers say crosses the network in clear",
                CX_STR_ARG(k->security_protocol));
    if ((names && cx_str_is(names->text, "none")) || (trust && cx_str_is(trust->text, "false")))
        cx_find(&l, "cx.yaml", "remove it from kafka.librdkafka", "the brokers' certificates are not checked: anybody can be the broker");
}
