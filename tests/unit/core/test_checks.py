"""What is wrong with a plan as a whole is told once for each place, with what to do; and nothing else is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from reconciler.core.checks import null_problems, orphans, rivals, targeted_note
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors, in_order
from reconciler.core.identity import Pairing
from reconciler.core.live import Live
from reconciler.core.plan import Action, Cause, Change, Request, Verb
from reconciler.core.ports import View
from reconciler.core.rules import Rules
from reconciler.resources.customer import CUSTOMER

AT = Source("a.yaml", 1, 1)


def declared(number: str | None = None, ref: str | None = None, line: int = 1, **values: Any) -> Desired:
    at = Source("a.yaml", line, 1)
    return Desired(number, ref, values, at, lambda path: Source(path[0], line, 1), match=CUSTOMER.match)


def live(number: str, **values: Any) -> Live:
    return Live(int(number), number, "v", values)


def action(number: str, *changes: tuple[str, Any], line: int = 1) -> Action:
    at = Source("a.yaml", line, 1)
    made = tuple(Change(path, "old", after, Cause.CONFIG, at) for path, after in changes)
    return Action(Verb.UPDATE, number, None, "A", at, made, Request("PUT", "/", "v", {}))


def told(found: Iterable[Diagnostic]) -> list[tuple[str, str, str]]:
    return [(each.severity, each.code, each.summary) for each in found]


# ---- two new customers ----


def _rivals(*pairs: tuple[Desired, Live | None]) -> list[tuple[str, str, str]]:
    return told(rivals(Pairing(pairs, 0, ())))


def test_two_new_customers_that_could_not_be_told_apart_are_an_error_at_the_one_without_a_number() -> None:
    pairs = ((declared(ref="x", line=3, corporateId="91"), None), (declared("9", line=5, corporateId="91"), None))
    (found,) = rivals(Pairing(pairs, 0, ()))
    assert told([found]) == [
        ("error", "I414", "ref x and 9 (a.yaml:5:1) are both new and have the same corporateId or vatRegistrationId")
    ]
    assert (found.source, found.remedy) == (
        Source("a.yaml", 3, 1),
        "Keep one of the two declarations, or give both a number.",
    )


def test_two_with_numbers_two_with_other_ids_and_one_that_is_live_are_no_rivals() -> None:
    assert _rivals((declared("8", corporateId="91"), None), (declared("9", corporateId="91"), None)) == []
    assert _rivals((declared(ref="x", corporateId="91"), None), (declared(ref="y", corporateId="92"), None)) == []
    assert _rivals((declared(ref="x", corporateId="91"), None), (declared(ref="y", vatRegistrationId="91"), None)) == []
    assert _rivals((declared(ref="x", corporateId="91"), live("1")), (declared(ref="y", corporateId="91"), None)) == []
    assert _rivals((declared(ref="x"), None), (declared(ref="y"), None)) == []
    assert _rivals((declared(ref="x", corporateId=None), None), (declared(ref="y", corporateId=None), None)) == []


def test_of_three_that_are_one_two_are_told() -> None:
    new = [(declared(ref=ref, corporateId="91"), None) for ref in "xyz"]
    assert [summary.split(" (")[0] for _, _, summary in _rivals(*new)] == ["ref y and ref x", "ref z and ref x"]


# ---- parents ----


def test_a_parent_that_is_neither_live_nor_declared_is_a_warning() -> None:
    children = [action("1", ("parentRecordNumber", "77"), ("name", "78"))]
    (found,) = orphans(children, Pairing((), 0, ()), View((live("5"),), "", 1))
    assert told([found]) == [
        ("warning", "P514", "1: its parent 77 is neither a customer of the ERP nor declared"),
    ]
    assert found.source == AT
    assert found.remedy == "Correct parentRecordNumber; the ERP will refuse the customer otherwise."


def test_a_parent_that_is_live_or_declared_or_cleared_is_none() -> None:
    children = [action("1", ("parentRecordNumber", parent)) for parent in ("5 ", "a6", None)]
    pairing = Pairing(((declared("A6"), None), (declared(ref="x"), None)), 0, ())
    assert told(orphans(children, pairing, View((live("5"),), "", 1))) == []


# ---- clearing ----


def test_clearing_with_null_is_one_warning_for_all() -> None:
    actions = [action(str(at), ("creditDaysPastDue", None), line=at) for at in range(1, 7)]
    (found,) = null_problems(actions, Rules())
    assert told([found]) == [
        ("warning", "P506", "6 fields are cleared with null: the ERP does not document what it makes of that")
    ]
    assert found.detail == ", ".join(f"{at} creditDaysPastDue" for at in range(1, 6))
    assert found.source == AT
    (one,) = null_problems(actions[:1], Rules())
    assert one.summary == "1 field is cleared with null: the ERP does not document what it makes of that"


def test_where_null_is_refused_each_field_is_an_error() -> None:
    actions = [action(str(at), ("creditDaysPastDue", None), ("name", "A"), line=at) for at in (1, 2)]
    found = list(null_problems(actions, Rules(send_null=False)))
    refusal = "creditDaysPastDue can only be cleared by sending null, which api.clear_nullable refuses"
    assert told(found) == [("error", "P505", f"{at}: {refusal}") for at in (1, 2)]
    assert [each.source for each in found] == [Source("a.yaml", at, 1) for at in (1, 2)]


@pytest.mark.parametrize("send_null", [True, False])
def test_a_text_is_cleared_without_a_word_and_so_is_a_line(send_null: bool) -> None:
    actions = [action("1", ("gln", None), ("creditDaysPastDue", 3), ("directDebitLines[x]", None))]
    assert told(null_problems(actions, Rules(send_null=send_null))) == []


# ---- the rest ----


def test_the_note_on_targets_names_each_once() -> None:
    found = targeted_note(frozenset({"a1", "A1", "x"}))
    assert (found.severity, found.code) == (Severity.WARNING, "P503")
    assert found.summary == "This plan covers only A1, X; other declarations may differ too"


def test_diagnostics_stand_by_place_then_code_then_text_and_those_without_a_place_first() -> None:
    def made(code: str, summary: str, source: Source | None) -> Diagnostic:
        return Diagnostic(Severity.NOTE, code, summary, source=source)

    later, first = Source("b.yaml", 1, 1), Source("a.yaml", 2, 1)
    wanted = (
        made("Z", "b", None),
        made("A", "a", first),
        made("A", "b", first),
        made("B", "a", first),
        made("A", "a", later),
    )
    assert in_order(list(reversed(wanted))) == wanted


def test_only_an_error_is_an_error() -> None:
    quiet = [Diagnostic(severity, "X", "") for severity in (Severity.WARNING, Severity.NOTE)]
    assert not has_errors(quiet)
    assert not has_errors(())
    assert has_errors([*quiet, Diagnostic(Severity.ERROR, "X", "")])
