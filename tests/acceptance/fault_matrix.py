"""Every fault on every request of a run: `python -m tests.acceptance.fault_matrix` prints what came of each.

A run creates customers with numbers and without, updates two, and gives one a parent that is created before it. One
fault strikes one of its requests. Then the run is applied again, as a person would, until nothing is left to do. In the
end the ERP must be as declared, with no customer twice, no clerk's edit overwritten and no write too many.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.config.settings import load_settings
from reconciler.core.diagnostics import has_errors
from reconciler.core.errors import ErpError, InvalidInput, ReconcilerError, Refused
from reconciler.core.plan import Outcome, Run
from reconciler.erp.customers import Customers, open_customers
from reconciler.erp.transport import Hooks
from reconciler.operations.connection import Pace
from reconciler.operations.listener import Listener
from reconciler.operations.project import Project
from reconciler.operations.workspace import Workspace
from reconciler.sandbox import Sandbox
from tests.access import access_to

AGAIN = 4
"""How often a person applies again: a fault of six strikes outlasts three applies, and the last finds nothing to do."""

SILENCE = 0.3
"""Seconds after which the client takes the ERP for silent; the ERP is on the same machine."""

DECLARED = """\
- {number: 1, creditLimit: 111}
- {number: 2, name: Fjellheim AS, mainAddress: {city: Oslo}}
- {number: 50, name: Numbered AS, corporateId: "910000050"}
- {ref: first, name: Automatic AS, corporateId: "910000061"}
- {ref: second, name: Automatic too AS, vatRegistrationId: NO910000062MVA}
- {number: 70, name: Child AS, parentRecordNumber: 80, corporateId: "910000070"}
- {number: 80, name: Parent AS, corporateId: "910000080"}
"""
NAMES = ("Numbered AS", "Automatic AS", "Automatic too AS", "Child AS", "Parent AS")
CLERKS = {"gln": "7080000000000"}
"""What a clerk changes meanwhile: nothing that is declared."""

RIVAL = {"creditLimit": 999}
"""What a clerk changes meanwhile, against a declaration."""


@dataclass(frozen=True)
class Spot:
    """One request of the run: the fault's `method`, `path` and `skip`, and what the request is about."""

    name: str
    method: str
    path: str
    skip: int = 0
    number: str = "1"


SPOTS = (
    Spot("token", "POST", "/connect/token"),
    Spot("list, page 1", "GET", "pageNumber=1&"),
    Spot("list, page 2", "GET", "pageNumber=2&"),
    Spot("PUT of 1", "PUT", "/customer/1$", number="1"),
    Spot("look before PUT of 2", "GET", "/customer/2$", number="2"),
    Spot("PUT of 2", "PUT", "/customer/2$", number="2"),
    Spot("POST 50", "POST", "/v1/customer$", 0, "50"),
    Spot("POST parent 80", "POST", "/v1/customer$", 1, "80"),
    Spot("POST first ref", "POST", "/v1/customer$", 2, "100000"),
    Spot("POST second ref", "POST", "/v1/customer$", 3, "100001"),
    Spot("POST child 70", "POST", "/v1/customer$", 4, "70"),
    Spot("read-back, page 1", "GET", "pageNumber=1&", 1, "1"),
    Spot("read-back, page 4", "GET", "pageNumber=4&", 0, "50"),
)

Fault = Mapping[str, Any]

_BODIES = {
    "JSON": {"body": '{"message": "VismaId: 3f0c1f0e-52a5-4b7e-9b0f-6d1c2a9d7e11. Error: out of order."}'},
    "HTML": {"body": "<html><h1>Out of order</h1></html>", "content_type": "text/html"},
    "empty": {},
}
_REFUSING = (400, 401, 403, 404, 409, 412, 422, 429)
_FAILING = (500, 502, 503, 504)
_ODD = (202, 302)


