"""A drift as the view that every format renders."""

from __future__ import annotations

from reconciler.core.diagnostics import Severity, has_errors
from reconciler.core.drift import Drift, DriftedCustomer, DriftedField, DriftSummary, Mute, Standing, summary_of
from reconciler.core.plan import Cause
from reconciler.core.timestamps import DAY, read_moment
from reconciler.reports import view
from reconciler.reports.report import Entry, Report, Row, State, place_of, review_priority
from reconciler.reports.report_kind import Kind
from reconciler.reports.safe_text import shown, visible

LISTED = 10
"""Unmanaged customers that are listed; there may be 100,000, and JSON has them all."""

_VERBS = {Standing.MISSING: "missing", Standing.REMOVED: "removed", Standing.UNMANAGED: "unmanaged"}
_CLEARED, _MOVED, _GONE = 15, 10, 70


def of_drift(drift: Drift) -> Report:
    """What `drift` says. Of the unmanaged customers it holds the first ten."""
    unmanaged = [each for each in drift.customers if each.standing is Standing.UNMANAGED]
    others = [each for each in drift.customers if each.standing is not Standing.UNMANAGED]
    errors = has_errors(drift.diagnostics)
    state = State.INVALID if errors else State.CHANGES if drift.alerts else State.CLEAN
    return Report(
        Kind.DRIFT,
        state,
        headline(drift),
        _counts(drift),
        tuple(entry_of(each, drift) for each in (*others, *unmanaged[:LISTED])),
        drift.diagnostics,
        facts=tuple(filter(None, (view.freshness(drift), since(drift), coverage(drift), _cut(len(unmanaged))))),
        details=tuple(filter(None, (view.reading(drift),))),
        place=place_of(drift),
        created_at=drift.created_at,
        hint=hint(drift),
        redacted=drift.redacted,
    )


def headline(drift: Drift) -> str:
    """What there is, in a sentence; with `only_new` what is new, and then what there is in all."""
    whole = _told(drift.summary)
    if not drift.only_new:
        return f"{'Drift' if drift.alerts else 'No drift'}: {whole}." if whole else "No drift."
    news = _told(summary_of(drift.customers, 0))
    start = f"{'New drift' if drift.alerts else 'No new drift'}{': ' if news else ''}{news}."
    return f"{start} In all: {whole}." if whole else start


def _told(summary: DriftSummary) -> str:
    parts = [
        (summary.drift, "changed in the ERP"),
        (summary.both, "changed in both"),
        (summary.unknown, "differing for an unknown cause"),
        (summary.missing, "missing"),
        (summary.config, "changed in the declarations"),
        (summary.muted, "muted"),
        (summary.removed, "removed from the declarations"),
        (summary.unmanaged, "unmanaged"),
    ]
    return ", ".join(f"{count:,} {words}" for count, words in parts if count)


def since(drift: Drift) -> str:
    """What news is measured against."""
    if drift.since is None:
        return "No earlier report is recorded."
    if not drift.summary.new:
        return f"Nothing is new since the last report, of {visible(drift.since)}."
    return f"Since the last report, of {visible(drift.since)}: {view.counted(drift.summary.new, 'customer')} with news."


def coverage(drift: Drift) -> str:
    """The share of customers that are managed, or nothing where only some were looked at."""
    share, summary = drift.coverage, drift.summary
    if share is None:
        return ""
    shown_share = f"{int(share * 1000) / 10:g}%"  # cut, not rounded: 100% is said of all alone
    return (
        f"Coverage: {shown_share} ({summary.managed:,} managed, {summary.unmanaged + summary.removed:,} unmanaged, "
        f"{summary.missing:,} missing)."
    )


def hint(drift: Drift) -> str:
    """What to do next."""
    if not drift.alerts:
        return ""
    return (
        "Next: `accept` takes the ERP's values over, `apply` sets the declared ones again, `drift --mute` lets it be."
    )


