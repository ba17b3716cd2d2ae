"""One write, safely: each unclear end is looked up before anything is repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from reconciler.apply.writes import TRIES, Claims, Ended, write
from reconciler.core.classes import CustomerClass
from reconciler.core.diagnostics import Source
from reconciler.core.errors import (
    AnswerLost,
    AuthenticationFailed,
    Conflict,
    ErpError,
    NotFound,
    NotSent,
    PermissionDenied,
    RateLimited,
    Rejected,
    ServerFailed,
    UnexpectedAnswer,
    Unreachable,
)
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import Action, Cause, Change, Outcome, Request, Verb
from reconciler.core.ports import Need, Sent, View
from reconciler.resources.customer import CUSTOMER

SINCE = "2026-01-31T12:00:00Z"
OLD, NEW = "AAAAAAAAB9E=", "AAAAAAAAB9I="

LOST = AnswerLost("the answer was lost")
FAILED = ServerFailed("503", status=503)
QUEUED = UnexpectedAnswer("202", status=202)

Step = ErpError | str | Callable[["FakeErp"], Sent]
"""What a send does: fails, makes or changes the customer of the number, or anything else."""


@dataclass
class FakeErp:
    """An ERP of a few customers; each send takes the next step."""

    steps: list[Step] = field(default_factory=list)
    held: list[Live] = field(default_factory=list)
    reading: ErpError | None = None
    sent: list[Request] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    since: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Sent:
        self.sent.append(request)
        step = self.steps.pop(0)
        if isinstance(step, ErpError):
            raise step
        return Sent(step, NEW) if isinstance(step, str) else step(self)

    def customer(self, number: str, need: Need) -> Live:
        self.needs.append(need)
        if self.reading is not None:
            raise self.reading
        found = [live for live in self.held if number_key(live.number) == number_key(number)]
        if not found:
            raise NotFound(number, status=404)
        return found[0]

    def created_since(self, moment: str, need: Need) -> Iterable[Live]:
        self.since.append(moment)
        if self.reading is not None:
            raise self.reading
        return iter(self.held)

    def refresh(self, need: Need) -> View:
        raise AssertionError("a write needs no list")

    def classes(self) -> Iterable[CustomerClass]:
        raise AssertionError("a write needs no classes")


def done_and(error: ErpError, live: Live) -> Callable[[FakeErp], Sent]:
    """The work is done, but the answer is this error."""

    def step(erp: FakeErp) -> Sent:
        erp.held = [each for each in erp.held if each.number != live.number] + [live]
        raise error

    return step


def live(number: str = "10000", version: str | None = OLD, **values: Any) -> Live:
    return Live(1, number, version, {"number": number, "name": "A", "corporateId": None, **values})


def action(verb: Verb, number: str | None, **after: Any) -> Action:
    at = Source("customers/a.yaml", 1, 1)
    changes = tuple(Change(path, None, value, Cause.CONFIG, at) for path, value in after.items())
    request = (
        Request("PUT", f"/v1/customer/{number}", OLD, {})
        if verb is Verb.UPDATE
        else Request("POST", "/v1/customer", None, {})
    )
    return Action(verb, number, None if number else "a", "A", at, changes, request)


UPDATE = action(Verb.UPDATE, "10000", creditLimit=Decimal("5"))
CREATE = action(Verb.CREATE, "10000", name="A", creditLimit=Decimal("5"))
AUTOMATIC = action(Verb.CREATE, None, name="A", corporateId="910", creditLimit=Decimal("5"))
BARE = action(Verb.CREATE, None, name="A", creditLimit=Decimal("5"))

WANTED = live(version=NEW, creditLimit=Decimal("5"))
UNTOUCHED = live(creditLimit=Decimal("1"))
CLERKS = live(version="AAAAAAAAB9M=", creditLimit=Decimal("9"))
OURS = live("100000", NEW, corporateId="910", creditLimit=Decimal("5"))


def run(done: Action, erp: FakeErp, **more: Any) -> Ended:
    return write(done, erp, since=SINCE, **more)


def outcome(ended: Ended) -> Outcome:
    return ended.result.outcome


# ---- what is clear ----


@pytest.mark.parametrize(("what", "number"), [(UPDATE, "10000"), (CREATE, "10000"), (AUTOMATIC, "100000")])
def test_a_write_that_is_answered_is_done_and_nothing_is_looked_up(what: Action, number: str) -> None:
    erp = FakeErp([number])
    ended = run(what, erp)
    assert (outcome(ended), ended.result.number, ended.result.version, ended.hopeless) == (
        Outcome.DONE, number, NEW, "",
    )  # fmt: skip
    assert (erp.sent, erp.needs, erp.since) == ([what.request], [], [])


@pytest.mark.parametrize("what", [UPDATE, CREATE, AUTOMATIC])
@pytest.mark.parametrize(
    ("error", "hopeless"),
    [
        (Rejected("400", status=400), ""),
        (NotFound("404", status=404), ""),
        (UnexpectedAnswer("302", status=302), ""),
        (UnexpectedAnswer("no version"), ""),
        (AuthenticationFailed("401"), "the ERP refuses the credentials"),
        (PermissionDenied("403"), "the ERP refuses the permission"),
        (RateLimited("429"), "the ERP's rate limit is used up"),
        (Unreachable("no connection"), "the ERP cannot be reached"),
    ],
    ids=str,
)
def test_what_was_surely_not_done_has_failed(what: Action, error: ErpError, hopeless: str) -> None:
    error.reference = "ref-1"
    erp = FakeErp([error])
    ended = run(what, erp)
    assert (outcome(ended), ended.hopeless) == (Outcome.FAILED, hopeless)
    is_gone = isinstance(error, NotFound) and what is UPDATE
    message = "the ERP has no customer 10000 any more: it was renumbered or removed since the plan was made"
    assert ended.result.message == f"{message if is_gone else error} (ERP reference ref-1)"
    looked = isinstance(error, Rejected) and what is CREATE  # is the number taken, perhaps?
    assert (len(erp.sent), len(erp.needs), erp.since) == (1, int(looked), [])


@pytest.mark.parametrize("what", [UPDATE, CREATE, AUTOMATIC])
def test_what_was_held_back_is_skipped_and_stops_the_run(what: Action) -> None:
    ended = run(what, FakeErp([NotSent("no budget is left", remedy="Wait.")]))
    assert (outcome(ended), ended.hopeless, ended.result.remedy) == (Outcome.SKIPPED, "no budget is left", "Wait.")
    assert "no budget is left" in ended.result.message


# ---- updates ----


def conflict(after_lost: bool) -> Conflict:
    error = Conflict("412", status=412)
    error.after_lost = after_lost
    return error


@pytest.mark.parametrize("after_lost", [True, False])
def test_a_conflict_with_a_customer_that_is_as_wanted_is_done(after_lost: bool) -> None:
    ended = run(UPDATE, FakeErp([conflict(after_lost)], [WANTED]))
    assert (outcome(ended), ended.result.version) == (Outcome.DONE, NEW)
    assert bool(ended.result.message) is not after_lost


@pytest.mark.parametrize("after_lost", [True, False])
def test_a_conflict_with_a_clerks_work_tells_what_moved_and_is_not_repeated(after_lost: bool) -> None:
    erp = FakeErp([conflict(after_lost)], [CLERKS])
    ended = run(UPDATE, erp)
    assert (outcome(ended), ended.hopeless, len(erp.sent)) == (Outcome.CONFLICT, "", 1)
    assert [(each.path, each.before, each.after) for each in ended.result.moved] == [("creditLimit", None, 9)]


def test_a_conflict_that_cannot_be_looked_at_is_a_conflict() -> None:
    ended = run(UPDATE, FakeErp([conflict(True)], reading=Unreachable("gone")))
    assert (outcome(ended), ended.result.moved) == (Outcome.CONFLICT, ())


@pytest.mark.parametrize("error", [LOST, FAILED, QUEUED], ids=str)
@pytest.mark.parametrize(
    ("held", "expected"), [(WANTED, Outcome.DONE), (CLERKS, Outcome.CONFLICT), (UNTOUCHED, Outcome.FAILED)]
)
def test_an_unclear_update_is_what_the_customer_shows(error: ErpError, held: Live, expected: Outcome) -> None:
    erp = FakeErp([error], [held])
    if error is QUEUED and held is UNTOUCHED:
        expected = Outcome.UNKNOWN  # it may still be done
    assert outcome(run(UPDATE, erp)) is expected
    assert len(erp.sent) == 1


@pytest.mark.parametrize(
    ("reading", "hopeless"),
    [
        (Unreachable("gone"), "the ERP cannot be reached"),
        (NotSent("no budget is left"), "no budget is left"),
        (UnexpectedAnswer("no JSON"), ""),
        (NotFound("404"), ""),
    ],
)
@pytest.mark.parametrize("steps", [[LOST], [FAILED], [QUEUED]], ids=str)
def test_an_unclear_update_that_cannot_be_looked_at_is_unknown(
    steps: list[Step], reading: ErpError, hopeless: str
) -> None:
    ended = run(UPDATE, FakeErp(list(steps), reading=reading))
    assert (outcome(ended), ended.hopeless) == (Outcome.UNKNOWN, hopeless)
    assert "Plan again" in ended.result.remedy


@pytest.mark.parametrize(
    ("held", "expected", "sends"),
    [(WANTED, Outcome.DONE, 0), (CLERKS, Outcome.CONFLICT, 0), (UNTOUCHED, Outcome.DONE, 1)],
)
def test_an_update_of_an_earlier_try_is_looked_up_first(held: Live, expected: Outcome, sends: int) -> None:
    erp = FakeErp(["10000"], [held])
    assert outcome(run(UPDATE, erp, may_be_done=True)) is expected
    assert len(erp.sent) == sends


def test_an_update_of_an_earlier_try_that_cannot_be_looked_up_stays_unknown() -> None:
    erp = FakeErp(["10000"], reading=NotSent("no budget is left"))
    ended = run(UPDATE, erp, may_be_done=True)
    assert (outcome(ended), ended.hopeless, erp.sent) == (Outcome.UNKNOWN, "no budget is left", [])


# ---- creates with a number ----


@pytest.mark.parametrize("error", [LOST, FAILED, QUEUED], ids=str)
def test_an_unclear_create_that_was_done_is_found_by_its_number(error: ErpError) -> None:
    erp = FakeErp([done_and(error, WANTED)])
    ended = run(CREATE, erp)
    assert (outcome(ended), ended.result.number, len(erp.sent)) == (Outcome.DONE, "10000", 1)
    assert (ended.result.is_found, ended.result.version) == (True, None), "its version may be that of somebody's edit"


@pytest.mark.parametrize("error", [LOST, FAILED, QUEUED], ids=str)
def test_an_unclear_create_that_was_not_done_is_sent_again(error: ErpError) -> None:
    erp = FakeErp([error, error, "10000"])
    assert outcome(run(CREATE, erp)) is Outcome.DONE
    assert len(erp.sent) == TRIES
    assert set(erp.since) == {SINCE}


@pytest.mark.parametrize(
    ("error", "expected"), [(LOST, Outcome.UNKNOWN), (QUEUED, Outcome.UNKNOWN), (FAILED, Outcome.FAILED)], ids=str
)
def test_a_create_that_stays_unclear_ends_after_some_tries(error: ErpError, expected: Outcome) -> None:
    erp = FakeErp([error] * TRIES)
    assert outcome(run(CREATE, erp)) is expected
    assert len(erp.sent) == TRIES


@pytest.mark.parametrize("error", [LOST, FAILED], ids=str)
def test_the_last_try_is_looked_up_too(error: ErpError) -> None:
    erp = FakeErp([error, error, done_and(error, WANTED)])
    assert outcome(run(CREATE, erp)) is Outcome.DONE


def test_exists_already_after_an_unclear_try_speaks_of_our_own() -> None:
    """The first try reached the ERP late: after it was looked up, before the second."""
    erp = FakeErp([LOST, done_and(Rejected("exists already", status=400), WANTED)])
    assert outcome(run(CREATE, erp)) is Outcome.DONE
    assert len(erp.sent) == 2


def test_a_refusal_after_an_unclear_try_is_a_failure_when_nothing_is_there() -> None:
    ended = run(CREATE, FakeErp([LOST, Rejected("no such class", status=400)]))
    assert (outcome(ended), ended.result.message) == (Outcome.FAILED, "no such class")


@pytest.mark.parametrize(
    "later", [Unreachable("gone"), NotSent("no budget"), RateLimited("429"), PermissionDenied("x")]
)
def test_a_later_try_that_does_not_get_through_leaves_the_create_unclear(later: ErpError) -> None:
    ended = run(CREATE, FakeErp([LOST, later]))
    assert (outcome(ended), ended.result.message) == (Outcome.UNKNOWN, str(LOST))
    assert ended.hopeless


@pytest.mark.parametrize("what", [CREATE, AUTOMATIC, BARE])
@pytest.mark.parametrize("reading", [Unreachable("gone"), NotSent("no budget"), UnexpectedAnswer("no JSON")])
@pytest.mark.parametrize("error", [LOST, FAILED, QUEUED], ids=str)
def test_an_unclear_create_that_cannot_be_looked_up_is_unknown_and_not_repeated(
    what: Action, error: ErpError, reading: ErpError
) -> None:
    erp = FakeErp([error], reading=reading)
    ended = run(what, erp)
    assert (outcome(ended), len(erp.sent)) == (Outcome.UNKNOWN, 1)
    assert str(error) in ended.result.message


def test_the_number_taken_by_somebody_elses_customer_is_a_conflict() -> None:
    other = live(name="Somebody else's")
    ended = run(CREATE, FakeErp([done_and(LOST, other)]))
    assert outcome(ended) is Outcome.CONFLICT
    assert ("name", "Somebody else's") in [(each.path, each.after) for each in ended.result.moved]


def test_an_unclear_create_that_the_erp_numbered_itself_is_unknown_and_names_it() -> None:
    erp = FakeErp([done_and(LOST, replace(WANTED, number="777"))])
    ended = run(CREATE, erp)
    assert (outcome(ended), len(erp.sent)) == (Outcome.UNKNOWN, 1)
    assert "777" in ended.result.message


@pytest.mark.parametrize("number", ["777", "10001"])
def test_a_number_of_the_erps_own_stops_the_run(number: str) -> None:
    ended = run(CREATE, FakeErp([number]))
    assert (outcome(ended), ended.result.number) == (Outcome.DONE, number)
    assert f"numbered it {number}" in ended.result.message
    assert ended.hopeless


def test_the_same_number_in_other_letters_is_the_same() -> None:
    ended = run(replace(CREATE, number="a-1"), FakeErp(["A-1 "]))
    assert (outcome(ended), ended.hopeless) == (Outcome.DONE, "")


def test_a_value_that_the_erp_changed_on_the_way_is_still_ours() -> None:
    erp = FakeErp([done_and(LOST, replace(WANTED, values=WANTED.values | {"creditLimit": Decimal("4.99")}))])
    assert outcome(run(CREATE, erp)) is Outcome.DONE


# ---- creates that the ERP numbers ----


@pytest.mark.parametrize("error", [LOST, FAILED, QUEUED], ids=str)
def test_an_unclear_automatic_create_that_was_done_is_found_by_its_ids(error: ErpError) -> None:
    erp = FakeErp([done_and(error, OURS)], [live("7", name="A", corporateId="another")])
    ended = run(AUTOMATIC, erp)
    assert (outcome(ended), ended.result.number, len(erp.sent)) == (Outcome.DONE, "100000", 1)


@pytest.mark.parametrize(
    ("error", "expected"), [(LOST, Outcome.UNKNOWN), (QUEUED, Outcome.UNKNOWN), (FAILED, Outcome.FAILED)], ids=str
)
def test_an_unclear_automatic_create_is_never_sent_again(error: ErpError, expected: Outcome) -> None:
    erp = FakeErp([error])
    assert outcome(run(AUTOMATIC, erp)) is expected
    assert len(erp.sent) == 1


def test_two_customers_that_could_be_ours_are_unknown() -> None:
    erp = FakeErp([done_and(LOST, OURS)], [replace(OURS, number="99")])
    ended = run(AUTOMATIC, erp)
    assert outcome(ended) is Outcome.UNKNOWN
    assert "99, 100000" in ended.result.message


@pytest.mark.parametrize(
    ("limit", "expected"), [(Decimal("5"), Outcome.DONE), (Decimal("6"), Outcome.UNKNOWN)], ids=["ours", "not ours"]
)
def test_a_name_alone_does_not_make_a_customer_ours(limit: Decimal, expected: Outcome) -> None:
    erp = FakeErp([done_and(LOST, live("100000", creditLimit=limit))])
    ended = run(BARE, erp)
    assert outcome(ended) is expected
    assert "100000" in (ended.result.number or ended.result.message)


def test_values_with_a_request_of_their_own_are_read_before_a_customer_is_taken_for_ours() -> None:
    noted = action(Verb.CREATE, None, name="A", note="Hello")
    erp = FakeErp([done_and(LOST, live("100000", note="Hello"))])
    assert outcome(run(noted, erp)) is Outcome.DONE
    assert erp.needs[-1].own == {"note": frozenset({"100000"})}


def test_a_customer_that_was_there_when_the_plan_was_made_is_never_taken_for_ours() -> None:
    """The ERP's answer to what was created since reaches back a day."""
    erp = FakeErp([LOST], [OURS])
    assert outcome(run(replace(AUTOMATIC, alike=("100000",)), erp)) is Outcome.UNKNOWN
    erp = FakeErp([FAILED, "10000"], [OURS])
    assert outcome(run(replace(CREATE, alike=("100000",)), erp)) is Outcome.DONE, "it is sent again"
    assert len(erp.sent) == 2


