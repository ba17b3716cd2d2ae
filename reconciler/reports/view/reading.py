"""How fresh the live side of a plan or a drift report is, and which ERP it is of."""

from __future__ import annotations

from reconciler.core.drift import Drift
from reconciler.core.plan import READ_IN_FULL, Plan, Refresh
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import Header
from reconciler.reports.wording import counted


def header_of(plan: Plan | Drift) -> Header:
    """Which ERP the plan or drift is of."""
    return Header(
        visible(plan.company),
        visible(plan.environment),
        visible(plan.tenant_id),
        visible(plan.base_url),
        visible(plan.reconciler_version),
    )


def freshness(refresh: Refresh) -> str:
    """As of when the live side is known, and what that cost: one sentence. `reading` has the rest."""
    reason = (refresh.reading or READ_IN_FULL).reason
    customers, as_of = counted(refresh.customers, "customer"), visible(refresh.as_of)
    if refresh.mode == "none":
        return f"Offline: {customers} as the snapshot had them at {as_of}; the ERP was not asked."
    why = f", read in full: {visible(reason)}" if refresh.mode == "full" and reason else ""
    return f"Live as of {as_of}: {customers}, {counted(refresh.requests, 'request')}{why}."


def reading(refresh: Refresh) -> str:
    """How an incremental read is known to be fresh, for who wants to know; nothing where everything was read."""
    if refresh.mode != "incremental":
        return ""
    read = refresh.reading or READ_IN_FULL
    unseen = f" ({read.unseen:,} had changed under an old time stamp)" if read.unseen else ""
    return (
        f"The snapshot was brought up to date: {counted(read.changed, 'customer')} changed since the last read, "
        f"{read.verified:,} read again{unseen}, and the ERP counts as many customers. Changes that do not move the "
        f"time stamp are found within {counted(read.verify_runs or 1, 'run')}."
    )
