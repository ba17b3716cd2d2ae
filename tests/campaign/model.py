"""A small model of what may happen to a ledger, and random histories that try to break it.

`python -m tests.campaign.model --sequences 2000` is the long run. Each history is a sequence of declaration edits,
clerk's edits, plans, applies, kills, resumes, undos, faults and clock steps; after each command the ledger must hold
what the rules below allow, and at the end an apply makes it as declared:

* no customer is doubled;
* an apply changes a field only to what was declared when its plan was made, and only a declared one; an undo only to a
  value that the field held before;
* a customer that was changed after a saved plan was made is not written by that plan;
* plans, drift reports and refused applies write nothing;
* every command ends with a documented code and without a traceback.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from reconciler.sandbox import Sandbox
from reconciler.sandbox import app as gateway
from tests.campaign.forker import Ended, Forker

MANUAL = ("1", "2", "3")
REFS = ("a", "b")
KEYS = (*MANUAL, *REFS)
FIELDS = ("creditLimit", "gln", "accountReference")
VALUES = {
    "creditLimit": st.integers(0, 5).map(lambda each: each * 100),
    "gln": st.sampled_from(["", "7080000000001", "7080000000002"]),
    "accountReference": st.sampled_from(["", "Nordre Fjord", "æøå", "0101"]),
}
CODES = {0, 1, 2, 3, 4, 5, 6, 64, 130, 143}
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "respond", "status": 400},
    {"kind": "respond", "status": 412},
    {"kind": "respond", "status": 422, "body": "<html>"},
    {"kind": "reset"},
    {"kind": "reset", "when": "after"},
    {"kind": "truncate"},
    {"kind": "garble"},
    {"kind": "expire"},
    {"kind": "location"},
    {"kind": "shift"},
)
NAMES = {key: f"Customer {key}" for key in KEYS}

keys = st.sampled_from(KEYS)
fields = st.sampled_from(FIELDS)


class World:
    """One ERP, one project and one forker, used by history after history."""

    def __init__(self, folder: Path, sandbox: Sandbox, forker: Forker) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.forker = forker
        self.histories = 0
        self.commands: Counter[str] = Counter()
        self.strikes = 0
        self.kills = 0

    def renew(self) -> None:
        """An empty ERP, no state, no declarations."""
        runtime = self.sandbox.runtime
        self.sandbox.store.reset()
        runtime.faults.clear()
        runtime.limits.restart()
        runtime.tokens.expire_all()
        runtime.clock.set(datetime(2026, 1, 31, 12, tzinfo=UTC))
        for name in ("state", "plan.json", "all.customers.yaml"):
            path = self.folder / name
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        self.histories += 1


@contextmanager
def world() -> Iterator[World]:
    """Set it up, and take it down."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder = place / "company"
        folder.mkdir()
        with Sandbox(place / "erp" / "sandbox.db") as sandbox:
            sandbox.switch(numbering="mixed", require_postal_code=False, rate_limit=10**8, number_start=9000)
            (folder / "reconciler.yaml").write_text(
                f"{{version: 1, api: {{base_url: '{sandbox.base_url}', token_url: '{sandbox.token_url}', tenant_id:"
                " sandbox, timeout: 2, page_size: 2}, customers: [all.customers.yaml],"
                " state: state/state.db, guards: {updates: 100%, creates: 100}}"
            )
            environ = {"VISMA_CLIENT_ID": sandbox.client_id, "VISMA_CLIENT_SECRET": sandbox.client_secret}
            with Forker(place, environ) as forker:
                yield World(folder, sandbox, forker)


WORLD: list[World] = []
"""The world that histories run in: hypothesis makes machines without arguments."""


