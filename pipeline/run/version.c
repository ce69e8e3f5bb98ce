/* version.c - cx version: what this program is and what it runs on. */
#include "kafka/kafka.h"
#include "run/registry.h"
#include "run/verb.h"

static const struct cx_flag flags[] = { { "features", 0, NULL, "Also prints stages, schemas and libraries." }, { 0 } };

static int run_version(const struct cx_args *args, struct cx_error *err)
{
    (void)err;
    printf("cx %s\n", CX_VERSION);
    if (!cx_args_has(args, 0))
        return CX_EXIT_OK;
    printf("librdkafka %s\n", cx_kafka_library_version());
    for (size_t i = 0; cx_stages[i]; i++)
        printf("stage %s: %s\n", cx_stages[i]->name, cx_stages[i]->summary);
    return CX_EXIT_OK;
}

const struct cx_verb cx_verb_version = {
    .name = "version", .synopsis = "[--features]", .doc = "Prints the version.", .flags = flags, .run = run_version
};
