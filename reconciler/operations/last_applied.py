"""What was last applied, by which the causes of differences are told: from the state, or from a git revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.config.settings import SANDBOX
from reconciler.core.comparison import Comparison
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.errors import StateError, WrongUsage
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.ports import Erp
from reconciler.core.renumbering import former_key
from reconciler.core.rules import Memory
from reconciler.operations.remember import compared_values
from reconciler.operations.revision import Revision, Revisions
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible
from reconciler.resources.values import Values
from reconciler.state.known_customers import BASELINE, Known, LoadedKnown

_OPTION = "--applied"


def applied_branch(environment: str) -> str:
    """The branch that the pipelines move to the commit that was applied last."""
    return f"reconciler/applied/{environment}"


@dataclass(frozen=True, slots=True)
class LastApplied:
    """What the state knows, and the revision whose declarations count in its place for causes, or None."""

    known: LoadedKnown
    revision: Revision | None = None

    @property
    def memory(self) -> Memory:
        """What the state knows."""
        return self.known.memory()

    def with_causes(self, comparison: Comparison) -> Comparison:
        """The comparison, its causes told by the revision where there is one."""
        revision, memory = self.revision, comparison.memory
        if revision is None:
            return comparison
        if revision.settings is None or revision.loaded is None:
            return replace(comparison, memory=_by_revision(memory, {}))
        then = replace(comparison, desired=revision.loaded.desired, targets=frozenset())
        baseline = _now_declared(comparison, _declared(then, revision.settings.ignore))
        return replace(comparison, memory=_by_revision(memory, baseline))

    def of_drift(self, comparison: Comparison) -> Comparison:
        """As `with_causes`, where nothing is written: what the revision declares also tells what was managed."""
        comparison = self.with_causes(comparison)
        if self.revision is None:
            return comparison
        return replace(comparison, memory=replace(comparison.memory, applied=comparison.memory.last))

    def applied_at(self, key: str) -> str | None:
        """When a run left the customer (`number_key`) as declared, UTC, ISO 8601; None where none did."""
        return None if self.known.is_adopted(key) or key not in self.known else self.known[key].applied_at

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Which revision tells the causes, or why it does not."""
        revision = self.revision
        if revision is None:
            return ()
        if revision.problem:
            return (
                Diagnostic(
                    Severity.WARNING,
                    "P536",
                    f"what was applied last cannot be read from {revision.ref}, so that causes are unknown",
                    detail=revision.problem,
                    remedy="Apply once more in full, or name another revision with --applied.",
                ),
            )
        summary = f"causes are told by what {revision.ref} declares (commit {revision.commit[:12]})"
        return (Diagnostic(Severity.NOTE, "P537", summary),)


def last_applied(workspace: Workspace, ref: str | None = None) -> LastApplied:
    """What was last applied.

    ref: a git revision, which takes precedence over the state. Without it the branch of the pipelines counts
    (`applied_branch`), where the state knows of no apply and the repository has it. Raises WrongUsage when git does not
    know `ref`, and StateError.
    """
    known = workspace.store.known(workspace.place).load(whole=False)
    revisions = Revisions(workspace.settings, workspace.environ, _OPTION)
    if ref is not None:
        return LastApplied(known, _read(revisions, ref, revisions.known_commit(ref)))
    if known.memory().applied or workspace.settings.environment == SANDBOX:
        return LastApplied(known)
    return LastApplied(known, _of_pipelines(revisions, workspace.settings.environment))


def last_applied_and_erp(
    workspace: Workspace, ref: str | None = None, *, offline: bool = False
) -> tuple[LastApplied, Erp | None]:
    """What was last applied, and the ERP; offline: without it.

    A state that cannot be read, perhaps for want of its key, is told before credentials are asked for. Without a tenant
    neither can be reached, and all that is missing is told at once. Raises as `last_applied` and `Workspace.erp`.
    """
    if not offline and not workspace.has_place:
        workspace.erp()
    last = last_applied(workspace, ref)
    return last, None if offline else workspace.erp()


def _of_pipelines(revisions: Revisions, environment: str) -> Revision | None:
    """What the branch of the pipelines declares: as it was fetched, else a branch of this repository's own."""
    branch = applied_branch(environment)
    for name, full in ((f"origin/{branch}", f"refs/remotes/origin/{branch}"), (branch, f"refs/heads/{branch}")):
        try:
            commit = revisions.commit(full)
        except WrongUsage:
            return None
        if commit:
            return _read(revisions, name, commit)
    return None


def _read(revisions: Revisions, ref: str, commit: str) -> Revision:
    try:
        return revisions.read(ref, commit)
    except WrongUsage as error:  # the commit is there, but has no such project
        return Revision(ref, commit, problem=str(error))


def _by_revision(memory: Memory, baseline: dict[str, Values]) -> Memory:
    """What causes are told by a revision: nothing that was recorded needs to be read for that."""
    return Memory(memory.numbers, memory.applied, memory.identities, memory.normalised, baseline)


def _declared(then: Comparison, ignore: tuple[str, ...]) -> dict[str, Values]:
    """What the declarations compare, by the key of the customer that they find, or by that of their own number."""
    return {_key(declaration, live): compared_values(declaration, ignore) for declaration, live in then.paired.pairs}


def _now_declared(now: Comparison, before: dict[str, Values]) -> dict[str, Values]:
    """The same by the numbers that are declared now. Of a customer that was not declared then, nothing was applied: not
    even a field of it, so that only its declaration can have moved."""
    declared = dict(before)
    for declaration, live in now.paired.pairs:
        if live is not None and (key := number_key(live.number)) not in before:
            declared[key] = before.get(former_key(declaration) or "", {})
    return declared


def _key(declaration: Desired, live: Live | None) -> str:
    number = declaration.number if live is None else live.number
    return number_key(number) if number else declaration.label


# ---- adopting ----


def remember_baseline(workspace: Workspace, customers: Iterable[tuple[str, Values]]) -> None:
    """Note customers as they were adopted, by number, so that a later difference has a cause.

    One that a run has applied is left alone. A state that cannot be written is said, and spoils nothing.
    """
    try:
        known = workspace.store.known(workspace.place)
        before, at = known.load(whole=False), workspace.now()
        known.record(
            Known(number, values, at, run=BASELINE)
            for number, values in customers
            if (key := number_key(number)) not in before or before.is_adopted(key)
        )
    except StateError as error:
        workspace.listener.say(f"The customers as they are now could not be noted: {visible(str(error))}")
