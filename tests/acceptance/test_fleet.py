"""Many companies with one command: what goes wrong with one is its own row, and never touches another."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from reconciler.config.fleet import load_fleet
from reconciler.config.read.schema import load_schema
from reconciler.core.fleet import Work
from reconciler.fleet.engine import Processes
from reconciler.fleet.fleet import Fleet
from reconciler.fleet.packing import pack
from reconciler.fleet.tasks import TaskOptions
from reconciler.state.store import open_store
from tests.acceptance.fleet_folder import CREDENTIALS, FleetFolder, fleet_folder

DEAD = "http://127.0.0.1:9"
"""Nobody answers there."""


@pytest.fixture
def fleet(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetFolder]:
    with fleet_folder(tmp_path, capfd, monkeypatch) as folder:
        yield folder


def outcomes(document: Any) -> dict[str, tuple[str, int]]:
    return {company["name"]: (company["outcome"], company["exit_code"]) for company in document["companies"]}


def test_one_company_s_failure_never_touches_another(fleet: FleetFolder) -> None:
    """Broken YAML, an ERP that is down, a guard that refuses, a lock: each is told; the others are done."""
    for name in ("north", "south", "guarded", "locked"):
        fleet.company(name, more="guards: {creates: 0}" if name == "guarded" else "")
    fleet.company("broken", base_url=DEAD)
    fleet.declare("broken", "bad", "name: [")
    fleet.company("down", base_url=DEAD)

    planned = fleet.run("plan", "-o", "plans", "--format", "json")
    assert planned.code == 1, planned.err
    assert outcomes(planned.json) == {
        "down": ("failed", 1),
        "guarded": ("refused", 4),
        "broken": ("invalid", 3),
        "locked": ("changes", 2),
        "north": ("changes", 2),
        "south": ("changes", 2),
    }
    assert [company["name"] for company in planned.json["companies"]][:3] == ["down", "guarded", "broken"]
    assert json.loads((fleet.folder / "plans/north/plan.json").read_text())["summary"]["create"] == 1

    forms = ("text", "markdown", "html", "csv", "json")
    reports = [f"--report={form}=report.{form}" for form in forms]
    with open_store(fleet.folder / "companies/locked/.reconciler/state.db") as store, store.lock("a test"):
        applied = fleet.run("apply", "plans", "--format", "json", *reports)
    assert applied.code == 5, applied.err
    assert outcomes(applied.json) == {
        "broken": ("not planned", 5),
        "down": ("not planned", 5),
        "guarded": ("refused", 4),
        "locked": ("locked", 6),
        "north": ("applied", 0),
        "south": ("applied", 0),
    }
    reasons = {"broken": "(invalid)", "down": "(failed)", "guarded": "more than the guard allows", "locked": "a test"}
    rows = {row["name"]: row["reason"] for row in applied.json["companies"]}
    assert {name: text for name, text in reasons.items() if text not in rows[name]} == {}, rows
    for form in forms:
        report = (fleet.folder / f"report.{form}").read_text("utf-8-sig")
        assert [name for name, text in reasons.items() if text not in report] == [], form
    assert (fleet.names("north"), fleet.names("south")) == (["Customer north-0"], ["Customer south-0"])
    assert (fleet.names("guarded"), fleet.names("locked")) == ([], [])

    status = fleet.run("status")
    assert "never applied" in status.out
    assert status.out.count("(done)") == 2


def test_a_digest_agrees_to_the_changes_of_all_companies_and_to_nothing_else(fleet: FleetFolder) -> None:
    for name in ("a", "b"):
        fleet.company(name)
    digest = fleet.run("plan", "--format", "json").json["digest"]
    assert fleet.run("plan", "--detailed-exitcode").code == 2

    fleet.declare("b", "more")
    refused = fleet.run("apply", "--digest", digest)
    assert refused.code == 4, refused.err
    assert (fleet.names("a"), fleet.names("b")) == ([], [])

    (fleet.folder / "companies/b/customers/more.yaml").unlink()
    assert fleet.run("apply", "--digest", digest).code == 0
    assert (fleet.names("a"), fleet.names("b")) == (["Customer a-0"], ["Customer b-0"])
    assert fleet.run("plan", "--format", "json").json["digest"] == ""
    assert fleet.run("apply").code == 64


def test_altered_plans_are_refused(fleet: FleetFolder) -> None:
    """Neither the index nor a company's plan can be changed after the review."""
    fleet.company("a")
    fleet.run("plan", "-o", "plans")
    index, plan = fleet.folder / "plans/fleet.json", fleet.folder / "plans/a/plan.json"
    reviewed = index.read_text()
    document = json.loads(reviewed)
    document["companies"][0]["changes_digest"] = "sha256:" + "0" * 64
    index.write_text(json.dumps(document))
    assert fleet.run("apply", "plans").code == 4

    index.write_text(reviewed)
    fleet.declare("a", "more")
    fleet.run("plan", "-o", "others")
    plan.write_bytes((fleet.folder / "others/a/plan.json").read_bytes())
    refused = fleet.run("apply", "plans")
    assert refused.code == 4
    assert "not the changes that were reviewed" in refused.out
    assert fleet.names("a") == []


