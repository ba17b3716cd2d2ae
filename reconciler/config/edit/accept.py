"""Live values into a declaration file: which places must change, and whether the file then says what the ERP holds.

Whether an edit can be made is decided for each alone, and for the values of one declaration that must go together,
before anything is written. All that are left are made at once, and the new text is read back. What stands in the way
there is named by the declaration or the value that shows it, all of it in one pass, and left out of the next one. After
`_ROUNDS` of these nothing more is tried, so that the work grows with the file and not with what is wrong in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.config.edit.declarable import joint_objections, objection
from reconciler.config.edit.layout import NodePath, declarations
from reconciler.config.edit.locate import DeclarationPlace, LocatedDeclaration
from reconciler.config.edit.proposed_edits import Denied, Granted, ProposedEdit, proposed_edits
from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.tree import Tree, read_tree
from reconciler.config.read import yaml_nodes
from reconciler.config.read.declarations import Loaded, load_texts, no_collection
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.live import Live
from reconciler.core.rules import Memory, Rules
from reconciler.resources.values import Path, Scalar, Values, leaves

_ROUNDS = 4

_Key: TypeAlias = "tuple[str, Path]"
"""An edit: the label of its declaration, and the path of its value."""


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
    with no_collection():
        reader = _Reader(name, defaults, environ)
        file = reader.file(data)
        if isinstance(file, str):
            return Accepted(data, (), tuple(Denied(edit, file) for edit in edits))
        possible, denied = _sorted_out(file, edits)
        writer = _Writer(reader, file, rules, memory)
        why = ""
        for _ in range(_ROUNDS):
            attempt = writer.attempt(possible)
            if isinstance(attempt, Accepted):
                return Accepted(attempt.data, attempt.granted, (*denied, *attempt.denied))
            why, objections = attempt.why, attempt.objections
            denied += [Denied(edit, objections[key]) for edit in possible if (key := _key(edit)) in objections]
            left = [edit for edit in possible if _key(edit) not in objections]
            if len(left) == len(possible):
                break
            possible = left
        return Accepted(data, (), (*denied, *(Denied(edit, why) for edit in possible)))


def _key(edit: ProposedEdit) -> _Key:
    return edit.desired.label, edit.path


# ---- before anything is written ----


def _sorted_out(file: _File, edits: Sequence[ProposedEdit]) -> tuple[list[ProposedEdit], list[Denied]]:
    """The edits that can be made as far as their own declarations tell, and the others."""
    possible: list[ProposedEdit] = []
    denied: list[Denied] = []
    for label, own in _by_declaration(edits).items():
        reasons = {edit.path: _undeclarable(edit) for edit in own}
        if label not in file.places:
            reasons = dict.fromkeys(reasons, "the declaration is not in the file any more")
        sound = [edit for edit in own if not reasons[edit.path]]
        reasons |= joint_objections(own[0].desired, {edit.path: edit.after for edit in sound})
        possible += [edit for edit in sound if not reasons[edit.path]]
        denied += [Denied(edit, why) for edit in own if (why := reasons[edit.path])]
    return possible, denied


def _undeclarable(edit: ProposedEdit) -> str:
    """Why no declaration can hold the live value, or this one cannot without saying that it is meant; or nothing."""
    return "" if edit.after is None else objection(edit.desired, edit.live.number, edit.path, edit.after)


# ---- a file, and what it says ----


@dataclass(frozen=True, slots=True)
class _File:
    """A file without errors: its bytes, what it declares, and where each declaration stands, by label."""

    data: bytes
    declared: tuple[Desired, ...]
    places: Mapping[str, DeclarationPlace]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the text of one file, before and after."""

    name: str
    defaults: yaml_nodes.Mapping | None
    environ: Mapping[str, str]

    def file(self, data: bytes) -> _File | str:
        """The file, or why it cannot be edited."""
        loaded = self.loaded(data)
        if problems := _errors(loaded):
            return _first(problems)
        tree, errors = read_tree(data, self.name)
        if tree is None:
            return errors[0].summary
        places = declaration_places(tree)
        if len(places) != len(loaded.desired):
            return "the file's declarations cannot be told apart"
        by_label = {desired.label: place for desired, place in zip(loaded.desired, places, strict=True)}
        return _File(data, loaded.desired, by_label)

    def loaded(self, data: bytes) -> Loaded:
        """What the text declares."""
        return load_texts({self.name: data}, defaults=self.defaults, environ=self.environ)


