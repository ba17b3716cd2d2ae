"""Nothing twice, cell by cell: `python -m tests.campaign.twice` prints how each ended.

A cell is an ERP (who numbers), a memory (the state is kept, or each job runs on a fresh machine), a consent (saved
plan, reviewed digest, none asked for), a declaration (a ref or a number, with or without ids) and an event: a kill, a
clerk, a second job, a retry. The same consent is used once more after the event, and two more jobs plan and apply on
their own.

However it ends, the ledger holds the customer once; or a job refused, or said `exists`, before a second write; or, only
where docs/guarantees.md says so, the job that made the second one ended with exit code 5 and named both.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tests.campaign.forker import Ended
from tests.campaign.world import World, world

NUMBERINGS = ("manual", "automatic", "mixed", "ignores_sent")
MEMORIES = ("kept", "fresh")
CONSENTS = ("saved", "digest", "auto")
ADDRESS = {"addressLine1": "Elvegata 3", "postalCode": "0181", "city": "Oslo", "countryId": "NO"}
IDS = {"corporateId": "923456789"}
DECLARATIONS: dict[str, dict[str, Any]] = {
    "ref": {"ref": "fisk", **IDS},
    "number": {"number": "20001", **IDS},
    "number without ids": {"number": "20001"},
}
NAME, OTHER_NAME = "Elv Fisk AS", "Elv Fisk (kontant)"
CLERKS = {"name": NAME, "corporateId": "923 456 789", "mainAddress.postalCode": "0181", "mainAddress.countryId": "NO"}
CLERKS |= {"mainAddress.addressLine1": "Elvegata 3", "mainAddress.city": "Oslo"}
POST = {"method": "POST", "path": "/v1/customer$"}
LAST_READ = 1
"""How often the first page was read when the look before the creates reads it: once for the plan before."""

MAY_BE_NAMED = {"clerk at the create", "late, after the look"}
"""Events that no look can forestall (docs/guarantees.md): both are named then, with exit code 5."""


@dataclass(frozen=True)
class Cell:
    """One world, and what happens in it."""

    numbering: str
    memory: str
    consent: str
    declaration: str
    event: str

    def __str__(self) -> str:
        return ", ".join((self.numbering, self.memory, self.consent, self.declaration, self.event))


@dataclass
class Play:
    """A cell being played. `ends` are all applies in order, `counts` how often the customer was there after each."""

    world: World
    cell: Cell
    ends: list[Ended] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    _consent: list[str] = field(default_factory=list)

    @property
    def store(self) -> Any:
        """The ERP's company."""
        return self.world.sandbox.store

    def prepare(self) -> None:
        """Declarations and settings, and an ERP with one customer who is somebody else."""
        self.world.renew()
        self.world.sandbox.switch(numbering=self.cell.numbering)
        self.store.seed(1, 1, start=50)
        self.world.configure(nested_edits_touch=True, parallelism=1)
        self.world.declare([{"name": NAME, "mainAddress": ADDRESS, **DECLARATIONS[self.cell.declaration]}])

    def review(self) -> None:
        """What the cell consents to."""
        planned = self.run("plan", "-o", "plan.json")
        path = self.world.folder / "plan.json"
        if self.cell.consent == "auto":
            self._consent = ["--auto-approve"]
        elif planned.code != 0 or not path.exists():
            self._consent = ["--digest", "sha256:" + "0" * 64]  # nothing was reviewed that could be agreed to
        elif self.cell.consent == "saved":
            self._consent = [str(path)]
        else:
            self._consent = ["--digest", json.loads(path.read_text(encoding="utf-8"))["changes_digest"]]

    def run(self, *words: str, killed: bool = False) -> Ended:
        """One job; on a fresh machine it knows nothing of the ones before."""
        if self.cell.memory == "fresh":
            self.world.lose_state()
        return self.world.run(*words, killed=killed)

    def apply(self, *words: str, killed: bool = False) -> Ended:
        """One apply, with the cell's consent unless another is given."""
        ended = self.run("apply", *(words or self._consent), killed=killed)
        self.ends.append(ended)
        self.counts.append(len(self.ours()))
        return ended

    @property
    def late_number(self) -> str:
        """What the ERP calls the customer of a create that it finishes late; empty where it numbers."""
        return "20001" if self.cell.numbering in ("manual", "mixed") and self.cell.declaration != "ref" else ""

    def strike(self, **fault: Any) -> None:
        """One fault."""
        self.world.sandbox.fault(**fault)

    def calm(self) -> None:
        """No fault any more."""
        self.world.sandbox.runtime.faults.clear()

    def ours(self) -> list[str]:
        """The numbers of the customers that are the declared one."""
        return [row["number"] for row in self.store.customers() if _is_ours(row)]


