"""A drift as rows."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.diagnostics import Severity, has_errors
from reconciler.core.drift import Drift, DriftedCustomer, DriftedField, DriftSummary, Standing, summary_of
from reconciler.core.plan import Cause
from reconciler.core.timestamps import DAY, read_moment
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import shown, visible
from reconciler.reports.view.amounts import AmountChange, amount_change
from reconciler.reports.view.counts import age, scope_of
from reconciler.reports.view.left_alone import left_rows, muted_until
from reconciler.reports.view.reading import freshness, header_of, reading
from reconciler.reports.view.report import CustomerRow, FieldRow, Report, ReportState
from reconciler.reports.view.risk import facts_of, field_priority, field_stakes, stakes_of
from reconciler.reports.wording import counted, on_whose_clock
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Field

LISTED = 10
"""Unmanaged customers that have a row; there may be 100,000, and JSON has them all."""

_MISSING = 70  # risk of a customer that is gone
_HINT = "Next: `accept` declares the ERP's values, `apply` restores the declared ones, `drift --mute` mutes the drift."


def of_drift(drift: Drift) -> Report:
    """What `drift` says. Of the unmanaged customers it holds the first ten."""
    unmanaged = [customer for customer in drift.customers if customer.standing is Standing.UNMANAGED]
    others = [customer for customer in drift.customers if customer.standing is not Standing.UNMANAGED]
    unlisted = unmanaged[LISTED:]
    invalid = has_errors(drift.diagnostics)
    rows = tuple(_customer_row(customer, drift) for customer in (*others, *unmanaged[:LISTED]))
    return Report(
        ReportKind.DRIFT,
        ReportState.INVALID if invalid else ReportState.CHANGES if drift.alerts else ReportState.CLEAN,
        _headline(drift),
        _counts(drift),
        rows,
        left_rows((), drift.ignored),
        drift.diagnostics,
        as_of=(freshness(drift.refresh), _since(drift)),
        facts=tuple(filter(None, (_coverage(drift),))),
        details=tuple(filter(None, (reading(drift.refresh),))),
        unlisted=(len(unlisted), sum(_is_news(customer, drift) for customer in unlisted)),
        header=header_of(drift),
        created_at=drift.created_at,
        hint=_HINT if drift.alerts else "",
        scope=_scope(rows),
        redacted=drift.redacted,
        history=drift.history,
    )


def _scope(rows: Iterable[CustomerRow]) -> str:
    """How many customers differ in how many fields, and how old that is; each customer counts once."""
    differing = [row for row in rows if row.fields and not row.muted]
    seen = age([row.days for row in differing if row.days is not None])
    scope = scope_of(differing, "differs", "differ")
    return f"{scope} The differences were first seen {seen}." if scope and seen else scope


def _headline(drift: Drift) -> str:
    """What there is, in a sentence; with `only_new` what is new, and then what there is in all."""
    whole = _tally(drift.summary)
    if not drift.only_new:
        return f"{'Drift' if drift.alerts else 'No drift'}: {whole}." if whole else "No drift."
    news = _tally(summary_of(drift.customers, 0))
    start = f"{'New drift' if drift.alerts else 'No new drift'}{': ' if news else ''}{news}."
    return f"{start} In all: {whole}." if whole else start


def _tally(summary: DriftSummary) -> str:
    parts = [
        (summary.drift, "changed in the ERP"),
        (summary.both, "changed in both"),
        (summary.unknown, "different for an unknown cause"),
        (summary.missing, "missing"),
        (summary.config, "changed in the declarations"),
        (summary.muted, "muted"),
        (summary.ignored, "with ignored differences"),
        (summary.removed, "removed from the declarations"),
        (summary.unmanaged, "unmanaged"),
        (summary.held_back, "held back"),
        (summary.unreadable, "unreadable"),
    ]
    return ", ".join(f"{count:,} {words}" for count, words in parts if count)


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
        "muted": max(summary.muted, sum(_has_muted(customer) for customer in drift.customers)),
        "new": summary.new,
        **({"held_back": summary.held_back} if summary.held_back else {}),
        **({"unreadable": summary.unreadable} if summary.unreadable else {}),
        "ignored": summary.ignored,
    }


def _has_muted(customer: DriftedCustomer) -> bool:
    return customer.mute is not None or any(field.mute for field in customer.fields)


def _since(drift: Drift) -> str:
    """What news is measured against."""
    if drift.since is None:
        return "No earlier report is recorded."
    if not drift.summary.new:
        return f"Nothing is new since the last report, of {visible(drift.since)}."
    count = counted(drift.summary.new, "customer has", "customers have")
    return f"Since the last report, of {visible(drift.since)}, {count} new differences."


def _coverage(drift: Drift) -> str:
    """The share of customers that are managed, or nothing where only some were looked at."""
    share, summary = drift.coverage, drift.summary
    if share is None:
        return ""
    shown_share = f"{int(share * 1000) / 10:g}%"  # cut, not rounded: 100% is said of all alone
    removed = f"{summary.removed:,} removed from the declarations, " if summary.removed else ""
    return (
        f"Coverage: {shown_share} ({summary.managed:,} managed, {summary.unmanaged:,} unmanaged, {removed}"
        f"{summary.missing:,} missing)."
    )


def _customer_row(customer: DriftedCustomer, drift: Drift) -> CustomerRow:
    symbol, verb = _standing(customer)
    fields = tuple(_field_row(field, customer, drift) for field in customer.fields)
    return CustomerRow(
        symbol,
        verb,
        visible(customer.label),
        visible(customer.name),
        fields,
        customer.source,
        Severity.WARNING if customer.alerts else Severity.NOTE,
        _risk(customer, fields),
        message=visible(customer.message),
        notes=_notes(customer, drift),
        modified=_modified(customer),
        new=_is_news(customer, drift),
        muted=customer.is_muted,
        stakes=stakes_of(fields, customer.standing.value if customer.standing is Standing.MISSING else ""),
        days=_days(customer.first_seen, drift),
    )


def _is_news(customer: DriftedCustomer, drift: Drift) -> bool:
    return customer.new and drift.since is not None  # in a first report everything is new


def _standing(customer: DriftedCustomer) -> tuple[str, str]:
    """The symbol and the word."""
    match customer.standing:
        case Standing.DRIFTED if all(field.cause is Cause.CONFIG for field in customer.fields):
            return "~", "declared"
        case Standing.DRIFTED:
            return "!", "muted" if customer.is_muted else "drifted"
        case Standing.MISSING:
            return "+" if customer.cause is Cause.CONFIG else "-", "missing"
        case Standing.REMOVED | Standing.UNMANAGED:
            return "?", customer.standing.value


def _field_row(field: DriftedField, customer: DriftedCustomer, drift: Drift) -> FieldRow:
    """One field, in the order of time: what was applied and what there is; or what there is and what is declared."""
    config = field.cause is Cause.CONFIG
    before = field.live if config else field.declared if field.cause is Cause.UNKNOWN else field.applied
    after = field.declared if config else field.live
    facts = facts_of(CUSTOMER, field.path)
    amount = _amount(before, after, facts.row, customer.currency)
    return FieldRow(
        "~" if config else "!",
        visible(field.path),
        shown(before),
        shown(after),
        field.cause.value,
        source=field.source,
        notes=(
            *([f"declared {shown(field.declared)}"] if field.cause is Cause.BOTH else []),
            *_age(field.first_seen, drift, new=field.new and field.mute is None),
            *([muted_until(field.mute)] if field.mute else []),
        ),
        muted=field.mute is not None,
        title=facts.title,
        values=(before, after),
        amount=amount,
        is_prose=facts.is_prose,
        risk=0 if field.mute else field_priority(facts, after, amount, moved=not config),
        stakes="" if field.mute else field_stakes(facts, before, after, amount),
        days=_days(field.first_seen, drift),
    )


def _amount(before: object, after: object, row: Field | None, currency: str | None) -> AmountChange | None:
    if row is None or not row.amount:
        return None
    unit = currency if row.currency else None
    return amount_change(before, after, (unit, unit))


def _notes(customer: DriftedCustomer, drift: Drift) -> tuple[str, ...]:
    notes = []
    if customer.applied_at:
        notes.append(f"applied {visible(customer.applied_at)}")
    if customer.modified_at:
        notes.append(f"modified in the ERP {_modified(customer)}")
    if customer.standing is not Standing.DRIFTED:
        notes += _age(customer.first_seen, drift, new=customer.new)
    if customer.mute:
        notes.append(muted_until(customer.mute))
    return tuple(notes)


def _modified(customer: DriftedCustomer) -> str:
    """The record's lastModifiedDateTime to the second and whose clock that is, or nothing."""
    return on_whose_clock(visible(customer.modified_at or ""))


def _age(first_seen: str | None, drift: Drift, *, new: bool) -> tuple[str, ...]:
    """`new` when the last report did not have it, and the day since which it is there."""
    news = ("new",) if new and drift.since is not None else ()  # in a first report everything is
    if first_seen is None or (new and first_seen == drift.created_at):
        return news
    days = _days(first_seen, drift) or 0
    return (*news, f"since {visible(first_seen[:10])}" + (f", {counted(days, 'day')}" if days > 0 else ""))


def _days(first_seen: str | None, drift: Drift) -> int | None:
    """How many whole days ago a report first saw it; None where that is not known."""
    then, now = read_moment(first_seen) if first_seen else None, read_moment(drift.created_at)
    return max(0, (now.utc - then.utc) // DAY) if then and now else None


def _risk(customer: DriftedCustomer, fields: Iterable[FieldRow]) -> int:
    """What moves money or trade first, as in a plan; what is accepted or undeclared last."""
    if customer.standing is Standing.MISSING:
        return _MISSING if customer.alerts else 1
    return max((field.risk for field in fields), default=0)
