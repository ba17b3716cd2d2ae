"""One renumbering, safely: looked up before and after, and done only when it is seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from reconciler.apply.renumber import ONE_LOOK, LookingUp, renumber
from reconciler.apply.writes import TRIES, Ended
from reconciler.core.diagnostics import Source
from reconciler.core.errors import AnswerLost, ErpError, NotFound, NotSent, Rejected, Unreachable
from reconciler.core.live import Live
from reconciler.core.plan import Action, Cause, Change, Outcome, Request, Verb
from reconciler.core.ports import Acted, Erp, Need

LOST = AnswerLost("the answer was lost")
AT = Source("a.yaml", 1, 1)
ACTION = Action(
    Verb.RENUMBER, "2", None, "A", AT, (Change("number", "1", "2", Cause.CONFIG, AT),),
    Request("POST", "/v1/customer/action/changeCustomerCd/7", None, {"customerCd": "2"}),
)  # fmt: skip


@dataclass
class FakeErp:
    """The numbers that look after look shows (the last one stays), and what action after action comes to."""

    numbers: list[str | ErpError]
    answers: list[Acted | ErpError] = field(default_factory=list)
    taken: bool = False
    sent: int = 0

    def number_of(self, internal_id: int) -> str:
        assert internal_id == 7
        number = self.numbers.pop(0) if len(self.numbers) > 1 else self.numbers[0]
        if isinstance(number, ErpError):
            raise number
        return number

    def customer(self, number: str, need: Need) -> Live:
        if not self.taken:
            raise NotFound(number, status=404)
        return Live(8, number, None, {})

    def renumber(self, request: Request) -> Acted:
        assert request is ACTION.request
        self.sent += 1
        answer = self.answers.pop(0)
        if isinstance(answer, ErpError):
            raise answer
        return answer


def run(erp: FakeErp, looking_up: LookingUp = ONE_LOOK, *, may_be_done: bool = False) -> Ended:
    return renumber(ACTION, cast(Erp, erp), looking_up, may_be_done=may_be_done)


def test_done_is_done_when_the_customer_has_the_number() -> None:
    erp = FakeErp(["1", "2"], [Acted("Done")])
    assert run(erp).result.outcome is Outcome.DONE
    assert erp.sent == 1


def test_done_without_the_number_is_unknown() -> None:
    result = run(FakeErp(["1"], [Acted("Done")])).result
    assert (result.outcome, result.message) == (Outcome.UNKNOWN, "the ERP answered Done, and 1 still has its number")


def test_failed_is_an_error_with_the_erps_reason() -> None:
    result = run(FakeErp(["1"], [Acted("Failed", error="No.")])).result
    assert (result.outcome, result.message) == (Outcome.FAILED, "the ERP did not renumber it: No.")
    assert result.remedy


@pytest.mark.parametrize("answer", ["Queued", "InProcess", "Background"])
def test_what_the_erp_does_later_is_looked_for_with_longer_and_longer_waits(answer: str) -> None:
    waited: list[float] = []
    erp = FakeErp(["1", "1", "1", "1", "2"], [Acted(answer)])
    assert run(erp, LookingUp(60, waited.append)).result.outcome is Outcome.DONE
    assert waited == [1, 2, 4]


def test_it_is_looked_for_no_longer_than_the_erp_can_take() -> None:
    waited: list[float] = []
    result = run(FakeErp(["1"], [Acted("Queued")]), LookingUp(40, waited.append)).result
    assert (result.outcome, sum(waited)) == (Outcome.UNKNOWN, 40)


def test_a_run_that_is_stopped_does_not_go_on_looking() -> None:
    def stopped(_seconds: float) -> None:
        raise NotSent("the run was stopped")

    assert run(FakeErp(["1"], [Acted("Queued")]), LookingUp(40, stopped)).result.outcome is Outcome.UNKNOWN


def test_a_number_that_somebody_has_is_not_asked_for() -> None:
    erp = FakeErp(["1"], taken=True)
    result = run(erp).result
    assert (result.outcome, erp.sent) == (Outcome.CONFLICT, 0)
    assert "2 was given to another customer" in result.message


@pytest.mark.parametrize(("number", "word"), [("9", "renumbered to 9"), (NotFound("", status=404), "does not have")])
def test_a_customer_that_is_not_what_the_plan_saw_is_left_alone(number: str | ErpError, word: str) -> None:
    erp = FakeErp([number])
    result = run(erp).result
    assert (result.outcome, erp.sent) == (Outcome.CONFLICT, 0)
    assert word in result.message


@pytest.mark.parametrize(("may_be_done", "message"), [(True, ""), (False, "it was so already")])
def test_what_is_done_already_is_not_sent(message: str, *, may_be_done: bool) -> None:
    erp = FakeErp(["2"])
    result = run(erp, may_be_done=may_be_done).result
    assert (result.outcome, result.message, erp.sent) == (Outcome.DONE, message, 0)


def test_a_lost_answer_is_looked_up_and_the_action_repeated_only_if_it_is_not_done() -> None:
    erp = FakeErp(["1", "2"], [LOST])
    assert (run(erp).result.outcome, erp.sent) == (Outcome.DONE, 1)
    erp = FakeErp(["1", "1", "2"], [LOST, Acted("Done")])
    assert (run(erp).result.outcome, erp.sent) == (Outcome.DONE, 2)
    erp = FakeErp(["1"], [LOST] * TRIES)
    assert (run(erp).result.outcome, erp.sent) == (Outcome.UNKNOWN, TRIES)


def test_a_refusal_after_a_lost_answer_leaves_the_end_unknown() -> None:
    erp = FakeErp(["1"], [LOST, Rejected("exists already", status=400)])
    assert run(erp).result.outcome is Outcome.UNKNOWN
    erp = FakeErp(["1", "1", "2"], [LOST, Acted("Failed", error="exists already")])
    assert run(erp).result.outcome is Outcome.DONE


def test_what_cannot_be_looked_up_before_is_not_sent() -> None:
    erp = FakeErp([Unreachable("no route")])
    ended = run(erp)
    assert (ended.result.outcome, erp.sent) == (Outcome.FAILED, 0)
    assert ended.hopeless


def test_a_refusal_is_a_failure() -> None:
    result = run(FakeErp(["1"], [Rejected("Not now.", status=400)])).result
    assert (result.outcome, result.message) == (Outcome.FAILED, "Not now.")


def test_what_cannot_be_looked_up_after_is_as_it_was_answered() -> None:
    lost = Unreachable("no route")
    assert run(FakeErp(["1", lost], [Acted("Done")])).result.outcome is Outcome.UNKNOWN
    assert run(FakeErp(["1", lost], [Acted("Failed")])).result.outcome is Outcome.FAILED
    assert run(FakeErp(["1", lost], [LOST])).result.outcome is Outcome.UNKNOWN
