"""The journal of runs: what each was going to write, recorded before it is sent, and how it ended.

After a kill at any moment an action is in one of three states: without intent it was never sent; with an intent and no
outcome it may or may not be done; with an outcome it ended so.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, TypeAlias

from reconciler.core.errors import StateError, WrongUsage
from reconciler.core.plan import Action, Outcome, Plan
from reconciler.resources.customer import CUSTOMER
from reconciler.state.plan_file import dumps, loads
from reconciler.state.port import Check, Connection, Database, decoded
from reconciler.state.sealing import Seal
from reconciler.state.value_json import decode, encode

_INFO = "run.id, environment, tenant_id, base_url, digest, actions, started_at, run.finished_at, status"
ENTRY_COLUMNS = "position, label, intent_at, finished_at, outcome, number, message, version, read_back, resource"
_COMPRESSION = 1  # a plan of 100,000 actions: a tenth of its size, for little time


class RunStatus(StrEnum):
    """How a run ended. One that is running and whose lock nobody holds was killed."""

    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run. `digest` is its plan's; `actions` counts the plan's actions. Times are UTC, ISO 8601.

    `open` counts actions that were going to be sent and have no outcome, `outcomes` the others by how they ended.
    """

    id: str
    environment: str
    tenant_id: str
    base_url: str
    digest: str
    actions: int
    started_at: str
    finished_at: str | None
    status: RunStatus
    open: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)

    @property
    def is_unfinished(self) -> bool:
        """Whether it was never closed: for whoever holds the lock, it was killed."""
        return self.finished_at is None


@dataclass(frozen=True, slots=True)
class Stored:
    """A value that the ERP did not store as it was sent; `taken` when what it stored is another form of it."""

    path: str
    sent: Any
    stored: Any
    taken: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One action of a run. `position` counts from 0 in the plan's order.

    `intent_at` is None for an action that was never going to be sent (skipped), `outcome` is None for one whose end is
    not known. `version` is the one that the write made, where the ERP told it. `read_back` holds what the ERP had
    stored otherwise than sent, None where that was not read.
    """

    position: int
    label: str
    intent_at: str | None
    finished_at: str | None
    outcome: Outcome | None
    number: str | None
    message: str
    version: str | None
    read_back: tuple[Stored, ...] | None
    resource: str = CUSTOMER.name

    @property
    def is_open(self) -> bool:
        """Whether the write may or may not be done."""
        return self.intent_at is not None and self.outcome is None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run with its entries, in the plan's order, and the plan file's bytes. Actions never touched have no entry."""

    info: RunInfo
    entries: tuple[Entry, ...]
    plan_bytes: bytes = field(repr=False)

    def plan(self) -> Plan:
        """The plan of the run. Raises Refused when this version cannot read it."""
        return loads(self.plan_bytes, f"run {self.info.id}")


