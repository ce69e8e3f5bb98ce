/* neardup_eval.c - how well are copies told from what is merely alike? The stage dedup is fed originals, then thirteen perturbations of each; random
 * pairs; and pairs of sentences that say different things in much the same words (MSRP's negatives).
 *
 * usage: neardup_eval [FOLDER [PER_LANGUAGE [RANDOM_PAIRS]]]     the folder with sentiment/ and neardup/msrp.train.tsv; default ../shared/data
 *
 * Originals are what has five words or more; all of a language are remembered before the first copy comes. A copy counts as found when it has its
 * original's cluster. A pair counts as flagged when both have one cluster. Prints percent, and per million for random pairs. */
#include "run/registry.h"
#include "tests/stages/dedup/perturbations.h"
#include "tests/stages/one_stage.h"
#include "text/sketch.h"

extern const struct cx_stage dedup_stage;
#define NOON 1795262400000
enum { PAIRS_PER_STATE = 20000, TEXT_MOST = 2000 };

static const struct set {
    const char *language, *path;
} sets[] = {
    { "tr", "sentiment/tr.store_reviews.dev.tsv" }, { "tr", "sentiment/tr.gsm.train.tsv" },       { "es", "sentiment/es.xlmt.train.tsv" },
    { "ar", "sentiment/ar.xlmt.train.tsv" },        { "ru", "sentiment/ru.rusentiment.dev.tsv" }, { "ru", "sentiment/ru.banks.train.tsv" },
    { "en", "sentiment/en.tweeteval.dev.tsv" },     { "de", "sentiment/de.xlmt.train.tsv" },      { "fr", "sentiment/fr.xlmt.train.tsv" },
    { "it", "sentiment/it.xlmt.train.tsv" },        { "pt", "sentiment/pt.xlmt.train.tsv" },      { "hi", "sentiment/hi.xlmt.train.tsv" },
};
enum { LANGUAGES_MOST = 16 };

struct texts {
    const char *language;
    struct cx_str *items;
    size_t len;
};
struct eval {
    struct cx_arena *kept, *scratch;
    const char *folder;
    struct texts languages[LANGUAGES_MOST];
    size_t language_count, per_language;
    struct one_stage one;
    int64_t fed;
};

static void die(const char *what, struct cx_error *err)
{
    fprintf(stderr, "neardup_eval: %s%s\n", what, err ? err->text : "");
    exit(74);
}

static struct cx_str read_lines(struct eval *eval, const char *path)
{
    struct cx_error err;
    struct cx_str content, file = cx_arena_format(eval->kept, "%s/%s", eval->folder, path);
    if (cx_read_file(eval->kept, file, &content, &err) != 0)
        die("", &err);
    return content;
}

static bool is_long_enough(struct eval *eval, struct cx_str text)
{
    if (!cx_utf8_valid(text) || text.len > TEXT_MOST)
        return false;
    cx_arena_reset(eval->scratch);
    return cx_text_sketch(eval->scratch, text).sketch.runs > 0;
}

static struct texts *language_of(struct eval *eval, const char *language)
{
    for (size_t i = 0; i < eval->language_count; i++)
        if (strcmp(eval->languages[i].language, language) == 0)
            return &eval->languages[i];
    struct texts *texts = &eval->languages[eval->language_count++];
    *texts = (struct texts){ language, CX_NEW_ARRAY(eval->kept, struct cx_str, 2 * eval->per_language), 0 };
    return texts;
}

static void read_set(struct eval *eval, const struct set *set)
{
    struct texts *texts = language_of(eval, set->language);
    struct cx_str rest = read_lines(eval, set->path), line, label;
    size_t taken = 0;
    while (taken < eval->per_language && texts->len < 2 * eval->per_language && cx_str_cut(&rest, '\n', &line)) {
        if (!cx_str_cut(&line, '\t', &label) || !is_long_enough(eval, line))
            continue;
        texts->items[texts->len++] = line;
        taken++;
    }
}

/* ---- the stage ---- */

static void open_stage(struct eval *eval, const char *options)
{
    char yaml[200];
    snprintf(yaml, sizeof yaml, "near_texts: 10000000\nmax_slots: 100000000\n%s", options);
    if (one_stage_open(&eval->one, &dedup_stage, yaml) != 0)
        die("", &eval->one.err);
}

