"""How a plan is written, for `apply`, `runs resume` and `runs undo` alike: nothing else sends a plan to an ERP.

Take the lock. Close what dead runs left, and wait for creates that may still be under way. Make or take the plan, and
show it. Refuse what does not fit, is forbidden, was not consented to, was applied already or may double a customer.
Begin the journal, or go on with it. Send, read back, remember, close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.apply.executor import EarlierTry, Interruption, execute
from reconciler.apply.presence import Presence
from reconciler.apply.readback import Checked, read_back
from reconciler.apply.renumber import LookingUp
from reconciler.config.edit.yaml_writer import key_text
from reconciler.config.settings import SANDBOX
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors
from reconciler.core.errors import Declined, ErpError, InvalidInput, Refused, StateError
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import (
    KEPT_OTHERWISE,
    NOT_STORING,
    STATE_LOST,
    UNREAD,
    Change,
    Outcome,
    Plan,
    Result,
    Run,
    Verb,
)
from reconciler.core.ports import Erp
from reconciler.core.progress import Progress
from reconciler.core.shared_state import SharedState
from reconciler.core.some_names import some_names
from reconciler.core.stored_forms import common_forms
from reconciler.operations import remember
from reconciler.operations.checks import (
    check_applicable,
    check_digest,
    check_not_applied,
    check_reviewed,
    check_unclear,
)
from reconciler.operations.past_runs import ended, is_of, run_status, unsure
from reconciler.operations.pipeline import Compared, not_kept, rules_of
from reconciler.operations.settle import begun
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import counted, duration
from reconciler.state.journal import Journal, RunInfo, Stored
from reconciler.state.store import Store


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write.

    consent: True, or the `changes_digest` of the plan that was reviewed; without it the listener is asked. force: pass
    the volume guards, never a policy. parallelism: requests in flight, None for the settings'. reserve: calls of the
    rate window that are left to others. no_wait: stop, resumably, instead of waiting for the window or the ERP.
    """

    consent: bool | str = False
    force: bool = False
    parallelism: int | None = None
    reserve: int = 0
    no_wait: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.consent, str):
            check_digest(self.consent)

    @property
    def has_consent(self) -> bool:
        """Whether nobody needs to be asked."""
        return self.consent is True or isinstance(self.consent, str)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try at a run before: its results that stand, by label, and what it may have done."""

    info: RunInfo
    done: Mapping[str, Result]
    unsure: frozenset[str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be written. preview: what is shown of it before, None for nothing.

    compared: what a fresh plan was made from.
    earlier: the try that it goes on with, where that is known beforehand.
    """

    plan: Plan
    preview: Plan | None = None
    compared: Compared | None = None
    earlier: Attempt | None = None


def write(
    workspace: Workspace, command: str, propose: Callable[[Erp], Proposal | None], options: WriteOptions
) -> Run | None:
    """Write what is proposed, and say how each action ended; None when nothing is proposed.

    command: what the lock is held for, in the words of the command line. propose: called under the lock, once nothing
    of an earlier run can still be under way. Raises Locked, Refused and Declined (nothing was written), InvalidInput,
    ErpError, StateError.
    """
    with workspace.lock(command):
        erp, runs = begun(workspace, reserve=options.reserve, no_wait=options.no_wait)
        proposal = propose(erp)
        if proposal is None:
            return None
        _check(workspace, proposal, options, runs)
        journal, earlier = _begin(workspace, proposal, runs)
        workers = options.parallelism or workspace.settings.api.parallelism
        longest = 0.0 if options.no_wait else workspace.settings.api.longest_answer
        return _Writing(workspace, erp, proposal, journal, workers, earlier, longest).run()