@pytest.mark.parametrize(("match", "expected"), [(("corporateId", "vatRegistrationId"), Outcome.DONE),
                                                 (("accountReference",), Outcome.UNKNOWN)])  # fmt: skip
def test_ids_by_which_the_declaration_finds_nothing_do_not_make_a_customer_ours(
    match: tuple[str, ...], expected: Outcome
) -> None:
    erp = FakeErp([done_and(LOST, replace(OURS, values=OURS.values | {"creditLimit": Decimal("9")}))])
    assert outcome(run(replace(AUTOMATIC, match=match), erp)) is expected


@pytest.mark.parametrize(("held", "sends"), [([], 1), ([OURS], 0)], ids=["not done", "done"])
def test_an_automatic_create_of_an_earlier_try_is_looked_up_first(held: list[Live], sends: int) -> None:
    erp = FakeErp(["100000"], list(held))
    ended = run(AUTOMATIC, erp, may_be_done=True)
    assert (outcome(ended), ended.result.number, len(erp.sent)) == (Outcome.DONE, "100000", sends)


@pytest.mark.parametrize(("held", "sends"), [([], 1), ([WANTED], 0)], ids=["not done", "done"])
def test_a_numbered_create_of_an_earlier_try_is_looked_up_first(held: list[Live], sends: int) -> None:
    erp = FakeErp(["10000"], list(held))
    assert outcome(run(CREATE, erp, may_be_done=True)) is Outcome.DONE
    assert len(erp.sent) == sends


