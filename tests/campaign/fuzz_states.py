"""What is tried beside texts: the state, in bytes and in values, and things that are no files in the place of files."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from hypothesis import strategies as st

from tests.campaign.fuzz_texts import ODD_TEXTS
from tests.campaign.fuzz_world import World

_CELLS = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.binary(max_size=30),
    ODD_TEXTS.map(lambda text: text.encode("utf-8", "replace").decode()),
    st.sampled_from(["{}", "[]", "null", '{"a": 1e999999}', "2026-13-45", "x" * 10**6, '{"name": {"a": 1}}',
    '[["a"]]', b"\x78\x9c", "done", "9" * 5000]),
)  # fmt: skip


@st.composite
def _cell_edits(draw: st.DrawFn) -> Callable[[Path], None]:
    edits = draw(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), _CELLS), min_size=1, max_size=3))
    version = draw(st.sampled_from([None, None, None, 0, 1, 99, -1]))

    def alter(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db, suppress(sqlite3.Error), db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
            if version is not None:
                db.execute(f"PRAGMA user_version = {version}")
            for which, at, value in edits:
                table = tables[which % len(tables)]
                columns = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
                column = columns[at % len(columns)]
                where = "" if at % 2 else f' WHERE rowid = (SELECT min(rowid) FROM "{table}")'
                db.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ?{where}', (value,))

    return alter


@st.composite
def _byte_edits(draw: st.DrawFn) -> Callable[[Path], None]:
    edits = draw(st.lists(st.tuples(st.integers(0, 10**7), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
    inside = draw(st.sampled_from([100, 4096, 10**7]))
    cut = draw(st.sampled_from([None, None, None, 0, 1, 16, 100, 512, 4095, 4096, 8192]))

    def alter(path: Path) -> None:
        made = bytearray(path.read_bytes())
        for at, what in edits:
            start = at % max(1, min(inside, len(made)))
            made[start : start + len(what)] = what
        path.write_bytes(made[:cut])

    return alter


def states(world: World, data: st.DataObject) -> None:
    """The state: bytes altered, values altered, cut, of another version; a log that is none."""
    path = world.folder / "state" / "state.db"
    edit = data.draw(st.one_of(_cell_edits(), _byte_edits()))
    if path.exists():
        edit(path)
    if data.draw(st.integers(0, 5)) == 0:
        world.write(
            f"state/state.db{data.draw(st.sampled_from(['-wal', '-shm', '-journal']))}",
            data.draw(st.binary(max_size=200)),
        )
    (run,) = json.loads(world.first("runs.json"))["runs"][:1]
    commands = [
        ["state", "show"], ["runs", "list"], ["runs", "show", run["id"]], ["show", run["id"], "--format", "json"],
        ["plan"], ["validate"],
        ["plan", "--refresh", "none"], ["plan", "--refresh", "full"], ["drift"], ["runs", "undo", run["id"],
        "--auto-approve"], ["runs", "resume"],
        ["apply", "--auto-approve"], ["state", "unlock"], ["state", "clear", "--auto-approve"], ["accept", "--all"],
        ["runs", "list", "--format", "json"],
    ]  # fmt: skip
    for words in data.draw(st.lists(st.sampled_from(commands), min_size=1, max_size=2)):
        world.run(*words)


_ROLES = [
    "reconciler.yaml", "customers", "customers/all.yaml", "customers/more.yaml", "drift-mutes.yaml", "plan.json",
    "state", "state/state.db",
    "state/state.db-wal", "out", "out.json", "out/1.yaml", "state/state.db.new",
    "customers/.all.yaml.tmp",
]  # fmt: skip
_THINGS = [
    "pipe",
    "folder",
    "socket",
    "nothing",
    "loop",
    "dangling",
    "zero",
    "full",
    "tty",
    "mem",
    "empty",
    "sparse",
    "proc",
    "long",
]


def put(path: Path, thing: str) -> None:
    """Something else than a file of ours."""
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f".{path.name}.away"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    links = {
        "loop": path.name,
        "dangling": "gone",
        "zero": "/dev/zero",
        "full": "/dev/full",
        "tty": "/dev/tty",
        "mem": "/proc/self/mem",
        "proc": "/proc/self/fd",
    }
    if thing in links:
        path.symlink_to(links[thing])
    elif thing == "pipe":
        os.mkfifo(path)
    elif thing == "folder":
        path.mkdir()
    elif thing == "socket":
        with closing(socket.socket(socket.AF_UNIX)) as made, suppress(OSError):
            made.bind(str(path))
    elif thing == "empty":
        path.touch()
    elif thing == "sparse":
        with path.open("wb") as file:
            file.truncate(2**33)
    elif thing == "long":
        path.write_bytes(b"- {number: 1}\n" * 4 * 2**20)


def places(world: World, data: st.DataObject) -> None:
    """Pipes, devices, folders,
    links and endless files in the place of files: nothing waits for them or reads them whole."""
    for role in data.draw(st.lists(st.sampled_from(_ROLES), min_size=1, max_size=2, unique=True)):
        with suppress(NotADirectoryError, FileExistsError, OSError):
            put(world.folder / role, data.draw(st.sampled_from(_THINGS)))
    commands = [
        ["validate"], ["fmt"], ["fmt", "--check"], ["plan", "-o", "out.json"], ["plan", "-o", "plan.json"], ["show",
        "plan.json"], ["apply", "plan.json"],
        ["plan", "--report", "json=out.json"], ["export", "-o", "out"], ["export", "-o", "out", "--force"], ["drift",
        "--mute", "1", "name", "--until", "2099-01-01", "--reason", "x"],
        ["state", "show"], ["state", "clear", "--auto-approve"], ["runs", "list"], ["apply", "--auto-approve",
        "--write-numbers"], ["accept", "--all"], ["init", "out"],
        ["drift"], ["validate", "customers/all.yaml", "out"], ["-c", "plan.json", "validate"], ["--chdir", "out",
        "validate"], ["state", "unlock"],
    ]  # fmt: skip
    world.run(*data.draw(st.sampled_from(commands)))
