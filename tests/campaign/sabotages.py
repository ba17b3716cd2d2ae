"""Ways to break each promise of docs/guarantees.md, with the test that must then fail. `sabotage.py` tries them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sabotage:
    """One change of the package that breaks a promise.

    promise: its heading in docs/guarantees.md. file: below `reconciler/`. text: stands there exactly once. test: the
    pytest id, from `tests/` on, of what must fail. endless: the test then has no end, or none in time; in all others
    a time-out says that the machine was busy, and nothing else.
    """

    name: str
    promise: str
    file: str
    text: str
    instead: str
    test: str
    endless: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """The test's file, and the name of its function."""
        file, _, function = self.test.partition("::")
        return file, function.partition("[")[0]


CONSENT = "No write without consent"
SHOWN = "Nothing sent that the plan did not show"
LOST = "No lost update"
DOUBLED = "No doubled customer"
RESUMED = "Resumable after any kill"
SECRET = "No secret at rest or in output"
TRACEBACK = "No traceback for any input"
BOUNDED = "Bounded memory and time for any input"
DETERMINISTIC = "Deterministic plans"
APPLIED = "Apply, then the plan is empty"
EXPORTED = "Export, then the plan is empty"

SABOTAGES = (
    Sabotage(
        "the answer to the question does not count", CONSENT, "operations/writing.py",
        "workspace.listener.ask(_question(plan))):", "workspace.listener.ask(_question(plan)) or True):",
        "acceptance/test_consent.py::test_no_answer_but_yes_is_consent[apply]",
    ),
    Sabotage(
        "any answer with a y is a yes", CONSENT, "cli/shell/listener.py",
        '.strip() == "yes")', '.strip().lower().startswith("y"))',
        "acceptance/test_consent.py::test_no_answer_but_yes_is_consent[runs undo]",
    ),
    Sabotage(
        "--force is taken for consent", CONSENT, "cli/commands/apply.py",
        "else auto_approve or planfile is not None", "else auto_approve or force or planfile is not None",
        "acceptance/test_consent.py::test_no_other_option_is_consent[apply]",
    ),
    Sabotage(
        "an undo does not ask", CONSENT, "cli/commands/runs.py",
        "consent=auto_approve,", "consent=True,",
        "acceptance/test_consent.py::test_no_answer_but_yes_is_consent[runs undo]",
    ),
    Sabotage(
        "a dunning letter goes out unless the answer is no", CONSENT, "cli/shell/listener.py",
        '.strip() == "yes")', '.strip() != "no")',
        "acceptance/test_consent.py::test_no_answer_but_yes_is_consent[dunning-letter create]",
    ),
    Sabotage(
        "the reviewed digest is not compared", CONSENT, "operations/checks.py",
        "plan.changes_digest != consent:", "not consent:",
        "acceptance/test_reviewed_digest.py::test_with_another_digest_apply_exits_4_and_writes_nothing",
    ),
    Sabotage(
        "a field goes along that the plan does not have", SHOWN, "erp/customers.py",
        "request.path, render(request.body), headers)",
        'request.path, render({**request.body, "printInvoices": {"value": True}}), headers)',
        "acceptance/test_shown.py::test_exactly_what_the_plan_shows_is_sent",
    ),
    Sabotage(
        "the text of a plan leaves a change out", SHOWN, "reports/formats/text.py",
        "    for field in fields:\n", "    for field in fields[:3]:\n",
        "acceptance/test_shown.py::test_exactly_what_the_plan_shows_is_sent",
    ),
    Sabotage(
        "what is sent along to stay as it is is not shown", SHOWN, "core/actions.py",
        "    changes += _held(wanted, desired, live, changed, rules)\n",
        "    _held(wanted, desired, live, changed, rules)\n",
        "acceptance/test_shown.py::test_exactly_what_the_plan_shows_is_sent",
    ),
    Sabotage(
        "an altered plan file is applied", SHOWN, "state/plan_file.py",
        'if found.get("digest") != _digest(found):', "if False:",
        "acceptance/test_street.py::test_a_plan_that_was_tampered_with_is_refused_and_nothing_is_written",
    ),
    Sabotage(
        "If-Match matches anything", LOST, "erp/customers.py",
        """return {"If-Match": f'"{request.if_match}"'}""", """return {"If-Match": "*"}""",
        "acceptance/test_street.py::test_a_clerks_edit_between_plan_and_apply_survives_and_the_rest_is_applied",
    ),
    Sabotage(
        "a 412 counts as done", LOST, "apply/writes.py",
        "        return Ended(_conflict(action, live))\n    except",
        "        return Ended(Result(action, Outcome.DONE, action.number))\n    except",
        "acceptance/test_street.py::test_a_clerks_edit_between_plan_and_apply_survives_and_the_rest_is_applied",
    ),
    Sabotage(
        "a nested update is not read once more before it is sent", LOST, "apply/executor.py",
        "return partial(overtaken, action, erp) if recheck else lambda: None", "return lambda: None",
        "acceptance/test_recheck.py::test_a_clerks_edit_that_moves_no_version_is_a_conflict_and_stays",
    ),
    Sabotage(
        "a lost create is repeated without a look", DOUBLED, "apply/writes.py",
        "        if attempt or may_be_done:\n", "        if may_be_done:\n",
        "acceptance/test_fault_matrix.py::"
        "test_a_fault_on_any_request_ends_as_declared_with_nothing_twice_and_nothing_overwritten[reset once done]",
    ),
    Sabotage(
        "a create is repeated while the ERP may be at work on it", DOUBLED, "apply/writes.py",
        "    if action.number is None:\n        return True\n", "    if action.number is None:\n        return False\n",
        "unit/apply/test_writes.py::test_an_unclear_automatic_create_is_never_sent_again",
    ),
    Sabotage(
        "a create of an earlier run that may be under way is not waited for", DOUBLED, "operations/settle.py",
        "    waits = list(_waits(store, workspace.place, longest))\n", "    waits = []\n",
        "acceptance/test_runs.py::test_a_create_whose_end_is_unknown_is_waited_for",
    ),
    Sabotage(
        "a saved plan can be applied twice", DOUBLED, "operations/checks.py",
        "if run.digest == plan.digest and run.status is RunStatus.DONE:", "if False:",
        "acceptance/test_hostile.py::test_a_saved_plan_is_not_applied_twice",
    ),
    Sabotage(
        "two applies run at the same time", DOUBLED, "operations/writing.py",
        "    with workspace.lock(command):\n", "    if command:\n",
        "acceptance/test_kill.py::test_of_two_applies_started_together_one_applies_and_the_other_names_it",
    ),
    Sabotage(
        "a renumbered customer is created again", DOUBLED, "core/identity.py",
        "            if moved is not None:\n", "            if moved is not None and False:\n",
        "acceptance/test_hostile.py::test_a_customer_that_was_renumbered_in_the_erp_is_not_created_again",
    ),
    Sabotage(
        "the intent is recorded after the write", RESUMED, "apply/executor.py",
        "        journal.intend(action.label)\n        ended = settle()\n",
        "        ended = settle()\n        journal.intend(action.label)\n",
        "acceptance/test_kill.py::"
        "test_killed_at_any_moment_the_work_is_completed_with_nothing_twice[13-after request 7]",
    ),
    Sabotage(
        "how a write ended is not recorded", RESUMED, "apply/executor.py",
        "    if not abandoned.is_set():  # the run", "    if abandoned.is_set():  # the run",
        "acceptance/test_kill.py::test_a_signal_finishes_what_is_in_flight_and_tells_what_is_not_done[SIGINT]",
    ),
    Sabotage(
        "a resumed write is sent without a look", RESUMED, "operations/past_runs.py",
        "entry.intent_at is not None and entry.outcome is not Outcome.DONE", "entry.intent_at is None",
        "acceptance/test_kill.py::test_a_resume_that_is_killed_too_is_resumed[4]",
    ),
    Sabotage(
        "the log names the token", SECRET, "erp/transport.py",
        "Exchange(request.method, path, status, seconds, attempt)",
        "Exchange(request.method, path + request.headers['authorization'], status, seconds, attempt)",
        "acceptance/test_security.py::test_no_command_shows_or_keeps_a_secret",
    ),
    Sabotage(
        "an error shows what the ERP echoes", SECRET, "erp/transport.py",
        "self._without_secrets(answer, token), self._hooks", "answer, self._hooks",
        "acceptance/test_security.py::test_no_command_shows_or_keeps_a_secret",
    ),
    Sabotage(
        "plans and reports are readable for all", SECRET, "state/plan_file.py",
        "_PRIVATE = 0o600", "_PRIVATE = 0o644",
        "acceptance/test_security.py::test_what_holds_data_is_the_owners_alone",
    ),
    Sabotage(
        "a new state is readable for all at first", SECRET, "state/sqlite/database.py",
        "os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))", "os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644))",
        "unit/state/test_database.py::test_a_new_file_is_private_from_its_first_moment",
    ),
    Sabotage(
        "redirects are followed", SECRET, "erp/transport.py",
        "follow_redirects=False", "follow_redirects=True",
        "acceptance/test_security.py::test_neither_secret_nor_token_follows_a_redirect",
    ),
    Sabotage(
        "nothing stands behind the commands", TRACEBACK, "cli/shell/application.py",
        "except Exception as error:  # noqa", "except ZeroDivisionError as error:  # noqa",
        "acceptance/test_faults.py::test_ten_mistakes_are_ten_diagnostics_and_no_request",
    ),
    Sabotage(
        "a plan file that is no JSON is not thought of", TRACEBACK, "state/plan_file.py",
        "except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:",
        "except ZeroDivisionError as error:",
        "acceptance/test_street.py::test_a_plan_that_was_tampered_with_is_refused_and_nothing_is_written",
    ),
    Sabotage(
        "YAML may nest without end", TRACEBACK, "config/read/yaml_nodes.py",
        "if len(self.stack) >= self.bounds.depth:", "if False:",
        "unit/config/test_yaml.py::test_deep_nesting_is_a_problem_and_no_crash",
        endless=True,
    ),
    Sabotage(
        "a failing standard output ends the apply", TRACEBACK, "cli/shell/streams.py",
        "            except OSError as error:\n", "            except ZeroDivisionError as error:\n",
        "acceptance/test_hostile.py::test_an_output_that_fails_stops_no_apply_and_makes_no_traceback",
    ),
    Sabotage(
        "aliases may stand for any number of values", BOUNDED, "config/read/yaml_nodes.py",
        "if self.expanded > max(self.bounds.aliases, EXPANSION_FACTOR * self.written):", "if False:",
        "unit/config/test_yaml.py::test_an_alias_bomb_is_found_in_bounded_time",
    ),
    Sabotage(
        "an answer may have any size", BOUNDED, "erp/transport.py",
        "if len(body) > self._hooks.largest:", "if False:",
        "unit/erp/test_transport.py::test_a_body_without_bound_is_refused",
    ),
    Sabotage(
        "an answer may drip for ever", BOUNDED, "erp/answer_deadline.py",
        "left = self._due - self._clock()", "left = 60.0",
        "unit/erp/test_transport.py::test_an_answer_that_drips_for_ever_is_given_up",
    ),
    Sabotage(
        "a file may have any size", BOUNDED, "config/read/yaml_nodes.py",
        "if len(data) > bounds.file_size:", "if False:",
        "unit/config/test_yaml.py::test_too_large_a_file_is_not_read",
    ),
    Sabotage(
        "a wait may be as long as the ERP asks for", BOUNDED, "erp/budget.py",
        "LONGEST = 86_400.0", "LONGEST = float('inf')",
        "unit/erp/test_budget.py::test_no_wait_is_longer_than_a_day_whatever_is_asked_for",
    ),
    Sabotage(
        "actions are not sorted by number", DETERMINISTIC, "core/ordering.py",
        'key=lambda action: (level[action.label], natural(action.number), action.ref or ""))',
        "key=lambda action: level[action.label])",
        "acceptance/test_deterministic.py::test_the_order_of_a_plan_is_the_customers_and_not_that_of_the_declarations",
    ),
    Sabotage(
        "attributes are sent in the order of a set", DETERMINISTIC, "erp/encode.py",
        "for key, encoded in sorted(below.items())", "for key, encoded in ((key, below[key]) for key in set(below))",
        "acceptance/test_deterministic.py::test_the_plan_depends_on_nothing_but_declarations_and_customers",
    ),
    Sabotage(
        "results are told as they come", DETERMINISTIC, "operations/writing.py",
        "for result in _in_plan_order(plan, self._sent()):", "for result in self._sent():",
        "acceptance/test_deterministic.py::test_what_apply_tells_is_in_the_order_of_the_plan",
    ),
    Sabotage(
        "amounts are read as binary numbers", APPLIED, "erp/answer.py",
        "Decoder(list[row], float_hook=Decimal)", "Decoder(list[row])",
        "acceptance/test_street.py::test_an_amount_is_exact_all_the_way",
    ),
    Sabotage(
        "null means not given", APPLIED, "core/compare.py",
        "            if node.t2 is notpresent:\n",
        "            if node.t2 is None:\n                continue\n            if node.t2 is notpresent:\n",
        "acceptance/test_every_field.py::test_every_field_is_set_changed_and_cleared",
    ),
    Sabotage(
        "what the ERP stored in another form is forgotten", APPLIED, "operations/remember.py",
        "    pairs |= {each.path:", "    _ = {each.path:",
        "acceptance/test_runs.py::"
        "test_the_form_that_the_erp_gave_a_new_customer_is_remembered_although_its_answer_told_no_version",
    ),
    Sabotage(
        "an update leaves out the last change", APPLIED, "core/actions.py",
        "    changed = _body_values(different, live, rules)\n",
        "    changed = dict(list(_body_values(different, live, rules).items())[:-1])\n",
        "property/test_street_property.py::test_after_apply_the_plan_is_empty",
    ),
    Sabotage(
        "the defaults of the settings are not thought of", EXPORTED, "operations/export.py",
        "return Manner(options.mirrors, given, defaults)", "return Manner(options.mirrors, given, {})",
        "acceptance/test_export.py::test_defaults_of_the_settings_do_not_creep_into_the_export",
    ),
    Sabotage(
        "amounts are rounded in an export", EXPORTED, "config/edit/yaml_writer.py",
        'else format(value, "f"), "plain")', 'else format(value, ".1f"), "plain")',
        "acceptance/test_export.py::test_an_export_of_everything_plans_empty_at_once",
    ),
    Sabotage(
        "${ in a value is not protected", EXPORTED, "config/edit/yaml_writer.py",
        'text = text.replace("${", "$${")', "pass",
        "acceptance/test_export.py::test_an_export_of_everything_plans_empty_at_once",
    ),
)  # fmt: skip
"""In the order of the page."""
