"""The file: made lazily and privately, left alone when it cannot be used."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import StateError
from reconciler.core.plan import Outcome
from reconciler.state import migrations
from reconciler.state.sqlite import database
from reconciler.state.store import Store, open_store
from tests.unit.state.plans import NOBODY, ROOT, TARGET, known_of, plan_of, run_statement, start_child, unfinished


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A state with 500 customers and a run."""
    with open_store(path) as store:
        store.known(TARGET).record(known_of(str(number), applied={"name": "x" * 200}) for number in range(500))
        journal = store.runs.begin(plan_of(20))
        for number in range(10):
            journal.intend(str(number))
            journal.finish(str(number), Outcome.DONE, version="x")
    return path


def read_all(store: Store) -> None:
    """All that a command that only reads may ask for."""
    dict(store.known(TARGET).load())
    store.describe()
    for run in store.runs.all():
        store.runs.get(run.id)


READS: dict[str, Callable[[Store], object]] = {
    "load": lambda store: dict(store.known(TARGET).load()),
    "describe": lambda store: store.describe(),
    "runs": lambda store: store.runs.all(),
}
WRITES: dict[str, Callable[[Store], object]] = {
    "record": lambda store: store.known(TARGET).record([known_of()]),
    "begin": lambda store: store.runs.begin(plan_of(1)),
    "forget": lambda store: store.known(TARGET).forget(["1"]),
    "rename": lambda store: store.known(TARGET).rename("1", "2"),
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---- making ----


def test_a_missing_file_is_an_empty_state_and_reading_makes_nothing(path: Path) -> None:
    with open_store(path) as store:
        assert len(store.known(TARGET).load()) == 0
        assert store.runs.all() == ()
        assert store.describe().version is None
        assert store.holder() is None
        assert store.unlock() is None
        assert store.clear() is False
        store.known(TARGET).forget(["1"])
        store.known(TARGET).rename("1", "2")
        store.known(TARGET).record([])
    assert not path.parent.exists()


def test_the_first_write_makes_a_private_file_in_a_private_folder_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with open_store(path) as store, store.lock("test"):
            store.known(TARGET).record([known_of()])
            store.known(TARGET).load()
            assert mode(path.parent) == 0o700
            assert {each.name: mode(each) for each in path.parent.iterdir()} == dict.fromkeys(
                ["state.db", "state.db-wal", "state.db-shm", "state.db.lock", "state.db.holder"], 0o600
            )
    finally:
        os.umask(before)


def test_a_new_file_is_private_from_its_first_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only since it was looked after: somebody could open it in between."""
    monkeypatch.setattr("reconciler.state.sqlite.database._keep_private", lambda _path: None)
    before = os.umask(0)
    try:
        with open_store(path) as store:
            store.known(TARGET).record([known_of()])
            assert {mode(each) for each in path.parent.iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_a_file_that_was_copied_readable_for_all_is_made_private_again(filled: Path) -> None:
    filled.chmod(0o644)
    with open_store(filled) as store:
        store.known(TARGET).record([known_of()])
    assert mode(filled) == 0o600


def test_the_file_says_whose_it_is_and_of_which_version(filled: Path) -> None:
    db = sqlite3.connect(filled)
    assert db.execute("PRAGMA application_id").fetchone() == (database.APPLICATION_ID,)
    assert db.execute("PRAGMA user_version").fetchone() == (len(migrations.MIGRATIONS),)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


def test_an_empty_file_is_an_empty_state(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with open_store(path) as store:
        read_all(store)
        assert path.stat().st_size == 0
        store.known(TARGET).record([known_of()])
        assert len(store.known(TARGET).load()) == 1


@pytest.mark.parametrize("name", ["a?b#c%20 d.db", "æøå '\"; drop.db", "-wal.db"])
def test_an_odd_name_names_that_very_file(tmp_path: Path, name: str) -> None:
    with open_store(tmp_path / name) as store:
        store.known(TARGET).record([known_of()])
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_log_left_behind_by_a_deleted_state_is_not_read_into_the_new_one(path: Path, filled: Path) -> None:
    with open_store(filled) as store:
        store.known(TARGET).record([known_of("77777")])
        kept = {suffix: database.beside(path, suffix).read_bytes() for suffix in ("-wal", "-shm")}
    path.unlink()
    for suffix, data in kept.items():
        database.beside(path, suffix).write_bytes(data)
    with open_store(path) as store:
        store.known(TARGET).record([known_of("1")])
        assert list(store.known(TARGET).load()) == ["1"]


def test_many_who_make_it_at_once_make_one(path: Path) -> None:
    start = threading.Barrier(8)

    def write(number: int) -> None:
        with open_store(path) as store:
            start.wait()
            store.known(TARGET).record([known_of(str(number))])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with open_store(path) as store:
        assert len(store.known(TARGET).load()) == 8


def test_an_older_file_is_brought_up_to_date(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = (*migrations.MIGRATIONS, ("CREATE TABLE later (id INTEGER)", "INSERT INTO later VALUES (1)"))
    monkeypatch.setattr(migrations, "MIGRATIONS", more)
    with open_store(filled) as store:
        assert len(store.known(TARGET).load()) == 500
        assert store.describe().version == len(more)
    db = sqlite3.connect(filled)
    assert db.execute("SELECT * FROM later").fetchall() == [(1,)]
    db.close()


def test_a_step_that_fails_leaves_the_older_file_as_it_was(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = filled.read_bytes()
    more = (*migrations.MIGRATIONS, ("CREATE TABLE later (id INTEGER)", "CREATE TABLE known (id INTEGER)"))
    with monkeypatch.context() as patched, open_store(filled) as store:
        patched.setattr(migrations, "MIGRATIONS", more)
        with pytest.raises(StateError):
            store.known(TARGET).load()
    assert filled.read_bytes() == before


# ---- files that cannot be used ----


def _sqlite(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def _cut(path: Path, at: int) -> None:
    path.write_bytes(path.read_bytes()[:at])


def _overwrite(path: Path, start: int, data: bytes) -> None:
    whole = bytearray(path.read_bytes())
    whole[start : start + len(data)] = data
    path.write_bytes(whole)


def _replace(path: Path, data: bytes) -> None:
    path.write_bytes(data)


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "text": (lambda path: _replace(path, b"number: 10000\n" * 1000), "no SQLite database"),
    "one byte": (lambda path: _replace(path, b"\0"), "another program"),
    "random bytes": (lambda path: _replace(path, random.Random(1).randbytes(9000)), "no SQLite database"),
    "newer": (lambda path: _sqlite(path, "PRAGMA user_version = 999"), "schema version 999"),
    "foreign": (lambda path: _sqlite(path, "PRAGMA application_id = 7"), "another program"),
    "cut header": (lambda path: _cut(path, 50), "another program"),
    "cut": (lambda path: _cut(path, path.stat().st_size // 2), "damaged"),
    "cut within a page": (lambda path: _cut(path, 30_000), "damaged"),
    "no schema": (lambda path: _overwrite(path, 100, b"\0" * 3996), "damaged"),
    "noise": (lambda path: _overwrite(path, 8192, random.Random(2).randbytes(60_000)), "damaged"),
    "a table is missing": (lambda path: _sqlite(path, "DROP TABLE entry", "DROP TABLE known"), "damaged"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("use", READS | WRITES)
def test_a_file_that_cannot_be_used_is_reported_and_left_alone_byte_for_byte(
    filled: Path, damage: str, use: str
) -> None:
    harm, says = DAMAGE[damage]
    harm(filled)
    before = filled.read_bytes()
    error = complaint(filled, (READS | WRITES)[use])
    if error is None:  # what is asked for stands in a part that is whole
        assert says == "damaged"
        assert use in READS or damage == "a table is missing"
        return
    assert str(filled) in str(error)
    assert says in str(error)
    assert error.remedy
    assert filled.read_bytes() == before


def complaint(path: Path, use: Callable[[Store], object]) -> StateError | None:
    """What using the state raises."""
    with open_store(path) as store:
        try:
            use(store)
        except StateError as error:
            return error
    return None


def test_a_foreign_database_with_an_open_log_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    script = (
        "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('PRAGMA journal_mode = WAL'); db.execute('CREATE TABLE t (x)');"
        "db.execute('INSERT INTO t VALUES (1)'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    log = database.beside(path, "-wal")
    before = path.read_bytes(), log.read_bytes()
    assert before[1]
    for use in (READS | WRITES).values():
        with open_store(path) as store, pytest.raises(StateError, match="another program"):
            use(store)
    with open_store(path) as store, pytest.raises(StateError, match="another program"):
        store.clear()
    assert (path.read_bytes(), log.read_bytes()) == before


def test_whatever_is_wrong_with_the_bytes_only_a_state_error_comes_and_reading_changes_nothing(filled: Path) -> None:
    whole = filled.read_bytes()
    chance = random.Random(7)
    errors = 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 5, 200])):
            data[chance.choice([chance.randrange(200), chance.randrange(len(data))])] = chance.randrange(256)
        filled.write_bytes(data)
        with open_store(filled) as store:
            try:
                read_all(store)
            except StateError:
                errors += 1
        assert filled.read_bytes() == data
    assert errors > 50


def test_reading_does_not_fold_the_log_of_a_killed_run_into_the_file(path: Path, tmp_path: Path) -> None:
    child = start_child("journal", str(path), str(tmp_path / "sent"))
    assert child.stdout is not None
    run_id = [child.stdout.readline(), child.stdout.readline()][1].strip()
    time.sleep(0.2)
    child.kill()
    child.communicate()
    log = database.beside(path, "-wal")
    before = path.read_bytes(), log.read_bytes()
    with open_store(path) as store:
        assert [run.id for run in unfinished(store)] == [run_id]
        read_all(store)
    assert (path.read_bytes(), log.read_bytes()) == before
    with open_store(path) as store:
        store.known(TARGET).record([known_of()])
        assert store.runs.get(run_id).entries
    assert not log.exists()


@pytest.mark.parametrize("use", READS | WRITES)
def test_a_folder_in_the_files_place_is_reported(path: Path, use: str) -> None:
    path.mkdir(parents=True)
    with open_store(path) as store, pytest.raises(StateError, match="cannot be opened"):
        (READS | WRITES)[use](store)


def test_a_file_in_the_folders_place_is_reported(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("x")
    with open_store(tmp_path / "folder" / "state.db") as store:
        for use in (*READS.values(), WRITES["record"], WRITES["begin"]):
            with pytest.raises(StateError, match="Not a directory"):
                use(store)


def test_a_file_that_another_program_holds_is_reported(filled: Path) -> None:
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with open_store(filled, timeout=0.1) as store:
            read_all(store)  # a reader is not in the way
            with pytest.raises(StateError, match="held by another program"):
                store.known(TARGET).record([known_of()])
    finally:
        other.close()


def test_a_file_that_another_program_locks_as_a_whole_is_reported(filled: Path) -> None:
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        for use in (READS | WRITES).values():
            with open_store(filled, timeout=0.05) as store, pytest.raises(StateError, match="held by another program"):
                use(store)
    finally:
        other.close()


@pytest.fixture
def elsewhere(filled: Path) -> Iterator[Path]:
    """The filled state in a folder that other users can reach, and that belongs to nobody."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o711)
        path = Path(top) / "folder" / "state.db"
        path.parent.mkdir(mode=0o700)
        shutil.copy(filled, path)
        path.chmod(0o600)
        if os.geteuid() == 0:
            for each in (path, path.parent):
                os.chown(each, NOBODY, NOBODY)
        yield path
        path.parent.chmod(0o700)


def use_of(path: Path) -> dict[str, str]:
    """How reading and writing end for a user that permissions hold for."""
    out, _ = start_child("use", str(path)).communicate(timeout=60)
    return dict(line.split(" ", 1) for line in out.splitlines())


def test_permissions_hold_in_these_tests(elsewhere: Path) -> None:
    assert use_of(elsewhere) == {"read": "fine", "write": "fine"}


@pytest.mark.parametrize(("file", "folder"), [(0o400, 0o700), (0o400, 0o500), (0o600, 0o500)])
def test_a_read_only_file_is_reported(elsewhere: Path, file: int, folder: int) -> None:
    before = elsewhere.read_bytes()
    elsewhere.chmod(file)
    elsewhere.parent.chmod(folder)
    found = use_of(elsewhere)
    assert found["write"].startswith("StateError")
    assert "is read-only" in found["write"] or "cannot be opened" in found["write"]
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize(("file", "folder"), [(0, 0o700), (0o600, 0), (0o600, 0o600)])
def test_a_file_that_must_not_be_read_is_reported(elsewhere: Path, file: int, folder: int) -> None:
    elsewhere.chmod(file)
    elsewhere.parent.chmod(folder)
    for ended in use_of(elsewhere).values():
        assert ended.startswith("StateError")
        assert "cannot be opened" in ended


def test_a_folder_that_must_not_be_written_makes_no_state(elsewhere: Path) -> None:
    elsewhere.unlink()
    elsewhere.parent.chmod(0o500)
    found = use_of(elsewhere)
    assert found["read"] == "fine"
    assert found["write"].startswith("StateError")


def test_a_full_disk_is_reported_and_what_was_recorded_before_is_kept(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=400k tmpfs "{disk}" || exit 77; exec "$@"'
    child = [sys.executable, "-m", "tests.unit.state.child", "fill", str(disk / "state.db")]
    try:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", *child],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if done.returncode in (1, 77) and "Traceback" not in done.stderr:
        pytest.skip("no disk can be made here")
    assert done.returncode == 0, done.stderr
    error, kept = done.stdout.splitlines()
    assert "the disk is full" in error
    assert kept == "0 ['0']"


def test_when_the_file_cannot_grow_nothing_of_the_write_is_kept_and_later_ones_succeed(filled: Path) -> None:
    with open_store(filled) as store:
        journal = store.runs.begin(plan_of(3))

        def limit(pages: int) -> None:
            run_statement(store, f"PRAGMA max_page_count = {pages}")

        limit(1)
        with pytest.raises(StateError, match="the disk is full"):
            store.known(TARGET).record(known_of(str(number)) for number in range(1000, 3000))
        limit(1_000_000)
        journal.intend("0")
        assert len(store.known(TARGET).load()) == 500
        assert [entry.label for entry in store.runs.get(journal.run_id).entries] == ["0"]


# ---- writing together ----


def test_what_several_threads_write_at_once_goes_into_one_transaction(path: Path) -> None:
    commits: list[str] = []
    entered, queued = threading.Event(), threading.Event()
    with open_store(path) as store:

        def first(db: sqlite3.Connection) -> None:
            db.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
            entered.set()
            queued.wait(10)

        def record(number: int) -> None:
            entered.wait(10)
            store.known(TARGET).record([known_of(str(number))])

        with ThreadPoolExecutor(9) as pool:
            leader = pool.submit(store.database.write, first)
            followers = [pool.submit(record, number) for number in range(8)]
            entered.wait(10)
            while len(store.database._commits._waiting) < 8:
                time.sleep(0.001)
            queued.set()
            for each in (leader, *followers):
                each.result(10)
        assert len(commits) == 2
        assert len(store.known(TARGET).load()) == 8


def test_one_threads_failure_spoils_no_other_threads_write(path: Path) -> None:
    entered, queued = threading.Event(), threading.Event()
    with open_store(path) as store:

        def first(_db: sqlite3.Connection) -> None:
            entered.set()
            queued.wait(10)

        def wrong(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO target (tenant_id, base_url) VALUES ('kept', 'never')")
            raise ValueError("wrong")

        with ThreadPoolExecutor(9) as pool:
            leader = pool.submit(store.database.write, first)
            entered.wait(10)
            good = [pool.submit(store.known(TARGET).record, [known_of(str(number))]) for number in range(4)]
            bad = pool.submit(store.database.write, wrong)
            while len(store.database._commits._waiting) < 5:
                time.sleep(0.001)
            queued.set()
            for each in (leader, *good):
                each.result(10)
            with pytest.raises(ValueError, match="wrong"):
                bad.result(10)
        assert len(store.known(TARGET).load()) == 4
        with store.database.read() as db:
            assert db is not None
            assert db.execute("SELECT count(*) FROM target").fetchone() == (1,)


def test_an_interrupted_thread_takes_no_other_threads_write_with_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(path) as store, ThreadPoolExecutor(4) as pool:
        transact, interrupts = store.database._commits._transact, [KeyboardInterrupt()]

        def interrupted(batch: list[Any]) -> list[Any]:
            if interrupts:
                raise interrupts.pop()
            return transact(batch)

        monkeypatch.setattr(store.database._commits, "_transact", interrupted)
        with store.database._commits.alone():
            writes = [pool.submit(store.known(TARGET).record, [known_of(str(number))]) for number in range(4)]
            while len(store.database._commits._waiting) < 4:
                time.sleep(0.001)
        ended = [each.exception(10) for each in writes]
        assert sorted(type(each).__name__ for each in ended) == ["KeyboardInterrupt"] + ["NoneType"] * 3
        written = {str(number) for number, each in enumerate(ended) if each is None}
        assert set(store.known(TARGET).load()) == written


def test_a_killed_maker_leaves_nothing_that_is_in_the_way(path: Path, tmp_path: Path) -> None:
    chance = random.Random(5)
    for _ in range(6):
        child = start_child("journal", str(path), str(tmp_path / "sent"))
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.random() * 0.02)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        with open_store(path) as store:
            read_all(store)
            store.known(TARGET).record([known_of()])
            assert len(store.known(TARGET).load()) == 1
            store.clear()
