"""Where reports go: what cannot be written is told before anything is; what fails later costs only itself."""

from __future__ import annotations

import pytest

from reconciler.state import plan_file
from tests.acceptance.conftest import Company

REF = "- ref: shop-a\n  name: Shop A\n  corporateId: 111111111\n"


def test_a_place_that_cannot_be_written_stops_the_run_before_it_begins(company: Company) -> None:
    path = company.declare(REF)
    (company.folder / "folder").mkdir()
    for place, why in {
        "missing/x.json": "there is no folder missing",
        "folder": "it is a folder",
        "reconciler.yaml": "that is the settings file",
        "drift-mutes.yaml": "that is the file of mutes",
        "customers/all.yaml": "that is a declaration by its name",
        "customers/new.yaml": "that is a declaration by its name",
        ".reconciler/state.db": "there is no folder .reconciler",
        "customers/all.yaml/x": "customers/all.yaml is a file",
        "ok.md": "--report writes there too",
    }.items():
        words = ["--report", "markdown=ok.md", "--report", f"json={place}"]
        ended = company.run("apply", "--auto-approve", "--write-numbers", *words)
        assert ended.code == 64, (place, ended.err)
        assert f"--report cannot write {place}: {why}" in ended.err
    assert company.bodies() == []
    assert path.read_text() == REF
    assert sorted(each.name for each in company.folder.iterdir()) == ["customers", "folder", "reconciler.yaml"]


@pytest.mark.parametrize("place", ["reconciler.yaml", "missing/plan.json", "folder/../r.md"])
def test_the_plan_s_own_place_is_checked_too(company: Company, place: str) -> None:
    company.declare(REF)
    (company.folder / "folder").mkdir()
    before = (company.folder / "reconciler.yaml").read_text()
    ended = company.run("plan", "-o", place, "--report", "markdown=r.md")
    assert ended.code == 64
    assert "cannot write" in ended.err
    assert (company.folder / "reconciler.yaml").read_text() == before


def test_no_report_takes_the_place_of_the_state(company: Company) -> None:
    company.declare('- number: "1"\n  name: A\n')
    assert company.apply().code == 0
    for name in ("state.db", "state.db-wal"):
        ended = company.run("plan", "--report", f"json=.reconciler/{name}")
        assert ended.code == 64
        assert "that is the state" in ended.err
    assert company.undone() == {}


def test_two_reports_may_go_to_one_device(company: Company) -> None:
    company.declare(REF)
    ended = company.run("plan", "--report", "json=/dev/null", "--report", "markdown=/dev/null")
    assert ended.code == 0, ended.err


def test_a_report_that_fails_later_costs_neither_the_others_nor_the_numbers(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full for one; the exit code is the run's own, or 1."""
    path = company.declare(REF)
    write = plan_file.write_private

    def full(place: object, data: bytes) -> None:
        write(plan_file.Path("/dev/full") if str(place) == "full.json" else plan_file.Path(str(place)), data)

    monkeypatch.setattr(plan_file, "write_private", full)
    company.sandbox.switch(numbering="automatic")
    words = ["--report", "json=full.json", "--report", "markdown=ok.md"]
    ended = company.run("apply", "--auto-approve", "--write-numbers", "--quiet", *words)
    assert ended.code == 1
    assert "Cannot write /dev/full: No space left on device" in ended.err
    assert "Shop A" in (company.folder / "ok.md").read_text()
    assert f'number: "{company.store.numbers()[0]}"' in path.read_text()
    company.declare(REF.replace("A", "B").replace("-a", "-b").replace("1", "2"), "b.yaml")
    assert company.run("plan", "--detailed-exitcode", *words).code == 2
