"""Every fault of the database at every moment of a run: `python -m tests.campaign.database_faults [--only WORD]`.

A run on one machine reaches a real PostgreSQL through a proxy. At one moment, known by the statement that is on its
way, one fault strikes. Then a second machine goes on: it resumes the run, or applies. A cell holds when

- the first one ended as it should: with the exit code of the moment, one clear message, and no traceback;
- it wrote nothing whose intent is not in the database, and recorded no intent once the fault had struck;
- in the end the ERP has each customer once, each was sent once, and a plan finds nothing more to do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg

from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.sandbox import Sandbox
from reconciler.state.store import open_store
from tests.campaign.forker import Ended, Forker
from tests.campaign.world import World, environ_for
from tests.database_proxy import DatabaseProxy, Watch, proxied
from tests.postgres_server import OwnServer

ROWS = [
    *({"number": str(number), "name": f"Numbered {number} AS"} for number in (101, 102, 103, 104)),
    {"ref": "a", "name": "Automatic AS", "corporateId": "910000061"},
    {"ref": "b", "name": "Automatic too AS", "corporateId": "910000062"},
]
PARALLELISM = 2


@dataclass(frozen=True)
class Moment:
    """When to strike: see `Watch`. code: how a run ends that the database leaves then."""

    name: str
    statement: bytes
    code: int
    nth: int = 1
    once_safe: bool = False

    def watch(self, strike: Callable[[], None]) -> Watch:
        """For the proxy."""
        return Watch(self.statement, strike, self.nth, self.once_safe)


MOMENTS = (
    Moment("before the lock", b"pg_try_advisory_lock", 1),
    Moment("in the plan", b"FROM known WHERE resource", 1),
    Moment("before the run is recorded", b"INSERT INTO run ", 1),
    Moment("before the first intent", b"INSERT INTO entry", 5),
    Moment("before the third intent", b"intent_at = excluded", 5, nth=3),
    Moment("between intent and request", b"intent_at = excluded", 5, nth=2, once_safe=True),
    Moment("between request and outcome", b"UPDATE entry SET finished_at", 5),
    Moment("once an outcome is recorded", b"UPDATE entry SET finished_at", 5, nth=2, once_safe=True),
    Moment("at the end", b"UPDATE run SET finished_at", 5),
    Moment("at the unlock", b"DELETE FROM lock_holder", 0),
)

KEEPS_THE_LOCK = {"slow", "disk full"}
"""Faults after which the session that has the lock still has it."""


@dataclass
class Play:
    """A cell being played."""

    world: World
    servers: tuple[OwnServer, OwnServer]
    proxy: DatabaseProxy
    at: SharedState
    struck_at: str = ""
    written: int = 0
    broken: str = ""
    is_over: threading.Event = field(default_factory=threading.Event)

    # ---- the faults ----

    def refused(self) -> None:
        """It is gone, and takes nobody until the second machine comes."""
        self.proxy.cut()

    def cut(self) -> None:
        """All sessions end; a moment later it takes new ones."""
        self.proxy.cut()
        self._soon(self.proxy.mend)

    def slow(self) -> None:
        """From now on a round trip takes 0.1 seconds."""
        self.proxy.delay = 0.1

    def silent(self) -> None:
        """It keeps what is open, and answers nothing."""
        self.proxy.stall()

    def restarted(self) -> None:
        """The server crashes and comes back."""
        self.proxy.stall()
        self.servers[0].restart()
        self.proxy.go_on()

    def failed_over(self) -> None:
        """Another server that has all that was committed answers at its address; nobody holds a lock there."""
        self.proxy.stall()
        self.servers[1].copy_of(self.servers[0], self.at.schema, f"{self.at.schema}_disk")
        self.at = SharedState(self.servers[1].url, self.at.schema)
        self.proxy.lead_to(self.at)
        self.proxy.go_on()

    def lock_lost(self) -> None:
        """The session that has the lock ends, and no other."""
        with psycopg.connect(self.at.url, autocommit=True) as db:
            sessions = db.execute(f'SELECT pid FROM "{self.at.schema}".lock_holder'.encode()).fetchall()
            for (pid,) in sessions:  # waits up to ten seconds until it has ended
                db.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))

    def disk_full(self) -> None:
        """Every row that is added or changed is refused, until the second machine comes."""
        with psycopg.connect(self.at.url) as db:
            db.execute(f'INSERT INTO "{self.at.schema}_disk".full_since DEFAULT VALUES'.encode())

    def killed(self) -> None:
        """Not the database, but the run is killed."""
        self.world.forker.kill()

    def _soon(self, do: Callable[[], None]) -> None:
        timer = threading.Timer(0.3, do)
        timer.daemon = True
        timer.start()

    # ---- the play ----

    def strike(self, fault: str) -> None:
        """Note what has happened so far, and do it; the run's statements wait meanwhile."""
        self.proxy.stall()
        with psycopg.connect(self.at.url) as db:
            row = db.execute(f"SELECT coalesce(max(intent_at), '') FROM \"{self.at.schema}\".entry".encode()).fetchone()
        assert row is not None
        self.struck_at = f"struck {row[0]}"
        self.written = len(self.world.sandbox.store.write_log())
        try:
            FAULTS[fault](self)
        except Exception as error:  # noqa: BLE001 - on a thread of the proxy's; the cell is told as wrong
            self.broken = repr(error)
        finally:
            self.is_over.set()
            if fault != "silent":
                self.proxy.go_on()

    def run(self, location: str, *words: str) -> Ended:
        """A command of a machine that reaches the state so."""
        self.world.commands[" ".join(words[: 2 if words[0] == "runs" else 1])] += 1
        words = ("--chdir", str(self.world.folder), *words)
        return self.world.forker.run(*words, environ={"RECONCILER_STATE": location})

    def prepare(self) -> None:
        """An empty ERP, tables with nothing in them, and a disk that can be full."""
        self.world.renew()
        self.world.configure(nested_edits_touch=True, parallelism=PARALLELISM, state_schema=self.at.schema)
        self.world.declare(ROWS)
        place = Target("production", "", "sandbox", self.world.sandbox.base_url)
        with open_store(self.at, place=place) as store, store.lock("tests"):
            pass  # makes the tables
        with psycopg.connect(self.at.url) as db:
            db.execute(_DISK.replace("@", self.at.schema).encode())

    def repair(self) -> None:
        """What the second machine finds: a database that works, and no session of the first one."""
        self.is_over.wait(30 if self.struck_at else 0)
        self.proxy.go_on()
        self.proxy.cut()
        with psycopg.connect(self.at.url, autocommit=True) as db, suppress(psycopg.errors.UndefinedTable):
            db.execute(f'DELETE FROM "{self.at.schema}_disk".full_since'.encode())

    def entries(self) -> list[tuple[str, str]]:
        """(label, when it was intended) of what is in the journal."""
        with psycopg.connect(self.at.url) as db:
            return db.execute(
                f'SELECT label, intent_at FROM "{self.at.schema}".entry WHERE intent_at IS NOT NULL'.encode()
            ).fetchall()


