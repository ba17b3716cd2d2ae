"""`plan --base REF`: which changes are the branch's own, seen from the revision where it left REF."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.attribution import attributed, outside, unattributed
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.errors import WrongUsage
from reconciler.core.mutes import ActiveMutes
from reconciler.core.plan import Plan
from reconciler.operations.pipeline import Compared, make_plan, rules_of
from reconciler.operations.revision import Revision, Revisions
from reconciler.operations.workspace import Workspace
from reconciler.state.plan_file import seal


def load_base(workspace: Workspace, ref: str) -> Revision:
    """The settings and declarations of the revision where this branch left it.

    As pull requests are compared: with the last commit that both have, so that what others merged since is not taken
    for the branch's. A revision with errors is told in `problem`: the branch that corrects them must still be planned.
    Raises WrongUsage when git does not know the revision, or it has no such project.
    """
    revisions = Revisions(workspace.settings, workspace.environ, "--base")
    base = revisions.word("merge-base", revisions.known_commit(ref), "HEAD")
    if not base:
        raise WrongUsage(
            f"{ref} and this branch have no commit in common here",
            remedy="Fetch the history (git fetch --unshallow, or fetch-depth: 0 in a CI job).",
        )
    return revisions.read(ref, base)


def attribute(compared: Compared, base: Revision, *, fail_outside: bool) -> Plan:
    """The compared plan with the origin of each change, and a refusal where changes are not the branch's."""
    plan = compared.plan
    if base.settings is None or base.loaded is None:
        warning = Diagnostic(
            Severity.WARNING,
            "P525",
            f"the declarations of {base.ref} have errors, so that what this branch changes cannot be told",
            detail=base.problem,
            remedy=f"Correct {base.ref}.",
        )
        refusals = (unattributed(base.ref),) if fail_outside and not plan.is_empty else ()
        return seal(replace(plan, diagnostics=(*plan.diagnostics, warning), refusals=(*plan.refusals, *refusals)))
    mutes = ActiveMutes(base.mutes, compared.heading.created_at[:10])
    rules = replace(rules_of(base.settings), mutes=mutes, include_muted=plan.include_muted)
    comparison = replace(compared.comparison, desired=base.loaded.desired, rules=rules)
    theirs = make_plan(base.settings, base.loaded, comparison, compared.heading)
    plan = attributed(plan, theirs)
    refusal = outside(plan) if fail_outside else None
    return seal(replace(plan, refusals=(*plan.refusals, refusal)) if refusal else plan)
