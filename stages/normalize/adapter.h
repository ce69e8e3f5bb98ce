/* adapter.h - a channel adapter: a file of schemas/channels, compiled. README.md describes the file. */
#ifndef NORMALIZE_ADAPTER_H
#define NORMALIZE_ADAPTER_H
#include "stages/normalize/event.h"
#include "stages/normalize/identifier.h"

enum normalize_decoder { NORMALIZE_DECODER_CANONICAL, NORMALIZE_DECODER_JSON, NORMALIZE_DECODER_MAIL };

/* What becomes of an element: the first rule whose condition holds decides. */
struct normalize_rule {
    const struct normalize_condition *when; /* NULL: always */
    const struct normalize_event *event;    /* NULL: ignored */
    int ignore;                             /* a reason NORMALIZE_IGNORED_*, where event is NULL */
    const struct normalize_rule *next;
};
/* A place in the payload where elements stand; places within it hang below. */
struct normalize_place {
    const struct cx_str *members; /* from the enclosing element to this one */
    size_t member_count;
    bool is_list;       /* the members lead to a list; an object there is a list of one */
    int slot;           /* of its name, -1: none */
    struct cx_str name; /* for messages */
    struct normalize_rule *rules, *last_rule;
    struct normalize_place *first, *last, *next;
};
/* One form of payload. */
struct normalize_form {
    const struct normalize_condition *when;
    struct normalize_place root;
    const struct normalize_form *next;
};
struct normalize_adapter {
    struct cx_str name;
    const char *label; /* the name, terminated */
    int32_t version;
    enum normalize_decoder decoder;
    const struct normalize_form *forms;
    const struct normalize_event *events;
    size_t event_count;
    struct cx_str lists[NORMALIZE_LISTS_MAX];
    const struct normalize_channel *channels;
    size_t channel_count;
};

/* All adapters that are compiled in, files of the option `adapters` in place of those of the same name; and the rows of their channels. */
int normalize_adapters_load(struct normalize_self *self, const struct normalize_config *config, const struct cx_env *env, struct cx_error *err);
/* Compiles one file; `file` names it in messages. */
int normalize_adapter_compile(struct cx_arena *arena, const char *file, struct cx_str text, struct normalize_adapter *adapter, struct cx_error *err);
/* NULL for a name that is none. */
const struct normalize_adapter *normalize_adapter_find(const struct normalize_self *self, struct cx_str name);
#endif
