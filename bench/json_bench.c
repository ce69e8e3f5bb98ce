/* json_bench.c - how fast is JSON read, and its text checked and written again? A line per question: MB and nanoseconds of CPU time.
 * usage: json_bench FILE.jsonl [ROUNDS]        e.g. the lines of `cx sample` */
#include "base/error.h"
#include "base/json.h"

struct corpus {
    struct cx_str *lines;
    size_t count, bytes;
};

static struct corpus read_corpus(struct cx_arena *arena, const char *path)
{
    struct corpus corpus = { 0 };
    struct cx_buf text;
    cx_buf_init(&text, SIZE_MAX);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(CX_EXIT_IO);
    }
    char block[1 << 16];
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        cx_buf_add(&text, block, n);
    fclose(file);
    struct cx_str rest = cx_arena_copy(arena, cx_buf_view(&text)), line;
    cx_buf_free(&text);
    for (size_t i = 0; i < rest.len; i++)
        corpus.count += rest.ptr[i] == '\n';
    corpus.lines = CX_NEW_ARRAY(arena, struct cx_str, corpus.count + 1);
    corpus.count = 0;
    while (cx_str_cut(&rest, '\n', &line))
        if (line.len) {
            corpus.lines[corpus.count++] = line;
            corpus.bytes += line.len;
        }
    return corpus;
}

/* Of this process: neighbours on the machine do not count. */
static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void report(const char *question, const struct corpus *corpus, long rounds, int64_t started)
{
    double ns = (double)(cpu_ns() - started) / (double)rounds;
    printf("%-32s %8.0f MB/s %8.0f ns a record\n", question, (double)corpus->bytes / ns * 1e3, ns / (double)corpus->count);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE.jsonl [ROUNDS]\n", argv[0]);
        return CX_EXIT_USAGE;
    }
    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 20;
    struct cx_arena *kept = cx_arena_new(SIZE_MAX / 2), *arena = cx_arena_new(SIZE_MAX / 2);
    struct corpus corpus = read_corpus(kept, argv[1]);
    struct cx_json_fault fault;
    struct cx_buf out;
    cx_buf_init(&out, SIZE_MAX);

    int64_t started = cpu_ns();
    for (long round = 0; round < rounds; round++)
        for (size_t i = 0; i < corpus.count; i++)
            cx_assert(cx_utf8_valid(corpus.lines[i]));
    report("check UTF-8", &corpus, rounds, started);

    started = cpu_ns();
    for (long round = 0; round < rounds; round++)
        for (size_t i = 0; i < corpus.count; i++) {
            cx_arena_reset(arena);
            cx_assert(cx_json_parse(arena, corpus.lines[i], &fault));
        }
    report("read into a tree", &corpus, rounds, started);

    started = cpu_ns();
    for (long round = 0; round < rounds; round++)
        for (size_t i = 0; i < corpus.count; i++) {
            cx_arena_reset(arena);
            cx_buf_reset(&out);
            cx_json_dump(&out, cx_json_parse(arena, corpus.lines[i], &fault));
        }
    report("read and write again", &corpus, rounds, started);
    cx_buf_free(&out);
    cx_arena_free(arena);
    cx_arena_free(kept);
    return 0;
}