def _check(workspace: Workspace, proposal: Proposal, options: WriteOptions, runs: Sequence[RunInfo]) -> None:
    """Raise what stands against it. A run that goes on passed its volume guards, and was agreed to, when it began.

    runs: those of the state, as they stay while the lock is held.
    """
    plan, store = proposal.plan, workspace.store
    if proposal.preview is not None:
        workspace.listener.show(proposal.preview)
    if proposal.compared is not None and has_errors(plan.diagnostics):
        raise InvalidInput(plan.diagnostics)
    force = options.force or proposal.earlier is not None
    check_applicable(plan, workspace.place, force=force)
    check_reviewed(plan, options.consent)
    check_not_applied(runs, plan)
    check_unclear(store, runs, plan)
    _say_what_cannot_be_seen(workspace, plan, runs)
    if not (plan.is_empty or proposal.earlier or options.has_consent or workspace.listener.ask(_question(plan))):
        raise Declined("Nothing was written.", remedy="Agree to the plan when you are asked, or give consent.")


def _say_what_cannot_be_seen(workspace: Workspace, plan: Plan, runs: Iterable[RunInfo]) -> None:
    """Without an earlier run in the state, say which create no look can find: one that the ERP has not finished."""
    if plan.environment == SANDBOX:  # its only writer is this machine
        return
    creates = any(action.action is Verb.CREATE for action in plan.actions)
    if creates and not any(is_of(run, plan) for run in runs):
        longest = duration(workspace.settings.api.longest_answer)
        is_shared = isinstance(workspace.settings.state, SharedState)
        here, elsewhere = (
            ("in the shared state", "with another state") if is_shared else ("on this machine", "elsewhere")
        )
        workspace.listener.say(
            f"No earlier run is known {here}. If an apply to this company was killed {elsewhere} within the last"
            f" {longest}, the ERP may still be creating a customer that cannot be seen yet: then wait before you apply."
        )


def _question(plan: Plan) -> str:
    return (
        f"Write these {len(plan.actions):,} changes to {visible(plan.company)} ({visible(plan.environment)}, tenant"
        f" {visible(plan.tenant_id)})?"
    )


# ---- the journal ----


def earlier_attempt(store: Store, info: RunInfo, plan: Plan) -> Attempt:
    """What is known of a run that is gone on with. Raises Refused when another one wrote since: its plan is no longer
    what the ERP needs."""
    if newer := _overtaken_by(store, info):
        raise Refused(
            f"Run {info.id} was overtaken by run {newer.id}, which wrote to the same company",
            remedy="Plan and apply again: the new plan shows what is still to do.",
        )
    record = store.runs.get(info.id)
    results = ended(record, plan).results
    done = {result.action.label: result for result in results if result.outcome is Outcome.DONE}
    return Attempt(info, done, unsure(record))


def _overtaken_by(store: Store, info: RunInfo) -> RunInfo | None:
    for run in store.runs.all():
        if run.id == info.id:
            return None
        wrote = bool(run.open) or not {Outcome.DONE, Outcome.UNKNOWN}.isdisjoint(run.outcomes)
        if wrote and is_of(run, info):
            return run
    return None


def _begin(workspace: Workspace, proposal: Proposal, known: Iterable[RunInfo]) -> tuple[Journal | None, Attempt | None]:
    """The journal of the plan's run; a saved plan that was begun before goes on where that ended. Raises Refused."""
    runs, plan = workspace.store.runs, proposal.plan
    if plan.is_empty:
        return None, None
    earlier = proposal.earlier
    if earlier is None:
        info = next((run for run in known if run.digest == plan.digest), None)
        if info is None:
            return runs.begin(plan, keep=workspace.settings.keep_runs), None
        earlier = earlier_attempt(workspace.store, info, plan)
    return runs.resume(earlier.info.id), earlier


# ---- sending, reading back, remembering ----


_STOPPED = "the run was stopped"


