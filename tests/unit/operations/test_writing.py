"""The one way in which a plan is written: what it asks, in which order, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler import Declined, ErpError, InvalidInput, Listener, Locked, Outcome, Plan, Refused, Result
from reconciler.apply.readback import Checked
from reconciler.core.live import Live
from reconciler.core.plan import Cause, Change, Verb
from reconciler.core.ports import Touched
from reconciler.operations.writing import Proposal, _Writing
from tests.unit.operations.conftest import House
from tests.unit.state.plans import plan_of

TWO = "[{number: 1, name: A}, {number: 2, name: B}]"


class Recorder(Listener):
    """Notes what it hears, in order, and agrees."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, message: str) -> None:
        self.heard.append("say")

    def show(self, plan: Plan) -> None:
        self.heard.append("show")

    def ask(self, question: str) -> bool:
        self.heard.append("ask")
        return True

    @contextmanager
    def writing(self) -> Iterator[None]:
        self.heard.append("writing")
        yield
        self.heard.append("written")

    def result(self, result: Result) -> None:
        self.heard.append(result.action.label)

    def read_back(self, results: Sequence[Result]) -> None:
        self.heard.append("read back")


def writes(house: House) -> list[Any]:
    return list(house.sandbox.store.write_log())


def test_a_plan_is_shown_asked_for_sent_and_read_back_in_this_order(house: House) -> None:
    house.declare(TWO)
    listener = Recorder()
    with house.open(listener) as project:
        assert project.apply().is_good
    assert listener.heard == ["say", "show", "say", "ask", "writing", "1", "2", "written", "read back"]


def test_an_empty_plan_asks_nobody_and_leaves_no_run(house: House) -> None:
    house.declare(TWO)
    with house.open() as project:
        project.apply(consent=True)
        assert project.apply().is_good
        assert len(project.runs()) == 1


def test_a_listener_that_raises_ends_the_run_as_a_kill_would(house: House) -> None:
    """The journal knows what is done, and resume does the rest, each once."""

    class Failing(Recorder):
        def result(self, result: Result) -> None:
            raise ZeroDivisionError

    house.declare(TWO)
    with house.open(Failing()) as project, pytest.raises(ZeroDivisionError):
        project.apply(parallelism=1)
    with house.open() as project:
        (past,) = project.runs()
        assert past.status == "killed"
        resumed = project.resume()
        assert resumed is not None
        assert resumed.is_good
    assert sorted(row["number"] for row in writes(house)) == ["1", "2"]


def test_an_interruption_while_reading_back_goes_on_upward(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the listener takes it for a wish to stop, as the command line does."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    house.declare(TWO)
    with house.open() as project:
        with monkeypatch.context() as patch:
            patch.setattr("reconciler.operations.writing.read_back", interrupted)
            with pytest.raises(KeyboardInterrupt):
                project.apply(consent=True)
        resumed = project.resume()
        assert resumed is not None
        assert resumed.is_good
    assert len(writes(house)) == 2


def test_the_lock_is_held_while_somebody_is_asked_and_free_afterwards(house: House) -> None:
    class Trying(Listener):
        def ask(self, question: str) -> bool:
            with house.open() as other, pytest.raises(Locked):
                other.resume()
            return False

    house.declare(TWO)
    with house.open(Trying()) as project:
        with pytest.raises(Declined):
            project.apply()
        assert project.resume() is None
    assert writes(house) == []


def test_a_plan_for_another_tenant_or_erp_is_refused(house: House) -> None:
    house.declare(TWO)
    with house.open() as project:
        plan = project.plan()
    with house.open(VISMA_TENANT_ID="sandbox") as project:
        other = house.folder / "reconciler.yaml"
        other.write_text(other.read_text().replace("tenant_id: sandbox", "tenant_id: another"))
    with house.open() as project, pytest.raises(Refused, match="is for tenant"):
        project.apply(plan, consent=True)
    assert writes(house) == []


def test_what_needs_no_erp_needs_no_credentials(house: House) -> None:
    house.declare(TWO)
    with house.open(VISMA_CLIENT_ID="", VISMA_CLIENT_SECRET="") as project:
        assert not project.validate().diagnostics
        assert project.runs() == ()
        with pytest.raises(InvalidInput):
            project.plan()


def test_a_project_can_be_used_on_after_it_was_closed(house: House) -> None:
    house.declare(TWO)
    project = house.open()
    with project:
        plan = project.plan()
    with project:
        assert project.apply(plan, consent=True).count(Outcome.DONE) == 2
    assert [past.status for past in project.runs()] == ["done"]
    project.close()


def test_credentials_go_nowhere_that_the_environment_does_not_allow(house: House) -> None:
    house.declare(TWO)
    with house.open(VISMA_ALLOWED_HOSTS="api.finance.visma.net") as project, pytest.raises(InvalidInput) as caught:
        project.plan()
    assert {each.code for each in caught.value.diagnostics} == {"S130"}
    assert house.sandbox.requests == []


def test_a_dunning_letter_needs_consent(house: House) -> None:
    from reconciler.operations.dunning_letter import letter

    wanted = letter("1", date="2026-01-31", level_from=1, level_to=1)
    with house.open() as project:
        with pytest.raises(Declined):
            project.dunning_letter(wanted)
        assert house.sandbox.requests == []
        with pytest.raises(ErpError):
            project.dunning_letter(wanted, consent=True)


def test_twins_are_looked_for_also_when_a_customer_could_not_be_read_back() -> None:
    """Only a run that is stopped meanwhile does not look: it must not wait for more."""
    (create,) = plan_of(1).actions
    create = replace(create, action=Verb.CREATE, changes=(Change("corporateId", None, "91", Cause.CONFIG),))
    twin = Live(7, "70", "v", {"corporateId": "91"})
    erp: Any = SimpleNamespace(touched_since=lambda moment, need: Touched((twin,)))
    proposal, results = Proposal(replace(plan_of(1), actions=(create,))), [Result(create, Outcome.DONE, "0")]
    workspace: Any = None
    writing = _Writing(workspace, erp, proposal, None, 1, None, 0.0, results)
    for unread, codes in (("the ERP was away", ["A612"]), ("", ["A612"]), ("the run was stopped", [])):
        assert [problem.code for problem in writing._doubled(Checked((), {}, unread))] == codes
