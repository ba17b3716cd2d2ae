"""What a history knows: the declarations, what happened to them and to the ERP, and what a command may have written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from tests.campaign.expected import Difference, created, differences, planned, renumbered, same
from tests.campaign.forker import Ended
from tests.campaign.world import VERIFY_RUNS, World

MANUAL = ("1", "2", "3")
REFS = ("a", "b")
KEYS = (*MANUAL, *REFS)
NAMES = {key: f"Customer {key}" for key in KEYS}
KEY_OF = {name: key for key, name in NAMES.items()}
OTHER = {key: f"1{key}" for key in MANUAL}
"""The second number that a declaration may give to its customer; nobody else has it."""
THIRD = {key: f"7{key.upper()}" for key in KEYS}
"""A number that only a clerk gives."""
BESIDE = {key: f"4{key.upper()}" for key in KEYS}
"""The number of another customer of the same organisation, which a clerk entered under another name."""
IDS = {key: f"91000000{at}" for at, key in enumerate(KEYS)}
NUMBERING = ("mixed", "mixed", "mixed", "manual", "automatic", "ignores_sent")
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
        self.touch, self.on_removed, self.numbering = True, "ignore", "mixed"  # drawn when a history begins
        self.has_ids = True  # those with a number; the others always have one
        self.number = {key: key for key in MANUAL}  # as declared
        self.former: dict[str, str] = {}  # renumbered_from, by key
        self.same_as: set[str] = set()  # keys that say so of the customer beside
        self.was_meant: set[str] = set()  # keys that ever said so
        self.bare: set[str] = set()  # names that were once live without their id
        self.declared: Rows = {}
        self.saved: Saved | None = None
        self.applied: Rows = {}  # by name, as far as it is sure what was last applied
        self.managed: set[str] = set()  # those that the state surely knows
        self.maybe: set[str] = set()  # those that it may know
        self.intended: dict[Difference, list[Any]] = {}  # what a run that is not done may still write
        self.unseen: dict[Difference, int] = {}  # quiet edits, with the readings within which they must be seen
        self.ahead = 0.0

    def live(self) -> Rows:
        """The live customers by name: number, status, id, and the fields that the model knows. None has another's
        name."""
        rows: Rows = {}
        for row in self.store.customers():
            assert row["name"] not in rows, f"doubled: {row['name']}"
            rows[row["name"]] = {"name": row["name"], "number": str(row["number"]), "status": row["status"]}
            rows[row["name"]] |= {path: _at(row, path) for path in VALUES}
            rows[row["name"]]["corporateId"] = str(row.get("corporateId") or "").replace(" ", "")
            if row["name"] in KEY_OF and not rows[row["name"]]["corporateId"]:
                self.bare.add(row["name"])
        return rows

    def wanted(self) -> Rows:
        """The declared values by name, with the id."""
        return {
            name: {**values, **({"corporateId": IDS[KEY_OF[name]]} if self.has_id(KEY_OF[name]) else {})}
            for name, values in self.declared.items()
        }

    def has_id(self, key: str) -> bool:
        """Whether the declaration has an id."""
        return self.has_ids or key in REFS

    # ---- who is found, and who is not ----

    def due(self, live: Rows) -> dict[Difference, tuple[str, str]]:
        """The renumberings that are to be done: the present number and the declared one."""
        return {
            (NAMES[key], "number"): (former, self.number[key])
            for key, former in self.former.items()
            if NAMES[key] in self.declared and live.get(NAMES[key], {}).get("number") == former
        }

    def differences(self, live: Rows) -> dict[Difference, tuple[Any, Any]]:
        """What a plan is to change of customers that are there."""
        return {**differences(self.wanted(), live), **self.due(live)}

    def missing(self, live: Rows) -> set[str]:
        """The declared names that are to be created."""
        return self.declared.keys() - live.keys()

    def unsettled(self, live: Rows) -> set[str]:
        """The declared names that need a person: a plan must say so, and nothing may be written."""
        return {name for name in self.declared if self._is_unsettled(KEY_OF[name], live)}

    def _is_unsettled(self, key: str, live: Rows) -> bool:
        row, is_beside = live.get(NAMES[key]), self.store.has(BESIDE[key]) and key not in self.same_as
        if key in MANUAL and row is not None and row["number"] not in (self.number[key], self.former.get(key)):
            return True  # renumbered by a clerk, or in the declaration alone, or by an ERP that numbers
        if row is None and key in self.former:
            return True
        gets_id = self.has_id(key) and (row is None or not row["corporateId"])
        return bool(is_beside and gets_id)

    def misnumbered(self, names: Collection[str]) -> set[str]:
        """Those of the names that this ERP does not create as declared."""
        if self.numbering == "mixed":
            return set()
        return {name for name in names if (KEY_OF[name] in REFS) is (self.numbering == "manual")}

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
        before, log, requests = self.live(), len(self.store.write_log()), len(self.world.sandbox.requests)
        ended = self.command(*words, killed=killed)
        self._undouble(ended, log, self.world.sandbox.requests[requests:])
        after = self.live()
        assert before.keys() <= after.keys(), "a customer is gone"
        beside = {NAMES[key] for key in KEYS if self.store.has(BESIDE[key]) and self.has_id(key)}
        posted = {row["number"] for row in self.store.write_log()[log:] if row["method"] == "POST"}
        new = {name for name in after.keys() - before.keys() if after[name]["number"] in posted}
        assert not new & beside - {NAMES[key] for key in self.was_meant}, "created beside another of its organisation"
        for name in before:
            for path in ("number", "status", "corporateId", *VALUES):
                was, now = before[name][path], after[name][path]
                allowed = may.get((name, path), [])
                assert same(was, now) or any(same(now, each) for each in allowed), (
                    f"{path} of {name} went from {was!r} to {now!r}; allowed was {allowed!r}"
                )
        names = {row["number"]: row["name"] for row in (*before.values(), *after.values())}
        written = Counter(names[row["number"]] for row in self.store.write_log()[log:] if row["status"] < 300)
        if ended.code in (3, 4, 6, 64):
            assert not written, ended
        return ended, written

    def _may_apply(self) -> dict[Difference, list[Any]]:
        """What a fresh apply may set of customers that are there."""
        may = {(name, path): [value] for name, values in self.wanted().items() for path, value in values.items()}
        may |= {(NAMES[key], "number"): [self.number[key]] for key in self.former if NAMES[key] in self.declared}
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
        if self.saved and not same(was, value):
            self.saved.moved.add((name, field))
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
                who = {"number": self.number[key]} if key in MANUAL else {"ref": key}
                lifecycle: dict[str, Any] = {"renumbered_from": self.former[key]} if key in self.former else {}
                lifecycle |= {"same_as": [BESIDE[key]]} if key in self.same_as else {}
                more = {"lifecycle": lifecycle} if lifecycle else {}
                rows.append({**who, "name": NAMES[key], **_nested(self.wanted()[NAMES[key]]), **more})
        self.world.declare(rows)

    def _undouble(self, ended: Ended, log: int, requests: list[dict[str, Any]]) -> None:
        """A customer that a clerk entered in the midst of a command, before the command created it too, was named. Then
        somebody makes the two one again."""
        numbers: dict[str, list[str]] = {}
        for row in self.store.customers():
            numbers.setdefault(row["name"], []).append(str(row["number"]))
        ours = {row["number"] for row in self.store.write_log()[log:] if row["method"] == "POST"}
        for name, both in numbers.items():
            if len(both) > 1:
                entered = next((at for at, each in enumerate(requests) if each["fault"] == "create"), None)
                posted = [at for at, each in enumerate(requests) if _is_create(each)]
                assert entered is not None, f"doubled: {name} {both}"
                is_late = all(at < entered for at in posted)
                assert is_late or ("A612" in ended.out + ended.err and ended.code == 5), (both, ended)
                self.store.delete(next(number for number in both if number not in ours))


def _is_create(request: Mapping[str, Any]) -> bool:
    return bool(request["method"] == "POST" and request["target"].endswith("/customer"))


class Saved:
    """A saved plan: what it says, and what happened since."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.creates = created(document)
        self.updates = {**planned(document), **renumbered(document)}
        self.edited: set[str] = set()
        self.moved: set[Difference] = set()
        self.quiet: set[Difference] = set()
        self.is_newest = True  # nothing was written since

    def overtaken(self, live: Rows) -> set[Difference]:
        """What a clerk has changed of what the plan shows, and not changed back."""
        shown = ((each, was) for each, (was, _) in self.updates.items() if each in self.moved and each[0] in live)
        return {each for each, was in shown if not same(live[each[0]][each[1]], was)}

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
