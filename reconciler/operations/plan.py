"""The use case `plan`: what would change in the ERP. Writes nothing there."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.diagnostics import has_errors
from reconciler.core.errors import WrongUsage
from reconciler.core.normalise import number_key
from reconciler.core.plan import Plan
from reconciler.operations.base_revision import attribute, load_base
from reconciler.operations.declarations import load, select
from reconciler.operations.last_applied import last_applied_and_erp, remember_baseline
from reconciler.operations.pipeline import Compared, compare
from reconciler.operations.remember import compared_values
from reconciler.operations.signing import plan_key, signed
from reconciler.operations.workspace import Workspace


def plan(
    workspace: Workspace,
    *,
    targets: Sequence[str] = (),
    refresh: str = "incremental",
    base: str | None = None,
    applied: str | None = None,
    fail_outside: bool = False,
    include_muted: bool = False,
) -> Plan:
    """Compare the declarations with the live customers.

    targets: only these customers, by number, ref or a pattern of them; behind a `!`, not these. refresh: `incremental`,
    `full`, or `none` for the snapshot alone. base: a git revision; each change then says whether it is the branch's,
    and with `fail_outside` others refuse the plan. applied: a git revision whose declarations were applied last; causes
    are told by it. include_muted: also change what a running mute covers. Raises InvalidInput, WrongUsage, ErpError,
    StateError.
    """
    plan_key(workspace.environ)
    if fail_outside and base is None:
        raise WrongUsage("--fail-outside needs --base REF", remedy="Give the branch that this one goes into.")
    loaded = load(workspace)
    selection = select(loaded, targets)
    revision = load_base(workspace, base) if base is not None else None
    last, erp = last_applied_and_erp(workspace, applied, offline=refresh == "none")
    compared = compare(workspace, loaded, erp, selection, refresh, include_muted=include_muted, last=last)
    if erp is not None and not targets:
        _adopt(workspace, compared)
    if revision is None:
        return signed(compared.plan, workspace.environ)
    return signed(attribute(compared, revision, fail_outside=fail_outside), workspace.environ)


def _adopt(workspace: Workspace, compared: Compared) -> None:
    """After a plan without changes: each customer is as declared now, which is what a later difference counts from.

    Not where git tells what was applied: a note of this machine would take its place, and grow old.
    """
    plan, known = compared.plan, compared.last.known
    if not plan.is_empty or has_errors(plan.diagnostics) or compared.last.revision is not None:
        return
    differing = {number_key(customer.number) for customer in (*plan.muted, *plan.ignored)}
    ignore = compared.comparison.rules.ignore
    new = [
        (live.number, compared_values(declaration, ignore))
        for declaration, live in compared.comparison.paired.pairs
        if live is not None and (key := number_key(live.number)) not in known and key not in differing
    ]
    if new:
        remember_baseline(workspace, new)
