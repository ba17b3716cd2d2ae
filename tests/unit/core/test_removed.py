"""Who lost the declaration is told, and goes to Inactive only when asked; nobody else does."""

from __future__ import annotations

from typing import Any

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Severity, Source
from reconciler.core.identity import Pairing
from reconciler.core.live import Live
from reconciler.core.plan import Action, Cause, Change, Verb
from reconciler.core.ports import View
from reconciler.core.removed import deactivations, removal_notes, removed
from reconciler.core.rules import Memory, Rules
from reconciler.erp.encode import WireCodec

AT = Source("a.yaml", 1, 1)


def declared(number: str | None = None, ref: str | None = None) -> Desired:
    return Desired(number, ref, {}, AT, lambda _path: AT)


def live(number: str, status: str | None = "Active", **values: Any) -> Live:
    return Live(len(number), number, "v1", {"name": f"N{number}", "status": status, **values})


def numbers(desired: list[Desired], pairing: Pairing, *lives: Live, memory: Memory) -> list[str]:
    return [each.number for each in removed(desired, pairing, View(lives, "", 1), memory)]


NOBODY = Pairing((), 0, ())
MANAGED = Memory(applied={"A1": {}, "10": {}, "9": {}})


def test_who_was_managed_is_live_and_undeclared_is_removed_sorted_as_people_read_numbers() -> None:
    assert numbers([], NOBODY, live("10"), live("a1"), live("9"), live("8"), memory=MANAGED) == ["9", "10", "a1"]


def test_who_was_never_managed_is_not_removed() -> None:
    assert numbers([], NOBODY, live("9"), memory=Memory()) == []


def test_who_is_declared_by_number_or_ref_or_paired_is_not_removed() -> None:
    lives = (live("a1"), live("10"), live("9"))
    memory = Memory(applied=MANAGED.applied, numbers={"x": "10 ", "gone": "9"})
    assert numbers([declared("A1"), declared(ref="x")], NOBODY, *lives, memory=memory) == ["9"]
    paired = Pairing(((declared(ref="y"), lives[2]), (declared(ref="z"), None)), 0, ())
    assert numbers([declared(ref="y")], paired, *lives, memory=MANAGED) == ["10", "a1"]


def test_a_deactivation_sends_the_status_alone_and_skips_who_is_inactive() -> None:
    (action,) = deactivations([live("1"), live("22", "Inactive")], WireCodec(), Rules())
    assert isinstance(action, Action)
    source = Source("reconciler.yaml", 1, 1)
    assert action.changes == (Change("status", "Active", "Inactive", Cause.CONFIG, source),)
    assert (action.action, action.number, action.ref, action.name, action.source) == (
        Verb.UPDATE, "1", None, "N1", source,
    )  # fmt: skip
    assert (action.request.method, action.request.if_match) == ("PUT", "v1")
    assert action.request.body == {"status": {"value": "Inactive"}}


def test_the_removed_are_told_up_to_ten_with_what_happens_to_them() -> None:
    eleven = tuple(live(str(at)) for at in range(1, 12))
    (one,) = removal_notes(eleven[:1], Rules())
    assert (one.severity, one.code) == (Severity.WARNING, "P512")
    assert (one.summary, one.detail) == ("1 customer lost the declaration: 1", "left as it is in the ERP")
    assert one.remedy == "Put the declaration back, or set on_removed to ignore or deactivate."
    (ten,) = removal_notes(eleven[:10], Rules())
    assert ten.summary == "10 customers lost the declaration: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
    (more,) = removal_notes(eleven, Rules(deactivate_removed=True))
    assert more.summary == "11 customers lost the declaration: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and more"
    assert more.detail == "goes to Inactive"
    assert more.remedy == "Put the declaration back, or set on_removed to ignore."
    assert list(removal_notes((), Rules())) == []