def test_the_index_is_as_its_schema_says(fleet: FleetFolder) -> None:
    from jsonschema import Draft202012Validator

    fleet.company("a")
    fleet.company("broken", base_url=DEAD)
    fleet.declare("broken", "bad", "name: [")
    schema = Draft202012Validator(load_schema("fleet"))
    for words in (("plan",), ("drift",), ("validate",), ("status",)):
        assert list(schema.iter_errors(fleet.run(*words, "--format", "json").json)) == [], words


def test_what_companies_share_lies_under_their_own_settings(fleet: FleetFolder) -> None:
    """A company's own guard counts before the fleet's, and an error in a shared default is shown where it stands."""
    fleet.fleet("companies: [companies/*]\nguards: {creates: 0}\ndefaults:\n  vatZone: {id: '1'}\n  nonsense: 1")
    fleet.company("a")
    assert "fleet.yaml:6:3" in fleet.run("validate").out

    fleet.fleet("companies: [companies/*]\nguards: {creates: 0}")
    fleet.company("own", more="guards: {creates: 5}")
    assert outcomes(fleet.run("plan", "--format", "json").json) == {"a": ("refused", 4), "own": ("changes", 2)}


def test_only_some_companies_by_name_pattern_or_label(fleet: FleetFolder) -> None:
    fleet.fleet("companies: [companies/*, {folder: companies/c, name: fjord, labels: {region: north}}]")
    for name in ("a1", "a2", "c"):
        fleet.company(name, base_url=DEAD)

    def chosen(*only: str) -> list[str]:
        words = [word for each in only for word in ("--only", each)]
        return sorted(outcomes(fleet.run("validate", *words, "--format", "json").json))

    assert chosen("a*") == ["a1", "a2"]
    assert chosen("region=north") == ["fjord"]
    assert chosen("a1", "region=*") == ["a1", "fjord"]
    assert fleet.run("validate", "--only", "nobody").code == 64


def test_drift_is_told_with_its_age_and_kept_for_the_status(fleet: FleetFolder) -> None:
    fleet.company("a")
    fleet.run("plan", "-o", "plans")
    assert fleet.run("apply", "plans").code == 0
    erp = fleet.erps["a"].store
    (number,) = erp.numbers()
    erp.edit(number, {"name": "Somebody else"})

    drift = fleet.run("drift", "-o", "found", "--detailed-exitcode", "--format", "json")
    assert drift.code == 2, drift.err
    (company,) = drift.json["companies"]
    assert company["outcome"] == "drift"
    assert company["drift_since"] is not None
    assert company["documents"] == {"drift": "a/drift.json"}
    status = fleet.run("status", "--format", "json").json["companies"][0]
    assert (status["outcome"], status["state"]["drifted"]) == ("drift", 1)


