"""A mute put into the file of muted drift, without touching what stands there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.write_files import Replacement, replace_files
from reconciler.config.edit.yaml_writer import Literal, Raw, item_lines
from reconciler.config.read import yaml_nodes
from reconciler.config.read.files import display, read_bytes
from reconciler.config.read.mutes import BOUNDS, read_mutes
from reconciler.core.diagnostics import has_errors
from reconciler.core.errors import InvalidInput, ReconcilerError
from reconciler.core.mutes import Mute
from reconciler.core.normalise import number_key

_HEADER = """\
# Drift that is accepted for a time. `reconciler drift` shows it apart until the last day is over.
"""


def add_mute(file: Path, root: Path, mute: Mute) -> None:
    """Put a mute into the file, which is made when there is none. Raises InvalidInput, ReconcilerError."""
    name = display(file, root)
    if not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as stream:
                stream.write(with_mute(b"", name, mute))
        except OSError as error:
            raise ReconcilerError(f"Cannot write {name}: {error.strerror or error}") from error
        return
    data, problem = read_bytes(file, name, BOUNDS.file_size)
    if problem:
        raise InvalidInput((problem,))
    replace_files([Replacement(file, name, data, with_mute(data, name, mute))])


def with_mute(data: bytes, name: str, mute: Mute) -> bytes:
    """The file's bytes with the mute put in: at the end, or in place of the one of the same field.

    Comments and all else stay as they are. Raises InvalidInput when the file has errors or cannot be added to.
    """
    known = read_mutes(data, name, declared=None, day="")
    if has_errors(known.diagnostics):
        raise InvalidInput(known.diagnostics)
    documents = yaml_nodes.parse(data, name, BOUNDS).documents
    item: dict[str, Raw] = {key: Literal(getattr(mute, key)) for key in ("number", "path", "until", "reason")}
    if not documents:
        return _first_mute(data, item)
    last = len(documents) - 1
    edits = [
        Edit(at, (index, key), item[key])
        for at, index in _mutes_of_same_field(documents, mute)
        for key in ("until", "reason")
    ]
    document = documents[last]
    assert isinstance(document, yaml_nodes.Sequence)
    new = rewrite(data, name, edits or [Edit(last, (len(document.items),), item)])
    if new.problem is not None:
        raise InvalidInput((new.problem,))
    return new.data


def _first_mute(data: bytes, item: dict[str, Raw]) -> bytes:
    """A first mute, below the comments that stand there."""
    head = data.decode() or _HEADER
    newline = "" if head.endswith("\n") else "\n"
    return (head + newline + "\n".join(item_lines(item)) + "\n").encode()


def _mutes_of_same_field(documents: Iterable[yaml_nodes.Node], mute: Mute) -> list[tuple[int, int]]:
    """Document and index of the mutes of the same field."""
    wanted = (number_key(mute.number), mute.path)
    return [
        (at, index)
        for at, document in enumerate(documents)
        for index, node in enumerate(document.items if isinstance(document, yaml_nodes.Sequence) else ())
        if isinstance(node, yaml_nodes.Mapping) and (number_key(_text(node, "number")), _text(node, "path")) == wanted
    ]


def _text(node: yaml_nodes.Mapping, name: str) -> str:
    value = node.get(name)
    return value.text if isinstance(value, yaml_nodes.Scalar) else ""