_UNSENT = frozenset({Outcome.SKIPPED, Outcome.EXISTS, Outcome.CONFLICT, Outcome.FAILED})
"""How an action may end without being sent: not begun, there already, overtaken, or not to be read right before it."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """How an action ended, as it is going to be recorded."""

    label: str
    outcome: Outcome
    at: str
    number: str | None
    message: str
    version: str | None


class Journal:
    """The journal of one run that is going on. Safe for threads; each call returns when its record is safe.

    `lost` is the error since which nothing can be recorded: nothing more may be sent then.
    """

    def __init__(
        self, database: Database, run_id: str, actions: tuple[Action, ...], clock: Callable[[], datetime]
    ) -> None:
        self.run_id = run_id
        self.lost: StateError | None = None
        self._database = database
        self._positions = {action.label: at for at, action in enumerate(actions)}
        self._resources = {action.label: action.resource for action in actions}
        self._clock = clock
        self._unrecorded: list[_Ending] = []

    def intend(self, label: str) -> None:
        """Record that the action is about to be sent: call it before. Raises StateError: then do not send.

        Raises ValueError for an action that is done already: it must not be sent twice.
        """
        sealed = self._database.seal.seal_text(_ENTRIES, label)
        row = (self.run_id, self._positions[label], sealed, _moment(self._clock()), self._resources[label])

        def put(db: Connection) -> Check:
            changed = db.execute(_INTEND, row)

            def check() -> None:
                if changed.rowcount != 1:
                    raise ValueError(f"{label} is done already in run {self.run_id}")

            return check

        self._write(put)

    def finish(
        self,
        label: str,
        outcome: Outcome,
        *,
        number: str | None = None,
        message: str = "",
        version: str | None = None,
    ) -> None:
        """Record how the action ended. Raises StateError; `catch_up` records it then, once that is possible again.

        Raises ValueError for an action that was not intended, unless its outcome is one that needs no sending.
        """
        message = message.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL keeps no NUL
        ending = _Ending(label, outcome, _moment(self._clock()), number, message, version)
        try:
            self._write(lambda db: self._end(db, ending))
        except StateError:
            self._unrecorded.append(ending)
            raise

    def _end(self, db: Connection, ending: _Ending) -> Check:
        seal, position = self._database.seal, self._positions[ending.label]
        number = ending.number and seal.seal_text(_ENTRIES, ending.number)
        message = ending.message and seal.seal_text(_ENTRIES, ending.message)
        if ending.outcome in _UNSENT:
            label = seal.seal_text(_ENTRIES, ending.label)
            db.execute(_BEGIN_UNSENT, (label, self._resources[ending.label], self.run_id, position))
        changed = db.execute(
            _END, (ending.at, ending.outcome.value, number, message, ending.version, self.run_id, position)
        )

        def check() -> None:
            if changed.rowcount != 1:
                raise ValueError(f"{ending.label} was finished in run {self.run_id} without an intent")

        return check

    def _write(self, put: Callable[[Connection], Check]) -> None:
        if self.lost is not None:
            raise self.lost
        try:
            self._database.write(put)
        except StateError as error:
            self.lost = error
            raise

    def is_open(self, label: str) -> bool:
        """Whether the action was sent, and how it ended could not be recorded."""
        return any(ending.label == label and ending.outcome not in _UNSENT for ending in self._unrecorded)

    def catch_up(self) -> bool:
        """After a loss: record what could not be recorded, if that is possible again; answers whether it is.

        Nobody else may have held the lock since: whoever did has looked up what this run left open.
        """
        if self.lost is None:
            return True
        try:
            if not self._database.regain():
                return False
            for ending in self._unrecorded:
                self._database.write(partial(self._end, ending=ending))
        except StateError:
            return False
        self._unrecorded.clear()
        return True

    def close(self, status: RunStatus, read_back: Mapping[str, Iterable[Stored]] | None = None) -> None:
        """Record the end of the run. Raises StateError.

        read_back: what the ERP stored otherwise than sent, by the label of each action whose customer was read again.
        """
        seal = self._database.seal
        rows = [
            (seal.seal_text(_ENTRIES, _stored_text(stored)), self.run_id, self._positions[label])
            for label, stored in (read_back or {}).items()
        ]
        row = (_second(self._clock()), status.value, self.run_id)

        def put(db: Connection) -> Check | None:
            db.executemany("UPDATE entry SET read_back = ? WHERE run = ? AND position = ?", rows)
            db.execute("UPDATE run SET finished_at = ?, status = ? WHERE id = ?", row)
            return None

        self._database.write(put)


_ENTRIES, _PLANS = "entry", "run"

_INTEND = """
    INSERT INTO entry (run, position, label, intent_at, resource) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (run, position) DO UPDATE SET
        intent_at = excluded.intent_at, finished_at = NULL, outcome = NULL, message = '', version = NULL,
        read_back = NULL
    WHERE coalesce(entry.outcome, '') <> 'done'
"""
_BEGIN_UNSENT = "INSERT INTO entry (label, resource, run, position) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_END = """
    UPDATE entry SET finished_at = ?, outcome = ?, number = ?, message = ?, version = ? WHERE run = ? AND position = ?