def _errors(loaded: Loaded) -> list[Diagnostic]:
    return [problem for problem in loaded.diagnostics if problem.severity is Severity.ERROR]


def _first(problems: Sequence[Diagnostic]) -> str:
    return f"{problems[0].code} {problems[0].summary}"


# ---- all at once ----


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why the edits cannot be made together; objections: to those of them that are known to stand in the way."""

    why: str
    objections: dict[_Key, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Makes edits of one file, all or none of them."""

    reader: _Reader
    file: _File
    rules: Rules
    memory: Memory

    def attempt(self, proposed: Sequence[ProposedEdit]) -> Accepted | _Failure:
        """Make all of the edits at once, or say what stands in the way."""
        data, by_label = self.file.data, _by_declaration(proposed)
        desired = {declaration.label: declaration for declaration in self.file.declared}
        edits: list[Edit] = []
        granted: list[Granted] = []
        denied: list[Denied] = []
        for label, changes in by_label.items():
            located = LocatedDeclaration(self.file.places[label], desired[label], self.reader.environ)
            edits += located.edits(changes)
            granted += located.granted
            denied += located.denied
        if not edits:
            return Accepted(data, (), tuple(denied))
        new = rewrite(data, self.reader.name, edits)
        if new.problem is not None:
            why = new.problem.summary
            return _Failure(why, dict.fromkeys(self._refused(by_label, new.refused), why))
        failure = self._difference(new.data, _by_declaration(grant.edit for grant in granted))
        return failure or Accepted(new.data, tuple(granted), tuple(denied))

    def _refused(
        self, by_label: Mapping[str, list[ProposedEdit]], places: Iterable[tuple[int, NodePath]]
    ) -> Iterator[_Key]:
        """The edits of the members at these places; of a place that is a declaration, all of its edits."""
        labels = {(place.index, place.path): label for label, place in self.file.places.items()}
        for document, path in places:
            for end in range(min(len(path), 2) + 1):
                if (label := labels.get((document, path[:end]))) is not None:
                    own, member = by_label.get(label, []), path[end : end + 1]
                    yield from (_key(edit) for edit in own if member in ((), edit.path[:1]))

    def _difference(self, data: bytes, by_label: Mapping[str, list[ProposedEdit]]) -> _Failure | None:
        """In what the new text is not the old one with the edits made, or nothing."""
        loaded = self.reader.loaded(data)
        after = {desired.label: desired for desired in loaded.desired}
        if problems := _errors(loaded):
            why = f"the declaration would be invalid: {_first(problems)}"
            lost = [desired.label for desired in self.file.declared if desired.label not in after]
            return _Failure(why, _all_of(by_label, dict.fromkeys(lost, why)))
        if list(after) != [desired.label for desired in self.file.declared]:
            return _Failure("the file would hold other declarations")
        failure = None
        objections: dict[_Key, str] = {}
        for old in self.file.declared:
            new, own = after[old.label], by_label.get(old.label, [])
            paths = {edit.path for edit in own}
            if not _differ_only_in(old, new, paths):
                why = f"another value of {old.label} would change too"
                objections |= _all_of(by_label, {old.label: why})
            elif own and (left := paths & self._open(new, own[0].live)):
                why = f"the declaration of {old.label} would still differ in {len(left)} of the values"
                objections |= {(old.label, path): why for path in left}
            else:
                continue
            failure = failure or _Failure(why, objections)
        return failure

    def _open(self, desired: Desired, live: Live) -> set[Path]:
        return {edit.path for edit in proposed_edits(desired, live, self.rules, self.memory)}


def _all_of(by_label: Mapping[str, list[ProposedEdit]], reasons: Mapping[str, str]) -> dict[_Key, str]:
    """The reasons of the declarations as those of each of their edits."""
    return {_key(edit): why for label, why in reasons.items() for edit in by_label.get(label, ())}


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
