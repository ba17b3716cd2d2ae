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
CAUSED = "Who moved is told, and never guessed"
TOLD = "No mistake and no doubt in silence"

_GIT = "acceptance/test_applied.py::"
_SAME = "acceptance/test_same_customer.py::"
_KEY = "unit/core/test_identity_key.py::"
_VALUES = "acceptance/test_values.py::"
_SURELY = _VALUES + "test_a_value_that_is_surely_a_mistake_is_an_error"

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
        "a variable that forces one command forces another", CONSENT, "cli/shell/command_list.py",
        '_AMBIGUOUS = ("--force", ', '_AMBIGUOUS = (',
        "acceptance/test_habits.py::test_no_variable_means_two_things",
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
        "    changes += _held(found.wanted, desired, live, changed, rules)\n",
        "    _held(found.wanted, desired, live, changed, rules)\n",
        "acceptance/test_shown.py::test_what_is_sent_along_to_stay_as_it_is_is_shown",
    ),
    Sabotage(
        "an altered plan file is applied", SHOWN, "state/plan_file.py",
        'if found.get("digest") != _digest(found):', "if False:",
        "acceptance/test_street.py::test_a_plan_that_was_tampered_with_is_refused_and_nothing_is_written",
    ),
    Sabotage(
        "a mute is shown and not kept", SHOWN, "core/actions.py",
        'muted.append(_left(change, "mute", mute))',
        'muted.append(_left(change, "mute", mute))\n            changes.append(change)',
        "property/test_mutes_property.py::test_a_muted_field_is_never_sent_unless_it_is_asked_for",
    ),
    Sabotage(
        "a mute of a member lets its line be deleted", SHOWN, "core/mutes.py",
        "covers(pattern[: len(path)], path)", "covers(pattern, path)",
        "acceptance/test_mutes.py::test_a_muted_line_is_neither_changed_nor_deleted",
    ),
    Sabotage(
        "a mute that ended holds on", SHOWN, "core/mutes.py",
        "self._running if day <= mute.until else self._ended", "self._running",
        "acceptance/test_mutes.py::test_an_ended_mute_is_an_ordinary_difference_with_a_note",
    ),
    Sabotage(
        "what is ignored and differs is not told", SHOWN, "core/actions.py",
        "ignored.append(_left(change, rule))", "pass",
        "acceptance/test_ignored.py::test_a_plan_counts_and_names_what_is_declared_and_ignored",
    ),
    Sabotage(
        "a diff steers the CI server that reads the log", SHOWN, "cli/shell/rewriting.py",
        "session.out.is_terminal or _is_ci_log(session)", "session.out.is_terminal",
        "acceptance/test_hostile.py::"
        "test_a_diff_in_the_log_of_a_ci_server_holds_no_command_and_in_a_file_it_is_exact",
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
        "return (partial(overtaken, action, self.erp) if recheck else None), settle",
        "return None, settle",
        "acceptance/test_recheck.py::test_a_clerks_edit_that_moves_no_version_is_a_conflict_and_stays",
    ),
    Sabotage(
        "a renumbered customer is updated although it changed since", LOST, "apply/writes.py",
        "    if _moved(action, live):\n        return Ended(_conflict(action, live))\n    renewed =",
        "    renewed =",
        "acceptance/test_renumber.py"
        "::test_a_value_that_changed_since_the_plan_is_a_conflict_after_the_renumbering",
    ),
    Sabotage(
        "a lost create is repeated without a look", DOUBLED, "apply/writes.py",
        "        if attempt or existing:\n", "        if existing:\n",
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
        "    waits = list(_waits(store, runs, workspace.place, longest))\n", "    waits = []\n",
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
        "a row without a number stands in the way of nothing", DOUBLED, "core/doubts.py",
        "            if row.number is None:\n                return",
        "            if row.number is None:\n                continue\n                return",
        "acceptance/test_misshapen_rows.py::"
        "test_beside_a_row_without_a_readable_number_nothing_is_created_and_the_rest_goes_on[unnumbered]",
    ),
    Sabotage(
        "the count's word is taken that a full page is the last", DOUBLED, "erp/listing.py",
        "if first.total is None or is_full or", "if first.total is None or",
        "acceptance/test_misshapen_rows.py::"
        "test_a_list_of_full_pages_is_not_taken_for_whole_because_the_count_says_so[-3]",
    ),
    Sabotage(
        "a reading with the same pages confirms a wrong count", DOUBLED, "erp/listing.py",
        "return None if self.before is None else self.before.page_size - 1 if self.before.page_size > 1 else 2",
        "self.page_size = id(self)\n        return None",
        "acceptance/test_misshapen_rows.py::test_a_list_that_loses_a_row_between_pages_is_never_taken_for_whole[1]",
    ),
    Sabotage(
        "a short list is taken for whole", DOUBLED, "core/doubts.py",
        "return self.count is not None and self.count > self.read", "return False",
        "acceptance/test_misshapen_rows.py::"
        "test_under_a_short_list_nothing_is_created_that_the_erp_has_or_that_cannot_be_asked_for",
    ),
    Sabotage(
        "a label before an id hides its country", DOUBLED, "core/identity_key.py",
        "    key = _LABEL.sub(\"\", key, count=1) if key[:1].isalpha() else key\n", "",
        _KEY + "test_other_organisations_are_told_apart",
    ),
    Sabotage(
        "lost zeros hide the organisation", DOUBLED, "core/identity_key.py",
        'return body.lstrip("0") if body.isdecimal() else body', "return body",
        _KEY + "test_what_a_vat_id_adds_to_the_number_makes_it_likely_the_same",
    ),
    Sabotage(
        "a look before a create knows one spelling alone", DOUBLED, "core/sameness.py",
        "        if same_organisation(identity_key(our_id), identity_key(their_id)):\n", "        if False:\n",
        _SAME + "test_a_saved_plan_does_not_create_what_a_clerk_has_entered_in_another_spelling",
    ),
    Sabotage(
        "an id without letters and digits identifies", DOUBLED, "config/read/declarations.py",
        "elif not any(match_key(name, declaration.values.get(name)) for",
        "elif not any(declaration.values.get(name) for",
        _SAME + "test_a_ref_whose_only_id_says_nothing_is_refused",
    ),
    Sabotage(
        "a matched name minds case", DOUBLED, "core/normalise.py",
        "return name_key(value) if row.comparison is Comparison.EXACT else comparison_key(row, value)",
        "return comparison_key(row, value)",
        _SAME + "test_a_ref_that_is_matched_by_name_finds_it_in_any_case",
    ),
    Sabotage(
        "a ref is taken for what same_as names", DOUBLED, "core/identity.py",
        "if not _is_another(desired, customer, taken)", "if customer",
        _SAME + "test_same_as_never_takes_the_other_customer_for_the_new_one",
    ),
    Sabotage(
        "full-width digits stand in a number", DOUBLED, "config/read/value_checks.py",
        "return _is_unwritten(character) or (not character.isascii() and _plain(character) != character)",
        "return _is_unwritten(character)",
        _SAME + "test_what_nobody_types_into_a_number_is_an_error_that_says_what_to_write",
    ),
    Sabotage(
        "a number with grouped thousands is another", DOUBLED, "core/identity_key.py",
        'if _GROUPED.fullmatch(text) else ""', 'if not text else ""',
        _SAME + "test_a_number_that_a_spreadsheet_made_of_a_live_one_is_a_finding",
    ),
    Sabotage(
        "an update may give an id that another customer has", DOUBLED, "core/planner.py",
        "[*likenesses(new, _known(comparison, own), resource), *likenesses(updates, then, resource)]",
        "[*likenesses(new, _known(comparison, own), resource)]",
        _SAME + "test_an_update_that_gives_an_id_which_another_customer_has_is_a_finding",
    ),
    Sabotage(
        "a namesake without a postal code is somebody else", DOUBLED, "core/sameness.py",
        "    if known or (any(", "    if known or True or (any(",
        _SAME + "test_a_namesake_without_postal_code_is_likely_in_a_plan_and_before_the_first_write",
    ),
    Sabotage(
        "a customer with another id is renumbered", DOUBLED, "core/renumbering.py",
        "        if differing is None:\n", "        if True:\n",
        "acceptance/test_renumber.py::test_a_customer_with_another_id_is_not_taken_for_the_one_to_renumber",
    ),
    Sabotage(
        "a child is put below whoever has the number of a refused renumbering", DOUBLED, "core/comparison.py",
        "memory=memory, stuck=stuck)", "memory=memory)",
        "unit/core/test_renumbering.py::test_nobody_is_put_below_a_customer_whose_renumbering_is_refused",
    ),
    Sabotage(
        "accept takes the values of whoever has the number", DOUBLED, "core/renumbering.py",
        "for one in desired if id(one) not in refused\n", "for one in desired\n",
        "acceptance/test_renumber.py::test_accept_takes_nothing_of_a_customer_that_cannot_be_told",
    ),
    Sabotage(
        "a child goes out without its parent", DOUBLED, "apply/executor.py",
        "return label in self.ended and self.ended[label].outcome is Outcome.DONE", "return label in self.ended",
        "acceptance/test_parents.py::test_a_child_is_held_back_when_its_parent_exists_already",
    ),
    Sabotage(
        "a parent's ref goes out in the place of its number", DOUBLED, "apply/executor.py",
        "action = completed(planned, schedule.numbers.get)", "action = completed(planned, str)",
        "acceptance/test_parents.py::test_a_parent_that_the_erp_numbers_is_created_first",
    ),
    Sabotage(
        "what exists is told as created", DOUBLED, "apply/presence.py",
        "    return Result(action, Outcome.EXISTS, number, message, exists_remedy(action, number, message))",
        "    return Result(action, Outcome.DONE, number, message, exists_remedy(action, number, message))",
        "acceptance/test_outcomes.py::test_exists_is_neither_created_nor_lost_in_any_report",
    ),
    Sabotage(
        "a renumbering that the ERP calls done is not looked at", DOUBLED, "apply/renumber.py",
        "        ended = self._seen(ending)\n        if",
        "        ended = Ended(Result(self.action, Outcome.DONE, self.action.number))\n        if",
        "acceptance/test_renumber.py::test_a_renumbering_is_done_only_when_it_is_seen",
    ),
    Sabotage(
        "what waits for a renumbering is sent although that failed", DOUBLED, "core/renumbering.py",
        "for action in ordered] if labels else ordered", "for action in ordered] if not labels else ordered",
        "acceptance/test_renumber.py"
        "::test_a_renumbering_that_fails_holds_back_its_update_and_its_children",
    ),
    Sabotage(
        "a customer may be given a number that is taken", DOUBLED, "core/renumbering.py",
        "        if at_number:\n            return self._taken(wish, at_number[0])\n", "",
        "acceptance/test_renumber.py::test_a_taken_number_is_refused_before_a_renumbering",
    ),
    Sabotage(
        "a number that is corrected in git deactivates its customer", DOUBLED, "core/duplicates.py",
        "is_refused = code == LOST and lost_is_retired", "is_refused = False",
        "acceptance/test_renumber.py"
        "::test_a_number_that_is_corrected_in_git_deactivates_nobody_without_a_renumbering[forced0]",
    ),
    Sabotage(
        "the intent is recorded after the write", RESUMED, "apply/executor.py",
        "                return self._told(self.settle())",
        "                ended = self.settle()\n                self.journal.intend(self.action.label)\n"
        "                return self._told(ended)\n\n    def _prepared(self, request: object) -> None:\n"
        "        return None",
        "acceptance/test_kill.py::"
        "test_killed_at_any_moment_the_work_is_completed_with_nothing_twice[13-after request 7]",
    ),
    Sabotage(
        "how a write ended is not recorded", RESUMED, "apply/executor.py",
        "if not self.abandoned.is_set():  # else", "if self.abandoned.is_set():  # else",
        "acceptance/test_kill.py::test_a_signal_finishes_what_is_in_flight_and_tells_what_is_not_done[SIGINT]",
    ),
    Sabotage(
        "a resumed write is sent without a look", RESUMED, "operations/past_runs.py",
        "entry.intent_at is not None and entry.outcome is not Outcome.DONE", "entry.intent_at is None",
        "acceptance/test_kill.py::test_a_resume_that_is_killed_too_is_resumed[4]",
    ),
    Sabotage(
        "a renumbering of a killed run is sent again without a look", RESUMED, "apply/renumber.py",
        "return self._look(self.already) or self._taken()", "return self._taken()",
        "acceptance/test_renumber.py"
        "::test_a_run_that_is_killed_goes_on_with_nothing_twice[resume-before finish 1]",
    ),
    Sabotage(
        "a renumbering that may be under way is not waited for", RESUMED, "operations/settle.py",
        "return ends | dict.fromkeys(renumbered, (None, Outcome.UNKNOWN))", "return ends",
        "acceptance/test_renumber.py::test_a_renumbering_that_may_be_under_way_is_waited_for[30000]",
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
        "        return way.handle_request(request)\n",
        "        answer = way.handle_request(request)\n"
        "        place = request.url.join(answer.headers.get('location', ''))\n"
        "        again = httpx.Request(request.method, place, headers=request.headers, stream=request.stream,"
        " extensions=request.extensions)\n"
        "        return self.send(again) if 300 <= answer.status_code < 400 else answer\n",
        "acceptance/test_security.py::test_neither_secret_nor_token_follows_a_redirect",
    ),
    Sabotage(
        "an empty list of hosts allows all", SECRET, "operations/connection.py",
        "    if allowed is None:", "    if not allowed:",
        "acceptance/test_security.py::test_an_empty_list_of_hosts_allows_none",
    ),
    Sabotage(
        "a pipeline names no host", SECRET, "ci/platforms.py",
        ".replace(EXAMPLE_HOSTS, hosts)", '.replace(EXAMPLE_HOSTS, "")',
        "acceptance/test_ci_examples.py::test_every_job_that_init_writes_sends_the_credentials_to_the_hosts_of_the_erp_alone",
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
        "of what accept cannot write one place is told at a time", BOUNDED, "config/edit/accept.py",
        "self._refused(by_label, new.refused)", "self._refused(by_label, new.refused[:1])",
        "acceptance/test_accept.py::"
        "test_what_one_declaration_cannot_hold_is_refused_alone_and_all_else_is_accepted",
    ),
    Sabotage(
        "a diff compares each line with all that are equal", BOUNDED, "cli/shell/line_diff.py",
        "return [*map(Match._make, _runs(_pairs(old, new))), Match(len(old), len(new), 0)]",
        "return super().get_matching_blocks()",
        "unit/test_growth.py::test_work_grows_no_faster_than_the_text[diffed-# x\\n]",
    ),
    Sabotage(
        "a value is shown at any length", BOUNDED, "reports/safe_text.py",
        "        case str() if len(value) > LONGEST:", "        case str() if len(value) < 0:",
        "unit/reports/test_safe_text.py::"
        "test_what_follows_the_first_20_000_characters_of_a_text_is_cut_and_counted",
    ),
    Sabotage(
        "two customers of one id are a finding for each pair", BOUNDED, "core/duplicates.py",
        "yield code, _Alike(replace(likeness, other=first[0], sameness=reason), first, count, theirs)",
        "yield from ((code, _Alike(replace(likeness, other=one, sameness=reason), [one], 1, theirs)) for one in first)",
        "acceptance/test_same_customer.py::test_hundreds_with_one_id_are_a_finding_for_each_new_one",
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
        "for result in _in_plan_order(plan, self._counted(self._sent())):",
        "for result in self._counted(self._sent()):",
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
        "values are not compared in the form that the settings state", APPLIED, "core/normalise.py",
        "    text = in_forms(text, row.forms)\n", "",
        "acceptance/test_stores.py::test_a_form_of_what_was_sent_is_at_rest_and_the_line_is_proposed",
    ),
    Sabotage(
        "any other value counts as a form", APPLIED, "core/stored_forms.py",
        'return _bare(sent) == _bare(stored) != ""', 'return True or _bare(sent) == _bare(stored) != ""',
        "acceptance/test_stores.py::test_a_value_that_is_no_form_of_what_was_sent_is_not_taken",
    ),
    Sabotage(
        "what a mute held back is called applied", APPLIED, "operations/remember.py",
        "_with_last(applied, refused | muted,", "_with_last(applied, refused,",
        "acceptance/test_mutes.py::test_what_a_mute_held_back_is_not_taken_for_applied",
    ),
    Sabotage(
        "the defaults of the settings are not thought of", EXPORTED, "operations/export.py",
        "return Manner(options.mirrors, given, defaults)", "return Manner(options.mirrors, given, {})",
        "acceptance/test_export.py::test_defaults_of_the_settings_do_not_creep_into_the_export",
    ),
    Sabotage(
        "amounts are rounded in an export", EXPORTED, "config/edit/yaml_writer.py",
        'Literal(written(value), "plain")', 'Literal(format(value, ".1f"), "plain")',
        "acceptance/test_export.py::test_an_export_of_everything_plans_empty_at_once",
    ),
    Sabotage(
        "${ in a value is not protected", EXPORTED, "config/edit/yaml_writer.py",
        'text = text.replace("${", "$${")', "pass",
        "acceptance/test_export.py::test_an_export_of_everything_plans_empty_at_once",
    ),
    Sabotage(
        "an export does not say what is meant", EXPORTED, "operations/export.py",
        "if lifecycle := lifecycle_of(values):", "if lifecycle := {}:",
        "acceptance/test_values.py::test_an_export_of_values_that_are_refused_otherwise_is_valid_and_plans_empty",
    ),
    Sabotage(
        "a declared customer is exported all the same", EXPORTED, "operations/export.py",
        "for live in (*(live for _, live in standings.declared), *lost):", "for live in lost:",
        "acceptance/test_reexport.py::test_a_declared_customer_is_not_written_twice_and_you_are_told_where_it_stands",
    ),
    Sabotage(
        "a customer that lost its declaration counts as unmanaged", EXPORTED, "operations/export.py",
        "lost = standings.lost if options.unmanaged else ()", "lost: tuple[Live, ...] = ()",
        "acceptance/test_reexport.py::test_unmanaged_is_what_the_plan_counts_so",
    ),
    Sabotage(
        "what the ERP newly has is not added", EXPORTED, "config/edit/proposed_edits.py",
        "elif value is not None and value != held", "elif held is not None and value != held",
        "acceptance/test_reexport.py::test_what_changed_is_edited_in_its_place_and_what_is_new_is_added",
    ),
    Sabotage(
        "another customer's file is overwritten", EXPORTED, "config/edit/export.py",
        "        if name in declaring:\n", "        if name in declaring and not force:\n",
        "acceptance/test_reexport.py::test_a_file_that_declares_somebody_else_is_never_overwritten",
    ),
    Sabotage(
        "our own apostrophe stays", EXPORTED, "config/read/sheet_file.py",
        '_MARKED.sub("", text, count=1) if _MARKED.match(text) else text', "text",
        "acceptance/test_import.py::test_what_customers_list_writes_reads_back_and_plans_empty[csv]",
    ),
    Sabotage(
        "a wrong cell does not stop an import", EXPORTED, "operations/import_sheet.py",
        "    problems += importing.check(updates, with", "    importing.check(updates, with",
        "acceptance/test_import.py::test_each_wrong_cell_is_named_at_once_by_row_and_column_and_nothing_is_written",
    ),
    Sabotage(
        "an amount that can be read in two ways is guessed", EXPORTED, "config/edit/sheet_values.py",
        "if _TWO_WAYS.fullmatch(text) and row.kind is Kind.DECIMAL:", "if not text:",
        "acceptance/test_import.py::test_each_wrong_cell_is_named_at_once_by_row_and_column_and_nothing_is_written",
    ),
    Sabotage(
        "a formula without a value is empty", EXPORTED, "config/read/sheet_file.py",
        "            sheet.problems.append(_formula(source, str(written.value)))\n", "",
        "acceptance/test_import.py::test_a_formula_counts_by_its_saved_value_and_says_so_or_is_refused",
    ),
    Sabotage(
        "a pipeline goes on with what another commit asked for", RESUMED, "operations/resume.py",
        "if reviewed is not None and plan.changes_digest != reviewed:", "if False:",
        "acceptance/test_runs.py::test_a_run_is_gone_on_with_for_its_own_reviewed_changes_alone",
    ),
    Sabotage(
        "a job that is started again does not go on with its run", RESUMED, "ci/shared_state.py",
        """r'\\1reconciler runs resume --digest "$REVIEWED"\\n\\g<0>'""", """r'\\g<0>'""",
        "acceptance/test_ci_examples.py::"
        "test_a_pipeline_with_a_shared_state_goes_on_where_it_was_cut_short_and_tells_drift_once[reviewed0]",
    ),
    Sabotage(
        "the branch of the pipelines is not looked for", CAUSED, "operations/last_applied.py",
        "return LastApplied(known, _of_pipelines(", "return LastApplied(known, None and _of_pipelines(",
        f"{_GIT}test_without_a_state_the_branch_of_the_pipelines_tells_drift_from_what_is_not_applied_yet",
    ),
    Sabotage(
        "the declarations of today are taken for those of the revision", CAUSED, "operations/last_applied.py",
        "desired=revision.loaded.desired, ", "",
        f"{_GIT}test_applied_takes_any_revision_as_it_stands_and_counts_before_the_state",
    ),
    Sabotage(
        "a revision that cannot be read is passed over in silence", CAUSED, "operations/last_applied.py",
        "if revision.problem:", "if False:",
        f"{_GIT}test_a_revision_that_cannot_be_read_is_told_and_causes_are_unknown[broken]",
    ),
    Sabotage(
        "what a revision declares counts as managed", CAUSED, "operations/last_applied.py",
        "memory=_by_revision(memory, baseline))", "memory=_by_revision(replace(memory, applied=baseline), baseline))",
        f"{_GIT}test_a_revision_decides_no_write",
    ),
    Sabotage(
        "what was adopted counts as managed", CAUSED, "state/known_customers.py",
        "if not head[5]}", "if True}",
        f"{_GIT}test_what_was_only_adopted_is_not_deactivated_when_its_declaration_goes",
    ),
    Sabotage(
        "an export notes nothing", CAUSED, "operations/export.py",
        "if folder.resolve().is_relative_to(settings.root.resolve()):", "if False:",
        f"{_GIT}test_the_first_drift_after_an_export_is_drift",
    ),
    Sabotage(
        "a plan without changes notes nothing", CAUSED, "operations/plan.py",
        "    if new:\n", "    if not new:\n",
        f"{_GIT}test_the_first_drift_after_a_plan_without_changes_is_drift",
    ),
    Sabotage(
        "the branch is moved by force", CAUSED, "operations/mark_applied.py",
        'f"{mark.commit}:refs', 'f"+{mark.commit}:refs',
        f"{_GIT}test_the_branch_moves_to_what_is_committed_and_forward_alone",
    ),
    Sabotage(
        "what is not committed is marked as applied", CAUSED, "operations/mark_applied.py",
        "if committed is None or committed.digest != declarations.read(settings, environ=environ).digest:",
        "if committed is None:",
        f"{_GIT}test_the_branch_moves_to_what_is_committed_and_forward_alone",
    ),
    Sabotage(
        "what was applied in part is marked as applied", CAUSED, "ci/github.py",
        "if code is Exit.DONE and work.mark is not None:", "if work.mark is not None:",
        "acceptance/test_ci_story.py"
        "::test_only_a_whole_apply_of_what_is_committed_moves_the_branch_and_never_past_a_newer_one",
    ),
    Sabotage(
        "GitHub's branch is moved by force", CAUSED, "ci/github_job.py",
        '"force": False', '"force": True',
        "acceptance/test_ci_story.py"
        "::test_only_a_whole_apply_of_what_is_committed_moves_the_branch_and_never_past_a_newer_one",
    ),
    Sabotage(
        "a block scalar breaks a line", TOLD, "config/read/value_checks.py",
        "        yield _line_break(row, text, node)\n",
        "        pass\n",
        _SURELY + "[a block in a line]",
    ),
    Sabotage(
        "blanks at the ends are cut and not told", TOLD, "config/read/value_checks.py",
        "text != bare and bare:",
        "text != bare and not bare:",
        "acceptance/test_values.py::test_blanks_at_the_ends_are_cut_with_a_warning_and_unicode_is_composed",
    ),
    Sabotage(
        "a point between thousands is a decimal one", TOLD, "config/read/value_checks.py",
        "return value.as_tuple().exponent == -3",
        "return False",
        _SURELY + "[a point between thousands]",
    ),
    Sabotage(
        "a spreadsheet's error is a text", TOLD, "config/read/content_checks.py",
        "    if SPREADSHEET_ERROR.fullmatch(text):\n",
        "    if not text:\n",
        _SURELY + "[a spreadsheet's error]",
    ),
    Sabotage(
        "an id may have decimals", TOLD, "config/read/content_checks.py",
        "    if amount and row.is_identifier:\n",
        "    if amount and not row:\n",
        _SURELY + "[decimals in an id]",
    ),
    Sabotage(
        "the digits of an IBAN are not checked", TOLD, "config/read/content_checks.py",
        "return _iban_complaint(row, text)",
        "return None",
        _SURELY + "[wrong check digits]",
    ),
    Sabotage(
        "a code may be in small letters", TOLD, "config/read/content_checks.py",
        "    if text in codes:\n",
        "    if text.upper() in codes:\n",
        _SURELY + "[a country in small letters]",
    ),
    Sabotage(
        "a postal code may lack digits", TOLD, "config/read/content_checks.py",
        "    if len(code) == digits:\n",
        "    if len(code) <= digits:\n",
        _VALUES + "test_a_postal_code_that_lost_its_zero_is_a_warning_by_country_also_that_of_the_defaults",
    ),
    Sabotage(
        "a postal code may have more digits", TOLD, "config/read/content_checks.py",
        "    if len(code) == digits:\n",
        "    if len(code) >= digits:\n",
        _SURELY + "[a postal code with a digit too many]",
    ),
    Sabotage(
        "two mandates may be the default one", TOLD, "config/read/content_checks.py",
        "            if other != key:\n",
        "            if not other:\n",
        _SURELY + "[two default mandates]",
    ),
    Sabotage(
        "a limit may be negative", TOLD, "config/read/value_checks.py",
        "return row.unsigned and isinstance(value, int | Decimal) and value < 0",
        "return False",
        _SURELY + "[a negative limit]",
    ),
    Sabotage(
        "a text may hold what nobody sees", TOLD, "config/read/content_checks.py",
        "(unseen := dict.fromkeys(_unseen().findall(text))):",
        "(unseen := dict.fromkeys(())):",
        _SURELY + "[a blank of no width in a name]",
    ),
    Sabotage(
        "quotes around a text belong to it", TOLD, "config/read/content_checks.py",
        "and text[0] not in text[1:-1]:",
        "and not text:",
        _SURELY + "[quotes around an id]",
    ),
    Sabotage(
        "what is meant is told all the same", TOLD, "config/read/value_checks.py",
        "        if finding.final or not any(",
        "        if path or not any(",
        "acceptance/test_values.py::test_as_typed_says_of_each_of_these_that_it_is_meant",
    ),
    Sabotage(
        "a spreadsheet's error without quotes is a comment", TOLD, "config/read/yaml_nodes.py",
        "        if not node.text and SPREADSHEET_ERROR",
        "        if node.text and SPREADSHEET_ERROR",
        _SURELY + "[such an error without quotes]",
    ),
    Sabotage(
        "an attribute that the class lacks is written in silence", TOLD, "core/classes.py",
        '            yield _about_attribute("P518", action, change, summary, remedy)\n',
        "            pass\n",
        "acceptance/test_values.py::test_attributes_are_held_against_the_class_that_a_plan_reads",
    ),
    Sabotage(
        "a value that its attribute does not take is written in silence", TOLD, "core/classes.py",
        "elif instead := _instead(attribute, change.after):",
        'elif instead := "":',
        "acceptance/test_values.py::test_attributes_are_held_against_the_class_that_a_plan_reads",
    ),
    Sabotage(
        "a row that cannot be read is not told", TOLD, "core/doubts.py",
        "        for row in self.unreadable:\n            yield Diagnostic(",
        "        for row in self.unreadable[:0]:\n            yield Diagnostic(",
        "acceptance/test_misshapen_rows.py::test_a_customer_that_is_not_declared_is_told_and_costs_nothing",
    ),
    Sabotage(
        "a row that cannot be read holds nothing back", TOLD, "core/doubts.py",
        "number_key(row.number) == number_key(number):\n                return row\n",
        "number_key(row.number) == number_key(number):\n                return None\n",
        "unit/core/test_doubts.py::test_a_declared_number_is_that_of_a_row_in_any_case_and_with_blanks",
    ),
    Sabotage(
        "a wrong count is not told", TOLD, "core/doubts.py",
        "        if self.count is not None:\n            yield",
        "        if self.count is not None and self.read < 0:\n            yield",
        "acceptance/test_misshapen_rows.py::test_a_count_that_stays_wrong_is_told_and_the_plan_is_that_of_a_right_one",
    ),
    Sabotage(
        "a class that cannot be read is taken for read", TOLD, "core/classes.py",
        "if customer_class is None or customer_class.problem:",
        "if customer_class is None:",
        "unit/core/test_classes.py::test_a_class_that_cannot_be_read_is_told",
    ),
    Sabotage(
        "the end of a mute is not told", TOLD, "core/checks.py",
        "elif mute := rules.mutes.ended(names, change.path):",
        'elif mute := rules.mutes.ended(names, ""):',
        "acceptance/test_mutes.py::test_an_ended_mute_is_an_ordinary_difference_with_a_note",
    ),
    Sabotage(
        "what is sent under a mute is not told", TOLD, "core/checks.py",
        "        if mute := rules.mutes.find(names, change.path):",
        '        if mute := rules.mutes.find(names, ""):',
        "acceptance/test_mutes.py::test_muted_fields_are_sent_on_demand",
    ),
    Sabotage(
        "a deactivation that cannot be is not told", TOLD, "core/removed.py",
        "    if rules.deactivate_removed and not memory.applied:",
        "    if not rules.deactivate_removed and not memory.applied:",
        "acceptance/test_on_removed.py::test_a_plan_without_state_says_that_nothing_is_deactivated",
    ),
    Sabotage(
        "a second default line of the ERP is not seen", TOLD, "core/checks.py",
        "is_chosen = len(path) == 3 and",
        "is_chosen = len(path) == 2 and",
        "acceptance/test_values.py::test_a_second_default_line_that_only_the_erp_knows_is_a_finding_of_the_plan",
    ),
    Sabotage(
        "the form in which the ERP keeps a text is not proposed", TOLD, "operations/writing.py",
        "        if forms:\n            words",
        "        if forms and not changes:\n            words",
        "acceptance/test_stores.py::test_a_form_of_what_was_sent_is_at_rest_and_the_line_is_proposed",
    ),
    Sabotage(
        "a value is not read back where the version moved", TOLD, "apply/readback.py",
        "        if stored is not _AS_SENT:\n",
        "        if stored is not _AS_SENT and not moved:\n",
        "acceptance/test_outcomes.py::test_a_value_that_is_not_there_is_not_taken_or_somebody_changed_it_again",
    ),
    Sabotage(
        "what was changed again is told as not taken", TOLD, "reports/view/run.py",
        "CHANGED_AGAIN if result.message == CHANGED_AGAIN else", "CHANGED_AGAIN if not result.message else",
        "acceptance/test_outcomes.py::test_a_value_that_is_not_there_is_not_taken_or_somebody_changed_it_again",
    ),
    Sabotage(
        "an ERP that stores nothing is not told", TOLD, "operations/writing.py",
        "    if len(lost) * 2 <= len(sent):", "    if len(lost) <= len(sent):",
        "acceptance/test_outcomes.py::test_a_value_that_is_not_there_is_not_taken_or_somebody_changed_it_again",
    ),
    Sabotage(
        "a member that nobody knows is not told", TOLD, "operations/workspace.py",
        "        if strange:\n            named", "        if not strange:\n            named",
        "acceptance/test_misshapen_rows.py::test_members_that_nobody_knows_are_told_once_with_the_number_of_customers",
    ),
    Sabotage(
        "what an export leaves out is told in part", TOLD, "operations/export.py",
        "            (*collecting.undeclarable, *updates.left_out),",
        "            (*collecting.undeclarable, *updates.left_out)[:10],",
        "acceptance/test_export_left_out.py::test_the_report_has_every_value_that_was_left_out",
    ),
    Sabotage(
        "a glob may have backslashes in silence", TOLD, "config/read/files.py",
        "            if _BACKSLASH in glob:", "            if not _BACKSLASH:",
        "acceptance/test_values.py::test_backslashes_in_a_glob_are_named_with_the_glob_as_it_should_be",
    ),
    Sabotage(
        "a name of a customer may be what no field may be", TOLD, "config/read/unmerged.py",
        "    said = findings(row, text, node)\n", "    said = findings(row, text[:0], node)\n",
        "acceptance/test_values.py::test_names_of_customers_are_held_to_the_rules_of_fields",
    ),
    Sabotage(
        "a proxy of SOCKS stands in the way of this machine", TOLD, "erp/proxies.py",
        "if address and url.host and not _is_this_machine(url.host) and not proxy_bypass(host):",
        "if address and url.host and not proxy_bypass(host):",
        "acceptance/test_security.py::test_a_socks_proxy_does_not_concern_an_erp_on_this_machine",
    ),
    Sabotage(
        "a member that only the ERP sets is unknown", TOLD, "config/read/schema_errors.py",
        "        if key.text in read_only:", "        if key.text in read_only and not key.text:",
        "acceptance/test_values.py::test_a_member_that_only_the_erp_sets_is_read_only_not_unknown[consolidateInvoices]",
    ),
    Sabotage(
        "a count of 0 beside rows is believed", TOLD, "erp/listing.py",
        "not isinstance(total, bool) and total > 0 else None", "not isinstance(total, bool) else None",
        "acceptance/test_misshapen_rows.py::test_no_count_beside_rows_counts_as_unknown",
    ),
)  # fmt: skip
"""In the order of the page."""
