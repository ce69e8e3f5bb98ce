#!/usr/bin/env python3
"""Mistakes that the simulation must notice: each is an edit of a source file, built into a simulation of its own.

  bugs.py list                 NAME FILE of each
  bugs.py write NAME OUT       the file with the mistake in it

An edit whose place is gone from the source leaves it as it is; then the test fails, since nothing is there to notice.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUGS = {
    # name: (file, [(what stands there, what it becomes)...])
    "state_kept_on_abort": ("pipeline/run/batch.c", [("cx_task_abort(a->task);", "cx_task_commit(a->task);")]),
    "one_record_lost": ("pipeline/run/batch.c", [("a->partition, a->page.next_offset);", "a->partition, a->page.next_offset + 1);")]),
    "changelog_of_the_second_stage_left_out": ("pipeline/run/batch.c", [("if (!state)\n            continue;", "if (!state || i > 0)\n            continue;")]),
    "tick_not_in_the_ledger": ("pipeline/run/batch.c", [("write_ledger(p, a, CX_LEDGER_KIND_TICK, now_ms)", "CX_KAFKA_OK")]),
    "tick_tells_another_time": ("pipeline/run/batch.c", [("cx_task_tick(a->task, now_ms, &p->sink)", "cx_task_tick(a->task, now_ms + 10000, &p->sink)")]),
    "no_new_producer_after_a_doubtful_end": ("pipeline/kafka/transaction.c", [("k->renew = k->renew || is_slow || k->trouble.disturbed || atomic_load(&k->unanswered);", "(void)is_slow;")]),
    "unanswered_requests_not_watched": ("pipeline/kafka/transaction.c", [(" || atomic_load(&k->unanswered)", "")]),
    "aborted_taken_for_committed": ("pipeline/kafka/transaction.c", [("return cx_kafka_abort(k, err) == CX_KAFKA_OK ? CX_KAFKA_ABORTED : CX_KAFKA_FATAL;",
                                                                     "return cx_kafka_abort(k, err);")]),
    "offsets_of_todays_member": ("pipeline/kafka/transaction.c", [("list, k->membership,", "list, rd_kafka_consumer_group_metadata(k->consumer),"),
                                                                  ("k->foreign || k->membership == NULL || k->stale || rd_kafka_assignment_lost(k->consumer)", "false"),
                                                                  ("cx_assert(list->cnt > 0);", "")]),
    "lost_partitions_filtered_out": ("pipeline/kafka/assignment.c", [("    if (!k->closing && !k->failed) {\n        if (k->callbacks.revoking",
                                                                      "    if (!lost && !k->closing && !k->failed) {\n        if (k->callbacks.revoking")]),
    "no_going_back": ("pipeline/kafka/assignment.c", [("status = seek_all(k, list, err);", "status = 0;")]),
    "restore_to_the_last_stable_offset": ("pipeline/kafka/restore.c", [("client(k, &k->probe, CX_CLIENT_PROBE, err)", "client(k, &k->probe, CX_CLIENT_RESTORER, err)")]),
    "restore_reads_uncommitted": ("pipeline/kafka/restore.c", [("client(r->k, &r->k->restorer, CX_CLIENT_RESTORER, err)", "client(r->k, &r->k->restorer, CX_CLIENT_PROBE, err)")]),
}


def main():
    if sys.argv[1] == "list":
        for name, (file, _) in BUGS.items():
            print(name, file)
        return
    name, out = sys.argv[2:]
    file, edits = BUGS[name]
    text = (ROOT / file).read_text()
    for before, after in edits:
        if before not in text:
            print(f"bugs.py: {name}: {file} has no longer: {before}", file=sys.stderr)
        text = text.replace(before, after)
    pathlib.Path(out).write_text(text)


main()
