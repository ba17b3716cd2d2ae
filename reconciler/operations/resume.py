"""The use case `runs resume`: what is done stays, what may be done is looked up, the rest is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from reconciler.core.plan import Plan, Run, Verb
from reconciler.core.ports import Erp
from reconciler.operations.checks import check_applicable, check_digest
from reconciler.operations.past_runs import is_of
from reconciler.operations.workspace import Workspace
from reconciler.operations.writing import Attempt, Proposal, WriteOptions, earlier_attempt, write
from reconciler.reports.wording import counted
from reconciler.state.journal import RunInfo, RunStatus


def resume(workspace: Workspace, run_id: str | None, options: WriteOptions, reviewed: str | None = None) -> Run | None:
    """Go on with a run, or with the newest one; None when there is nothing to go on with.

    The run's plan was agreed to when it began: nobody is asked again. reviewed: go on only if these are its changes
    (`changes_digest`): other ones are left to a new plan, which shows what is still to do. Raises WrongUsage when there
    is no such run, and what `writing.write` does.
    """
    if reviewed is not None:
        check_digest(reviewed)

    def propose(_erp: Erp) -> Proposal | None:
        runs = workspace.store.runs
        info = runs.get(run_id).info if run_id is not None else _newest(workspace)
        if info is None or info.status is RunStatus.DONE:
            workspace.listener.say("There is no run to go on with." if info is None else f"Run {info.id} is done.")
            return None
        plan = runs.get(info.id).plan()
        if reviewed is not None and plan.changes_digest != reviewed:
            workspace.listener.say(f"Run {info.id} had other changes than the reviewed ones: it is not gone on with.")
            return None
        check_applicable(plan, workspace.place, force=True)  # a volume guard was passed when the run began
        earlier = earlier_attempt(workspace.store, info, plan)
        workspace.listener.say(
            f"Going on with run {info.id} of {info.started_at}: {len(earlier.done):,} of"
            f" {counted(len(plan.actions), 'action')} done, {len(earlier.unsure):,} to be looked up first."
        )
        return Proposal(plan, preview=_rest(plan, earlier), earlier=earlier)

    return write(workspace, "runs resume", propose, options)


def _newest(workspace: Workspace) -> RunInfo | None:
    """The newest run of the place, unless all of it is done."""
    newest = next((run for run in workspace.store.runs.all() if is_of(run, workspace.place)), None)
    return None if newest is None or newest.status is RunStatus.DONE else newest


def _rest(plan: Plan, earlier: Attempt) -> Plan:
    """The plan with what is still to be done alone."""
    actions = tuple(action for action in plan.actions if action.label not in earlier.done)
    verbs = Counter(action.action for action in actions)
    summary = replace(plan.summary, create=verbs[Verb.CREATE], update=verbs[Verb.UPDATE], renumber=verbs[Verb.RENUMBER])
    budget = replace(plan.budget, requests=len(actions), limit=None, remaining=None)
    return replace(plan, actions=actions, summary=summary, budget=budget)
