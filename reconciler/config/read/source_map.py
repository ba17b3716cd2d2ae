"""Where each value of a declaration was written, kept small: there is one of these for each customer."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from reconciler.config.read.yaml_nodes import Node
from reconciler.core.diagnostics import Source
from reconciler.resources.values import Path


class Places:
    """Positions by path. The paths and files are shared between declarations of the same make."""

    __slots__ = ("_files", "_numbers", "_paths", "_source")

    def __init__(self, source: Source, paths: tuple[Path, ...], files: tuple[str, ...], numbers: array[int]) -> None:
        self._source = source
        self._paths = paths
        self._files = files  # one for each path, or a single one for all
        self._numbers = numbers  # line and column by turns

    def locate(self, path: Path) -> Source:
        """The place of the value at the path, or of the nearest group around it, or of the declaration."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._paths:
                index = self._paths.index(path[:end])
                file = self._files[index if len(self._files) > 1 else 0]
                return Source(file, self._numbers[2 * index], self._numbers[2 * index + 1])
        return self._source


class Packer:
    """Makes Places, and sees to it that equal paths and files are one object."""

    def __init__(self) -> None:
        self._paths: dict[tuple[Path, ...], tuple[Path, ...]] = {}
        self._files: dict[tuple[str, ...], tuple[str, ...]] = {}

    def pack(self, source: Source, paths: Sequence[Path], nodes: Sequence[Node]) -> Places:
        """The positions of the nodes at the paths."""
        numbers = array("L")
        for node in nodes:
            numbers.append(node.line)
            numbers.append(node.column)
        files = tuple([node.file for node in nodes])
        if len(set(files)) == 1:
            files = files[:1]
        shape = tuple(paths)
        return Places(source, self._paths.setdefault(shape, shape), self._files.setdefault(files, files), numbers)
