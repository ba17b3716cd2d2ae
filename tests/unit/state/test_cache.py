"""The cache beside the state keeps bytes; whatever is wrong with its file, it is only as if it were not there."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.state.sqlite.file_cache import FileCache, clear, size

KEYS = [bytes([each]) * 32 for each in range(200)]
NEW, OTHER = b"\xfe" * 32, b"\xff" * 32
ENTRIES = {key: b"payload of %d " % key[0] * 40 for key in KEYS}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "below" / "state.db"


@pytest.fixture
def file(state: Path) -> Path:
    """A cache with entries."""
    FileCache(state, writes=True).put(ENTRIES, KEYS)
    return state.with_name("state.db.cache")


def reading(state: Path) -> FileCache:
    return FileCache(state, writes=False)


def test_what_was_put_is_there_for_the_next_run(state: Path, file: Path) -> None:
    assert reading(state).get(KEYS) == ENTRIES
    assert reading(state).get(KEYS[:2]) == {key: ENTRIES[key] for key in KEYS[:2]}
    assert reading(state).get([NEW]) == {}
    assert size(state) == file.stat().st_size > 0


def test_only_its_owner_may_read_it(state: Path, file: Path) -> None:
    """It holds personal data; a copied one may have been readable for all."""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o644)
    FileCache(state, writes=True).put({NEW: b"new"}, [*KEYS, NEW])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_who_only_reads_makes_and_changes_no_file(state: Path) -> None:
    cache = reading(state)
    assert cache.get(KEYS) == {}
    cache.put(ENTRIES, KEYS)
    assert not state.parent.exists()
    FileCache(state, writes=True).put(ENTRIES, KEYS)
    before = state.with_name("state.db.cache").read_bytes()
    cache = reading(state)
    assert cache.get(KEYS) == ENTRIES
    cache.put({NEW: b"new"}, [NEW])
    assert [each.name for each in state.parent.iterdir()] == ["state.db.cache"]
    assert state.with_name("state.db.cache").read_bytes() == before


def test_no_damage_makes_a_wrong_answer_or_an_error(state: Path, file: Path) -> None:
    """Each part of the file is overwritten in its turn: what is still answered is what was put."""
    whole = file.read_bytes()
    fewer = 0
    for start in range(0, len(whole), 1021):
        for junk in (b"\0" * 37, b"\xff" * 37):
            file.write_bytes(whole[:start] + junk + whole[start + 37 :])
            found = reading(state).get(KEYS)
            assert found.items() <= ENTRIES.items()
            fewer += len(found) < len(ENTRIES)
    assert fewer


def test_a_damaged_or_cut_off_file_is_made_anew(state: Path, file: Path) -> None:
    whole = file.read_bytes()
    damages = [whole[:end] for end in (0, 6, 50, 99, 300, 512, 4096, 5000, len(whole) - 1)]
    damages += [whole[:100] + b"\xff" * 4000 + whole[4100:], whole[:4096] + b"\xff" * (len(whole) - 4096)]
    for damaged in damages:
        file.write_bytes(damaged)
        cache = FileCache(state, writes=True)
        assert cache.get(KEYS).items() <= ENTRIES.items()
        for _ in range(2):  # damage may show only in the act
            FileCache(state, writes=True).put(ENTRIES, KEYS)
        assert reading(state).get(KEYS) == ENTRIES, len(damaged)


@pytest.mark.parametrize("content", [b"somebody's notes", b"SQLite of another kind" * 100])
def test_a_file_that_is_not_ours_is_left_alone(state: Path, content: bytes) -> None:
    state.parent.mkdir()
    file = state.with_name("state.db.cache")
    file.write_bytes(content)
    cache = FileCache(state, writes=True)
    assert cache.get(KEYS) == {}
    cache.put(ENTRIES, KEYS)
    assert not clear(state)
    assert file.read_bytes() == content


def test_another_programs_database_is_left_alone(state: Path) -> None:
    state.parent.mkdir()
    file = state.with_name("state.db.cache")
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE entry (key BLOB PRIMARY KEY, data BLOB)")
    before = file.read_bytes()
    cache = FileCache(state, writes=True)
    assert cache.get(KEYS) == {}
    cache.put(ENTRIES, KEYS)
    assert file.read_bytes() == before


def test_a_cache_of_another_version_is_made_anew(state: Path, file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 7")
        db.execute("ALTER TABLE entry RENAME TO other")
    assert reading(state).get(KEYS) == {}
    cache = FileCache(state, writes=True)
    assert cache.get(KEYS) == {}
    cache.put(ENTRIES, KEYS)
    assert reading(state).get(KEYS) == ENTRIES


@pytest.mark.parametrize("hindrance", ["folder", "file above", "link"])
def test_where_no_file_can_be_made_there_is_no_cache(tmp_path: Path, hindrance: str) -> None:
    state = tmp_path / "state.db"
    if hindrance == "folder":
        (tmp_path / "state.db.cache").mkdir()
    elif hindrance == "link":
        (tmp_path / "state.db.cache").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "a").write_text("no folder")
        state = tmp_path / "a" / "state.db"
    cache = FileCache(state, writes=True)
    assert cache.get(KEYS) == {}
    cache.put(ENTRIES, KEYS)
    assert cache.get(KEYS) == {}
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_another_run_holds_is_not_waited_for_long(state: Path, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        cache = FileCache(state, writes=True, timeout=0.01)
        assert cache.get(KEYS) == {}
        cache.put({NEW: b"new"}, [NEW])
    assert reading(state).get(KEYS) == ENTRIES


def test_what_a_killed_run_left_half_written_is_undone(state: Path, file: Path) -> None:
    script = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size = 1')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('UPDATE entry SET data = zeroblob(5000)')\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(file)], check=False).returncode == 9
    assert file.with_name("state.db.cache-journal").exists()
    assert reading(state).get(KEYS) == {}
    assert FileCache(state, writes=True).get(KEYS) == ENTRIES


def test_two_processes_at_once_keep_what_both_put(state: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from reconciler.state.sqlite.file_cache import FileCache\n"
        "for each in range(20):\n"
        "    key = (sys.argv[2] + str(each)).encode()\n"
        "    FileCache(Path(sys.argv[1]), writes=True, timeout=60).put({key: key * 100}, [key])\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(state), name]) for name in "ab"]
    assert [each.wait() for each in running] == [0, 0]
    keys = [f"{name}{each}".encode() for name in "ab" for each in range(20)]
    assert reading(state).get(keys) == {key: key * 100 for key in keys}


def test_entries_out_of_use_are_dropped_when_they_outweigh_the_others(
    state: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before: another branch may have use for them."""
    monkeypatch.setattr("reconciler.state.sqlite.file_cache._SLACK", 0)
    before = file.stat().st_size
    half = KEYS[:110]
    FileCache(state, writes=True).put({NEW: b"new"}, [*half, NEW])
    assert reading(state).get(KEYS) == ENTRIES
    few = KEYS[:20]
    FileCache(state, writes=True).put({OTHER: b"new"}, [*few, OTHER])
    assert reading(state).get(KEYS) == {key: ENTRIES[key] for key in few}
    assert file.stat().st_size < before / 2


def test_the_cache_never_outgrows_its_limit(state: Path) -> None:
    limit = 20_000
    for turn in range(5):
        entries = {os.urandom(32): b"x" * 3000 for _ in range(10)}
        FileCache(state, writes=True, limit=limit).put(entries, list(entries))
        assert reading(state).get(list(entries)), turn
    with closing(sqlite3.connect(state.with_name("state.db.cache"))) as db:
        (kept,) = db.execute("SELECT sum(length(data)) FROM entry").fetchone()
    assert kept <= limit


def test_clearing_deletes_it(state: Path, file: Path) -> None:
    assert clear(state)
    assert list(file.parent.iterdir()) == []
    assert not clear(state)
    assert size(state) == 0