def _faults() -> Iterator[tuple[str, Fault]]:
    for status in (*_REFUSING, *_FAILING, *_ODD):
        for name, body in _BODIES.items():
            yield f"{status} {name}", {"kind": "respond", "status": status, **body}
    for status in _FAILING:
        yield f"{status} once done", {"kind": "respond", "status": status, "when": "after"}
    for status in (500, 503):
        yield f"{status} six times", {"kind": "respond", "status": status, "count": 6}
    for kind in ("reset", "hang"):
        yield f"{kind} before", {"kind": kind, "seconds": 30}
        yield f"{kind} once done", {"kind": kind, "when": "after", "seconds": 30}
    yield "reset x3 before", {"kind": "reset", "count": 3}
    yield "reset x3 once done", {"kind": "reset", "when": "after", "count": 3}
    yield "drip", {"kind": "drip", "bytes": 200, "seconds": 0.01}
    yield "late", {"kind": "delay", "seconds": 0.1}
    yield "truncate", {"kind": "truncate"}
    yield "garble", {"kind": "garble"}
    yield "tokens expire", {"kind": "expire"}
    yield "429 for a second", {"kind": "throttle", "seconds": 1}
    yield "page shifted", {"kind": "shift"}
    yield "page shifted back", {"kind": "shift", "rows": 1}
    yield "other Location", {"kind": "location"}
    yield "normalised", {"kind": "normalise", "values": {"name": "upper", "mainAddress.city": "upper"}}
    yield "renumbered", {"kind": "assign", "number": "777"}
    yield "clerk before", {"kind": "edit", "values": CLERKS}
    yield "clerk after", {"kind": "edit", "values": CLERKS, "when": "after"}
    yield "rival before", {"kind": "edit", "values": RIVAL}
    yield "rival after", {"kind": "edit", "values": RIVAL, "when": "after"}
    yield "vanish before", {"kind": "vanish"}
    yield "vanish after", {"kind": "vanish", "when": "after"}


FAULTS: Mapping[str, Fault] = dict(_faults())

AT_ONCE = "at once"
LATER = "later"
REFUSED = "refused"
NOT_MET = "-"
WRONG = "WRONG"


@dataclass
class Cell:
    """What came of one fault on one request: its word, and what is wrong."""

    outcome: str
    problems: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


class _Waiting(Listener):
    """Waits take no time, but move the ERP's clock."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def sleep(self, seconds: float) -> None:
        self._sandbox.runtime.clock.advance(seconds)


class _Workspace(Workspace):
    """What a command works on, by the ERP's clock, with a client that waits for an answer no longer than SILENCE."""

    def __init__(self, file: Path, sandbox: Sandbox) -> None:
        super().__init__(file, environment=None, environ={}, listener=_Waiting(sandbox))
        self._sandbox = sandbox

    def now(self) -> str:
        return f"{self._sandbox.runtime.clock.now():%Y-%m-%dT%H:%M:%SZ}"

    def erp(self, pace: Pace | None = None) -> Customers:
        pace = pace or Pace()
        if pace not in self._erps:
            hooks = Hooks(
                self.listener.sleep,
                clock=lambda: self._sandbox.runtime.clock.now().timestamp(),
                reserve=pace.reserve,
                longest_wait=pace.longest_wait,
            )
            self._erps[pace] = self._stack.enter_context(
                open_customers(
                    access_to(self._sandbox), hooks, page_size=2, parallelism=1, timeout=SILENCE, trust_env=False
                )
            )
        return self._erps[pace]


