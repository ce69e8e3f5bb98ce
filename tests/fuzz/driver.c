/* driver.c - an ordinary main for a fuzz target: every file of a corpus folder as it is, then mutated.
 * usage: NAME_fuzz CORPUS_FOLDER [MUTATIONS_PER_FILE [SEED]]
 * The same arguments give the same inputs. An input that crashes the target is left in the working folder as crash-<name>. */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>
#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST_INPUT (1 << 20)

struct input {
    uint8_t *bytes; /* room for LARGEST_INPUT */
    size_t len;
};

/* What is being tried, for the signal handler. */
static const uint8_t *volatile trying;
static volatile size_t trying_len;
static char crash_name[64];

static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void keep_crash(int number)
{
    int file = open(crash_name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0 && write(file, (const void *)trying, trying_len) < 0)
        _exit(128 + number);
    signal(number, SIG_DFL);
    raise(number);
}

/* The input ends where its memory ends, so that a sanitizer sees reads beyond. */
static void try_input(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, bytes, len);
    trying = exact;
    trying_len = len;
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static void set_byte(struct input *input, uint64_t *seed)
{
    static const uint8_t telling[] = { 0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, '"', '{', '[', '\\', '\n' };
    uint64_t dice = next_random(seed);
    uint8_t value = dice & 1 ? telling[(dice >> 1) % sizeof telling] : (uint8_t)(dice >> 8);
    if (input->len)
        input->bytes[(dice >> 16) % input->len] = value;
}

static void remove_piece(struct input *input, uint64_t *seed)
{
    uint64_t dice = next_random(seed);
    if (input->len == 0)
        return;
    size_t at = dice % input->len, size = 1 + (dice >> 32) % 16;
    size = size < input->len - at ? size : input->len - at;
    memmove(input->bytes + at, input->bytes + at + size, input->len - at - size);
    input->len -= size;
}

/* Repeats a piece of the input where it stands. */
static void repeat_piece(struct input *input, uint64_t *seed)
{
    uint64_t dice = next_random(seed);
    if (input->len == 0)
        return;
    size_t at = dice % input->len, size = 1 + (dice >> 32) % 32;
    size = size < input->len - at ? size : input->len - at;
    if (input->len + size > LARGEST_INPUT)
        return;
    memmove(input->bytes + at + size, input->bytes + at, input->len - at);
    input->len += size;
}

static void flip_bit(struct input *input, uint64_t *seed)
{
    uint64_t dice = next_random(seed);
    if (input->len)
        input->bytes[(dice >> 3) % input->len] ^= (uint8_t)(1 << (dice & 7));
}

static void truncate_input(struct input *input, uint64_t *seed)
{
    input->len = input->len ? next_random(seed) % input->len : 0;
}

static void try_mutations(const struct input *original, long count, uint64_t seed)
{
    static void (*const mutations[])(struct input *, uint64_t *) = { set_byte, set_byte,     flip_bit,     flip_bit,
                                                                     set_byte, remove_piece, repeat_piece, truncate_input };
    struct input input = { malloc(LARGEST_INPUT), 0 };
    for (long i = 0; i < count; i++) {
        memcpy(input.bytes, original->bytes, original->len);
        input.len = original->len;
        for (uint64_t n = 1 + next_random(&seed) % 4; n > 0; n--)
            mutations[next_random(&seed) % (sizeof mutations / sizeof *mutations)](&input, &seed);
        try_input(input.bytes, input.len);
    }
    free(input.bytes);
}

static int try_file(const char *folder, const char *name, long mutations, uint64_t seed)
{
    char path[4096];
    struct input input = { malloc(LARGEST_INPUT), 0 };
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(crash_name, sizeof crash_name, "crash-%.50s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        free(input.bytes);
        return -1;
    }
    input.len = fread(input.bytes, 1, LARGEST_INPUT, file);
    fclose(file);
    try_input(input.bytes, input.len);
    try_mutations(&input, mutations, seed);
    free(input.bytes);
    return 0;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER [MUTATIONS_PER_FILE [SEED]]\n", argv[0]);
        return 64;
    }
    long mutations = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    signal(SIGSEGV, keep_crash);
    signal(SIGABRT, keep_crash);
    signal(SIGFPE, keep_crash);
    struct dirent **files;
    int count = scandir(argv[1], &files, visible, alphasort), failed = count <= 0;
    if (failed)
        fprintf(stderr, "%s: no corpus\n", argv[1]);
    for (int i = 0; i < count; i++) {
        failed |= try_file(argv[1], files[i]->d_name, mutations, seed) != 0;
        free(files[i]);
    }
    if (count >= 0)
        free(files);
    if (!failed)
        printf("%d files, %ld mutations each, seed %llu: no crash\n", count, mutations, (unsigned long long)seed);
    return failed;
}