@dataclass
class _Writing:
    """One run, from the first request to the last record."""

    workspace: Workspace
    erp: Erp
    proposal: Proposal
    journal: Journal | None
    parallelism: int
    earlier: Attempt | None
    longest_wait: float
    results: list[Result] = field(default_factory=list)

    def run(self) -> Run:
        """Send, telling each result as it comes, in the plan's order; then read back, and remember what was applied."""
        plan, listener = self.proposal.plan, self.workspace.listener
        started = self.workspace.now()
        numbers = [number for action in plan.actions for number in action.numbers]
        snapshot = self.workspace.store.snapshot(self.workspace.place)
        # before the first write, since the run may be killed; and after the last, since others may plan meanwhile
        snapshot.doubt(numbers)
        with listener.writing():
            for result in _in_plan_order(plan, self._counted(self._sent())):
                self.results.append(result)
                listener.result(result)
        checked = self._read_back()
        listener.read_back(checked.results)
        run = Run(plan, checked.results, started, self.workspace.now(), interrupted=listener.stop_requested())
        unread = [_unread(checked.unread)] if checked.unread else []
        diagnostics = (*self._doubled(checked), *_not_storing(run), *_forms_to_state(run), *unread)
        run = replace(run, diagnostics=diagnostics)
        if lost := self._record(run, checked):
            return replace(run, diagnostics=(lost, *run.diagnostics))
        try:  # last: what is written is accounted for, whatever becomes of a cache
            snapshot.doubt(numbers)
        except StateError as error:
            not_kept(self.workspace, error)
        return run

    def _counted(self, results: Iterable[Result]) -> Iterator[Result]:
        """The results, telling how many there are so far: after each, as what is told of it comes first."""
        known, total = len(self.earlier.done) if self.earlier else 0, len(self.proposal.plan.actions)
        for done, result in enumerate(results, 1):
            yield result
            if done >= known:  # those of an earlier try say nothing of the pace
                self.workspace.listener.progress(Progress("Writing", "change", done, total))

    def _sent(self) -> Iterator[Result]:
        plan, listener, earlier = self.proposal.plan, self.workspace.listener, self.earlier
        return execute(
            plan,
            self.erp,
            self.journal or NoJournal(),
            parallelism=self.parallelism,
            recheck_nested=self.workspace.settings.api.recheck_nested,
            since=plan.refresh.created_since or plan.refresh.as_of,
            earlier=EarlierTry(earlier.done, earlier.unsure) if earlier else None,
            interruption=Interruption(
                lambda: listener.stop_requested() is not None,
                listener.abandon_requested,
                LookingUp(self.longest_wait, listener.sleep, listener.waiting),
            ),
        )

    def _read_back(self) -> Checked:
        """Compare what was written, unless the run is stopped: that must not wait for more, nor lose what is done."""
        listener, plan = self.workspace.listener, self.proposal.plan
        if not listener.abandon_requested():
            try:
                earlier = self.earlier.done if self.earlier else {}
                return read_back(self.results, self.erp, list_requests=plan.refresh.list_requests, earlier=earlier)
            except (KeyboardInterrupt, SystemExit) as interruption:
                listener.interrupted(interruption)
        return Checked(tuple(self.results), {}, _STOPPED)

    def _doubled(self, checked: Checked) -> tuple[Diagnostic, ...]:
        """What somebody else created at the same time; a look that fails counts as not read back."""
        plan = self.proposal.plan
        if checked.unread == _STOPPED:
            return ()
        try:
            return Presence(self.erp, plan.actions, plan.refresh.created_since or plan.refresh.as_of).doubled(
                self.results
            )
        except ErpError as error:
            return (_unread(f"whether another job created the same customers is not known: {error}"),)

    def _record(self, run: Run, checked: Checked) -> Diagnostic | None:
        """Record how the run ended; answers what it says when that is not possible: the ERP has what was sent."""
        journal = self.journal
        if journal is not None and not journal.catch_up():
            return _state_lost(journal, run)
        try:
            self._remember(run, checked.live)
            self._close(run, checked)
        except StateError as error:
            if journal is None:  # nothing was sent
                raise
            return _unrecorded(journal, error)
        return None

    def _remember(self, run: Run, live: Mapping[str, Live]) -> None:
        workspace, compared = self.workspace, self.proposal.compared
        known = workspace.store.known(workspace.place)
        followed = compared.comparison.renumberings.followed if compared else ()
        for former, number in (*followed, *remember.renumbered(run)):
            known.rename(number_key(former), number)
        previous = known.load()
        known.record(
            remember.records(
                run,
                live,
                previous,
                paired=compared.comparison.foreseen.paired if compared else None,
                rules=rules_of(workspace.settings),
                run_id=self.journal.run_id if self.journal else None,
            ),
            previous,
        )
        known.forget(remember.forgotten(run, previous))

    def _close(self, run: Run, checked: Checked) -> None:
        if self.journal is None:
            return
        self.journal.close(run_status(run), _stored(checked))
        if run.interrupted is not None:
            self.workspace.listener.warn(f"Stopped. Go on with: reconciler runs resume {self.journal.run_id}")


