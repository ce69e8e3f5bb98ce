/* files.c - new lexicons, rules and overlays for a process that runs (invariant 15). */
#include "kafka/kafka.h"
#include "log/log.h"
#include "run/notify.h"
#include "run/process.h"

#include "base/time.h"

#include <unistd.h>

static volatile sig_atomic_t reload_requested;

static void on_hangup(int signal)
{
    (void)signal;
    reload_requested = 1;
}

void cx_process_catch_reload(void)
{
    struct sigaction action = { .sa_handler = on_hangup };
    if (!isatty(STDERR_FILENO))
        sigaction(SIGHUP, &action, NULL);
}

void cx_process_hash(struct cx_process *p)
{
    uint64_t parts[2] = { strtoull(p->settings->hash, NULL, 16), cx_chain_files_hash(p->chain) };
    atomic_store(&p->config_hash, parts[1] != 0 ? cx_hash64(parts, sizeof parts) : parts[0]);
}

void cx_process_look(struct cx_process *p)
{
    bool has_changed = cx_chain_files_changed(p->chain);
    p->is_reload_due = p->is_reload_due || has_changed || reload_requested;
    reload_requested = 0;
}

void cx_process_reload(struct cx_process *p)
{
    struct cx_error why;
    int64_t begun_ns = cx_monotonic_ns();
    if (!p->is_reload_due || cx_kafka_in_transaction(p->kafka))
        return;
    p->is_reload_due = false;
    cx_notify_reloading(begun_ns);
    int reloaded = cx_chain_reload(p->chain, &why);
    cx_notify_reloaded();
    if (reloaded < 0) {
        cx_log(CX_ERROR, "reload_refused", "config_hash=%016llx what was loaded stays: %s", (unsigned long long)atomic_load(&p->config_hash),
               why.text);
        cx_metric_reload(p, false);
        return;
    }
    if (reloaded == 0) {
        cx_log(CX_INFO, "reload", "stages=0 no stage of this chain has read a file: a new configuration takes a restart");
        return;
    }
    cx_process_hash(p);
    for (size_t i = 0; i < p->assigned_count; i++)
        p->assigned[i]->needs_barrier = true;
    cx_log(CX_INFO, "reload", "stages=%d config_hash=%016llx took_ms=%.0f", reloaded, (unsigned long long)atomic_load(&p->config_hash),
           (double)(cx_monotonic_ns() - begun_ns) / 1e6);
    cx_metric_reload(p, true);
}
