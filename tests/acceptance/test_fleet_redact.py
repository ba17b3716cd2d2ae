"""`fleet ... --redact`: no personal value in any format, nor in the documents of companies that cannot be applied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.reports.fleet.formats import FORMATS
from reconciler.state.store import open_store
from tests.acceptance.conftest import Ended
from tests.acceptance.fleet_folder import FleetFolder, fleet_folder
from tests.acceptance.test_redact import DECLARED, KEY, PERSONAL
from tests.acceptance.test_redact import leaks as found

REPORTS = [f"--report={form}=report.{form}" for form in FORMATS]


@pytest.fixture
def fleet(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetFolder]:
    """A company that is as declared, one whose ERP refuses a value, and one whose declarations have errors."""
    monkeypatch.setenv("RECONCILER_REDACT_KEY", KEY)
    with fleet_folder(tmp_path, capfd, monkeypatch) as folder:
        for name in ("good", "failing", "invalid"):
            folder.company(name, customers=0)
            text = DECLARED + (f"status: {PERSONAL['name']}\n" if name == "invalid" else "")
            (tmp_path / f"companies/{name}/customers/kari.yaml").write_text(text, encoding="utf-8")
        folder.erps["failing"].switch(normalise="corporateId:keep")
        yield folder


def leaks(text: str) -> set[str]:
    """What of the personal data the text shows. Four digits, as of the postal code, are in many a digest, too."""
    return found(text) - {"postal"}


def shown(fleet: FleetFolder, ended: Ended) -> dict[str, str]:
    """What was told, by where it stands: each format, and what was said on the way."""
    reports = {form: (fleet.folder / f"report.{form}").read_text("utf-8-sig") for form in FORMATS}
    return reports | {"standard output": ended.out, "standard error": ended.err}


def test_no_format_of_any_fleet_command_shows_a_personal_value(fleet: FleetFolder) -> None:
    """What it hides has a word in its place. The plans are saved with the real values, and that is said."""
    clear = shown(fleet, fleet.run("plan", *REPORTS))
    assert all("name" in leaks(text) for where, text in clear.items() if where not in ("csv", "standard error"))

    planned = fleet.run("plan", "-o", "plans", "--redact", *REPORTS)
    assert planned.code == 3, planned.err
    assert "with the real values" in planned.err
    for where, text in shown(fleet, planned).items():
        assert not leaks(text), where
    assert not leaks((fleet.folder / "plans/fleet.json").read_text())
    assert "redacted:" in planned.out
    assert "kari.yaml" in planned.out
    assert leaks((fleet.folder / "plans/good/plan.json").read_text()), "this one is to be applied"

    applied = fleet.run("apply", "plans", "--redact", *REPORTS)
    assert applied.code == 5, applied.err
    assert "10000: done, but for corporateId: not taken as sent" in applied.out
    for where, text in shown(fleet, applied).items():
        assert not leaks(text), where

    erp = fleet.erps["good"].store
    (number,) = erp.numbers()
    erp.edit(number, {"name": PERSONAL["attention"]})
    drifted = fleet.run("drift", "-o", "found", "--redact", *REPORTS)
    assert "! 10000 redacted:" in drifted.out
    for where, text in shown(fleet, drifted).items():
        assert not leaks(text), where
    document = (fleet.folder / "found/good/drift.json").read_text()
    assert json.loads(document)["redacted"]
    assert not leaks(document)


def test_what_saved_plans_say_in_clear_is_redacted_when_they_are_applied(fleet: FleetFolder) -> None:
    """Also the reason of a company that could not be planned; and who holds a lock."""
    fleet.run("plan", "-o", "plans")
    assert leaks((fleet.folder / "plans/fleet.json").read_text())
    applied = fleet.run("apply", "plans", "--redact", *REPORTS)
    for where, text in shown(fleet, applied).items():
        assert not leaks(text), where

    with open_store(fleet.folder / "companies/good/.reconciler/state.db") as store, store.lock("a test"):
        holder = store.holder()
        assert holder is not None
        assert holder.owner is not None
        who = f"{holder.owner.user}@{holder.owner.host}"
        assert who in fleet.run("status").out
        status = fleet.run("status", "--redact", *REPORTS)
    for where, text in shown(fleet, status).items():
        assert who not in text, where
    assert "redacted:" in status.out
