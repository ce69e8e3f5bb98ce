/* text_bench.c - what does a text cost: folding it, its features, adding up their rows, and every head of the model with its calibration? Beside it,
 * where they are installed (tools/dev/setup bench), CLD2 and fastText on the same texts in the same run.
 *
 * usage: text_bench [--only NAME] [MODEL [FOLDER]]     default: models/cx.cxm, texts of 80 to 120 bytes of models/data; NAME: one row, for a profiler
 *
 * Every text is timed by itself, and all are walked before one comes again. It was copied just before, as a stage decodes a record just before it
 * reads its text: what is waited for is the model. Two figures a row, ns: the median over all texts and rounds; and the same with each text's fifth
 * quickest of forty rounds, which tells more about the code and less about what else the machine does. Rows add up: each does what the one before
 * does, and something more; `all_in_stream` is `all` with the rest of models/data read between the texts, in an order that mixes languages and
 * lengths, so that little of the model is in a cache. */
#include "base/arena.h"
#include "bench/text_peers.h"
#include "codec/codec.h"
#include "text/model.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 40, TEXTS_MAX = 16384, SHORTEST = 80, LONGEST = 120 };
enum { TEXT = 2, INTENT = 7 }; /* columns of models/data, less one */

struct bench {
    struct cx_arena *kept, *arena;
    struct cx_str texts[TEXTS_MAX], labels[TEXT_PEERS_MODELS][TEXTS_MAX];
    size_t count, bytes;                    /* of texts that are timed: the first ones */
    uint32_t stream[TEXTS_MAX], stream_len; /* all, as a stream brings them */
    struct cx_model model;
    float *scores;
    double load_ms;
    size_t sink;
};

static void die(const char *what)
{
    fprintf(stderr, "text_bench: %s\n", what);
    exit(74);
}

static struct cx_str read_file(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t most = (size_t)32 << 20;
    char *bytes = cx_arena_bytes(bench->kept, most);
    if (file == NULL)
        die(path);
    struct cx_str content = cx_str_n(bytes, fread(bytes, 1, most, file));
    fclose(file);
    return content;
}

/* Texts that are timed in the first pass, others in the second. */
static void read_texts(struct bench *bench, const char *folder, int pass)
{
    static const char *const languages[] = { "tr", "es", "ar", "ru", "en" };
    static const char *const files[] = { "", ".held" };
    for (size_t f = 0; f < 10; f++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s%s.tsv", folder, languages[f / 2], files[f % 2]);
        struct cx_str rest = read_file(bench, path), line;
        while (cx_str_cut(&rest, '\n', &line) && bench->count < TEXTS_MAX) {
            struct cx_str columns[INTENT + 1];
            for (int i = 0; i <= INTENT; i++)
                cx_str_cut(&line, '\t', &columns[i]);
            struct cx_str text = columns[TEXT];
            bool is_timed = text.len >= SHORTEST && text.len <= LONGEST;
            if (is_timed != (pass == 0) || !cx_utf8_valid(text) || bench->stream_len == TEXTS_MAX)
                continue;
            bench->labels[TEXT_PEERS_LANGUAGE][bench->stream_len] = cx_str(languages[f / 2]);
            bench->labels[TEXT_PEERS_INTENT][bench->stream_len] = columns[INTENT];
            bench->texts[bench->stream_len++] = text;
            bench->bytes += is_timed ? text.len : 0;
        }
    }
}

static void read_stream(struct bench *bench, const char *folder)
{
    read_texts(bench, folder, 0);
    bench->count = bench->stream_len;
    read_texts(bench, folder, 1);
    if (bench->count == 0)
        die("no texts");
    uint64_t random = 1;
    for (uint32_t i = 0; i < bench->stream_len; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t other = (uint32_t)((random >> 33) % (i + 1));
        bench->stream[i] = bench->stream[other];
        bench->stream[other] = i;
    }
}

/* fastText learns from files. */
static void train_peer(struct bench *bench, int model)
{
    char path[] = "/tmp/text_bench.XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL)
        die(path);
    for (size_t i = 0; i < bench->count; i++)
        fprintf(file, "__label__%.*s %.*s\n", CX_STR_ARG(bench->labels[model][i]), CX_STR_ARG(bench->texts[i]));
    fclose(file);
    text_peers_train(model, path);
    unlink(path);
}

static double now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void load_model(struct bench *bench, const char *path)
{
    struct cx_str file = read_file(bench, path);
    struct cx_error err;
    double least = 1e18;
    for (int i = 0; i < 5; i++) {
        double start = now_ns(CLOCK_THREAD_CPUTIME_ID);
        struct cx_arena *arena = i < 4 ? cx_arena_new((size_t)1 << 30) : bench->kept;
        struct cx_buf image;
        cx_buf_init(&image, (size_t)64 << 20);
        if (cx_zstd_decompress(&image, file) != 0 || cx_model_read(arena, cx_buf_view(&image), &bench->model, &err) != 0 ||
            cx_model_check(arena, &bench->model, cx_buf_view(&image), &err) != 0)
            die("not a model");
        cx_buf_free(&image);
        double took = now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
        least = took < least ? took : least;
        if (i < 4)
            cx_arena_free(arena);
    }
    bench->load_ms = least / 1e6;
    bench->scores = CX_NEW_ARRAY(bench->kept, float, bench->model.score_count);
}

/* ---- what is timed ---- */

typedef void step_fn(struct bench *bench, struct cx_str text);

static void nothing(struct bench *bench, struct cx_str text)
{
    bench->sink += text.len;
}

static struct cx_folded folded_of(struct bench *bench, struct cx_str text)
{
    return cx_text_fold(bench->arena, text, CX_FOLD_SEARCH);
}