def _is_ours(row: dict[str, Any]) -> bool:
    same_id = str(row.get("corporateId") or "").replace(" ", "") == IDS["corporateId"]
    return same_id or row.get("name") in (NAME, OTHER_NAME)


# ---- the events ----


def _nothing(play: Play) -> None:
    play.review()
    play.apply()


def _killed_before(play: Play) -> None:
    play.review()
    play.strike(kind="hang", seconds=30, **POST)
    play.apply(killed=True)


def _killed_after(play: Play) -> None:
    play.review()
    play.strike(kind="hang", seconds=30, when="after", **POST)
    play.apply(killed=True)


def _late(play: Play) -> None:
    """The ERP finishes the create of the killed job while the next one reads."""
    _killed_before(play)
    play.calm()
    play.strike(kind="create", values=CLERKS, number=play.late_number, method="GET", path="pageNumber=1&")


def _late_after_look(play: Play) -> None:
    """It finishes after the next job has looked, right before that job's own create."""
    _killed_before(play)
    play.calm()
    play.strike(kind="create", values=CLERKS, number=play.late_number, **POST)


def _clerk_before(play: Play) -> None:
    play.store.create(CLERKS)
    _nothing(play)


def _clerk_between(play: Play) -> None:
    play.review()
    play.store.create(CLERKS)
    play.apply()


def _clerk_other_name(play: Play) -> None:
    play.review()
    play.store.create(CLERKS | {"name": OTHER_NAME})
    play.apply()


def _clerk_old_record(play: Play) -> None:
    play.review()
    play.store.edit("50", CLERKS)
    play.apply()


def _clerk_at_create(play: Play) -> None:
    play.review()
    play.strike(kind="create", values=CLERKS, **POST)
    play.apply()


def _renamed(play: Play) -> None:
    _nothing(play)
    for number in play.ours():
        play.store.edit(number, {"name": OTHER_NAME})


def _renumbered(play: Play) -> None:
    _nothing(play)
    for at, number in enumerate(play.ours()):
        play.store.renumber(number, str(30001 + at))


def _two_jobs(play: Play) -> None:
    """Both planned before either applied; the second has a state of its own, if any."""
    play.review()
    play.apply()
    play.world.lose_state()
    play.apply()


ACTION = {"method": "POST", "path": "/action/changeCustomerCd/"}


def _renumbering(play: Play) -> None:
    """The customer has another number, and the declaration asks for its own."""
    clerks = CLERKS if "corporateId" in DECLARATIONS[play.cell.declaration] else CLERKS | {"corporateId": ""}
    play.store.create(clerks, "10001")
    declared = {"number": "20001", **(IDS if clerks is CLERKS else {}), "lifecycle": {"renumbered_from": "10001"}}
    play.world.declare([{"name": NAME, "mainAddress": ADDRESS, **declared}])
    play.review()


def _renumber(play: Play) -> None:
    _renumbering(play)
    play.apply()


def _renumber_killed_before(play: Play) -> None:
    _renumbering(play)
    play.strike(kind="hang", seconds=30, **ACTION)
    play.apply(killed=True)


def _renumber_killed_after(play: Play) -> None:
    _renumbering(play)
    play.strike(kind="hang", seconds=30, when="after", **ACTION)
    play.apply(killed=True)


def _renumber_queued(play: Play) -> None:
    _renumbering(play)
    play.strike(kind="switch", values={"renumber_result": "Queued", "renumber_seconds": 0}, count=0)
    play.apply()