class Ledger(RuleBasedStateMachine):
    """The rules."""

    def __init__(self) -> None:
        super().__init__()
        self.world = WORLD[0]
        self.world.renew()
        self.declared: dict[str, dict[str, Any]] = {}
        self.planned: dict[str, dict[str, Any]] | None = None
        self.edited_since_plan: set[str] = set()
        self.values: dict[tuple[str, str], set[Any]] = {}
        self.history: list[tuple[str, dict[str, Any]]] = []

    # ---- what people do ----

    @initialize(data=st.data())
    def seed(self, data: st.DataObject) -> None:
        """Some customers are live already, and some are declared."""
        for number in data.draw(st.sets(st.sampled_from(MANUAL)), "live"):
            self._clerk_creates(number)
        for key in data.draw(st.sets(keys, min_size=1), "declared"):
            self.declared[key] = {field: data.draw(VALUES[field]) for field in data.draw(st.sets(fields))}
        self._write()

    @rule(key=keys, field=fields, data=st.data())
    def declare(self, key: str, field: str, data: st.DataObject) -> None:
        """A field of a declaration is set; the declaration is made when there is none."""
        self.declared.setdefault(key, {})[field] = data.draw(VALUES[field])
        self._write()

    @rule(key=keys, field=fields)
    def undeclare_field(self, key: str, field: str) -> None:
        """A field is taken out of a declaration."""
        self.declared.get(key, {}).pop(field, None)
        self._write()

    @rule(key=keys)
    def undeclare(self, key: str) -> None:
        """A declaration is taken away."""
        if len(self.declared) > 1:
            self.declared.pop(key, None)
            self._write()

    @rule(data=st.data(), field=fields)
    def clerk_edits(self, data: st.DataObject, field: str) -> None:
        """A clerk changes a field of a live customer."""
        live = self.live()
        if live:
            number = data.draw(st.sampled_from(sorted(live)), "number")
            self.world.sandbox.store.edit(number, {field: data.draw(VALUES[field])})
            self.edited_since_plan.add(number)

    @rule(seconds=st.sampled_from([1, 3600, 86_400]))
    def time_passes(self, seconds: int) -> None:
        """The ERP's clock goes on."""
        self.world.sandbox.runtime.clock.advance(seconds)

    # ---- what commands do ----

    @rule()
    def plan(self) -> None:
        """A plan is saved, and writes nothing."""
        before = self.live()
        ended = self.command("plan", "-o", "plan.json")
        assert self.live() == before, "a plan wrote"
        self.planned = None
        if ended.code == 0:
            self.planned = {key: dict(values) for key, values in self.declared.items()}
            self.edited_since_plan = set()

    @rule()
    def drift(self) -> None:
        """A drift report writes nothing to the ERP."""
        before = self.live()
        self.command("drift")
        assert self.live() == before, "a drift report wrote"

    @rule()
    def apply(self) -> None:
        """Plan and apply at once."""
        self._applied(self.declared, set(), "apply", "--auto-approve")

    @rule()
    def apply_saved(self) -> None:
        """Apply the saved plan, however old it is."""
        if self.planned is not None:
            self._applied(self.planned, set(self.edited_since_plan), "apply", "plan.json")

    @rule(fault=st.sampled_from(FAULTS), skip=st.integers(0, 8))
    def apply_with_a_fault(self, fault: dict[str, Any], skip: int) -> None:
        """The nth request of an apply goes wrong."""
        self.world.sandbox.fault(**fault, skip=skip)
        self._applied(self.declared, set(), "apply", "--auto-approve")
        pending = self.world.sandbox.runtime.faults.pending()
        self.world.strikes += not pending or bool(pending[0]["struck"])
        self.world.sandbox.runtime.faults.clear()

    @rule(nth=st.integers(0, 10), when=st.sampled_from(["before", "after"]))
    def apply_killed(self, nth: int, when: str) -> None:
        """SIGKILL while the nth request is under way, before or after the ERP did its work."""
        self.world.sandbox.fault(kind="hang", when=when, skip=nth, seconds=5)
        before = self.live()
        ended = self.command("apply", "--auto-approve", killed=True)
        self.world.kills += ended.code < 0
        self.world.sandbox.runtime.faults.clear()
        self._check_changes(before, self.declared)

    @rule()
    def resume(self) -> None:
        """Go on with what was killed."""
        self._applied(None, set(), "runs", "resume")

    @rule(deactivate=st.booleans())
    def undo(self, deactivate: bool) -> None:
        """Take the newest run back."""
        runs = json.loads(self.command("runs", "list", "--format", "json").out)["runs"]
        if runs:
            more = ["--deactivate-creates"] if deactivate else []
            self._applied(None, set(), "runs", "undo", runs[0]["id"], "--auto-approve", *more)

    # ---- the end ----

    def teardown(self) -> None:
        """Whatever happened: applying until nothing is left makes the ledger as declared, each customer once."""
        if not self.declared:
            return
        for _ in range(4):
            ended = self.command("apply", "--auto-approve")
            if ended.code == 0 and "Nothing to apply" in ended.out:
                break
        planned = self.command("plan", "--format", "json")
        assert planned.code == 0, planned
        assert json.loads(planned.out)["actions"] == [], planned.out
        live = {row["name"]: row for row in self.live().values()}
        for key, wanted in self.declared.items():
            for field, value in wanted.items():
                assert _same(live[NAMES[key]][field], value), (key, field, live[NAMES[key]], value)

    # ---- the ledger, and what may happen to it ----

    def live(self) -> dict[str, dict[str, Any]]:
        """The live customers by number: their name, status, and the fields that the model knows."""
        return {
            str(row["number"]): {"name": row["name"], "status": row["status"], **{name: row[name] for name in FIELDS}}
            for row in self.world.sandbox.store.customers()
        }

    def command(self, *words: str, killed: bool = False) -> Ended:
        """Run one, and check how it ended."""
        self.world.commands[words[0]] += 1
        with _striking(self.world, active=killed):
            ended = self.world.forker.run("--chdir", str(self.world.folder), *words)
        assert ended.code in CODES or (killed and ended.code == -9), ended
        for word in ("Traceback", "Internal error"):
            assert word not in ended.out + ended.err, ended
        self._check_names()
        return ended

    def _applied(self, wanted: dict[str, dict[str, Any]] | None, untouchable: set[str], *words: str) -> None:
        """A command that may write what is wanted; None for one that may also restore what was there before."""
        before = self.live()
        log = len(list(self.world.sandbox.store.write_log()))
        ended = self.command(*words)
        written = {row["number"] for row in list(self.world.sandbox.store.write_log())[log:] if row["status"] < 300}
        assert not written & untouchable & before.keys(), f"{written & untouchable} were changed since the plan"
        if ended.code in (3, 4, 6, 64):
            assert not written, ended
        self._check_changes(before, wanted)

    def _check_changes(self, before: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]] | None) -> None:
        after = self.live()
        assert before.keys() <= after.keys()
        asked = {NAMES[key]: values for key, values in (wanted if wanted is not None else {}).items()}
        for number, row in after.items():
            was = before.get(number)
            for field in FIELDS:
                self.values.setdefault((number, field), set()).add(str(was[field]) if was else "")
                if was is None or _same(was[field], row[field]):
                    continue
                mine = asked.get(row["name"], {})
                allowed = [mine[field]] if field in mine else []
                if wanted is None:
                    allowed += [*self.values[number, field], *self._ever(row["name"], field)]
                assert any(_same(row[field], value) for value in allowed), (
                    f"{field} of {number} went from {was[field]!r} to {row[field]!r}; allowed was {allowed!r}"
                )

    def _ever(self, name: str, field: str) -> list[Any]:
        """What a resume may still write: the value declared when its run was planned."""
        return [values[field] for key, values in self.history if NAMES[key] == name and field in values]

    def _check_names(self) -> None:
        counts = Counter(row["name"] for row in self.live().values())
        doubled = [name for name, count in counts.items() if count > 1]
        assert not doubled, f"doubled: {doubled}"

    def _clerk_creates(self, number: str) -> None:
        self.world.sandbox.store.seed(1, int(number), start=int(number))
        self.world.sandbox.store.edit(number, {"name": NAMES[number]})

    def _write(self) -> None:
        rows = []
        for key, values in sorted(self.declared.items()):
            who = {"number": key} if key in MANUAL else {"ref": key, "corporateId": f"91000000{REFS.index(key)}"}
            rows.append({**who, "name": NAMES[key], **values})
            self.history.append((key, dict(values)))
        (self.world.folder / "all.customers.yaml").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def _same(live: Any, wanted: Any) -> bool:
    """Whether the ERP's value is the declared one; an empty text is no value."""
    if live in (None, "") or wanted in (None, ""):
        return live in (None, "") and wanted in (None, "", "None")
    if isinstance(wanted, int) or isinstance(live, int | float | Decimal):
        try:
            return Decimal(str(live)) == Decimal(str(wanted))
        except ArithmeticError:
            return False
    return str(live) == str(wanted)


@contextmanager
def _striking(found: World, *, active: bool) -> Iterator[None]:
    """While it lasts, a request that hangs is the moment at which the command is killed."""
    hangup = gateway.wait_for_hangup

    async def struck(receive: Any, seconds: float) -> None:
        found.forker.kill()
        await hangup(receive, seconds)

    if active:
        gateway.wait_for_hangup = struck
    try:
        yield
    finally:
        gateway.wait_for_hangup = hangup


def attempt(sequences: int, steps: int, *, seeded: bool) -> World:
    """Run so many histories of up to so many steps; raises with the shortest history that breaks a rule."""
    wanted = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        derandomize=seeded,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    with world() as found:
        WORLD[:] = [found]
        run_state_machine_as_test(Ledger, settings=wanted)
        return found


def main() -> int:
    """The long run."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.model", description=__doc__)
    parser.add_argument("--sequences", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=10)
    given = parser.parse_args()
    found = attempt(given.sequences, given.steps, seeded=False)
    print(f"{found.histories:,} histories, {sum(found.commands.values()):,} commands {dict(found.commands)}")
    print(f"{found.strikes:,} faults struck, {found.kills:,} commands killed; every rule held")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    raise SystemExit(main())
