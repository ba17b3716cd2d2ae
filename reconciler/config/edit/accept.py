"""Live values into a declaration file: which places must change, and whether the file then says what the ERP holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.config.edit.declarable import declarable
from reconciler.config.edit.layout import declarations
from reconciler.config.edit.locate import DeclarationPlace, LocatedDeclaration
from reconciler.config.edit.proposed_edits import Denied, Granted, ProposedEdit, proposed_edits
from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.tree import Tree, read_tree
from reconciler.config.read import yaml_nodes
from reconciler.config.read.declarations import load_texts, no_collection
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Severity
from reconciler.core.live import Live
from reconciler.core.rules import Memory, Rules
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Path, Scalar, Values, leaves, put


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file after its edits: the new bytes, or the old ones when nothing could be done."""

    data: bytes
    granted: tuple[Granted, ...]
    denied: tuple[Denied, ...]


def accept(
    data: bytes,
    name: str,
    edits: Sequence[ProposedEdit],
    *,
    rules: Rules,
    memory: Memory,
    defaults: yaml_nodes.Mapping | None = None,
    environ: Mapping[str, str],
) -> Accepted:
    """The file with the edits made, as far as that can be done without changing anything else.

    name: as in positions. edits: of declarations in this file alone, from this text. defaults: the settings' node.
    """
    task = _Task(name, defaults, environ, rules, memory)
    reasons = [_undeclarable(edit) for edit in edits]
    denied = [Denied(edit, why) for edit, why in zip(edits, reasons, strict=True) if why]
    possible = [edit for edit, why in zip(edits, reasons, strict=True) if not why]
    attempt = _attempt_all(task, data, possible)
    return Accepted(attempt.data, attempt.granted, (*denied, *attempt.denied))


def _attempt_all(task: _Task, data: bytes, edits: Sequence[ProposedEdit]) -> _Attempt:
    """Make the edits all at once; where one of them stands in the way, halve them until it is found."""
    whole = task.attempt(data, edits)
    if isinstance(whole, _Attempt):
        return whole
    if len(edits) == 1:
        return _Attempt(data, (), (Denied(edits[0], whole),))
    half = len(edits) // 2
    first = _attempt_all(task, data, edits[:half])
    second = _attempt_all(task, first.data, edits[half:])
    return _Attempt(second.data, first.granted + second.granted, first.denied + second.denied)


def _undeclarable(edit: ProposedEdit) -> str:
    """Why no declaration can hold the live value, or nothing."""
    if edit.after is None:
        return ""
    values: Values = {}
    put(values, edit.path, edit.after)
    return next((why for path, why in declarable(edit.live.number, values)[1] if path != CUSTOMER.key), "")


@dataclass(frozen=True, slots=True)
class _Attempt:
    data: bytes
    granted: tuple[Granted, ...]
    denied: tuple[Denied, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """What does not change between attempts at one file."""

    name: str
    defaults: yaml_nodes.Mapping | None
    environ: Mapping[str, str]
    rules: Rules
    memory: Memory

    def attempt(self, data: bytes, proposed: Sequence[ProposedEdit]) -> _Attempt | str:
        """Make all of the edits at once, or say why not."""
        with no_collection():
            return self._attempt(data, proposed)

    def _attempt(self, data: bytes, proposed: Sequence[ProposedEdit]) -> _Attempt | str:
        before = self._loaded(data)
        tree, errors = read_tree(data, self.name)
        if isinstance(before, str) or tree is None:
            return before if isinstance(before, str) else errors[0].summary
        places = declaration_places(tree)
        if len(places) != len(before):
            return "the file's declarations cannot be told apart"
        at = {desired.label: index for index, desired in enumerate(before)}
        edits: list[Edit] = []
        granted: list[Granted] = []
        denied: list[Denied] = []
        for label, changes in _by_declaration(proposed).items():
            if label not in at:
                denied += [Denied(change, "the declaration is not in the file any more") for change in changes]
                continue
            located = LocatedDeclaration(places[at[label]], before[at[label]], self.environ)
            edits += located.edits(changes)
            granted += located.granted
            denied += located.denied
        new = rewrite(data, self.name, edits) if edits else None
        if new is None:
            return _Attempt(data, (), tuple(denied))
        if new.problem is not None:
            return new.problem.summary
        why = self._difference(before, new.data, [grant.edit for grant in granted])
        return why or _Attempt(new.data, tuple(granted), tuple(denied))

    def _loaded(self, data: bytes) -> tuple[Desired, ...] | str:
        loaded = load_texts({self.name: data}, defaults=self.defaults, environ=self.environ)
        errors = [problem for problem in loaded.diagnostics if problem.severity is Severity.ERROR]
        return f"{errors[0].code} {errors[0].summary}" if errors else loaded.desired

    def _difference(self, before: tuple[Desired, ...], data: bytes, edits: Sequence[ProposedEdit]) -> str:
        """Why the new text is not the old one with the edits made, or nothing."""
        after = self._loaded(data)
        if isinstance(after, str):
            return f"the declaration would be invalid: {after}"
        if [desired.label for desired in after] != [desired.label for desired in before]:
            return "the file would hold other declarations"
        by_label = _by_declaration(edits)
        for old, new in zip(before, after, strict=True):
            own = by_label.get(old.label, [])
            paths = {edit.path for edit in own}
            if not _differ_only_in(old, new, paths):
                return f"another value of {old.label} would change too"
            if own and (left := paths & self._open(new, own[0].live)):
                return f"the declaration of {old.label} would still differ in {len(left)} of the values"
        return ""

    def _open(self, desired: Desired, live: Live) -> set[Path]:
        return {edit.path for edit in proposed_edits(desired, live, self.rules, self.memory)}


def _differ_only_in(old: Desired, new: Desired, paths: Collection[Path]) -> bool:
    def rest(values: Values) -> dict[Path, Scalar]:
        return {
            path: value
            for path, value in leaves(values)
            if not any(path[:end] in paths for end in range(1, len(path) + 1))
        }

    def frame(desired: Desired) -> tuple[object, ...]:
        complete = desired.complete - {path[0] for path in paths}
        return desired.number, desired.ref, desired.match, desired.lifecycle, complete

    return frame(old) == frame(new) and rest(old.values) == rest(new.values)


def declaration_places(tree: Tree) -> list[DeclarationPlace]:
    """Where each declaration stands, in the loader's order."""
    return [
        DeclarationPlace(document, index, path, node)
        for index, document in enumerate(tree.documents)
        for path, node in declarations(document)
    ]


def _by_declaration(edits: Iterable[ProposedEdit]) -> dict[str, list[ProposedEdit]]:
    by_label: dict[str, list[ProposedEdit]] = {}
    for edit in edits:
        by_label.setdefault(edit.desired.label, []).append(edit)
    return by_label