def _renumber_failed(play: Play) -> None:
    _renumbering(play)
    play.strike(kind="switch", values={"renumber_result": "Failed"}, **ACTION)
    play.apply()


def _renumber_forestalled(play: Play) -> None:
    """A clerk gives it another number after the plan."""
    _renumbering(play)
    play.store.renumber("10001", "30001")
    play.apply()


EVENTS: dict[str, Callable[[Play], None]] = {
    "nothing": _nothing,
    "killed before the create": _killed_before,
    "killed after the create": _killed_after,
    "late, while the next job reads": _late,
    "late, after the look": _late_after_look,
    "clerk before the plan": _clerk_before,
    "clerk after the plan": _clerk_between,
    "clerk after the plan, other name": _clerk_other_name,
    "clerk after the plan, old record": _clerk_old_record,
    "clerk at the create": _clerk_at_create,
    "renamed by a clerk": _renamed,
    "renumbered by a clerk": _renumbered,
    "two jobs": _two_jobs,
    "renumbering": _renumber,
    "renumbering, killed before it": _renumber_killed_before,
    "renumbering, killed after it": _renumber_killed_after,
    "renumbering, queued": _renumber_queued,
    "renumbering, failed at first": _renumber_failed,
    "renumbering, forestalled by a clerk": _renumber_forestalled,
}


def cells() -> list[Cell]:
    """All of them. What a clerk enters under another name cannot be known without an id."""
    every = [Cell(*each) for each in product(NUMBERINGS, MEMORIES, CONSENTS, DECLARATIONS, EVENTS)]
    return [cell for cell in every if not _is_void(cell)]


def _is_void(cell: Cell) -> bool:
    nameless = cell.declaration == "number without ids"
    if cell.declaration == "ref" and cell.event.startswith("renumbering"):  # a ref has no number to ask for
        return True
    return nameless and cell.event in (
        "clerk after the plan, other name",
        "renamed by a clerk",
        "renumbered by a clerk",
    )


def attempt(world: World, cell: Cell) -> str:
    """Play the cell; how it ended: `once`, `found`, `named`, or `WRONG: ...`."""
    play = Play(world, cell)
    play.prepare()
    EVENTS[cell.event](play)
    play.apply()
    play.calm()
    for _ in range(2):
        play.apply("--auto-approve")
    return _verdict(play)


def _verdict(play: Play) -> str:
    codes, before = [ended.code for ended in play.ends], 0
    ends = set()
    for ended, count in zip(play.ends, play.counts, strict=True):
        text = ended.out + ended.err
        if ended.code not in (0, 1, 3, 4, 5, -9) or "Internal error" in text or "Traceback" in text:
            return f"WRONG: exit code {ended.code}: {text.strip()[-200:]}"
        if count > max(before, 1):
            named = ended.code == 5 and "A612" in text and play.cell.event in MAY_BE_NAMED
            warned = "P511" in text and "corporateId" not in DECLARATIONS[play.cell.declaration]
            if not named and not warned:
                return f"WRONG: {play.ours()}, exit codes {codes}"
            ends.add("named" if named else "warned")
        before = count
    if play.cell.event.startswith("renumbering") and play.ours() != ["20001"] and codes[-1] == 0:
        return f"WRONG: not renumbered: {play.ours()}, exit codes {codes}"
    return min(ends, default="once" if set(codes) <= {0, -9} else "found")


def matrix(some: int = 1) -> Iterator[tuple[Cell, str]]:
    """Each cell with its end, or every `some`th of them."""
    with world() as found:
        for cell in cells()[::some]:
            yield cell, attempt(found, cell)


def main(arguments: list[str] | None = None) -> int:
    """Play all; 1 when one ended wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.twice", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth cell")
    given = parser.parse_args(arguments)
    ends: Counter[str] = Counter()
    for cell, end in matrix(given.every):
        ends[end.partition(":")[0]] += 1
        if end.startswith("WRONG"):
            print(f"{cell}: {end}", flush=True)
    print(f"{ends.total():,} cells: {', '.join(f'{count:,} {end}' for end, count in sorted(ends.items()))}.")
    return 1 if ends["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
