"""The use case `runs undo`: what a run changed is set back to what it was, where nobody changed it since."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from reconciler.config.read.declarations import Loaded
from reconciler.core import undo as undoing
from reconciler.core.desired import Desired
from reconciler.core.normalise import number_key
from reconciler.core.plan import Plan, Run
from reconciler.core.ports import Erp, View
from reconciler.core.renumbering import former_key
from reconciler.core.rules import Memory
from reconciler.operations import declarations
from reconciler.operations.checks import check_applicable
from reconciler.operations.past_runs import ended
from reconciler.operations.pipeline import comparison_of, explain, heading_of, make_plan, refresh
from reconciler.operations.settle import begun
from reconciler.operations.signing import signed
from reconciler.operations.workspace import Workspace
from reconciler.operations.writing import Proposal, WriteOptions, write
from reconciler.state.plan_file import seal

_COMMAND = "runs undo"


def undo(workspace: Workspace, run_id: str, options: WriteOptions, *, deactivate_creates: bool = False) -> Run:
    """Write the plan that takes the run back. deactivate_creates: customers that it created become Inactive.

    Raises WrongUsage when there is no such run, and what `writing.write` does.
    """

    def propose(erp: Erp) -> Proposal:
        plan = _plan(workspace, run_id, erp, deactivate_creates=deactivate_creates)
        return Proposal(plan, preview=plan)

    run = write(workspace, _COMMAND, propose, options)
    assert run is not None, "there is always a proposal"
    return run


def undo_plan(
    workspace: Workspace, run_id: str, *, deactivate_creates: bool = False, reserve: int = 0, no_wait: bool = False
) -> Plan:
    """The plan that takes the run back, to be saved and applied like any other. Raises as `undo`."""
    with workspace.lock(_COMMAND):
        erp, _ = begun(workspace, reserve=reserve, no_wait=no_wait)
        plan = _plan(workspace, run_id, erp, deactivate_creates=deactivate_creates)
    return signed(plan, workspace.environ)


def _plan(workspace: Workspace, run_id: str, erp: Erp, *, deactivate_creates: bool) -> Plan:
    """The plan, from the customers as they are now. Raises Refused for another target's run."""
    place, settings = workspace.place, workspace.settings
    record = workspace.store.runs.get(run_id)
    first = record.plan()
    check_applicable(first, place, force=True)
    results = ended(record, first).results
    workspace.listener.say(f"Reading the customers of {place.environment} ...")
    view = refresh(Loaded(undoing.concerned(results), (), ""), erp)
    memory = workspace.store.known(place).load(whole=False).memory()
    undone = undoing.undo(
        results,
        view.customers,
        normalised=memory.normalised,
        deactivate_creates=deactivate_creates,
        send_null=settings.api.clear_nullable == "send-null",
        doubts=view.doubts,
    )
    # What the run was allowed to write it may take back: only policies stand against that.
    free = replace(settings.guards, updates=Fraction(1), creates=0, renumbers=Fraction(1))
    settings = replace(settings, ignore=(), on_removed="ignore", guards=free)
    restored = Loaded(_protected(workspace, undone.desired), undone.diagnostics, first.config.digest)
    comparison = comparison_of(settings, restored, view)
    plan = make_plan(settings, restored, comparison, heading_of(place, workspace.now()))
    return explain(_among_all(plan, view, memory, len(undone.desired)), erp)


def _protected(workspace: Workspace, restored: tuple[Desired, ...]) -> tuple[Desired, ...]:
    """What is to be restored, under the `prevent_update` of the declarations as they stand now."""
    declared = declarations.read(workspace.settings, environ=workspace.environ).desired
    guarded = [desired for desired in declared if desired.lifecycle.prevent_update]
    numbers = {number_key(desired.number) for desired in guarded if desired.number}
    refs = {desired.ref for desired in guarded if desired.ref}
    return tuple(
        replace(desired, lifecycle=replace(desired.lifecycle, prevent_update=True))
        if not numbers.isdisjoint(_keys(desired)) or desired.ref in refs
        else desired
        for desired in restored
    )


def _keys(desired: Desired) -> set[str]:
    """By what number a declaration may name it: the present one, or the one that it gets back."""
    keys = {former_key(desired), number_key(desired.number) if desired.number else None}
    return {key for key in keys if key is not None}


def _among_all(plan: Plan, view: View, memory: Memory, concerned: int) -> Plan:
    """The plan with the true count of unmanaged customers: it has declarations for those of the run only. What may
    follow an address goes back to where it was, and needs no note."""
    managed = sum(number_key(live.number) in memory.applied for live in view.customers)
    unmanaged = len(view.customers) - max(managed, concerned)
    notes = tuple(diagnostic for diagnostic in plan.diagnostics if diagnostic.code != "P504")
    return seal(replace(plan, summary=replace(plan.summary, unmanaged=unmanaged), diagnostics=notes))
