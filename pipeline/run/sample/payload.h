/* payload.h - events as bytes: each in the form of its channel. */
#ifndef CX_SAMPLE_PAYLOAD_H
#define CX_SAMPLE_PAYLOAD_H
#include "run/sample/thing.h"
#include "base/json.h"

/* What happened to a thing. */
struct cx_sample_event {
    enum cx_sample_kind kind; /* NEW, EDIT, DELETE or ANSWER */
    uint64_t n;               /* of the payload that brings it */
    uint64_t hash;            /* names the event; that of the thing when it is new */
    int64_t occurred_at;
    int64_t received_at;
};

struct cx_sample_pen {
    const struct cx_sample_plan *plan;
    struct cx_buf out, text, scratch, mail;
};

/* A payload of the thing's channel. The platforms' batches take further new things from their payload number. */
void cx_sample_write(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event);
void cx_sample_write_canonical(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event);
void cx_sample_write_instagram(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event);
void cx_sample_write_whatsapp(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event);
void cx_sample_write_mail(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event);
/* A reaction, a read receipt, a delivery status: what is no event. Returns the adapter. */
const char *cx_sample_write_ignored(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event);
/* One of many kinds of trouble. Returns the adapter; *has_tenant: whether the payload tells its tenant. */
const char *cx_sample_write_bad(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event,
                                bool *has_tenant);

/* ---- parts that several forms share ---- */
void cx_sample_native_id(const struct cx_sample_thing *thing, uint64_t event_hash, struct cx_buf *out);
/* The post, video, chat or call it belongs to. */
void cx_sample_container(const struct cx_sample_thing *thing, struct cx_buf *out);
/* The company's own account on the channel's platform. */
void cx_sample_own_account(const struct cx_sample_thing *thing, struct cx_buf *out);
/* care@<brand>.example */
void cx_sample_own_address(const struct cx_sample_thing *thing, struct cx_buf *out);
/* {"adapter":...,"own_ids":[own],  - the caller goes on with "payload" or "content_type" and closes. */
void cx_sample_open_envelope(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event, struct cx_str own);
/* The words of the event into pen->text: the author's, or the company's answer. */
void cx_sample_words(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event, unsigned *stars);
void cx_sample_put_time(struct cx_buf *out, int64_t ms); /* "2026-11-22T04:00:00.000Z", with quotes */
/* What `fill` writes, as a JSON string. */
#define CX_SAMPLE_STRING(pen, fill, ...)                                                                                                             \
    do {                                                                                                                                             \
        cx_buf_reset(&(pen)->scratch);                                                                                                               \
        fill(__VA_ARGS__, &(pen)->scratch);                                                                                                          \
        cx_json_string(&(pen)->out, cx_buf_view(&(pen)->scratch));                                                                                   \
    } while (0)
#endif