FAULTS: dict[str, Callable[[Play], None]] = {
    "refused": Play.refused,
    "cut": Play.cut,
    "slow": Play.slow,
    "silent": Play.silent,
    "restarted": Play.restarted,
    "failed over": Play.failed_over,
    "lock lost": Play.lock_lost,
    "disk full": Play.disk_full,
    "killed": Play.killed,
}

_DISK = """
    CREATE SCHEMA "@_disk";
    CREATE TABLE "@_disk".full_since (since TIMESTAMPTZ DEFAULT now());
    CREATE FUNCTION "@_disk".refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM "@_disk".full_since) THEN
                RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device';
            END IF;
            RETURN NEW;
        END
    $$;
    DO $$
        DECLARE name TEXT;
        BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '@' LOOP
                EXECUTE format('CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON "@".%I
                    FOR EACH ROW EXECUTE FUNCTION "@_disk".refuse()', name);
            END LOOP;
        END
    $$;
"""


@dataclass(frozen=True)
class Verdict:
    """How a cell ended: what is wrong, the first run's exit code, and what it said first."""

    wrong: tuple[str, ...]
    code: int
    said: str
    seconds: float


def expected(moment: Moment, fault: str) -> set[int]:
    """The exit codes that the first run may have."""
    if fault == "killed":
        return {-9}
    if fault == "slow":
        return {0}
    if fault == "disk full" and moment.name in {"before the lock", "at the unlock", "in the plan"}:
        return {0, 1}  # nothing is added there that must be
    if fault in ("lock lost", "cut", "restarted", "failed over") and moment.name in {"before the lock", "in the plan"}:
        return {0, 1}  # there was no lock to lose, or a reader is opened again
    if moment.name == "before the first intent":
        return {1, 5}  # nothing was written: where that could be recorded, the run failed, else it is left open
    if moment.name == "once an outcome is recorded" and fault in _GIVES_IT_BACK:
        return {0, 5}  # all had been sent: with the lock taken again, it can all be recorded
    return {moment.code}