static void fold(struct bench *bench, struct cx_str text)
{
    bench->sink += folded_of(bench, text).token_count;
}

static void sum(struct bench *bench, struct cx_str text)
{
    struct cx_folded folded = folded_of(bench, text);
    size_t counts[CX_FEATURE_KINDS];
    cx_model_read_text(&bench->model, bench->arena, CX_MODEL_ALL_KINDS, &folded, text, bench->scores, counts);
}

static void all(struct bench *bench, struct cx_str text)
{
    sum(bench, text);
    cx_model_scores(&bench->model, bench->scores);
    bench->sink += (size_t)(bench->scores[0] * 100);
}

static void cld2_language(struct bench *bench, struct cx_str text)
{
    bench->sink += (size_t)text_peers_cld2(text.ptr, text.len);
}

static void fasttext_language(struct bench *bench, struct cx_str text)
{
    bench->sink += (size_t)text_peers_fasttext(TEXT_PEERS_LANGUAGE, text.ptr, text.len);
}

static void fasttext_intent(struct bench *bench, struct cx_str text)
{
    bench->sink += (size_t)text_peers_fasttext(TEXT_PEERS_INTENT, text.ptr, text.len);
}

static const struct row {
    const char *name;
    step_fn *step;
    bool is_peer, in_stream;
} rows[] = {
    { "nothing", nothing },
    { "fold", fold },
    { "fold_rows", sum },
    { "all", all },
    { "all_in_stream", all, .in_stream = true },
    { "cld2_language", cld2_language, .is_peer = true },
    { "fasttext_language", fasttext_language, .is_peer = true },
    { "fasttext_intent", fasttext_intent, .is_peer = true },
};
#define ROWS (sizeof rows / sizeof *rows)

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Rounds of all rows are run in turn by the caller, so that they see the same machine. */
static void time_round(struct bench *bench, const struct row *row, double *ns)
{
    for (size_t k = 0; k < bench->stream_len; k++) {
        size_t i = bench->stream[k];
        if (i >= bench->count && !row->in_stream)
            continue;
        cx_arena_reset(bench->arena);
        struct cx_str text = cx_arena_copy(bench->arena, bench->texts[i]);
        double start = now_ns(CLOCK_MONOTONIC);
        row->step(bench, text);
        if (i >= bench->count)
            continue;
        ns[i * ROUNDS] = now_ns(CLOCK_MONOTONIC) - start;
    }
}

static double at_rank(double *values, size_t n, size_t rank)
{
    qsort(values, n, sizeof *values, by_value);
    return values[rank];
}

/* ns: by text, then by round. */
static void summarise(const struct bench *bench, const double *ns, double *median, double *quiet)
{
    size_t n = bench->count * ROUNDS;
    double *copy = memcpy(malloc(n * sizeof *copy), ns, n * sizeof *copy);
    for (size_t i = 0; i < bench->count; i++)
        copy[i] = at_rank(copy + i * ROUNDS, ROUNDS, ROUNDS / 10); /* texts before are done with */
    *quiet = at_rank(copy, bench->count, bench->count / 2);
    memcpy(copy, ns, n * sizeof *copy);
    *median = at_rank(copy, n, n / 2);
    free(copy);
}

static bool is_wanted(const struct row *row, const char *only, bool has_peers)
{
    return (row == rows || only == NULL || strcmp(only, row->name) == 0) && (has_peers || !row->is_peer);
}

static void print_rows(const struct bench *bench, double *const *ns, const char *only, bool has_peers)
{
    double none[2] = { 0 };
    for (size_t r = 0; r < ROWS; r++) {
        double median, quiet;
        if (!is_wanted(&rows[r], only, has_peers))
            continue;
        summarise(bench, ns[r], &median, &quiet);
        if (r == 0) {
            none[0] = median;
            none[1] = quiet;
        } else {
            printf(",\"%s\":{\"median\":%.0f,\"quiet\":%.0f}", rows[r].name, median - none[0], quiet - none[1]);
        }
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *only = NULL;
    if (argc > 2 && strcmp(argv[1], "--only") == 0) {
        only = argv[2];
        argc -= 2;
        argv += 2;
    }
    bench.kept = cx_arena_new((size_t)1 << 30);
    bench.arena = cx_arena_new((size_t)64 << 20);
    read_stream(&bench, argc > 2 ? argv[2] : "models/data");
    load_model(&bench, argc > 1 ? argv[1] : "models/cx.cxm");
    bool has_peers = text_peers_are_here() && (only == NULL || strstr(only, "_") != NULL);
    for (int model = 0; model < TEXT_PEERS_MODELS && has_peers; model++)
        train_peer(&bench, model);

    double *ns[ROWS];
    for (size_t r = 0; r < ROWS; r++)
        ns[r] = calloc(bench.count * ROUNDS, sizeof *ns[r]);
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t r = 0; r < ROWS; r++)
            if (is_wanted(&rows[r], only, has_peers))
                time_round(&bench, &rows[r], ns[r] + round);
    char date[16];
    time_t today = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&today, &utc));
    printf("{\"bench\":\"text\",\"date\":\"%s\",\"texts\":%zu,\"bytes_per_text\":%.0f,\"load_ms\":%.1f", date, bench.count,
           (double)bench.bytes / (double)bench.count, bench.load_ms);
    print_rows(&bench, ns, only, has_peers);
    puts("}");
    for (size_t r = 0; r < ROWS; r++)
        free(ns[r]);
    cx_arena_free(bench.arena);
    cx_arena_free(bench.kept);
    return 0;
}
