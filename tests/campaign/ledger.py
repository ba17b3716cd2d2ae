"""What a history knows: the declarations, what happened to them and to the ERP, and what a command may have written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from tests.campaign.expected import Difference, created, planned, same
from tests.campaign.forker import Ended
from tests.campaign.world import VERIFY_RUNS, World

MANUAL = ("1", "2", "3")
REFS = ("a", "b")
KEYS = (*MANUAL, *REFS)
NAMES = {key: f"Customer {key}" for key in KEYS}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "creditLimit": st.integers(0, 5).map(lambda each: each * 100),
    "gln": st.sampled_from(["", "7080000000001", "7080000000002"]),
    "accountReference": st.sampled_from(["", "Nordre Fjord", "æøå", "0101"]),
    "mainAddress.city": st.sampled_from(["", "Oslo", "Bodø"]),
}
QUIET = ("gln", "mainAddress.city")
"""Fields whose change may leave version and time stamp as they are (fact sheet Q10)."""

CODES = {0, 1, 2, 3, 4, 5, 6, 64, 130, 143}

WORLD: list[World] = []
"""The world that histories run in: hypothesis makes machines without arguments."""

Rows = dict[str, dict[str, Any]]


class Books(RuleBasedStateMachine):
    """A machine without rules: what they stand on. Customers go by their names, which nobody changes."""

    def __init__(self) -> None:
        super().__init__()
        self.world = WORLD[0]
        self.world.renew()
        self.store = self.world.sandbox.store
        self.touch, self.on_removed = True, "ignore"  # drawn when a history begins
        self.declared: Rows = {}
        self.saved: Saved | None = None
        self.applied: Rows = {}  # by name, as far as it is sure what was last applied
        self.managed: set[str] = set()  # those that the state surely knows
        self.maybe: set[str] = set()  # those that it may know
        self.intended: dict[Difference, list[Any]] = {}  # what a run that is not done may still write
        self.unseen: dict[Difference, int] = {}  # quiet edits, with the readings within which they must be seen
        self.ahead = 0.0

    def live(self) -> Rows:
        """The live customers by name: number, status, and the fields that the model knows. None has another's name."""
        rows = {}
        for row in self.store.customers():
            assert row["name"] not in rows, f"doubled: {row['name']}"
            rows[row["name"]] = {"name": row["name"], "number": str(row["number"]), "status": row["status"]}
            rows[row["name"]] |= {path: _at(row, path) for path in VALUES}
        return rows

    def command(self, *words: str, killed: bool = False) -> Ended:
        """Run one, and check how it ended."""
        ended = self.world.run(*words, killed=killed)
        assert ended.code in CODES or (killed and ended.code == -9), ended
        for word in ("Traceback", "Internal error"):
            assert word not in ended.out + ended.err, ended
        return ended

    def _writing(
        self, may: Mapping[Difference, list[Any]], *words: str, killed: bool = False
    ) -> tuple[Ended, Counter[str]]:
        """A command that may set these fields to one of these values; and how often it wrote each customer."""
        before, log = self.live(), len(self.store.write_log())
        ended = self.command(*words, killed=killed)
        after = self.live()
        assert before.keys() <= after.keys(), "a customer is gone"
        for name in before:
            for path in ("number", "status", *VALUES):
                was, now = before[name][path], after[name][path]
                allowed = may.get((name, path), [])
                assert same(was, now) or any(same(now, each) for each in allowed), (
                    f"{path} of {name} went from {was!r} to {now!r}; allowed was {allowed!r}"
                )
        names = {row["number"]: row["name"] for row in after.values()}
        written = Counter(names[row["number"]] for row in self.store.write_log()[log:] if row["status"] < 300)
        if ended.code in (3, 4, 6, 64):
            assert not written, ended
        return ended, written

    def _may_apply(self) -> dict[Difference, list[Any]]:
        """What a fresh apply may set of customers that are there."""
        may = {(name, path): [value] for name, values in self.declared.items() for path, value in values.items()}
        if self.on_removed == "deactivate":
            may |= {(name, "status"): ["Inactive"] for name in self.maybe - self.declared.keys()}
        return may

    def _wrote(self, may: Mapping[Difference, list[Any]]) -> None:
        """After a command of which it is not sure what it did and recorded."""
        for each, values in may.items():
            self.intended.setdefault(each, []).extend(values)
        self.applied, self.managed = {}, set()
        self.maybe |= {name for name, _ in may} | self.declared.keys()
        if self.saved:
            self.saved.is_newest = False

    def _edited(self, name: str, field: str, was: Any, value: Any) -> None:
        """A clerk edited it: with a new version, as also by saving what was there, or quietly."""
        if self.touch or field not in QUIET or same(was, value):
            self._touched(name)
        else:
            self.unseen[name, field] = VERIFY_RUNS
            if self.saved:
                self.saved.quiet.add((name, field))

    def _touched(self, name: str) -> None:
        if self.saved:
            self.saved.edited.add(name)

    def _unseen(self) -> set[Difference]:
        """Quiet edits that the next reading may still miss."""
        return {each for each, left in self.unseen.items() if left > 1}

    def _was_read(self) -> None:
        self.unseen = {each: left - 1 for each, left in self.unseen.items() if left > 1}

    def _write(self) -> None:
        rows = []
        for key in KEYS:
            if NAMES[key] in self.declared:
                who = {"number": key} if key in MANUAL else {"ref": key, "corporateId": f"91000000{REFS.index(key)}"}
                rows.append({**who, "name": NAMES[key], **_nested(self.declared[NAMES[key]])})
        self.world.declare(rows)


class Saved:
    """A saved plan: what it says, and what happened since."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.creates = created(document)
        self.updates = planned(document)
        self.edited: set[str] = set()
        self.quiet: set[Difference] = set()
        self.is_newest = True  # nothing was written since

    def may_write(self) -> dict[Difference, list[Any]]:
        """What applying it may set of customers that are there."""
        return {each: [after] for each, (_, after) in self.updates.items()}


def _at(row: Mapping[str, Any], path: str) -> Any:
    for name in path.split("."):
        row = row[name]
    return row


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in values.items():
        head, _, rest = path.partition(".")
        found[head] = {rest: value} if rest else value
    return found
