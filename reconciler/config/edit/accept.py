"""Live values into a declaration file: which places must change, and whether the file then says what the ERP holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.config.edit.emit import declarable
from reconciler.config.edit.layout import NodePath, declarations
from reconciler.config.edit.locate import Declaration
from reconciler.config.edit.proposed_edits import Denied, Granted, Wish, wishes
from reconciler.config.edit.rewrite import Edit, read, rewrite
from reconciler.config.edit.spans import Span, Tree
from reconciler.config.read import yaml_nodes
from reconciler.config.read.declarations import load_texts, no_collection
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Severity
from reconciler.core.live import Live
from reconciler.core.rules import Memory, Rules
from reconciler.resources.values import Path, Scalar, Values, leaves, put

Defaults: TypeAlias = "yaml_nodes.Mapping | None"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file after its wishes: the new bytes, or the old ones when nothing could be done."""

    data: bytes
    granted: tuple[Granted, ...]
    denied: tuple[Denied, ...]


def accept(
    data: bytes,
    name: str,
    wanted: Sequence[Wish],
    *,
    rules: Rules,
    memory: Memory,
    defaults: Defaults = None,
    environ: Mapping[str, str],
) -> Accepted:
    """The file with the wishes fulfilled, as far as that can be done without changing anything else.

    name: as in positions. wanted: of declarations in this file alone, from this text. defaults: the settings' node.
    """
    task = _Task(name, defaults, environ, rules, memory)
    denied = [Denied(each, why) for each in wanted if (why := _undeclarable(each))]
    possible = [each for each in wanted if not _undeclarable(each)]
    whole = task.attempt(data, possible)
    if isinstance(whole, _Attempt):
        return Accepted(whole.data, whole.granted, (*denied, *whole.denied))
    granted: list[Granted] = []
    for each in possible:  # one of them stands in the way; find out which
        one = task.attempt(data, [each])
        if isinstance(one, str):
            denied.append(Denied(each, one))
        else:
            data = one.data
            granted += one.granted
            denied += one.denied
    return Accepted(data, tuple(granted), tuple(denied))


def _undeclarable(wish: Wish) -> str:
    """Why no declaration can hold the live value, or nothing."""
    if wish.after is None:
        return ""
    values: Values = {}
    put(values, wish.path, wish.after)
    return next((why for _, why in declarable(wish.live.number, values)[1]), "")


@dataclass(frozen=True, slots=True)
class _Attempt:
    data: bytes
    granted: tuple[Granted, ...]
    denied: tuple[Denied, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """What does not change between attempts at one file."""

    name: str
    defaults: Defaults
    environ: Mapping[str, str]
    rules: Rules
    memory: Memory

    def attempt(self, data: bytes, wanted: Sequence[Wish]) -> _Attempt | str:
        """Fulfil all of the wishes at once, or say why not."""
        with no_collection():
            return self._attempt(data, wanted)

    def _attempt(self, data: bytes, wanted: Sequence[Wish]) -> _Attempt | str:
        before = self._loaded(data)
        text, problem = read(data, self.name)
        if isinstance(before, str) or text is None:
            return before if isinstance(before, str) else problem.summary if problem else ""
        found = places(Tree(text))
        if len(found) != len(before):
            return "the file's declarations cannot be told apart"
        at = {each.label: index for index, each in enumerate(before)}
        edits: list[Edit] = []
        granted: list[Granted] = []
        denied: list[Denied] = []
        for wish, changes in _by_declaration(wanted):
            if wish.desired.label not in at:
                denied += [Denied(each, "the declaration is not in the file any more") for each in changes]
                continue
            made = Declaration(found[at[wish.desired.label]], before[at[wish.desired.label]], self.environ)
            edits += made.edits(changes)
            granted += made.granted
            denied += made.denied
        new = rewrite(data, self.name, edits) if edits else None
        if new is None:
            return _Attempt(data, (), tuple(denied))
        if new.problem is not None:
            return new.problem.summary
        why = self._difference(before, new.data, [each.wish for each in granted])
        return why or _Attempt(new.data, tuple(granted), tuple(denied))

    def _loaded(self, data: bytes) -> tuple[Desired, ...] | str:
        found = load_texts({self.name: data}, defaults=self.defaults, environ=self.environ)
        errors = [each for each in found.diagnostics if each.severity is Severity.ERROR]
        return f"{errors[0].code} {errors[0].summary}" if errors else found.desired

    def _difference(self, before: tuple[Desired, ...], data: bytes, wanted: Sequence[Wish]) -> str:
        """Why the new text is not the old one with the wishes fulfilled, or nothing."""
        after = self._loaded(data)
        if isinstance(after, str):
            return f"the declaration would be invalid: {after}"
        if [each.label for each in after] != [each.label for each in before]:
            return "the file would hold other declarations"
        paths: dict[str, list[Wish]] = {}
        for each in wanted:
            paths.setdefault(each.desired.label, []).append(each)
        for old, new in zip(before, after, strict=True):
            mine = paths.get(old.label, [])
            if not _differ_only_in(old, new, [each.path for each in mine]):
                return f"another value of {old.label} would change too"
            if mine and (left := {each.path for each in mine} & self._open(new, mine[0].live)):
                return f"the declaration of {old.label} would still differ in {len(left)} of the values"
        return ""

    def _open(self, desired: Desired, live: Live) -> set[Path]:
        return {each.path for each in wishes(desired, live, self.rules, self.memory)}


def _differ_only_in(old: Desired, new: Desired, paths: Sequence[Path]) -> bool:
    def rest(values: Values) -> dict[Path, Scalar]:
        return {path: value for path, value in leaves(values) if not any(path[: len(each)] == each for each in paths)}

    def frame(each: Desired) -> tuple[object, ...]:
        complete = each.complete - {path[0] for path in paths}
        return each.number, each.ref, each.match, each.lifecycle, complete

    return frame(old) == frame(new) and rest(old.values) == rest(new.values)


def places(tree: Tree) -> list[tuple[Span, int, NodePath]]:
    """Document, its index, and path of each declaration, in the loader's order."""
    return [
        (document, index, path) for index, document in enumerate(tree.documents) for path, _ in declarations(document)
    ]


def _by_declaration(wanted: Iterable[Wish]) -> Iterator[tuple[Wish, list[Wish]]]:
    found: dict[str, list[Wish]] = {}
    for each in wanted:
        found.setdefault(each.desired.label, []).append(each)
    for group in found.values():
        yield group[0], group