"""


class Runs:
    """The runs of one environment. Begin and resume under the run's lock."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        scope = database.scope
        self._scope = "1 = 1" if scope is None else _SCOPE
        self._scope_values: tuple[str, ...] = () if scope is None else scope

    def begin(self, plan: Plan, data: bytes | None = None, *, keep: int | None = None) -> Journal:
        """Record that the plan is going to be applied, before anything is sent. Raises StateError.

        `data`: the bytes of the plan file that was read; without them the plan is written out anew. `keep`: how many
        runs are kept with this one; None keeps all.
        """
        now = self._clock()
        packed = self._database.seal.seal(_PLANS, zlib.compress(data or dumps(plan), _COMPRESSION))
        row = (plan.environment, plan.tenant_id, plan.base_url, plan.digest, len(plan.actions), _second(now), packed)
        run_id = ""

        def put(db: Connection) -> Check | None:
            nonlocal run_id
            run_id = self._insert(db, now, row)
            if keep is not None:
                self._prune(db, keep)
            return None

        self._database.write(put)
        return Journal(self._database, run_id, plan.actions, self._clock)

    def _insert(self, db: Connection, now: datetime, row: tuple[object, ...]) -> str:
        """The id of the new run. It sorts by time, can be read, and is new; within one second it sorts after the others
        of its place."""
        second = f"{now:%Y%m%dT%H%M%SZ}"
        begun = db.execute(
            f"SELECT id, CASE WHEN {self._scope} THEN 1 ELSE 0 END FROM run WHERE id LIKE ? ORDER BY id",  # noqa: S608 - constants
            (*self._scope_values, f"{second}-____"),
        ).fetchall()
        own = [int(run.rpartition("-")[2], 16) for run, is_own in begun if is_own]
        taken = {run for run, _ in begun}
        number = own[-1] + 1 if own else secrets.randbelow(1 << 15)
        while f"{second}-{number:04x}" in taken:
            number += 1  # another company's run
        db.execute(_BEGIN, (f"{second}-{number:04x}", *row))
        return f"{second}-{number:04x}"

    def _prune(self, db: Connection, keep: int) -> None:
        """Drop all but the newest runs: not one that never ended, nor, of a place, the newest or the newest that wrote.

        These are what can be gone on with (a later one that wrote has overtaken it) and what may want to be undone.
        """
        dropped = f"{self._scope} AND id NOT IN ({_KEPT.format(scope=self._scope)})"
        values = (*self._scope_values, *self._scope_values, keep)
        db.execute(f"DELETE FROM entry WHERE run IN (SELECT id FROM run WHERE {dropped})", values)  # noqa: S608 - constants
        db.execute(f"DELETE FROM run WHERE {dropped}", values)  # noqa: S608 - constants

    def resume(self, run_id: str) -> Journal:
        """Go on with a run that did not end, or not in full. Raises WrongUsage, StateError, Refused."""
        plan = self.get(run_id).plan()

        def put(db: Connection) -> Check | None:
            db.execute("UPDATE run SET finished_at = NULL, status = 'running' WHERE id = ?", (run_id,))
            return None

        self._database.write(put)
        return Journal(self._database, run_id, plan.actions, self._clock)

    def close_dead(self, runs: Iterable[RunInfo]) -> tuple[RunInfo, ...]:
        """Close those of the runs that were killed as interrupted; call it under the lock, where none can be going on.

        Answers which these are, as they were before.
        """
        dead = tuple(run for run in runs if run.is_unfinished)
        for run in dead:
            Journal(self._database, run.id, (), self._clock).close(RunStatus.INTERRUPTED)
        return dead

    def all(self) -> tuple[RunInfo, ...]:
        """Every run, the newest first. Raises StateError."""
        return self._infos("1 = 1")

    def get(self, run_id: str) -> RunRecord:
        """One run with its entries. Raises WrongUsage when there is none, StateError."""
        infos = self._infos("run.id = ?", run_id)
        with self._database.read() as db:
            if db is None or not infos:
                raise WrongUsage(f"There is no run {run_id}", remedy="See `reconciler runs list`.")
            (plan,) = db.execute("SELECT plan FROM run WHERE id = ?", (run_id,)).fetchone()
            rows = db.execute(
                f"SELECT {ENTRY_COLUMNS} FROM entry WHERE run = ? ORDER BY position",  # noqa: S608 - constants
                (run_id,),
            ).fetchall()
        seal = self._database.seal
        with decoded(self._database):
            entries = tuple(_entry(_opened(seal, row)) for row in rows)
            return RunRecord(infos[0], entries, _decompressed(seal.open(_PLANS, plan)))

    def _infos(self, condition: str, *values: str) -> tuple[RunInfo, ...]:
        with self._database.read() as db:
            if db is None:
                return ()
            rows = db.execute(
                f"SELECT {_INFO}, outcome, coalesce(how_many, 0) FROM run LEFT JOIN ("  # noqa: S608 - constants
                "SELECT run AS of_run, outcome, count(*) AS how_many FROM entry"
                f" WHERE run IN (SELECT id FROM run WHERE {condition} AND {self._scope}) GROUP BY run, outcome"
                f") AS ended ON of_run = run.id WHERE {condition} AND {self._scope} ORDER BY run.id DESC",
                2 * (*values, *self._scope_values),
            ).fetchall()
        ended: dict[_InfoRow, dict[str | None, int]] = {}
        for row in rows:
            *_, outcome, count = row
            ended.setdefault(row[:-2], {})[outcome] = count
        with decoded(self._database):
            return tuple(_info(info, counts) for info, counts in ended.items())


