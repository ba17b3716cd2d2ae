"""What is tried: each target draws an input, puts it where it belongs, and runs commands that take it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st

from reconciler.config.declarations import load_texts
from reconciler.config.schema import load_schema
from reconciler.core.codes import CODES
from reconciler.state import plan_file
from tests.campaign.fuzz_answers import STRUCK, json_edits, strikes
from tests.campaign.fuzz_texts import DECLARATIONS, EXAMPLES, NAUGHTY, ODD_TEXTS, altered, as_yaml, shaped
from tests.campaign.fuzz_world import World

Target: TypeAlias = Callable[[World, st.DataObject], None]

FORMATS = ["text", "json", "markdown", "html", "sarif", "junit", "github", "gitlab-codequality"]
PATIENCE = 30
"""Seconds for an input that is read in this process."""


def _named(file: str) -> list[str]:
    """The members that a schema names, at any depth."""
    found: set[str] = set()
    todo: list[Any] = [load_schema(file)]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            found |= set(each.get("properties", ()))
            todo += each.values()
        elif isinstance(each, list):
            todo += each
    return sorted(found)


@contextmanager
def _in_time() -> Iterator[None]:
    def late(_signal: int, _frame: object) -> None:
        raise AssertionError(f"not done after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def reading(_world: World, data: st.DataObject) -> None:
    """Declarations, in this process: the same as `validate` sees, many times as fast."""
    texts = {f"{at}.yaml": data.draw(DECLARATIONS) for at in range(data.draw(st.sampled_from([1, 1, 1, 2])))}
    with _in_time():
        found = load_texts(texts, environ={"A": "*x", "HOME": "\udcff"})
    assert {each.code for each in found.diagnostics} <= CODES.keys()


def declarations(world: World, data: st.DataObject) -> None:
    """Declarations, through the commands that read or rewrite them."""
    world.write("customers/all.yaml", data.draw(DECLARATIONS))
    form = data.draw(st.sampled_from(FORMATS))
    words = data.draw(
        st.sampled_from(
            [["validate"], ["validate", "--format", form], ["fmt", "--diff"], ["fmt"], ["plan", "--format", form],
             ["accept", "--all"], ["drift", "--format", form], ["apply", "--auto-approve", "--write-numbers"]]
        )
    )  # fmt: skip
    world.run(*words)


_SETTINGS = _named("reconciler")
_SETTINGS_FILES = st.one_of(
    altered([*EXAMPLES[-1:], b"version: 1\n", b"version: 1\ncompany: A\nguards: {updates: 30%, policies: []}\nenvironments: {a: {}}\n"]),
    st.dictionaries(st.sampled_from(_SETTINGS), shaped(_SETTINGS), max_size=4).map(lambda made: as_yaml({"version": 1} | made)),
    st.binary(max_size=100),
)  # fmt: skip


def settings(world: World, data: st.DataObject) -> None:
    """The settings file. Only commands that write nothing: the path of the state may be any."""
    world.write("reconciler.yaml", data.draw(_SETTINGS_FILES))
    words = data.draw(st.sampled_from([["validate"], ["state", "show"], ["--env", "a", "validate"], ["runs", "list"]]))
    world.run("--no-cache", *words)


_MUTES = _named("mutes")
_MUTES_FILES = st.one_of(
    altered([b"- number: '1'\n  path: mainAddress.city\n  until: 2099-12-31\n  reason: later\n"]),
    st.lists(st.dictionaries(st.sampled_from(_MUTES), shaped(_MUTES), max_size=4), max_size=3).map(as_yaml),
    st.binary(max_size=100),
)


def mutes(world: World, data: st.DataObject) -> None:
    """The file of mutes, read and added to."""
    world.write("drift-mutes.yaml", data.draw(_MUTES_FILES))
    more = [
        "--mute",
        data.draw(st.sampled_from(["1", "2", "x"])),
        data.draw(st.sampled_from(["name", "attributes.X", "[", "mainAddress"])),
    ]
    adding = [
        *more,
        "--until",
        data.draw(st.sampled_from(["2099-12-31", "2099-02-30", "x"])),
        "--reason",
        data.draw(ODD_TEXTS).replace("\0", ""),
    ]
    world.run("drift", *data.draw(st.sampled_from([[], ["--no-record"], adding, adding])))


def plans(world: World, data: st.DataObject) -> None:
    """A plan file: altered anyhow, or altered and sealed anew, as by somebody who knows how."""
    made = world.first("plan.json")
    if data.draw(st.booleans()):
        made = _sealed(data.draw(json_edits())(made))
    else:
        made = data.draw(
            altered([made], [b"null", b'"', b"{", b"[" * 5000, b"9" * 5000, b"1e99999", b"\xff", b"\\ud800", b"-"])
        )
    world.write("plan.json", made)
    form = data.draw(st.sampled_from(FORMATS))
    world.run(
        *data.draw(
            st.sampled_from(
                [["show", "plan.json", "--format", form], ["apply", "plan.json"], ["apply", "plan.json", "--force"]]
            )
        )
    )


def _sealed(data: bytes) -> bytes:
    """With digests that fit, as far as it is still a plan."""
    with suppress(
        ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.MsgspecError, ArithmeticError
    ):
        values = msgspec.json.decode(data)
        exact = msgspec.json.Decoder(float_hook=Decimal).decode(data)
        with suppress(KeyError, TypeError):
            values["changes_digest"] = exact["changes_digest"] = plan_file._changes_digest(exact)
        values["digest"] = plan_file._digest(exact)
        text = data.decode()
        for name in ("changes_digest", "digest"):
            at = text.rindex(f'"{name}"')
            end = text.index('"', text.index('"', at + len(name) + 2) + 1) + 1
            text = text[:at] + f'"{name}":' + json.dumps(values[name]) + text[end:]
        return text.encode()
    return data


_CELLS = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.binary(max_size=30), ODD_TEXTS.map(lambda text: text.encode("utf-8", "replace").decode()),
    st.sampled_from(["{}", "[]", "null", '{"a": 1e999999}', "2026-13-45", "x" * 10**6, '{"name": {"a": 1}}', '[["a"]]', b"\x78\x9c", "done", "9" * 5000]),
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
            start = at % min(inside, len(made))
            made[start : start + len(what)] = what
        path.write_bytes(made[:cut])

    return alter


def states(world: World, data: st.DataObject) -> None:
    """The state and the cache beside it: bytes altered, values altered, cut, of another version; a log that is none."""
    for name in data.draw(
        st.sampled_from([["state.db"], ["state.db"], ["state.db.cache"], ["state.db", "state.db.cache"]])
    ):
        path = world.folder / "state" / name
        if path.exists():
            data.draw(st.one_of(_cell_edits(), _byte_edits()))(path)
    if data.draw(st.integers(0, 5)) == 0:
        world.write(
            f"state/state.db{data.draw(st.sampled_from(['-wal', '-shm', '-journal']))}",
            data.draw(st.binary(max_size=200)),
        )
    (run,) = [each for each in json.loads(world.first("runs.json"))["runs"]][:1]
    commands = [
        ["state", "show"], ["runs", "list"], ["runs", "show", run["id"]], ["show", run["id"], "--format", "json"], ["plan"], ["validate"],
        ["plan", "--refresh", "none"], ["plan", "--refresh", "full"], ["drift"], ["runs", "undo", run["id"], "--auto-approve"], ["runs", "resume"],
        ["apply", "--auto-approve"], ["state", "unlock"], ["state", "clear", "--auto-approve"], ["accept", "--all"], ["runs", "list", "--format", "json"],
    ]  # fmt: skip
    for words in data.draw(st.lists(st.sampled_from(commands), min_size=1, max_size=2)):
        world.run(*words)


_CALLS = [
    ["plan"], ["plan", "--format", "json"], ["plan", "--refresh", "full"], ["apply", "--auto-approve"], ["apply", "--auto-approve"],
    ["apply", "plan.json"], ["apply", "--auto-approve", "--write-numbers", "--format", "json"], ["drift"], ["export", "-o", "out", "--with-notes"],
    ["export", "-o", "out", "--layout", "single", "--with-sales-persons", "--with-mirrors"], ["customers", "list"], ["customers", "show", "3"],
    ["customers", "list", "--format", "json"], ["customers", "list", "--raw"], ["customers", "list", "--format", "csv"], ["customers", "show", "3", "--raw"],
    ["customers", "list", "--modified", ">= 2020-01-01", "--name", "fj"], ["auth"], ["accept", "--all"], ["runs", "undo", "--auto-approve"],
    ["dunning-letter", "create", "3", "--date", "2026-01-01", "--level-from", "1", "--level-to", "2", "--auto-approve"],
]  # fmt: skip


def answers(world: World, data: st.DataObject) -> None:
    """What the ERP answers, to each kind of request."""
    words = data.draw(st.sampled_from(_CALLS))
    if data.draw(st.booleans()):
        for path in (world.folder / "state").iterdir():
            path.unlink()
    world.erp.strike(
        data.draw(STRUCK),
        data.draw(strikes()),
        nth=data.draw(st.sampled_from([0, 0, 0, 1, 2])),
        lasting=data.draw(st.booleans()),
    )
    if words[:2] == ["runs", "undo"]:
        words = ["runs", "undo", json.loads(world.first("runs.json"))["runs"][0]["id"], *words[2:]]
    world.run(*words)


_COMMANDS = [
    "init", "validate", "fmt", "plan", "show", "apply", "drift", "accept", "schema", "auth", "export", "customers", "list", "show", "dunning-letter",
    "create", "runs", "resume", "undo", "state", "unlock", "clear", "sandbox", "seed", "edit", "reset",
]  # fmt: skip
_OPTIONS = [
    "--chdir", "-c", "--env", "--log-level", "--log-format", "--no-color", "--quiet", "--version", "--no-cache", "-o", "--target", "--refresh", "--base",
    "--fail-outside", "--detailed-exitcode", "--format", "--report", "--max-chars", "--redact", "--auto-approve", "--parallelism", "--reserve", "--no-wait",
    "--force", "--write-numbers", "--digest", "--only-new", "--mute", "--until", "--reason", "--status", "--class", "--name", "--attribute", "--modified",
    "--created", "--fields", "--raw", "--layout", "--field", "--all", "--dry-run", "--date", "--level-from", "--level-to", "--count", "--start", "--", "-h",
    "--check", "--diff", "--company", "--tenant", "--ci", "--with-notes", "--schema", "--deactivate-creates",
]  # fmt: skip
_VALUES = [
    "1", "0", "-1", "9" * 30, "9" * 5000, "1e5", "x", "", " ", "plan.json", "customers", "customers/all.yaml", "reconciler.yaml", "state/state.db", "/dev/null",
    "/nonexistent/x", "json=out.json", "html=out.html", "text=", "=", "json=/dev/null", "json", "text", "sarif", "html", ">= 2020-01-01", "> x", "REGION=NORTH",
    "2026-02-30", "2026-01-01", "full", "none", "HEAD", "--upload-pack=x", "mainAddress.city", "[", "attributes[\"A.B\"]", "*", "\udcff", "\udc80x", "production",
    "sandbox", "debug", "github", "customer", "sha256:" + "0" * 64, "١٢", "½", "x" * 10_000,
]  # fmt: skip
_WORDS = st.one_of(
    st.sampled_from(_COMMANDS), st.sampled_from(_OPTIONS), st.sampled_from(_OPTIONS), st.sampled_from(_VALUES), ODD_TEXTS, st.sampled_from(NAUGHTY)
).map(lambda word: word.replace("\0", ""))  # fmt: skip
_VARIABLES = {
    "COLUMNS": ["0", "1", "-1", "x", "20", "9" * 30], "LINES": ["0", "x"], "TERM": ["dumb", "", "xterm-256color"], "FORCE_COLOR": ["1", "0"], "NO_COLOR": ["", "1"],
    "RECONCILER_FORMAT": ["json", "x", ""], "RECONCILER_PARALLELISM": ["0", "9" * 40, "x"], "RECONCILER_QUIET": ["1", "x"], "RECONCILER_TARGET": ["1 2", "\udcff"],
    "VISMA_BASE_URL": ["x", "http://[", "https://\udcff", ""], "VISMA_TENANT_ID": ["\udcff", "a\nb", " "], "VISMA_CLIENT_SECRET": ["\udcff", "å", "\n"],
    "RECONCILER_PLAN_KEY": ["", "x", "\udcff"], "VISMA_ALLOWED_HOSTS": [",", "\udcff", "localhost"], "HTTPS_PROXY": ["x", "http://[", "socks5://a"],
    "HTTP_PROXY": ["::", "http://\udcff"], "SSL_CERT_FILE": ["/nonexistent", "/dev/null"], "RECONCILER_REPORT": ["json=a json=a", "x"], "TZ": ["x", "\udcff"],
    "RECONCILER_MAX_CHARS": ["-1", "1", "9" * 40], "CI": ["1"], "GITHUB_ACTIONS": ["true"], "LANG": ["C", "\udcff"], "PATH": ["", "/nonexistent"],
}  # fmt: skip


def _stays_here(word: str) -> bool:
    """Whether a word, taken for a file to write, leaves the machine alone; and `serve` and `demo` end by no means soon."""
    return word in _VALUES or (
        "/" not in word and ".." not in word and word not in ("serve", "demo") and not word.startswith("~")
    )


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    """A command as it may be typed, or any words."""
    if draw(st.booleans()):
        return draw(st.lists(_WORDS.filter(_stays_here), max_size=8))
    words = [
        *draw(
            st.sampled_from(
                [
                    *_CALLS,
                    ["validate"],
                    ["fmt"],
                    ["show", "plan.json"],
                    ["runs", "list"],
                    ["state", "show"],
                    ["init", "new"],
                ]
            )
        )
    ]
    for word in draw(st.lists(_WORDS.filter(_stays_here), max_size=4)):
        words.insert(draw(st.integers(0, len(words))), word)
    return words


def arguments(world: World, data: st.DataObject) -> None:
    """The command line, and the variables around it."""
    words = data.draw(_lines())
    names = data.draw(st.lists(st.sampled_from(sorted(_VARIABLES)), max_size=2, unique=True))
    world.run(*words, environ={name: data.draw(st.sampled_from(_VARIABLES[name])) for name in names})


_ROLES = [
    "reconciler.yaml", "customers", "customers/all.yaml", "customers/more.yaml", "drift-mutes.yaml", "plan.json", "state", "state/state.db",
    "state/state.db.cache", "state/state.db-wal", "out", "out.json", "out/1.yaml", "state/state.db.new", "customers/.all.yaml.tmp",
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


def _put(path: Path, thing: str) -> None:
    """Something else than a file of ours."""
    if path.is_dir() and not path.is_symlink():
        os.rename(path, path.with_name(f".{path.name}.away"))
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
    """Pipes, devices, folders, links and endless files in the place of files: nothing waits for them or reads them whole."""
    for role in data.draw(st.lists(st.sampled_from(_ROLES), min_size=1, max_size=2, unique=True)):
        with suppress(NotADirectoryError, FileExistsError, OSError):
            _put(world.folder / role, data.draw(st.sampled_from(_THINGS)))
    commands = [
        ["validate"], ["fmt"], ["fmt", "--check"], ["plan", "-o", "out.json"], ["plan", "-o", "plan.json"], ["show", "plan.json"], ["apply", "plan.json"],
        ["plan", "--report", "json=out.json"], ["export", "-o", "out"], ["export", "-o", "out", "--force"], ["drift", "--mute", "1", "name", "--until", "2099-01-01", "--reason", "x"],
        ["state", "show"], ["state", "clear", "--auto-approve"], ["runs", "list"], ["apply", "--auto-approve", "--write-numbers"], ["accept", "--all"], ["init", "out"],
        ["drift"], ["validate", "customers/all.yaml", "out"], ["-c", "plan.json", "validate"], ["--chdir", "out", "validate"], ["state", "unlock"],
    ]  # fmt: skip
    world.run(*data.draw(st.sampled_from(commands)))


TARGETS: dict[str, Target] = {
    "reading": reading,
    "yaml": declarations,
    "settings": settings,
    "mutes": mutes,
    "plans": plans,
    "states": states,
    "answers": answers,
    "arguments": arguments,
    "places": places,
}
