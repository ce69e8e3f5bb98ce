/* explain_features.c - hashed features told as words: what is of one word counts for it, a pair for both. */
#include "stages/classify/judgements.h"

enum { TOLD = 5 };

struct piece {            /* one word, or neighbours that a feature spans */
    uint32_t first, last; /* tokens */
    float weight;
};

/* The token in which a byte stands, or the next one. */
static uint32_t token_at(const struct cx_folded *folded, uint32_t byte)
{
    uint32_t low = 0, high = (uint32_t)folded->token_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (folded->tokens[middle].end > byte)
            high = middle;
        else
            low = middle + 1;
    }
    return low < folded->token_count ? low : (uint32_t)folded->token_count - 1;
}

/* Commas and the like stand between words and are none. */
static bool is_mark(const struct cx_folded *folded, uint32_t token)
{
    unsigned char c = (unsigned char)folded->text.ptr[folded->tokens[token].start];
    return c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && c != '<' && c != '>';
}

/* The word after a token, the token itself where none comes. */
static uint32_t next_word(const struct cx_folded *folded, uint32_t token)
{
    uint32_t next = token + 1;
    while (next < folded->token_count && is_mark(folded, next))
        next++;
    return next < folded->token_count ? next : token;
}

/* Features by the words they span: single words and neighbours, without the marks around them; what spans more counts for its first two, and
 * what is true of the whole text for none. */
static size_t gather(const struct cx_folded *folded, const struct cx_features *features, const float *weights, struct piece *pieces)
{
    size_t n = folded->token_count;
    for (uint32_t i = 0; i < n; i++) {
        pieces[i] = (struct piece){ i, i, 0 };
        pieces[n + i] = (struct piece){ i, next_word(folded, i), 0 };
    }
    for (size_t i = 0; i < features->count; i++) {
        struct cx_span span = features->spans[i];
        if (span.end == 0)
            continue;
        uint32_t first = token_at(folded, span.start), last = span.end > span.start ? token_at(folded, span.end - 1) : first;
        while (first < last && is_mark(folded, first))
            first++;
        while (last > first && is_mark(folded, last))
            last--;
        pieces[last > first ? n + first : first].weight += weights[i];
    }
    return 2 * n;
}

static float size_of(float weight)
{
    return weight < 0 ? -weight : weight;
}

/* Title and text are read as one, a line each; words may stand at the end of one and the beginning of the other. */
void classify_explain_place(const struct classify_case *c, uint32_t start, uint32_t end, struct cx_buf *json)
{
    uint32_t title = (uint32_t)c->record->title.len, text = title > 0 ? title + 1 : 0;
    bool begins_in_title = start < title, ends_in_title = end <= title;
    cx_buf_str(json, CX_STR("\"text\":"));
    cx_json_string(json, cx_str_n(c->text.ptr + start, end - start));
    cx_buf_format(json, ",\"field\":\"%s\",\"start\":%u,\"end\":%u",
                  !begins_in_title ? "text"
                  : ends_in_title  ? "title"
                                   : "title, text",
                  begins_in_title ? start : start - text, begins_in_title && ends_in_title ? end : end - text);
}

void classify_explain_features(const struct classify_case *c, struct cx_arena *arena, const struct cx_head *head, uint32_t label, struct cx_buf *json)
{
    const struct cx_model *model = &c->learned->model;
    struct cx_features features = cx_text_features(arena, model->tables[head->table].features, c->folded, c->text, true);
    float *weights = CX_NEW_ARRAY(arena, float, features.count + 1);
    cx_model_weigh(model, head, label, &features, weights);
    struct piece *pieces = CX_NEW_ARRAY(arena, struct piece, 2 * c->folded->token_count + 1);
    size_t n = c->folded->token_count > 0 ? gather(c->folded, &features, weights, pieces) : 0;
    cx_buf_byte(json, '[');
    for (int told = 0; told < TOLD; told++) {
        struct piece *best = NULL;
        for (size_t i = 0; i < n; i++)
            if (size_of(pieces[i].weight) > (best != NULL ? size_of(best->weight) : 0.005f))
                best = &pieces[i];
        if (best == NULL)
            break;
        uint32_t start = c->folded->origin[c->folded->tokens[best->first].start], end = c->folded->origin[c->folded->tokens[best->last].end];
        while (end > start && c->text.ptr[end - 1] == ' ')
            end--;
        cx_buf_str(json, told > 0 ? CX_STR(",{") : CX_STR("{"));
        classify_explain_place(c, start, end, json);
        cx_buf_str(json, CX_STR(",\"weight\":"));
        cx_json_f32(json, best->weight);
        cx_buf_byte(json, '}');
        best->weight = 0;
    }
    cx_buf_byte(json, ']');
}
