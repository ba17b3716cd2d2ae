"""The rules of the house that no linter has: short functions, no circles inside a room, no clock in the core."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import reconciler

PACKAGE = Path(reconciler.__file__).parent
LONGEST = 60
"""Lines of a function, with its signature and docstring."""

TO_BE_SHORTENED = {
    "reconciler.core.planner.compute_plan",
}
"""What was longer when the rule came. Take a name out as soon as its function is short; add none."""

TO_BE_UNTIED = {"sandbox"}
"""The room whose `store` and `writes` need each other. Take it out as soon as they do not."""

CLOCKS = {
    "now",
    "utcnow",
    "today",
    "time",
    "time_ns",
    "monotonic",
    "perf_counter",
    "process_time",
    "localtime",
    "gmtime",
}
CLOCKLESS = ("core", "resources")


def sources(folder: Path = PACKAGE) -> Iterator[tuple[str, ast.Module]]:
    """Each module's dotted name and tree."""
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), ast.parse(file.read_text(encoding="utf-8"))


def rooms() -> dict[str, dict[str, ast.Module]]:
    """The modules of each room (a folder of the package), by name."""
    found: dict[str, dict[str, ast.Module]] = {}
    for name, tree in sources():
        parts = name.split(".")
        if len(parts) > 1:
            found.setdefault(parts[1], {})[name] = tree
    return found


def imports(name: str, tree: ast.Module, known: Mapping[str, object]) -> set[str]:
    """The modules among the known ones that a module imports when it is loaded or run, not only for its types."""
    targets: set[str] = set()
    skipped = {id(node) for at in ast.walk(tree) if is_for_types(at) for node in ast.walk(at)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = {f"{node.module}.{alias.name}" for alias in node.names}
            targets |= modules if modules & known.keys() else {node.module}
        elif isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
    return (targets & known.keys()) - {name}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The modules of a circle, the first one again at the end; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph[name]):
            if ring := walk(target, [*path, name]):
                return ring
        done.add(name)
        return []

    return next(filter(None, (walk(name, []) for name in sorted(graph))), [])


def test_a_circle_is_found() -> None:
    """The check itself works."""
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


@pytest.mark.parametrize("room", sorted(rooms()))
def test_modules_of_a_room_import_each_other_in_no_circle(room: str) -> None:
    if room in TO_BE_UNTIED:
        pytest.xfail("its modules import each other in a circle from before the rule")
    modules = rooms()[room]
    graph = {name: imports(name, tree, modules) for name, tree in modules.items()}
    assert not circle(graph), " -> ".join(circle(graph))


@pytest.mark.parametrize("room", sorted(rooms()))
def test_no_function_is_longer_than_sixty_lines(room: str) -> None:
    long = {
        f"{name}.{node.name}"
        for name, tree in rooms()[room].items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST
    }
    assert long <= TO_BE_SHORTENED


def clocks(tree: ast.Module) -> Iterator[int]:
    """The lines that ask the time: `datetime.now()`, `date.today()`, or the module `time`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="datetime" | "date" | "dt"), attr=name) if name in CLOCKS:
                yield node.lineno
            case ast.Attribute(value=ast.Attribute(attr="datetime" | "date"), attr=name) if name in CLOCKS:
                yield node.lineno
            case ast.ImportFrom(module="time"):
                yield node.lineno
            case ast.Import(names=names) if any(alias.name == "time" for alias in names):
                yield node.lineno


def test_a_clock_is_found() -> None:
    """The check itself works."""
    for line in (
        "datetime.now(UTC)",
        "date.today()",
        "datetime.datetime.utcnow()",
        "import time",
        "from time import monotonic",
    ):
        assert list(clocks(ast.parse(line))) == [1], line
    for line in ("date(2026, 1, 31)", "datetime.fromisoformat(text)", "plan.now", "from datetime import date"):
        assert list(clocks(ast.parse(line))) == [], line


@pytest.mark.parametrize("room", CLOCKLESS)
def test_the_core_never_asks_the_time(room: str) -> None:
    """What it decides follows from what it is given: the same plan from the same input, whenever it is made."""
    assert [f"{name}:{line}" for name, tree in rooms()[room].items() for line in clocks(tree)] == []