@pytest.mark.parametrize("what", [CREATE, AUTOMATIC])
@pytest.mark.parametrize("reading", [Unreachable("gone"), NotSent("no budget"), AuthenticationFailed("401")])
def test_a_create_of_an_earlier_try_that_cannot_be_looked_up_is_not_sent(what: Action, reading: ErpError) -> None:
    erp = FakeErp(["10000"], reading=reading)
    ended = run(what, erp, may_be_done=True)
    assert (outcome(ended), erp.sent) == (Outcome.UNKNOWN, [])
    assert ended.hopeless


@pytest.mark.parametrize("error", [Rejected("400", status=400), RateLimited("429")])
def test_a_create_of_an_earlier_try_that_is_not_there_and_is_refused_has_failed(error: ErpError) -> None:
    assert outcome(run(CREATE, FakeErp([error]), may_be_done=True)) is Outcome.FAILED


# ---- several creates of one run ----


def test_the_customer_of_another_create_of_the_run_is_not_taken_for_ours() -> None:
    claims = Claims()
    assert outcome(run(AUTOMATIC, FakeErp(["100000"]), claims=claims)) is Outcome.DONE
    assert outcome(run(AUTOMATIC, FakeErp([LOST], [OURS]), claims=claims)) is Outcome.UNKNOWN
    numbered = FakeErp([FAILED, "10000"], [OURS])
    assert outcome(run(CREATE, numbered, claims=claims)) is Outcome.DONE, "it is sent again at once"
    assert len(numbered.sent) == 2


