"""Where each value of a declaration was written, kept small: there is one of these for each customer."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from reconciler.config.read.nodes import Lines, Node
from reconciler.core.diagnostics import Source
from reconciler.resources.values import Path


class _Paths:
    """The paths that a declaration declares, with their indices, which are looked up only for messages."""

    __slots__ = ("_indices", "paths")

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths
        self._indices: dict[Path, int] | None = None

    def index(self, path: Path) -> int | None:
        """Where the path stands first, or None."""
        if self._indices is None:
            self._indices = {known: at for at, known in reversed(list(enumerate(self.paths)))}
        return self._indices.get(path)


class Places:
    """Positions by path. The paths and lines are shared between declarations of the same make."""

    __slots__ = ("_lines", "_paths", "_source", "_starts")

    def __init__(self, source: Source, paths: _Paths, lines: tuple[Lines, ...], starts: array[int]) -> None:
        self._source = source
        self._paths = paths
        self._lines = lines  # one for each path, or a single one for all
        self._starts = starts  # characters of their texts

    def locate(self, path: Path) -> Source:
        """The place of the value at the path, or of the nearest group around it, or of the declaration."""
        for end in range(len(path), 0, -1):
            index = self._paths.index(path[:end])
            if index is not None:
                return self._lines[index if len(self._lines) > 1 else 0].source(self._starts[index])
        return self._source


class Packer:
    """Makes Places, and shares equal paths and lines between them."""

    def __init__(self) -> None:
        self._paths: dict[tuple[Path, ...], _Paths] = {}
        self._lines: dict[tuple[Lines, ...], tuple[Lines, ...]] = {}

    def pack(self, source: Source, paths: Sequence[Path], nodes: Sequence[Node]) -> Places:
        """The positions of the nodes at the paths."""
        key = tuple(paths)
        known = self._paths.get(key)
        if known is None:
            known = self._paths[key] = _Paths(key)
        origins = {node.origin for node in nodes}
        lines = tuple([node.origin.lines for node in (nodes[:1] if len(origins) == 1 else nodes)])
        return Places(source, known, self._lines.setdefault(lines, lines), array("I", [node.start for node in nodes]))
