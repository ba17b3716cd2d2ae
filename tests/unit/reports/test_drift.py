"""A drift in text, JSON and the view of all other formats."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from reconciler.config.read.schema import load_schema
from reconciler.core.diagnostics import Severity, Source
from reconciler.core.drift import Drift, DriftedCustomer, DriftedField, DriftSummary, Standing
from reconciler.core.mutes import Mute
from reconciler.core.plan import Cause, Reading, Refresh
from reconciler.reports import json_documents
from reconciler.reports.formats.text import lines
from reconciler.reports.redact import Redactor
from reconciler.reports.view.drift import LISTED, of_drift
from reconciler.reports.view.report import ReportState

NOW = "2026-01-31T12:00:00Z"
EARLIER = "2026-01-28T06:00:00Z"
HOME = Source("customers/a.yaml", 3, 1)
MUTE = Mute("1", "name", "2026-02-28", "says \x1b[31mKari")


def field(path: str = "name", cause: Cause = Cause.DRIFT, **more: Any) -> DriftedField:
    given = {"applied": "A", "live": "B", "declared": "A", "first_seen": EARLIER, "new": False, "source": HOME} | more
    return DriftedField(path, cause=cause, **given)


def customer(*fields: DriftedField, **more: Any) -> DriftedCustomer:
    given = {"standing": Standing.DRIFTED, "number": "1", "ref": None, "name": "Fjell", "source": HOME} | more
    return DriftedCustomer(fields=fields, **given)


def drift(*customers: DriftedCustomer, **more: Any) -> Drift:
    given = {"since": EARLIER, "summary": DriftSummary(managed=3, unmanaged=1)} | more
    refresh = Refresh("full", NOW, 4, 1)
    return Drift("0", NOW, "production", "Demo AS", "t", "https://x", refresh, customers=customers, **given)


def text(found: Drift, width: int | None = None) -> str:
    return "\n".join(line.plain for line in lines(of_drift(found), width))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (field(), '! name  "A" → "B"  (drift, since 2026-01-28, 3 days)  :3'),
        (field(new=True, first_seen=NOW), '! name  "A" → "B"  (drift, new)  :3'),
        (field(new=True), '! name  "A" → "B"  (drift, new, since 2026-01-28, 3 days)  :3'),
        (field(cause=Cause.BOTH, declared="C"), '! name  "A" → "B"  (both, declared "C", since 2026-01-28, 3 days)'),
        (field(cause=Cause.CONFIG, live="A", declared="C"), '~ name  "A" → "C"  (config, since'),
        (field(cause=Cause.UNKNOWN, applied=None), '! name  "A" → "B"  (unknown, since'),
        (field(live=None), '! name  "A" → (none)  (drift, since'),
    ],
)
def test_a_field_reads_in_the_order_of_time(given: DriftedField, line: str) -> None:
    assert line in text(drift(customer(given)))


def test_in_a_first_report_nothing_is_called_new() -> None:
    assert "new" not in text(drift(customer(field(new=True, first_seen=NOW)), since=None))


def test_muted_drift_stands_apart_and_hostile_reasons_do_no_harm() -> None:
    found = drift(customer(field(), field("gln", mute=MUTE)))
    above, _, below = text(found).partition("\nMuted:\n")
    assert "! name" in above
    assert "gln" not in above
    assert "! gln" in below
    assert "muted until 2026-02-28: says \\x1b[31mKari" in below
    assert "\x1b" not in below


@pytest.mark.parametrize("width", [40, 80, 120])
def test_values_are_never_cut(width: int) -> None:
    long = "x" * 60
    shown = text(drift(customer(field("mainAddress.addressLine1", live=long), field("gln"))), width)
    assert long in shown
    if width == 120:
        assert max(map(cell_len, shown.splitlines())) <= width


def test_of_many_unmanaged_customers_the_first_are_named_and_all_are_counted() -> None:
    many = [customer(standing=Standing.UNMANAGED, number=str(each), source=None) for each in range(1000)]
    found = drift(*many, summary=DriftSummary(unmanaged=1000))
    assert "? 1,000 customers unmanaged, 1,000 new:" in text(found)
    assert "    and 990 more; --format json has all" in text(found)
    report = of_drift(found)
    assert len(report.customers) == LISTED
    assert "Of 1,000 unmanaged customers the first 10 are listed; JSON has all." in report.sentences
    assert len(json.loads(json_documents.drift(found))["customers"]) == 1000


def test_the_view_has_state_risk_and_severity() -> None:
    held = customer(field(mute=MUTE))
    report = of_drift(drift(customer(field("creditLimit"), number="2"), customer(field("gln"), number="3"), held))
    assert report.state is ReportState.CHANGES
    limit, gln, muted = report.customers
    assert limit.risk > gln.risk > muted.risk
    assert (limit.severity, muted.severity) == (Severity.WARNING, Severity.NOTE)
    assert (limit.symbol, limit.verb, muted.verb) == ("!", "drifted", "muted")
    assert of_drift(drift(held)).state is ReportState.CLEAN
    assert of_drift(drift(customer(field(cause=Cause.CONFIG)))).state is ReportState.CLEAN


def test_json_fits_its_schema_redacted_too() -> None:
    gone = customer(standing=Standing.MISSING, cause=Cause.DRIFT, mute=MUTE, message="gone")
    lost = customer(standing=Standing.REMOVED, source=None)
    found = drift(customer(field("mainContact.email", live="kari@example.test"), field(mute=MUTE)), gone, lost)
    for each in (found, Redactor(b"0123456789abcdef").drift(replace(found, since=None))):
        value = json.loads(json_documents.drift(each))
        Draft202012Validator(load_schema("drift")).validate(value)
        assert (value["format"], value["format_version"]) == ("reconciler/drift", "1.2")
        assert value["summary"]["coverage"] == 0.75
        assert [one["muted"] for one in value["customers"]] == [False, True, False]
    assert b"kari@example" not in json_documents.drift(Redactor(b"0123456789abcdef").drift(found))


def test_coverage_is_never_rounded_up_to_all() -> None:
    assert "Coverage: 99.9% (" in text(drift(summary=DriftSummary(managed=99_999, unmanaged=1)))
    assert "Coverage: 100% (" in text(drift(summary=DriftSummary(managed=5)))
    assert "Coverage" not in text(drift(summary=DriftSummary()))


def test_a_report_of_news_counts_the_news_first_and_then_the_whole() -> None:
    summary = DriftSummary(managed=4, drift=4, new=1)
    found = drift(customer(field()), summary=summary, only_new=True)
    assert "New drift: 1 changed in the ERP. In all: 4 changed in the ERP." in text(found)
    none = replace(found, customers=())
    assert "No new drift. In all: 4 changed in the ERP." in text(none)


def test_the_reading_is_one_sentence_where_there_is_little_room() -> None:
    reading = Reading("incremental", changed=1, verified=40, verify_runs=60)
    found = of_drift(replace(drift(), refresh=Refresh("incremental", "2026-01-31T12:24:28Z", 40, 2, reading)))
    assert found.as_of[0] == "Live as of 2026-01-31T12:24:28Z: 40 customers, 2 requests."
    assert "1 customer changed since the last read, 40 read again" in found.details[0]