def test_a_number_of_an_earlier_try_is_claimed() -> None:
    assert outcome(run(AUTOMATIC, FakeErp([LOST], [OURS]), claims=Claims(["100000"]))) is Outcome.UNKNOWN


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_creates_that_look_alike_each_finds_its_own(first: int) -> None:
    """Both answers are lost, and only the match fields tell the two apart; the ERP may show either one first."""
    actions = [action(Verb.CREATE, None, name="A", corporateId="910", gln=gln) for gln in "12"]
    actions[0] = replace(actions[0], match=CUSTOMER.match)
    actions[1] = replace(actions[1], match=("gln",))
    theirs = [live(f"10000{gln}", NEW, corporateId="910", gln=gln) for gln in "12"]
    claims = Claims((), actions)
    shown = [theirs[first]]
    ended = [run(each, FakeErp([LOST], list(shown)), claims=claims) for each in actions]
    assert outcome(ended[first]) is Outcome.DONE
    assert outcome(ended[1 - first]) is Outcome.UNKNOWN
    later = run(actions[1 - first], FakeErp([], list(theirs)), claims=claims, may_be_done=True)
    assert (outcome(later), later.result.number) == (Outcome.DONE, theirs[1 - first].number)
    both = [run(each, FakeErp([LOST], list(theirs)), claims=Claims((), actions)) for each in actions]
    assert [each.result.number for each in both] == ["100001", "100002"]


@pytest.mark.parametrize(("seen", "sends"), [(False, 1), (True, 2)], ids=["may number itself", "keeps numbers"])
def test_a_create_that_the_erp_may_still_be_at_work_on_is_sent_again_only_if_it_would_be_refused(
    seen: bool, sends: int
) -> None:
    late = AnswerLost("it took too long")
    late.late = True
    claims = Claims()
    if seen:
        assert outcome(run(replace(CREATE, number="9"), FakeErp(["9"]), claims=claims)) is Outcome.DONE
    erp = FakeErp([late, "10000"])
    assert outcome(run(CREATE, erp, claims=claims)) is (Outcome.DONE if seen else Outcome.UNKNOWN)
    assert len(erp.sent) == sends


def test_one_customer_is_found_by_one_create_only() -> None:
    claims, gate = Claims(), threading.Barrier(4)

    def one(_: int) -> Outcome:
        erp = FakeErp([LOST], [OURS])
        gate.wait(5)
        return outcome(run(AUTOMATIC, erp, claims=claims))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(4)))
    assert sorted(found) == [Outcome.DONE, *[Outcome.UNKNOWN] * 3]
