"""Ways to break what the state promises beside docs/guarantees.md, with the test that must then fail."""

from __future__ import annotations

from tests.campaign.sabotages import BOUNDED, CONSENT, DOUBLED, RESUMED, SECRET, Sabotage

OF_THE_STATE: tuple[Sabotage, ...] = (
    Sabotage(
        "an intent is recorded although the lock is lost", RESUMED, "state/postgres/database.py",
        "            db.execute(_FENCED, self.fence.values)", "            pass",
        "unit/state/postgres/test_shared.py::test_a_run_whose_lock_is_gone_can_record_no_intent",
    ),
    Sabotage(
        "one company's lock holds up the others", RESUMED, "state/postgres/database.py",
        "return advisory_key(purpose, self.location.schema, *(self.scope or ()))",
        "return advisory_key(purpose, self.location.schema)",
        "unit/state/postgres/test_shared.py::test_another_company_is_neither_held_up_nor_seen_nor_closed_as_dead",
    ),
    Sabotage(
        "one record that fails takes the others along", RESUMED, "state/group_commit.py",
        "            if len(batch) > 1:", "            if False:",
        "unit/state/test_database.py::test_one_threads_failure_spoils_no_other_threads_write",
    ),
    Sabotage(
        "a write goes out on an intent of long ago", DOUBLED, "apply/executor.py",
        "if time.monotonic() - recorded > _FRESH and (result := self._prepared(nullcontext)):",
        "if (result := None):",
        "unit/apply/test_executor.py::test_an_intent_that_waited_long_is_recorded_once_more_before_it_is_sent",
    ),
    Sabotage(
        "what was intended is sent although the run halted", CONSENT, "apply/executor.py",
        "            if self.lanes.halted:\n                return", "            if False:\n                return",
        "unit/apply/test_executor.py::"
        "test_what_was_intended_and_not_sent_when_the_run_halts_stays_unsent_and_its_end_is_recorded",
    ),
    Sabotage(
        "more requests are in flight than allowed", BOUNDED, "apply/lanes.py",
        "        with self._requests:", "        if self._requests:",
        "unit/apply/test_executor.py::"
        "test_intents_are_recorded_while_a_request_is_in_flight_and_no_more_requests_than_allowed",
    ),
    Sabotage(
        "with a key, the journal still tells customers", SECRET, "state/journal.py",
        "message = ending.message and seal.seal_text(_ENTRIES, ending.message)", "message = ending.message",
        "unit/state/test_dump.py::test_with_a_key_no_table_holds_what_tells_a_customer",
    ),
    Sabotage(
        "with a key, the snapshot still tells numbers", SECRET, "state/snapshot.py",
        "seal.hashed_number(_TABLE, internal_id), seal.hashed(_TABLE, number)\n    row",
        "seal.hashed_number(_TABLE, internal_id), number\n    row",
        "unit/state/test_dump.py::test_with_a_key_no_table_holds_what_tells_a_customer",
    ),
    Sabotage(
        "a sealed value fits another customer", SECRET, "state/known_customers.py",
        'return f"{_TABLE} {key}"', "return _TABLE",
        "unit/state/test_known_customers.py::test_a_sealed_value_put_onto_another_customer_is_refused",
    ),
    Sabotage(
        "what was applied is read for everybody", BOUNDED, "operations/last_applied.py",
        "known = workspace.store.known(workspace.place).load(whole=False)",
        "known = workspace.store.known(workspace.place).load()",
        "acceptance/test_shared_state_companies.py::"
        "test_a_plan_on_a_new_machine_asks_the_erp_three_times_at_most_and_reads_the_rest_from_the_database",
    ),
    Sabotage(
        "another key costs the journal", RESUMED, "state/copying.py",
        "for row in rows[table]])", 'for row in rows[table] if table.name != "entry"])',
        "unit/state/test_copying.py::test_a_state_that_is_sealed_with_another_key_holds_what_it_held",
    ),
    Sabotage(
        "a lost key stays behind", RESUMED, "state/postgres/backend.py",
        'db.execute(f"DELETE FROM seal WHERE {IS_EMPTY}")', 'f"DELETE FROM seal WHERE {IS_EMPTY}"',
        "unit/state/test_copying.py::test_a_state_whose_key_is_lost_is_cleared_and_starts_anew",
    ),
    Sabotage(
        "a pooler of two backends is taken for none", DOUBLED, "state/postgres/database.py",
        "refuse_shared_sessions(lock, (reader, writer), self.location)",
        "refuse_shared_sessions(lock, (writer,), self.location)",
        "unit/state/postgres/test_shared.py::test_a_pooler_in_transaction_mode_is_refused_with_the_reason",
    ),
)  # fmt: skip
"""Lock, fence, group commit, intents ahead of the requests, encryption, what is read and moved."""
