/* outcome_page.c - the demo's page: counts that add up, who, where, one journey, examples, dead letters, how to look further. */
#include "run/outcome.h"
#include "run/sample.h"

#include "base/time.h"

#include <unistd.h>

struct page {
    FILE *out;
    const char *bold, *dim, *plain;
    const struct cx_outcome *o;
};

static void title(const struct page *p, const char *text)
{
    fprintf(p->out, "\n%s%s%s\n", p->bold, text, p->plain);
}

/* One line of text, cut to `max` code points, control characters as blanks. */
static void excerpt(const struct page *p, struct cx_str text, size_t max)
{
    size_t pos = 0, shown = 0;
    while (pos < text.len && shown < max) {
        size_t from = pos;
        uint32_t cp = cx_utf8_next(text, &pos);
        if (cp < 32)
            fputc(' ', p->out);
        else
            fwrite(text.ptr + from, 1, pos - from, p->out);
        shown++;
    }
    if (pos < text.len)
        fputs("…", p->out);
}

static void bar(const struct page *p, int64_t n, int64_t most, int width)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    int64_t units = most > 0 ? n * width * 8 / most : 0;
    for (int64_t i = 0; i < units / 8; i++)
        fputs("█", p->out);
    fputs(eighths[units % 8], p->out);
}

static void print_tally(const struct page *p, const char *name, const struct cx_tally *t, size_t max)
{
    title(p, name);
    for (size_t i = 0; i < t->len && i < max; i++) {
        fprintf(p->out, "  %-18.*s %8lld  ", CX_STR_ARG(t->rows[i].name), (long long)t->rows[i].n);
        bar(p, t->rows[i].n, t->rows[0].n, 40);
        fputc('\n', p->out);
    }
    if (t->len > max)
        fprintf(p->out, "  %sand %zu more%s\n", p->dim, t->len - max, p->plain);
}

static void print_account(const struct page *p)
{
    const struct cx_outcome *o = p->o;
    int64_t out = o->emitted + o->absorbed + o->dropped + o->rejected;
    title(p, "What happened to every item");
    fprintf(p->out, "  %lld payloads held %lld items: %lld emitted + %lld absorbed + %lld dropped + %lld rejected = %lld  %s\n",
            (long long)o->payloads, (long long)o->items, (long long)o->emitted, (long long)o->absorbed, (long long)o->dropped, (long long)o->rejected,
            (long long)out, out == o->items ? "✓ it adds up" : "✗ IT DOES NOT ADD UP");
    for (size_t i = 0; i < o->endings.len; i++)
        fprintf(p->out, "  %s%8lld  %.*s%s\n", p->dim, (long long)o->endings.rows[i].n, CX_STR_ARG(o->endings.rows[i].name), p->plain);
}

static bool is_customer(const struct cx_outcome_record *r, const struct cx_sample_customer *c)
{
    return !cx_id_is_zero(r->ucid) && (cx_str_is(r->email, c->email) || cx_str_is(r->phone, c->phone));
}

/* First record of the customer with the most channels: of the story if there is one, else of anybody. */
static size_t find_journey(const struct cx_outcome *o, const struct cx_sample_customer **who)
{
    *who = NULL;
    for (const struct cx_sample_customer *c = cx_sample_customers; c->name; c++)
        for (size_t i = 0; i < o->record_count; i++)
            if (is_customer(&o->records[i], c)) {
                *who = c;
                while (i > 0 && cx_id_eq(o->records[i - 1].ucid, o->records[i].ucid))
                    i--;
                return i;
            }
    size_t best = o->record_count, most = 1;
    for (size_t i = 0; i < o->record_count;) {
        size_t end = i, changes = 0;
        for (; end < o->record_count && cx_id_eq(o->records[end].ucid, o->records[i].ucid); end++)
            changes += end > i && !cx_str_eq(o->records[end].channel, o->records[end - 1].channel);
        if (changes >= most && !cx_id_is_zero(o->records[i].ucid)) {
            most = changes + 1;
            best = i;
        }
        i = end;
    }
    return best;
}