/* The cluster of a text that a thing of its own brings; zero: none. */
static struct cx_id cluster_of(struct eval *eval, struct cx_str tenant, struct cx_str text)
{
    char id[24];
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.tenant = tenant;
    record.channel = CX_STR("x");
    record.native_id = cx_str_n(id, (size_t)snprintf(id, sizeof id, "%lld", (long long)eval->fed++));
    record.event_id = cx_hash128(id, record.native_id.len);
    record.text = text;
    struct cx_settled settled = one_stage_process(&eval->one, &record, NOON);
    cx_assert(settled.reason == CX_PASSED && record.duplicate != NULL);
    struct cx_id cluster = record.duplicate->cluster_id ? *record.duplicate->cluster_id : (struct cx_id){ { 0 } };
    cx_arena_reset(eval->one.arena);
    if (eval->fed % 1000 == 0)
        cx_state_commit(eval->one.state);
    return cluster;
}

/* ---- perturbations ---- */

struct tally {
    double copies, found;
};
/* all[0]: of all copies; all[1]: of those that have five words or more, as shorter ones are told only where they are the same. */
static void count_found(struct eval *eval, const struct texts *texts, const struct perturbation *perturbation, struct tally all[2])
{
    struct dice dice = { 7 };
    open_stage(eval, "");
    struct cx_id *originals = calloc(texts->len, sizeof *originals);
    for (size_t i = 0; i < texts->len; i++)
        originals[i] = cluster_of(eval, CX_STR("acme"), texts->items[i]);
    for (size_t i = 0; i < texts->len; i++) {
        cx_arena_reset(eval->scratch);
        struct perturbed what = { eval->scratch, texts->items[i], texts->items[(i + 17) % texts->len], &dice };
        struct cx_str copy = perturbation->make(&what);
        bool is_long = cx_text_sketch(eval->scratch, copy).sketch.runs > 0;
        bool is_found = cx_id_eq(originals[i], cluster_of(eval, CX_STR("acme"), copy));
        for (int t = 0; t <= is_long; t++) {
            all[t].copies++;
            all[t].found += is_found;
        }
    }
    free(originals);
    one_stage_close(&eval->one);
}

static double percent(const struct tally *tally)
{
    return 100 * tally->found / tally->copies;
}

static void print_row(const char *name, const double *percents, size_t count)
{
    double sum = 0;
    printf("%-28s", name);
    for (size_t l = 0; l < count; l++) {
        printf(" %6.1f", percents[l]);
        sum += percents[l];
    }
    printf(" %6.2f\n", sum / (double)count);
    fflush(stdout);
}

static void print_recall(struct eval *eval)
{
    static double rows[PERTURBATIONS][LANGUAGES_MOST], means[2][LANGUAGES_MOST];
    const size_t languages = eval->language_count;
    printf("%-28s", "found, %");
    for (size_t l = 0; l < languages; l++)
        printf(" %6s", eval->languages[l].language);
    printf(" %6s\n%-28s", "mean", "originals");
    for (size_t l = 0; l < languages; l++)
        printf(" %6zu", eval->languages[l].len);
    puts("");
    for (size_t p = 0; p < PERTURBATIONS; p++) {
        for (size_t l = 0; l < languages; l++) {
            struct tally all[2] = { 0 };
            count_found(eval, &eval->languages[l], &perturbations[p], all);
            rows[p][l] = percent(&all[0]);
            means[0][l] += percent(&all[0]) / PERTURBATIONS;
            means[1][l] += percent(&all[1]) / PERTURBATIONS;
        }
        print_row(perturbations[p].name, rows[p], languages);
    }
    print_row("mean", means[0], languages);
    print_row("mean, copies of >= 5 words", means[1], languages);
}

/* ---- pairs ---- */

/* A tenant of its own for each pair. */
static bool is_flagged(struct eval *eval, struct cx_str a, struct cx_str b)
{
    char room[24];
    struct cx_str tenant = cx_str_n(room, (size_t)snprintf(room, sizeof room, "t%lld", (long long)eval->fed));
    struct cx_id first = cluster_of(eval, tenant, a), second = cluster_of(eval, tenant, b);
    return !cx_id_is_zero(first) && cx_id_eq(first, second);
}