_GIVES_IT_BACK = {"cut", "restarted", "failed over", "lock lost"}
"""Faults after which the run may take its lock again, since nobody else had it."""


def play(play_of: Play, moment: Moment, fault: str) -> Verdict:
    """Play one cell."""
    begun = time.monotonic()
    play_of.prepare()
    play_of.proxy.watch(moment.watch(partial(play_of.strike, fault)))
    first = play_of.run(play_of.proxy.url, "apply", "--auto-approve")
    play_of.proxy.watch(None)
    play_of.repair()
    wrong = [] if play_of.struck_at else ["the moment did not come"]
    wrong += [play_of.broken] if play_of.broken else []
    wrong += _of_the_first(play_of, first, expected(moment, fault), fault)
    wrong += _of_the_second(play_of)
    said = next((line for line in (first.err + first.out).splitlines() if any(word in line for word in _CLEAR)), "")
    return Verdict(tuple(wrong), first.code, said, time.monotonic() - begun)


_CLEAR = ("Error", "A615", "so nothing more is sent")


def _of_the_first(play_of: Play, first: Ended, codes: set[int], fault: str) -> Iterator[str]:
    text = first.out + first.err
    if first.code not in codes:
        yield f"exit code {first.code}, not {sorted(codes)}: {first.err[-300:]}"
    if "Traceback" in text or "Internal error" in text:
        yield f"an internal error: {text[-600:]}"
    if first.code in (1, 5) and ("state" not in text or not any(word in text for word in _CLEAR)):
        yield f"no clear message: {text[-300:]}"
    entries = play_of.entries()
    names = {row["name"] for row in play_of.world.sandbox.store.customers()}
    intended = {_name(label) for label, _ in entries}
    if not names <= intended:
        yield f"written without an intent: {names - intended}"
    if fault not in KEEPS_THE_LOCK and first.code != 0:  # 0: there was no lock yet, or no longer one
        late = [label for label, at in entries if at > play_of.struck_at.removeprefix("struck ")]
        if len(late) > 2 * PARALLELISM:  # whose transactions were under way
            yield f"intended after the loss: {late}"
        more = len(play_of.world.sandbox.store.write_log()) - play_of.written
        if more > 2 * PARALLELISM:
            yield f"{more} writes after the loss"


def _of_the_second(play_of: Play) -> Iterator[str]:
    direct = play_of.at.url
    second = play_of.run(direct, "runs", "resume")
    if second.code not in (0, 64):
        yield f"runs resume on another machine ended with {second.code}: {second.err[-300:]}"
    third = play_of.run(direct, "apply", "--auto-approve")
    if third.code != 0:
        yield f"apply on another machine ended with {third.code}: {third.err[-300:]}"
    counts = Counter(row["name"] for row in play_of.world.sandbox.store.customers())
    if counts != Counter(str(row["name"]) for row in ROWS):
        yield f"the ERP has {dict(counts)}"
    sent = [row for row in play_of.world.sandbox.store.write_log() if row["status"] < 300]
    if len(sent) != len(ROWS):
        yield f"{len(sent)} writes were taken, not {len(ROWS)}"
    plan = play_of.run(direct, "plan", "--refresh", "full")
    if "No changes" not in plan.out:
        yield f"something is left to do: {plan.out[-300:]}"


