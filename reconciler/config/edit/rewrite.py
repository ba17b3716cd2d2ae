"""Change single values of a YAML file, and no other character of it.

Values are replaced at their own positions: comments, quotes, order, indentation, blank lines, line breaks, document
marks and the end of the file stay as they are, because nothing is ever written out again. What the new text means is
read back and compared with what it should mean, the whole file, before it is given out.

A value that is shared, by an alias or a merge key, is changed for the one that asks alone: a member of its own is put
beside the merge key, or the alias is replaced; with the last alias of a text its anchor goes too. When an anchored
value itself changes, those that share it are given the old value. `Rewritten.shared` names all such places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.config.edit.layout import NodePath
from reconciler.config.edit.meaning import REMOVE, Remove, differing, put, raw
from reconciler.config.edit.splice import CannotError, Splicer
from reconciler.config.edit.tree import BOM, Tree, read_tree, reread
from reconciler.config.edit.yaml_writer import Raw
from reconciler.config.read.messages import quoted
from reconciler.core.diagnostics import Diagnostic, Severity, Source

_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to be put at a path of a document, or REMOVE. A list's index after its last appends."""

    document: int
    path: NodePath
    value: Raw | Remove


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new bytes; or why there are none. `shared` holds the places that were written because values are shared.

    refused: the places at which the edits cannot be made, as far as the problem has any.
    """

    data: bytes
    shared: tuple[tuple[int, NodePath], ...] = ()
    problem: Diagnostic | None = None
    refused: tuple[tuple[int, NodePath], ...] = ()


def rewrite(data: bytes, file: str, edits: Sequence[Edit]) -> Rewritten:
    """The bytes with the edits made. `file` is the name in diagnostics.

    The result means exactly what the old bytes mean, but for the edits; where that cannot be had, the problem says so
    and the bytes are the old ones.
    """
    tree, errors = read_tree(data, file)
    if tree is None:
        return Rewritten(data, (), errors[0])
    failed: CannotError
    for keep_style in (True, False):  # first in the style that stood there, then in the one that always reads back
        try:
            text, shared = _rewritten(tree, edits, keep_style=keep_style)
        except CannotError as error:
            failed = error
            continue
        return Rewritten(BOM + text.encode() if data.startswith(BOM) else text.encode(), shared)
    return Rewritten(data, (), _refusal(file, str(failed), failed.place), failed.refused)


# ---- the intended meaning ----


def _intended(tree: Tree, edits: Sequence[Edit]) -> list[Raw]:
    documents = [raw(document) for document in tree.documents]
    puts = [edit for edit in edits if edit.value is not REMOVE]
    removals = [edit for edit in edits if edit.value is REMOVE]  # last, and from the end: they move indices
    for edit in [*puts, *sorted(removals, key=_last_index, reverse=True)]:
        documents[edit.document] = put(documents[edit.document], edit.path, edit.value)
    return documents


def _last_index(edit: Edit) -> int:
    last = edit.path[-1]
    return last if isinstance(last, int) else -1


# ---- rounds ----


def _refusal(file: str, why: str, place: tuple[int, int] | None) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y217",
        f"{file} cannot be rewritten without changing more than was asked: {why}",
        remedy="Change it by hand; or write the value without aliases, merge keys and `? ` keys, and try again.",
        source=Source(file, *(place or (1, 1))),
    )


def _rewritten(tree: Tree, edits: Sequence[Edit], *, keep_style: bool) -> tuple[str, tuple[tuple[int, NodePath], ...]]:
    """The new text, and the places that were written because values are shared. Raises CannotError."""
    wanted = _intended(tree, edits)
    asked = {(edit.document, edit.path) for edit in edits}
    pending = [(edit.document, edit.path, edit.value) for edit in edits]
    shared: list[tuple[int, NodePath]] = []
    for turn in range(_ROUNDS):
        text = Splicer(tree, keep_style=keep_style, own_only=turn == 0).new_text(pending)
        if text != tree.text:
            new_tree, errors = reread(text)
            if new_tree is None:
                raise CannotError(f"the new text would not be YAML ({errors[0].summary})")
            tree = new_tree
        elif turn:
            break
        if len(tree.documents) != len(wanted):
            raise CannotError("a document would be lost")
        pending = [
            (index, path, value)
            for index, (document, want) in enumerate(zip(tree.documents, wanted, strict=True))
            for path, value in differing(raw(document), want)
        ]
        if not pending:
            return tree.text, tuple(shared)
        shared += [(index, path) for index, path, _ in pending if (index, path) not in asked]
    index, path, _ = pending[0]
    place = tree.place(tree.documents[index].start)
    why = f"the value of {quoted('.'.join(map(str, path)))} would not be what it should"
    raise CannotError(why, place, tuple((index, path) for index, path, _ in pending))
