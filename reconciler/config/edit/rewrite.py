"""Change single values of a YAML file, and no other character of it.

Values are replaced at their own positions: comments, quotes, order, indentation, blank lines, line breaks, document
marks and the end of the file stay as they are, because nothing is ever written out again. What the new text means is
read back and compared with what it should mean, the whole file, before it is given out.

A value that is shared, by an alias or a merge key, is changed for the one that asks alone: a member of its own is put
beside the merge key, or the alias is replaced. When an anchored value itself changes, those that share it are given
the old value. `Rewritten.shared` names all such places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.config.edit.layout import NodePath
from reconciler.config.edit.meaning import REMOVE, Raw, Remove, differing, put, raw
from reconciler.config.edit.spans import Tree
from reconciler.config.edit.splice import CannotError, Surgeon
from reconciler.config.read import yaml_nodes
from reconciler.config.read.file_limits import WIDEST, Bounds
from reconciler.config.read.messages import quoted
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors

_ROUNDS = 8
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to be put at a path of a document, or REMOVE. A list's index after its last appends."""

    document: int
    path: NodePath
    value: Raw | Remove


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new bytes; or why there are none. `shared` holds the places that were written because values are shared."""

    data: bytes
    shared: tuple[tuple[int, NodePath], ...] = ()
    problem: Diagnostic | None = None


def rewrite(data: bytes, file: str, edits: Sequence[Edit]) -> Rewritten:
    """The bytes with the edits made. `file` is the name in diagnostics.

    The result means exactly what the old bytes mean, but for the edits; where that cannot be had, the problem says so
    and the bytes are the old ones.
    """
    text, problem = read(data, file)
    if text is None:
        return Rewritten(data, (), problem)
    for bold in (True, False):  # first in the style that stood there, then in the one that always reads back
        try:
            made, shared = _rewritten(text, edits, bold=bold)
        except CannotError as error:
            problem = _refusal(file, str(error), error.place)
            continue
        return Rewritten(_BOM + made.encode() if data.startswith(_BOM) else made.encode(), shared)
    return Rewritten(data, (), problem)


def read(data: bytes, file: str, bounds: Bounds = WIDEST) -> tuple[str | None, Diagnostic | None]:
    """The text of a file without errors, or the first error."""
    errors = [each for each in yaml_nodes.parse(data, file, bounds).diagnostics if each.severity is Severity.ERROR]
    if errors:
        return None, errors[0]
    return data.removeprefix(_BOM).decode(), None


# ---- the intended meaning ----


def _intended(documents: list[Raw], edits: Sequence[Edit]) -> list[Raw]:
    found = list(documents)
    for each in sorted(edits, key=lambda edit: edit.value is REMOVE):  # removals last: they move indices
        if each.value is not REMOVE:
            found[each.document] = put(found[each.document], each.path, each.value)
    for each in sorted((one for one in edits if one.value is REMOVE), key=_last_index, reverse=True):
        found[each.document] = put(found[each.document], each.path, REMOVE)
    return found


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


def _rewritten(text: str, edits: Sequence[Edit], *, bold: bool) -> tuple[str, tuple[tuple[int, NodePath], ...]]:
    """The new text, and the places that were written because values are shared. Raises CannotError."""
    tree = Tree(text)
    wanted = _intended([raw(each) for each in tree.documents], edits)
    asked = {(each.document, each.path) for each in edits}
    pending = [(each.document, each.path, each.value) for each in edits]
    shared: list[tuple[int, NodePath]] = []
    for turn in range(_ROUNDS):
        new = Surgeon(tree, bold=bold, own_only=turn == 0).operate(pending)
        if new != tree.text:
            parsed = yaml_nodes.parse(new.encode(), "new text", WIDEST)
            if has_errors(parsed.diagnostics):
                raise CannotError(f"the new text would not be YAML ({parsed.diagnostics[0].summary})")
            tree = Tree(new)
        elif turn:
            break
        pending = [
            (index, path, value)
            for index, (span, want) in enumerate(zip(tree.documents, wanted, strict=True))
            for path, value in differing(raw(span), want)
        ]
        if not pending:
            return tree.text, tuple(shared)
        shared += [(index, path) for index, path, _ in pending if (index, path) not in asked]
    index, path, _ = pending[0]
    place = tree.place(tree.documents[index].start)
    raise CannotError(f"the value of {quoted('.'.join(map(str, path)))} would not be what it should", place)