static void print_journey(const struct page *p)
{
    static const char *const arrows[] = { "→", "←", "←", "·" };
    const struct cx_sample_customer *who;
    const struct cx_outcome *o = p->o;
    size_t i = find_journey(o, &who);
    if (i >= o->record_count)
        return;
    char hex[33];
    cx_id_hex(o->records[i].ucid, hex);
    hex[32] = '\0';
    title(p, "One customer, many channels");
    fprintf(p->out, "  %s%s%sUCID %s\n", who ? who->name : "", who ? ", " : "", p->dim, hex);
    fputs(p->plain, p->out);
    struct cx_id ucid = o->records[i].ucid;
    for (size_t n = 0; i < o->record_count && n < 14 && cx_id_eq(o->records[i].ucid, ucid); i++, n++) {
        const struct cx_outcome_record *r = &o->records[i];
        char when[CX_TIME_TEXT];
        cx_time_format(r->occurred_at, when);
        fprintf(p->out, "  %.10s %.5s %s %-15.*s ", when, when + 11, arrows[r->direction], CX_STR_ARG(r->channel));
        excerpt(p, r->text.len ? r->text : r->kind, 62);
        fprintf(p->out, "  %s%.*s%s\n", p->dim, CX_STR_ARG(r->functions), p->plain);
    }
}

static bool is_function(const struct cx_outcome_record *r, struct cx_str name)
{
    return cx_str_starts(r->functions, name) && (r->functions.len == name.len || r->functions.ptr[name.len] == ',');
}

static void print_examples(const struct page *p)
{
    const struct cx_outcome *o = p->o;
    title(p, "Routed, for example");
    for (size_t f = 0; f < o->functions.len; f++) {
        struct cx_str name = o->functions.rows[f].name;
        for (size_t k = 0; k < o->record_count; k++) { /* spread over the customers, so that examples differ in language */
            const struct cx_outcome_record *r = &o->records[(k + f * 977) % o->record_count];
            if (r->text.len < 20 || r->direction != CX_DIRECTION_INBOUND || !is_function(r, name))
                continue;
            fprintf(p->out, "  %-12.*s %.*s  ", CX_STR_ARG(name), CX_STR_ARG(r->language));
            excerpt(p, r->text, 70);
            fprintf(p->out, "\n               %sbecause %.*s%s\n", p->dim, CX_STR_ARG(r->rules), p->plain);
            break;
        }
    }
}

static void print_letters(const struct page *p)
{
    const struct cx_outcome *o = p->o;
    if (o->letter_count == 0)
        return;
    title(p, "Dead letters, nothing of them lost");
    for (size_t i = 0; i < o->letter_count; i++) {
        const struct cx_outcome_letter *l = &o->letters[i];
        fprintf(p->out, "  %6lld  %.*s/%.*s: %.*s\n", (long long)l->n, CX_STR_ARG(l->stage), CX_STR_ARG(l->code), CX_STR_ARG(l->message));
        if (i < 4 && cx_utf8_valid(cx_utf8_prefix(l->payload, 150))) {
            fprintf(p->out, "          %s", p->dim);
            excerpt(p, cx_utf8_prefix(l->payload, 150), 100);
            fprintf(p->out, "%s\n", p->plain);
        }
    }
}

static void print_further(const struct page *p, const char *config, const char *brokers)
{
    title(p, "Look further");
    if (!config) {
        fputs("  cx produce --sample 10 --print                      the payloads that went in\n"
              "  cx produce --sample 1000 --print | cx pipe normalize classify dedup identify route analytics --outputs all\n"
              "  make demo                                           the same on a real broker, as separate processes\n",
              p->out);
        return;
    }
    fprintf(p->out,
            "  cx tap cx.route.care.v1 -n 3 --values -c %s\n"
            "  cx tap cx.dlq.normalize.v1 -n 3 -c %s\n"
            "  cx audit -c %s\n"
            "  kcat -b %s -C -t cx.identity.aliases.v1 -e -f '%%k\\n'\n",
            config, config, config, brokers);
}

/* By the convention of no-color.org an empty NO_COLOR says nothing. */
static bool wants_colour(FILE *out)
{
    const char *refusal = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(fileno(out)) && !(refusal && *refusal) && !(terminal && strcmp(terminal, "dumb") == 0);
}