def _name(label: str) -> str:
    kind, _, ref = label.partition(" ")
    return str(
        next(row["name"] for row in ROWS if row.get("number") == kind or (kind == "ref" and row.get("ref") == ref))
    )


@dataclass
class Stage:
    """What the cells share: an ERP, commands, and two servers."""

    world: World
    servers: tuple[OwnServer, OwnServer]
    verdicts: dict[tuple[str, str], Verdict] = field(default_factory=dict)

    def play(self, moment: Moment, fault: str) -> Verdict:
        """Play a cell in a schema of its own."""
        at = SharedState(self.servers[0].url, f"s_{uuid4().hex[:16]}")
        with proxied(at) as proxy:
            verdict = play(Play(self.world, self.servers, proxy, at), moment, fault)
        self.verdicts[moment.name, fault] = verdict
        return verdict


@contextmanager
def stage() -> Iterator[Stage]:
    """Set it up, and take it down."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)  # the servers are another user's
        folder = place / "company"
        folder.mkdir()
        servers = (OwnServer(place / "one"), OwnServer(place / "two"))
        try:
            with Sandbox(place / "erp" / "sandbox.db") as sandbox:
                sandbox.switch(
                    numbering="mixed", require_postal_code=False, rate_limit=10**8, number_start=9000, latency_ms=20
                )
                with Forker(place, environ_for(sandbox, place), "tests.campaign.impatient") as forker:
                    yield Stage(World(folder, sandbox, forker), servers)
        finally:
            for server in servers:
                server.stop()


def main(arguments: list[str]) -> int:
    """Play them all and print the matrix; 1 when a cell does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.database_faults", description=__doc__)
    parser.add_argument("--only", metavar="WORD", default="", help="cells with this in their moment or fault")
    word = parser.parse_args(arguments).only
    cells = [(moment, fault) for moment in MOMENTS for fault in FAULTS if word in f"{moment.name}, {fault}"]
    with stage() as on:
        for moment, fault in cells:
            verdict = on.play(moment, fault)
            print(
                f"{'holds' if not verdict.wrong else 'WRONG'}  {verdict.seconds:5.1f} s  {moment.name}, {fault}:",
                end="",
            )
            print(f" exit {verdict.code}  {verdict.said[:110]}", flush=True)
            for wrong in verdict.wrong:
                print(f"       {wrong}", flush=True)
    _matrix(on)
    bad = sum(bool(verdict.wrong) for verdict in on.verdicts.values())
    commands = ", ".join(f"{count} {command}" for command, count in sorted(on.world.commands.items()))
    print(f"{len(cells)} cells, {len(cells) - bad} hold, {bad} do not; commands: {commands}")
    return 1 if bad or not cells else 0


def _matrix(on: Stage) -> None:
    """The exit codes, a row for each moment; `!` marks a cell that does not hold."""
    print(f"\n{'':28} {' '.join(f'{fault:>11}' for fault in FAULTS)}")
    for moment in MOMENTS:
        row = [on.verdicts.get((moment.name, fault)) for fault in FAULTS]
        marks = ["" if each is None else f"{each.code}{'!' if each.wrong else ''}" for each in row]
        print(f"{moment.name:28} {' '.join(f'{mark:>11}' for mark in marks)}")
    played = {fault: [verdict for (_, name), verdict in on.verdicts.items() if name == fault] for fault in FAULTS}
    counts = [f"{sum(not verdict.wrong for verdict in row)} of {len(row)}" for row in played.values()]
    print(f"{'hold':28} {' '.join(f'{count:>11}' for count in counts)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