static void print_random(struct eval *eval, size_t pairs, bool is_one_language)
{
    struct dice dice = { 11 };
    size_t flagged = 0;
    open_stage(eval, "");
    for (size_t i = 0; i < pairs; i++) {
        const struct texts *one = &eval->languages[i % eval->language_count];
        const struct texts *two = is_one_language ? one : &eval->languages[dice_below(&dice, eval->language_count)];
        size_t a = dice_below(&dice, one->len), b = dice_below(&dice, two->len);
        flagged += !(one == two && a == b) && is_flagged(eval, one->items[a], two->items[b]);
        if (i % PAIRS_PER_STATE == PAIRS_PER_STATE - 1) {
            one_stage_close(&eval->one);
            open_stage(eval, "");
        }
    }
    one_stage_close(&eval->one);
    printf("random pairs of %s: %zu of %zu flagged, %.1f per million\n", is_one_language ? "one language" : "any texts", flagged, pairs,
           1e6 * (double)flagged / (double)pairs);
}

static void print_msrp(struct eval *eval)
{
    struct cx_str rest = read_lines(eval, "neardup/msrp.train.tsv"), line, label, a;
    size_t flagged[2] = { 0 }, pairs[2] = { 0 };
    open_stage(eval, "");
    while (cx_str_cut(&rest, '\n', &line)) {
        if (!cx_str_cut(&line, '\t', &label) || !cx_str_cut(&line, '\t', &a))
            continue;
        bool is_paraphrase = cx_str_is(label, "1");
        pairs[is_paraphrase]++;
        flagged[is_paraphrase] += is_flagged(eval, a, line);
    }
    one_stage_close(&eval->one);
    for (int i = 0; i < 2; i++)
        printf("MSRP %s: %zu of %zu flagged, %.1f %%\n", i ? "paraphrases" : "negatives", flagged[i], pairs[i],
               100.0 * (double)flagged[i] / (double)pairs[i]);
}

/* ---- memory ---- */

static int count_change(void *context, struct cx_str key, struct cx_str value)
{
    *(double *)context += (double)(key.len + value.len);
    return 0;
}

/* Bytes of one new thing whose text is new, with clusters and without. */
static void print_memory(struct eval *eval)
{
    double state[2], changelog[2] = { 0 };
    int64_t texts = 0;
    for (int is_near = 0; is_near < 2; is_near++) {
        texts = 0;
        open_stage(eval, is_near ? "" : "near_duplicates: false\n");
        for (size_t l = 0; l < eval->language_count; l++)
            for (size_t i = 0; i < eval->languages[l].len; i++, texts++) {
                cluster_of(eval, CX_STR("acme"), eval->languages[l].items[i]);
                if (eval->fed % 1000 == 999)
                    (void)cx_state_changes(eval->one.state, count_change, &changelog[is_near]);
            }
        state[is_near] = (double)cx_state_bytes(eval->one.state) / (double)texts;
        one_stage_close(&eval->one);
    }
    printf("\n%lld texts: %.0f bytes of state each, %.0f without clusters; %.0f bytes of changelog each, %.0f without\n", (long long)texts, state[1],
           state[0], changelog[1] / (double)texts, changelog[0] / (double)texts);
}

int main(int argc, char **argv)
{
    static struct eval eval;
    int64_t per_language = 1500, pairs = 1000000;
    if ((argc > 2 && (!cx_str_to_i64(cx_str(argv[2]), &per_language) || per_language < 20)) ||
        (argc > 3 && (!cx_str_to_i64(cx_str(argv[3]), &pairs) || pairs < 1)))
        return 64;
    eval = (struct eval){ .kept = cx_arena_new((size_t)1 << 30),
                          .scratch = cx_arena_new(64u << 20),
                          .folder = argc > 1 ? argv[1] : "../shared/data",
                          .per_language = (size_t)per_language };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        read_set(&eval, &sets[i]);
    print_recall(&eval);
    puts("");
    print_random(&eval, (size_t)pairs, false);
    print_random(&eval, (size_t)pairs, true);
    print_msrp(&eval);
    print_memory(&eval);
    cx_arena_free(eval.kept);
    cx_arena_free(eval.scratch);
    return 0;
}