void cx_outcome_print(const struct cx_outcome *o, FILE *out, const char *config, const char *brokers)
{
    bool colour = wants_colour(out);
    struct page p = { out, colour ? "\033[1m" : "", colour ? "\033[2m" : "", colour ? "\033[0m" : "", o };
    print_account(&p);
    print_tally(&p, "Languages", &o->languages, 8);
    print_tally(&p, "Channels", &o->channels, 12);
    print_tally(&p, "Functions (a record may go to several)", &o->functions, 12);
    print_tally(&p, "Sentiment", &o->sentiments, 4);
    print_tally(&p, "Urgency", &o->urgencies, 5);
    title(&p, "Customers");
    fprintf(out, "  %lld customers, %lld of them seen on two channels or more; %lld identities were merged into others\n", (long long)o->customers,
            (long long)o->two_channels, (long long)o->merges);
    fprintf(out, "  %lld rows of minute metrics; %lld records repeat a text that came before\n", (long long)o->metric_rows, (long long)o->copies);
    print_journey(&p);
    print_examples(&p);
    print_letters(&p);
    print_further(&p, config, brokers);
}

static void json_tally(struct cx_buf *out, const char *name, const struct cx_tally *t)
{
    cx_buf_format(out, ",\"%s\":{", name);
    for (size_t i = 0; i < t->len; i++) {
        if (i)
            cx_buf_byte(out, ',');
        cx_json_string(out, t->rows[i].name);
        cx_buf_format(out, ":%lld", (long long)t->rows[i].n);
    }
    cx_buf_byte(out, '}');
}

static void json_journey(struct cx_buf *out, const struct cx_outcome *o)
{
    const struct cx_sample_customer *who;
    size_t i = find_journey(o, &who);
    cx_buf_str(out, CX_STR(",\"journey\":["));
    if (i < o->record_count) {
        struct cx_id ucid = o->records[i].ucid;
        for (size_t n = 0; i < o->record_count && cx_id_eq(o->records[i].ucid, ucid); i++, n++) {
            const struct cx_outcome_record *r = &o->records[i];
            char when[CX_TIME_TEXT], hex[32];
            cx_time_format(r->occurred_at, when);
            cx_id_hex(r->ucid, hex);
            cx_buf_format(out, "%s{\"ucid\":\"%.32s\",\"occurred_at\":\"%.*s\",\"channel\":", n ? "," : "", hex, CX_TIME_TEXT, when);
            cx_json_string(out, r->channel);
            cx_buf_str(out, CX_STR(",\"text\":"));
            cx_json_string(out, r->text);
            cx_buf_str(out, CX_STR(",\"functions\":"));
            cx_json_string(out, r->functions);
            cx_buf_byte(out, '}');
        }
    }
    cx_buf_byte(out, ']');
}

void cx_outcome_json(const struct cx_outcome *o, struct cx_buf *out)
{
    cx_buf_format(out, "{\"payloads\":%lld,\"items\":%lld,\"emitted\":%lld,\"absorbed\":%lld,\"dropped\":%lld,\"rejected\":%lld,\"balanced\":%s",
                  (long long)o->payloads, (long long)o->items, (long long)o->emitted, (long long)o->absorbed, (long long)o->dropped,
                  (long long)o->rejected, o->items == o->emitted + o->absorbed + o->dropped + o->rejected ? "true" : "false");
    cx_buf_format(out, ",\"customers\":%lld,\"merges\":%lld,\"on_two_channels\":%lld,\"metric_rows\":%lld,\"routed\":%lld", (long long)o->customers,
                  (long long)o->merges, (long long)o->two_channels, (long long)o->metric_rows, (long long)o->routed);
    json_tally(out, "endings", &o->endings);
    json_tally(out, "tenants", &o->tenants);
    json_tally(out, "languages", &o->languages);
    json_tally(out, "channels", &o->channels);
    json_tally(out, "functions", &o->functions);
    json_tally(out, "sentiments", &o->sentiments);
    json_tally(out, "urgencies", &o->urgencies);
    json_tally(out, "ops", &o->ops);
    json_journey(out, o);
    cx_buf_str(out, CX_STR(",\"dead_letters\":["));
    for (size_t i = 0; i < o->letter_count; i++) {
        cx_buf_str(out, i ? CX_STR(",{\"stage\":") : CX_STR("{\"stage\":"));
        cx_json_string(out, o->letters[i].stage);
        cx_buf_str(out, CX_STR(",\"code\":"));
        cx_json_string(out, o->letters[i].code);
        cx_buf_format(out, ",\"n\":%lld}", (long long)o->letters[i].n);
    }
    cx_buf_str(out, CX_STR("]}\n"));
}