def entry_of(customer: DriftedCustomer, drift: Drift) -> Entry:
    """One customer."""
    symbol, verb = _symbol(customer)
    return Entry(
        symbol,
        verb,
        visible(customer.label),
        visible(customer.name),
        tuple(row_of(each, drift) for each in customer.fields),
        customer.source,
        Severity.WARNING if customer.alerts else Severity.NOTE,
        _risk(customer),
        message=visible(customer.message),
        notes=_notes(customer, drift),
    )


def _symbol(customer: DriftedCustomer) -> tuple[str, str]:
    match customer.standing:
        case Standing.DRIFTED if all(each.cause is Cause.CONFIG for each in customer.fields):
            return "~", "declared"
        case Standing.DRIFTED:
            return "!", "muted" if customer.is_muted else "drifted"
        case Standing.MISSING:
            return "+" if customer.cause is Cause.CONFIG else "-", "missing"
        case _:
            return "?", _VERBS[customer.standing]


def row_of(field: DriftedField, drift: Drift) -> Row:
    """One field, in the order of time: what was applied and what there is; or what there is and what is declared."""
    config = field.cause is Cause.CONFIG
    before = field.live if config else field.declared if field.cause is Cause.UNKNOWN else field.applied
    return Row(
        "~" if config else "!",
        visible(field.path),
        shown(before),
        shown(field.declared if config else field.live),
        field.cause.value,
        source=field.source,
        notes=(
            *([f"declared {shown(field.declared)}"] if field.cause is Cause.BOTH else []),
            *_age(field.first_seen, drift, new=field.new and field.mute is None),
            *([_muted(field.mute)] if field.mute else []),
        ),
        muted=field.mute is not None,
    )


def _notes(customer: DriftedCustomer, drift: Drift) -> tuple[str, ...]:
    found = []
    if customer.applied_at:
        found.append(f"applied {visible(customer.applied_at)}")
    if customer.modified_at:
        found.append(f"modified in the ERP {modified(customer)}")
    if customer.standing is not Standing.DRIFTED:
        found += _age(customer.first_seen, drift, new=customer.new)
    if customer.mute:
        found.append(_muted(customer.mute))
    return tuple(found)


def modified(customer: DriftedCustomer) -> str:
    """The record's lastModifiedDateTime to the second, or nothing."""
    return visible((customer.modified_at or "").partition(".")[0])


def _muted(mute: Mute) -> str:
    return f"muted until {visible(mute.until)}: {visible(mute.reason)}"


def _age(first_seen: str | None, drift: Drift, *, new: bool) -> tuple[str, ...]:
    """`new` when the last report did not have it, and the day since which it is there."""
    news = "new" if new and drift.since is not None else ""  # in a first report everything is
    if first_seen is None or (new and first_seen == drift.created_at):
        return (news,) if news else ()
    then, now = read_moment(first_seen), read_moment(drift.created_at)
    days = (now.utc - then.utc) // DAY if then and now else 0
    age = f", {view.counted(days, 'day')}" if days > 0 else ""
    return tuple(filter(None, (news, f"since {visible(first_seen[:10])}{age}")))


def _risk(customer: DriftedCustomer) -> int:
    """What moves money or trade first, as in a plan; what is accepted or undeclared last."""
    if customer.standing is Standing.MISSING:
        return _GONE if customer.alerts else 1
    found = [
        review_priority(each.path) + _CLEARED * (each.live is None) + _MOVED * (each.cause is not Cause.CONFIG)
        for each in customer.fields
        if each.mute is None
    ]
    return max(found, default=0)


def _counts(drift: Drift) -> dict[str, int]:
    summary = drift.summary
    return {
        "drift": summary.drift,
        "both": summary.both,
        "unknown": summary.unknown,
        "config": summary.config,
        "missing": summary.missing,
        "removed": summary.removed,
        "unmanaged": summary.unmanaged,
        "managed": summary.managed,
        "muted": max(summary.muted, sum(_has_muted(each) for each in drift.customers)),
        "new": summary.new,
    }


def _has_muted(customer: DriftedCustomer) -> bool:
    return customer.mute is not None or any(each.mute for each in customer.fields)


def _cut(unmanaged: int) -> str:
    return (
        f"Of {unmanaged:,} unmanaged customers the first {LISTED} are listed; JSON has all."
        if unmanaged > LISTED
        else ""
    )
