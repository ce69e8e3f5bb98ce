/* rule_program.h - all expressions of a rule set as one flat array of operations, and the machine that runs it.
 *
 * Operations name their operands by index. Equal operations are one (rule_builder.h), so what several rules ask is one entry with a memo
 * slot and is answered once per record. Types were checked at load: an operation knows what its operands are. Every loop is charged to the
 * record's budget of steps; a step is one list item, map entry or 64 bytes of text searched. */
#ifndef CX_ROUTE_RULE_PROGRAM_H
#define CX_ROUTE_RULE_PROGRAM_H
#include "base/arena.h"
#include "base/hash.h"

#define ROUTE_OPS_MAX       32768 /* operations of one rule set */
#define ROUTE_VARIABLES_MAX 6     /* exists() inside exists() */
#define ROUTE_NO_OP         UINT32_MAX
#define ROUTE_NO_MEMO       UINT16_MAX

enum route_code {
    /* constants */
    ROUTE_OP_BOOL,   /* i */
    ROUTE_OP_INT,    /* i; an enum's symbol too */
    ROUTE_OP_DOUBLE, /* d */
    ROUTE_OP_STRING, /* s */
    ROUTE_OP_ID,     /* s: 16 bytes */
    ROUTE_OP_LIST,   /* s.ptr: items, s.len: how many */
    /* places */
    ROUTE_OP_ROOT,     /* the record */
    ROUTE_OP_VARIABLE, /* the item that exists() is at; `variable` */
    ROUTE_OP_ITEM,     /* item i of list a; null beyond the end */
    /* fields at `offset` of place a, in the order of enum route_storage */
    ROUTE_OP_LOAD_BOOL,
    ROUTE_OP_LOAD_I32,
    ROUTE_OP_LOAD_I64,
    ROUTE_OP_LOAD_F32,
    ROUTE_OP_LOAD_F64,
    ROUTE_OP_LOAD_STR,
    ROUTE_OP_LOAD_ID,
    ROUTE_OP_LOAD_ID_POINTER,
    ROUTE_OP_LOAD_OPT_BOOL,
    ROUTE_OP_LOAD_OPT_I64,
    ROUTE_OP_LOAD_OPT_F64,
    ROUTE_OP_LOAD_MAP,
    ROUTE_OP_LOAD_ENUM,
    ROUTE_OP_LOAD_LIST,
    ROUTE_OP_LOAD_RECORD,
    ROUTE_OP_LOAD_RECORD_POINTER,
    /* values made of values */
    ROUTE_OP_LOOKUP,  /* map a at key b */
    ROUTE_OP_DEFAULT, /* a, or b where a is null */
    ROUTE_OP_LOWER,   /* its memo slot holds the string */
    ROUTE_OP_SIZE_STRING,
    ROUTE_OP_SIZE_LIST,
    ROUTE_OP_SIZE_MAP,
    ROUTE_OP_TO_DOUBLE,
    ROUTE_OP_ADD_INT, /* integers saturate */
    ROUTE_OP_SUBTRACT_INT,
    ROUTE_OP_MULTIPLY_INT,
    ROUTE_OP_ADD_DOUBLE,
    ROUTE_OP_SUBTRACT_DOUBLE,
    ROUTE_OP_MULTIPLY_DOUBLE,
    ROUTE_OP_DIVIDE_DOUBLE,
    /* tests: true or false */
    ROUTE_OP_HAS,        /* a is not null; a list or map is not empty */
    ROUTE_OP_IN_SYMBOLS, /* bit (enum a) of i; bit 63 is for null */
    ROUTE_OP_EQ_INT,
    ROUTE_OP_LT_INT,
    ROUTE_OP_LE_INT,
    ROUTE_OP_EQ_BOOL,
    ROUTE_OP_EQ_DOUBLE,
    ROUTE_OP_LT_DOUBLE,
    ROUTE_OP_LE_DOUBLE,
    ROUTE_OP_EQ_ID,
    ROUTE_OP_NOT,
    ROUTE_OP_AND, /* tests worth a memo slot from here on */
    ROUTE_OP_OR,
    ROUTE_OP_EQ_STRING,
    ROUTE_OP_LT_STRING,
    ROUTE_OP_LE_STRING,
    ROUTE_OP_IN_STRINGS, /* string a among b's, a LIST sorted by cx_str_cmp; bit (length mod 64) of i is set for each of their lengths */
    ROUTE_OP_HAS_ITEM,   /* list of strings a has string b */
    ROUTE_OP_HAS_KEY,    /* map a has key b */
    ROUTE_OP_CONTAINS,
    ROUTE_OP_STARTS_WITH,
    ROUTE_OP_ENDS_WITH,
    ROUTE_OP_MATCHES,      /* string a, `regex` */
    ROUTE_OP_EXISTS,       /* list a, test b, `variable`, `item_size` */
    ROUTE_OP_EXISTS_AMONG, /* EXISTS whose test begins with IN_STRINGS: the string at `offset` of the item, LIST `extra`, lengths i; b: the rest
                              or ROUTE_NO_OP */
};

/* How a LOAD gets to its place a; the builder works it out, so that a field of the record or of a section costs no walk. */
enum route_reach {
    ROUTE_REACH_PLACE,   /* ask a */
    ROUTE_REACH_ROOT,    /* a is the record */
    ROUTE_REACH_SECTION, /* a is the record's nullable record at `extra` */
    ROUTE_REACH_ITEM,    /* a is variable `variable` */
};

struct route_regex;
struct route_op {
    uint8_t code, reach;
    uint16_t memo;
    uint16_t variable, item_size;
    uint32_t a, b;
    uint32_t offset, extra;
    union {
        int64_t i;
        double d;
        struct cx_str s;
        const struct route_regex *regex;
    };
};

struct route_program {
    const struct route_op *ops;
    size_t op_count;
    uint16_t test_memos, string_memos; /* slots of each kind */
};

struct route_machine {
    const struct route_op *ops;
    const char *record;
    const char *variables[ROUTE_VARIABLES_MAX];
    struct cx_arena *arena;
    int64_t budget;         /* steps left; below 0 every answer from here on is worthless */
    uint8_t *tests;         /* memo: 0 not asked yet, 1 false, 2 true */
    struct cx_str *strings; /* memo: null ptr not asked yet */
};
/* Readies the machine for one record (of the schema the program was checked against); takes memory from the arena only. */
void route_machine_start(struct route_machine *machine, const struct route_program *program, struct cx_arena *arena, const void *record,
                         int64_t budget);
/* Answers the test at `op`. */
bool route_machine_test(struct route_machine *machine, uint32_t op);
static inline bool route_machine_is_spent(const struct route_machine *machine)
{
    return machine->budget < 0;
}
#endif