class Company:
    """An ERP, declarations and a state, as good as new for each fault."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._file = folder / "reconciler.yaml"
        self._file.write_text(
            f"{{version: 1, api: {{base_url: '{sandbox.base_url}', token_url: '{sandbox.token_url}',"
            " tenant_id: sandbox, parallelism: 1}, customers: [all.customers.yaml]}"
        )
        (folder / "all.customers.yaml").write_text(DECLARED, encoding="utf-8")
        self._state = load_settings(self._file, environment=None, environ={}).state

    def renew(self) -> None:
        """Three customers, no state, no faults."""
        runtime = self.sandbox.runtime
        self.sandbox.store.reset()
        runtime.faults.clear()
        runtime.limits.restart()
        runtime.tokens.expire_all()
        runtime.requests.clear()
        self.sandbox.store.seed(3, 1, start=1)
        for file in self._state.parent.glob("*"):
            file.unlink()

    def apply(self) -> Run:
        """What `reconciler apply --auto-approve` does. Raises ReconcilerError."""
        with Project(self._file, _Workspace(self._file, self.sandbox), None) as project:
            return project.apply(consent=True)


def strike(company: Company, spot: Spot, fault: Fault) -> Cell:
    """One fault on one request of a fresh run, and what came of it."""
    company.renew()
    company.sandbox.fault(method=spot.method, path=spot.path, skip=spot.skip, **_about(spot, fault))
    cell = Cell(LATER)
    for attempt in range(1 + AGAIN):
        ended = _attempt(company, cell)
        waiting = company.sandbox.runtime.faults.pending()
        if attempt == 0 and waiting and not waiting[0]["struck"]:
            return Cell(NOT_MET)
        if cell.outcome == REFUSED:
            break
        if ended is not None and ended.plan.is_empty:
            break
        if ended is not None and attempt == 0 and all(each.outcome is Outcome.DONE for each in ended.results):
            cell.outcome = AT_ONCE
    else:
        cell.problems.append(f"still not done after {AGAIN} more applies")
    _judge(company, spot, fault, cell)
    return cell


def _about(spot: Spot, fault: Fault) -> dict[str, Any]:
    """Faults that concern a customer concern the request's own."""
    return {**fault, "number": spot.number} if fault["kind"] in ("edit", "vanish") else dict(fault)


def _attempt(company: Company, cell: Cell) -> Run | None:
    """A run, or None and in the cell why there was none."""
    try:
        run = company.apply()
    except (Refused, InvalidInput) as error:  # a guard, or an error in the plan
        found = [diagnostic.summary for diagnostic in error.diagnostics] if isinstance(error, InvalidInput) else []
        cell.log.append("; ".join([f"refused: {error}", *found]))
        cell.outcome = REFUSED
        return None
    except ErpError as error:
        cell.log.append(f"{type(error).__name__}: {error}")
        return None
    except ReconcilerError as error:
        cell.problems.append(f"{type(error).__name__}: {error}")
        cell.outcome = REFUSED
        return None
    cell.log += [f"{result.action.label}: {result.outcome} {result.message}" for result in run.results]
    assert not has_errors(run.plan.diagnostics)
    return run


# ---- what must hold in the end ----


def _judge(company: Company, spot: Spot, fault: Fault, cell: Cell) -> None:
    held = {each["number"]: each for each in company.sandbox.store.customers()}
    counts = Counter(str(each["name"]).upper() for each in held.values())
    for name in NAMES:
        if counts[name.upper()] > 1:
            cell.problems.append(f"{name} is there {counts[name.upper()]} times")
        if cell.outcome != REFUSED and not counts[name.upper()]:
            cell.problems.append(f"{name} is missing")
    if cell.outcome != REFUSED:
        cell.problems += _differing(held)
    cell.problems += _surplus(company, fault)
    cell.problems += _overwritten(spot, fault, company)
    if cell.problems:
        cell.outcome = WRONG