def _state_lost(journal: Journal, run: Run) -> Diagnostic:
    """What a run says that lost its lock or its database: nothing was sent since, and the rest is for another run."""
    open_labels = [result.action.label for result in run.results if journal.is_open(result.action.label)]
    flying = f"; what was being written: {some_names(open_labels, 20)}" if open_labels else ""
    return _lost(journal, f"The state was lost during the run, and nothing was sent since: {journal.lost}{flying}")


def _unrecorded(journal: Journal, error: StateError) -> Diagnostic:
    """What a run says that sent everything, and lost its state before its end was recorded."""
    return _lost(journal, f"Everything was sent, but how the run ended could not be recorded: {error}")


def _lost(journal: Journal, summary: str) -> Diagnostic:
    remedy = f"Once the state is back: reconciler runs resume {journal.run_id}. It sends nothing twice."
    return Diagnostic(Severity.ERROR, STATE_LOST, summary, remedy=remedy)


def _not_storing(run: Run) -> list[Diagnostic]:
    """What a run says when most updates did not arrive although the ERP took them: its release notes know of that."""
    sent = [result for result in run.results if result.outcome is Outcome.DONE and result.action.action is Verb.UPDATE]
    lost = [result for result in sent if result.not_taken]
    if len(lost) * 2 <= len(sent):
        return []
    summary = f"{len(lost):,} of {len(sent):,} updates were confirmed by the ERP but did not take effect"
    remedy = "The ERP may not store what it answers: look at one of the customers in the ERP before you apply again."
    return [Diagnostic(Severity.WARNING, NOT_STORING, summary, remedy=remedy)]


def _forms_to_state(run: Run) -> Iterator[Diagnostic]:
    """A note for each field that the ERP keeps in another form, with the setting that says so."""
    differing: dict[str, list[Change]] = {}
    for result in run.results:
        for change in result.normalised:
            differing.setdefault(change.path, []).append(change)
    for path, changes in differing.items():
        forms = common_forms((change.before, change.after) for change in changes)
        customers = counted(len(changes), "customer")
        if forms:
            words = forms[0] if len(forms) == 1 else f"[{', '.join(forms)}]"
            line = f"stores: {{{key_text(path, flow=True)}: {words}}}"
            remedy = f"If it always does so, write it below api in reconciler.yaml (api.stores): `{line}`."
        else:
            remedy = "Declare it as the ERP keeps it."
        summary = f"the ERP keeps {path} in another form than it was sent ({customers})"
        yield Diagnostic(Severity.NOTE, KEPT_OTHERWISE, summary, remedy=remedy)


class NoJournal:
    """For an empty plan: nothing is sent, so nothing is recorded."""

    def intend(self, label: str) -> None:
        """Nothing is recorded."""

    def finish(
        self, label: str, outcome: Outcome, *, number: str | None = None, message: str = "", version: str | None = None
    ) -> None:
        """Nothing is recorded."""


def _in_plan_order(plan: Plan, results: Iterable[Result]) -> Iterator[Result]:
    """The results in the plan's order, each as soon as all before it are there: output never depends on timing."""
    arrived: dict[str, Result] = {}
    waiting = iter(plan.actions)
    due = next(waiting, None)
    for result in results:
        arrived[result.action.label] = result
        while due is not None and due.label in arrived:
            yield arrived.pop(due.label)
            due = next(waiting, None)


def _stored(checked: Checked) -> dict[str, list[Stored]]:
    """By label, what the ERP stored otherwise than sent, of the customers that were read back."""
    return {
        result.action.label: [
            Stored(change.path, change.before, change.after, taken)
            for changes, taken in ((result.normalised, True), (result.not_taken, False))
            for change in changes
        ]
        for result in checked.results
        if number_key(result.number or "") in checked.live
    }


def _unread(why: str) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        UNREAD,
        f"The written customers could not be read back: {why}",
        remedy="Go on with it: reconciler runs resume. Or plan again to compare.",
    )