_SCOPE = "environment = ? AND tenant_id = ? AND base_url = ?"
_BEGIN = """
    INSERT INTO run (id, environment, tenant_id, base_url, digest, actions, started_at, plan, status)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running')
"""
_KEPT = """
    SELECT id FROM (SELECT id FROM run WHERE {scope} ORDER BY id DESC LIMIT ?) AS newest
    UNION SELECT id FROM run WHERE finished_at IS NULL
    UNION SELECT max(id) FROM run GROUP BY environment, tenant_id, base_url
    UNION SELECT max(id) FROM run WHERE EXISTS (
            SELECT 1 FROM entry WHERE entry.run = run.id AND coalesce(outcome, 'unknown') IN ('done', 'unknown')
        )
        GROUP BY environment, tenant_id, base_url
"""


_InfoRow: TypeAlias = "tuple[str, str, str, str, str, int, str, str | None, str]"
"""`_INFO`."""


def _info(row: _InfoRow, ended: dict[str | None, int]) -> RunInfo:
    outcomes = {Outcome(name): count for name, count in ended.items() if name is not None}
    return RunInfo(*row[:-1], RunStatus(row[-1]), ended.get(None, 0), outcomes)


_Row: TypeAlias = "tuple[int, str, str | None, str | None, str | None, str | None, str, str | None, str | None, str]"


def _entry(row: _Row) -> Entry:
    position, label, intent_at, finished_at, outcome, number, message, version, read_back, resource = row
    return Entry(
        position,
        label,
        intent_at,
        finished_at,
        None if outcome is None else Outcome(outcome),
        number,
        message,
        version,
        None if read_back is None else _stored(read_back),
        resource,
    )


def recoded_run(old: Seal, new: Seal, row: Sequence[Any]) -> tuple[Any, ...]:
    """A row of the runs, whose last column is the plan, sealed with another key."""
    return *row[:-1], new.seal(_PLANS, old.open(_PLANS, row[-1]))


def recoded_entry(old: Seal, new: Seal, row: Sequence[Any]) -> tuple[Any, ...]:
    """A run's id and `ENTRY_COLUMNS`, sealed with another key."""
    run, *rest = row
    return run, *_closed(new, _opened(old, tuple(rest)))


def _closed(seal: Seal, row: _Row) -> _Row:
    """The row with its values sealed: the reverse of `_opened`."""
    if not seal.is_on:
        return row
    position, label, intent_at, finished_at, outcome, number, message, version, read_back, resource = row
    label = seal.seal_text(_ENTRIES, label)
    number = number and seal.seal_text(_ENTRIES, number)
    message = message and seal.seal_text(_ENTRIES, message)
    read_back = read_back and seal.seal_text(_ENTRIES, read_back)
    return position, label, intent_at, finished_at, outcome, number, message, version, read_back, resource


def _stored_text(stored: Iterable[Stored]) -> str:
    return encode({each.path: {"sent": each.sent, "stored": each.stored, "taken": each.taken} for each in stored})


def _stored(text: str) -> tuple[Stored, ...]:
    return tuple(Stored(path, **members) for path, members in decode(text).items())  # type: ignore[arg-type]  # written by encode from such values


def _decompressed(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _opened(seal: Seal, row: _Row) -> _Row:
    """The row with its sealed values opened. Raises ValueError."""
    if not seal.is_on:
        return row
    position, label, intent_at, finished_at, outcome, number, message, version, read_back, resource = row
    label = seal.open_text(_ENTRIES, label)
    number = number and seal.open_text(_ENTRIES, number)
    message = message and seal.open_text(_ENTRIES, message)
    read_back = read_back and seal.open_text(_ENTRIES, read_back)
    return position, label, intent_at, finished_at, outcome, number, message, version, read_back, resource


def _second(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _moment(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