def test_a_task_holds_no_secret_and_no_path_of_this_machine(
    fleet: FleetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does what comes back: credentials are the worker's own."""
    fleet.company("a", more="defaults: {customerClassId: '${env:SOME_CLASS}'}")
    secrets = {
        "VISMA_CLIENT_ID": "id-of-the-client",
        "VISMA_CLIENT_SECRET": "very-secret",
        "RECONCILER_STATE_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "RECONCILER_PLAN_KEY": "0123456789abcdef",
        "SOME_CLASS": "VARVALUE9",
    }
    file = load_fleet(fleet.folder / "fleet.yaml")
    for work in Work:
        task = pack(
            file, file.companies[0], work, environment=None, environ=secrets, options=TaskOptions(wants_document=True)
        )
        sent = pickle.dumps(task)
        assert b"companies/a" in sent
        for text in (*secrets.values(), str(fleet.folder)):
            assert text.encode() not in sent, (work, text)
    for name, text in secrets.items():
        monkeypatch.setenv(name, text)
    planned = fleet.run("plan", "-o", "plans", "--format", "json")
    assert outcomes(planned.json) == {"a": ("failed", 1)}, planned.err  # the ERP does not take that secret
    assert not [text for name, text in secrets.items() if name != "SOME_CLASS" and text in planned.out + planned.err]


@pytest.mark.parametrize("word", ["VISMA_TENANT_ID", "RECONCILER_STATE"])
def test_a_variable_that_would_make_all_companies_one_is_refused(
    fleet: FleetFolder, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    for name in ("a", "b"):
        fleet.company(name, base_url=DEAD)
    monkeypatch.setenv(word, "/var/lib/one")
    assert fleet.run("validate").code == 64


# ---- hostile names ----

HOSTILE = (
    "../../escaped",
    "/etc/passwd",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "@everyone #1 [x](http://evil)",
    "::error::owned",
    "\u202egnp.exe",
    "a|b\u200b`c`",
    "con",
    "fleet.json",
    "x" * 200,
)


def test_a_hostile_name_is_inert_in_each_format_and_stays_in_the_folder(fleet: FleetFolder) -> None:
    for at, _ in enumerate(HOSTILE):
        fleet.company(f"c{at}", base_url=DEAD)
        fleet.declare(f"c{at}", "bad", "name: [")
    entries = ", ".join(f"{{folder: companies/c{at}, name: {json.dumps(name)}}}" for at, name in enumerate(HOSTILE))
    fleet.fleet(f"companies: [{entries}]")
    reports = [f"--report={form}=report.{form}" for form in ("text", "markdown", "html", "csv", "json")]
    before = {path for path in fleet.folder.rglob("*") if path.is_file()}
    ended = fleet.run("plan", "-o", "out/plans", *reports)
    assert ended.code == 3, ended.err
    new = {path.relative_to(fleet.folder).parts[0] for path in fleet.folder.rglob("*") if path not in before}
    assert new <= {"out", *(f"report.{form}" for form in ("text", "markdown", "html", "csv", "json")), "companies"}
    texts = {form: (fleet.folder / f"report.{form}").read_text("utf-8-sig") for form in ("text", "html", "csv", "json")}
    texts["markdown"] = (fleet.folder / "report.markdown").read_text("utf-8")
    for form, text in texts.items():
        assert not {"\u202e", "\u200b", "\x1b"} & set(text), form
    assert "<script>alert" not in texts["html"]
    assert "\n=HYPERLINK" not in texts["csv"]
    assert not any(line.startswith("::error") for line in texts["text"].splitlines())
    assert "`@everyone" in texts["markdown"]
    assert "<script>alert(1)</script>" not in texts["markdown"].replace("`<script>alert(1)</script>`", "")


# ---- workers that die, and stops ----


class Killing(Processes):
    """Kills its workers once somebody wrote to an ERP, so many times."""

    erp: Any = None
    kills = 1

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        with super().executor() as pool:
            assert isinstance(pool, ProcessPoolExecutor)
            if self.kills:
                self.kills -= 1
                Thread(target=self._kill, args=(pool,), daemon=True).start()
            yield pool

    def _kill(self, pool: ProcessPoolExecutor) -> None:
        while not self.erp.store.write_log():
            sleep(0.005)
        for process in list((pool._processes or {}).values()):
            process.kill()


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
    fleet: FleetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is doubled, nothing is lost, and each company has one run in its journal."""
    for name in ("a", "b"):
        fleet.company(name, customers=6)
        fleet.erps[name].switch(latency_ms=10)
    fleet.run("plan", "-o", "plans")
    opened = Fleet.open(fleet.folder, environ=CREDENTIALS, jobs=2)
    engine = Killing(2, fleet.folder, CREDENTIALS)
    engine.erp = fleet.erps["a"]
    report = Fleet(opened.file, opened.companies, engine, CREDENTIALS).apply(fleet.folder / "plans")
    assert {company.name: company.outcome.value for company in report.companies} == {"a": "applied", "b": "applied"}
    for name in ("a", "b"):
        assert fleet.names(name) == sorted(f"Customer {name}-{at}" for at in range(6))
        with open_store(fleet.folder / f"companies/{name}/.reconciler/state.db") as store:
            assert [run.status.value for run in store.runs.all()] == ["done"]


class Doubling(Processes):
    """Gives each task to two workers at once, as if the first one had been taken for lost."""

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        with super().executor() as pool:
            yield DoublingPool(pool)


class DoublingPool(Executor):
    def __init__(self, pool: Executor) -> None:
        self.pool = pool

    def submit(self, act: Any, /, *arguments: Any, **_: Any) -> Any:
        first, second = (self.pool.submit(act, *arguments) for _ in range(2))
        assert first.result().report.outcome == second.result().report.outcome
        return second


def test_a_task_that_two_workers_have_is_one_run(fleet: FleetFolder) -> None:
    """The second worker waits for the first, and tells the same."""
    fleet.company("a", customers=4)
    fleet.erps["a"].switch(latency_ms=50)
    fleet.run("plan", "-o", "plans")
    opened = Fleet.open(fleet.folder, environ=CREDENTIALS)
    engine = Doubling(2, fleet.folder, CREDENTIALS)
    report = Fleet(opened.file, opened.companies, engine, CREDENTIALS).apply(fleet.folder / "plans")
    assert [company.outcome.value for company in report.companies] == ["applied"]
    assert fleet.names("a") == [f"Customer a-{at}" for at in range(4)]
    with open_store(fleet.folder / "companies/a/.reconciler/state.db") as store:
        assert [run.status.value for run in store.runs.all()] == ["done"]


def test_workers_end_with_the_process_that_started_them(fleet: FleetFolder) -> None:
    """Also when that is killed: what a worker writes is finished, and then it goes."""
    for at in range(40):
        fleet.company(f"c{at}", base_url=DEAD)
    words = [sys.executable, "-m", "reconciler", "fleet", "validate", "--jobs", "2"]
    with subprocess.Popen(words, cwd=fleet.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first company has ended
        workers = _descendants(process.pid)
        process.kill()
    assert workers
    until = monotonic() + 60
    while (left := [pid for pid in workers if Path(f"/proc/{pid}").exists()]) and monotonic() < until:
        sleep(0.05)
    assert not left


def _descendants(pid: int) -> list[int]:
    """All processes below a process."""
    below = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*below, *(lower for child in below for lower in _descendants(child))]


def test_a_stop_leaves_what_is_not_begun_and_says_so(fleet: FleetFolder) -> None:
    for at in range(8):
        fleet.company(f"c{at}", base_url=DEAD)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    report = Fleet.open(fleet.folder, environ={}, jobs=1, heard=interrupted).validate()
    assert report.exit_code(detailed=False) == 130
    assert len(report.companies) == 8
    assert sum(company.outcome.value == "stopped" for company in report.companies) >= 5