def _differing(held: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the ERP holds otherwise than declared; case is what the normalising ERP changes."""
    found = []
    if str(held.get("1", {}).get("creditLimit")) != "111":
        found.append("creditLimit of 1 is not as declared")
    two = held.get("2", {})
    if str(two.get("name")).upper() != "FJELLHEIM AS" or str(two["mainAddress"].get("city")).upper() != "OSLO":
        found.append("2 is not as declared")
    if (child := held.get("70")) is not None and child.get("parentRecordNumber") != "80":
        found.append("70 has not its parent")
    return found


def _surplus(company: Company, fault: Fault) -> list[str]:
    """Each customer takes one write, and another where somebody else changed or removed what was written."""
    allowed = 2 if fault["kind"] in ("edit", "vanish", "normalise", "renumber") else 1
    writes = Counter(_subject(each) for each in company.sandbox.store.write_log() if each["status"] < 300)
    return [f"{count} writes of {subject}" for subject, count in writes.items() if count > allowed]


def _subject(row: Mapping[str, Any]) -> str:
    return f"{row['method']} {row['number']}"


def _overwritten(spot: Spot, fault: Fault, company: Company) -> list[str]:
    """What a clerk changed, and nobody declared, is still there."""
    created = spot.name.startswith("POST") and fault.get("when") != "after"  # it was not there yet
    if fault["kind"] != "edit" or created or not company.sandbox.store.has(spot.number):
        return []
    held = company.sandbox.store.customer(spot.number)
    declared = {("1", "creditLimit")}
    return [
        f"{name} of {spot.number}, which a clerk changed, is {held.get(name)!r}"
        for name, value in fault["values"].items()
        if (spot.number, name) not in declared and str(held.get(name)) != str(value)
    ]


# ---- the whole matrix ----


def matrix(
    faults: Mapping[str, Fault] = FAULTS,
    spots: tuple[Spot, ...] = SPOTS,
    tell: Callable[[str, dict[str, Cell]], None] = lambda _name, _row: None,
) -> dict[str, dict[str, Cell]]:
    """What comes of each fault on each request; `tell` hears each row as it is done."""
    found: dict[str, dict[str, Cell]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with Sandbox(folder / "erp" / "sandbox.db") as sandbox:
            sandbox.switch(numbering="mixed", require_postal_code=False)
            sandbox.runtime.clock.set(datetime(2026, 1, 31, 12, tzinfo=UTC))
            (folder / "company").mkdir()
            company = Company(folder / "company", sandbox)
            for name, fault in faults.items():
                found[name] = {spot.name: strike(company, spot, fault) for spot in spots}
                tell(name, found[name])
    return found


def counts(found: Mapping[str, Mapping[str, Cell]]) -> Counter[str]:
    """How many cells have each outcome."""
    return Counter(cell.outcome for row in found.values() for cell in row.values())


def main(arguments: list[str] | None = None) -> int:
    """Print the matrix; 1 when a cell is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.fault_matrix", description=__doc__)
    parser.add_argument("--fault", default="", help="only faults whose name holds this")
    parser.add_argument("--request", default="", help="only requests whose name holds this")
    parser.add_argument("--verbose", action="store_true", help="what each cell's runs said")
    given = parser.parse_args(arguments)
    spots = tuple(spot for spot in SPOTS if given.request in spot.name)
    faults = {name: fault for name, fault in FAULTS.items() if given.fault in name}

    def tell(name: str, row: dict[str, Cell]) -> None:
        print(f"{name:20}" + "".join(f"{row[spot.name].outcome:^16}" for spot in spots), flush=True)
        for spot in spots:
            cell = row[spot.name]
            for line in cell.problems + (cell.log if given.verbose or cell.problems else []):
                print(f"    {spot.name}: {line}")

    print(" " * 20 + "".join(f"{spot.name:^16}" for spot in spots))
    totals = counts(matrix(faults, spots, tell))
    words = {
        AT_ONCE: "done at once",
        LATER: "done after another apply",
        REFUSED: "refused by design",
        NOT_MET: "the request is not made, or the fault means nothing to it",
        WRONG: "WRONG",
    }
    print()
    for outcome, meaning in words.items():
        print(f"{totals[outcome]:6}  {outcome:8} {meaning}")
    print(f"{totals.total():6}  in all")
    return 1 if totals[WRONG] else 0


if __name__ == "__main__":
    sys.exit(main())
