"""Who last changed the lines that a plan comes from: what `git blame` says, for all files from one call of `git log`.

`git blame` takes one file. A plan may come from thousands, so the patches are read once, from the newest commit on, and
each line is followed to the commit that put it there, through merges too. Nothing is told of a line that git does not
surely know: changes that are not committed, commits beyond a shallow clone's edge, names of files that git escapes.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.core.plan import Plan
from reconciler.operations.git import Git
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import Authors, LineAuthor

_TIMEOUT, _MOST_BYTES, _MOST_FILES = 30, 1 << 27, 5_000
_DIRTY = "-dirty"
_ID = 8
_COMMIT = re.compile(rb"commit ([0-9a-f]{40,64})((?: [0-9a-f]{40,64})*)(?: \(from ([0-9a-f]{40,64})\))?")
_AUTHOR = re.compile(rb"author (.*) <[^<>]*> \d+ [+-]\d{4}")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_PATCH = ("-p", "-U0", "--relative", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv",
          "--src-prefix=a/", "--dst-prefix=b/", "--inter-hunk-context=0", "--diff-algorithm=myers")  # fmt: skip
_PLAIN = (
    "--literal-pathspecs",
    "-c",
    "core.quotePath=false",
    "-c",
    "log.diffMerges=separate",
    "-c",
    "log.follow=false",
)
_LOG = ("log", "-m", "--parents", "--topo-order", "--format=raw", "--no-show-signature", "--no-notes", *_PATCH)

Place = tuple[str, int]


def line_authors(root: Path, environ: Mapping[str, str], plan: Plan) -> Authors:
    """Who wrote the lines of the plan's changes, as far as the repository of the folder tells; empty outside of one.

    Where the plan was made of changes that are not committed, the files of the folder must still be those of the plan.
    """
    commit = (plan.config.git_commit or "").removesuffix(_DIRTY)
    places = {
        (source.file, source.line)
        for action in plan.actions
        for source in (action.source, *(change.source for change in action.changes))
        if source is not None
    }
    if not commit or not places:
        return {}
    git = Git(root, environ, _TIMEOUT)
    try:
        return _found(git, commit, places, is_dirty=(plan.config.git_commit or "").endswith(_DIRTY))
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}


def _found(git: Git, commit: str, places: set[Place], *, is_dirty: bool) -> Authors:
    lines: _Lines = {}
    for file, line in places:
        lines.setdefault(file, {}).setdefault(line, []).append((file, line))
    files = [f"./{file}" for file in sorted(lines)] if len(lines) <= _MOST_FILES else ["."]
    if is_dirty:  # what is not committed yet is nobody's
        done = git.run(*_PLAIN, "diff", *_PATCH, commit, "--", *files)
        lines, _ = _passed(lines, _hunks(done.stdout.split(b"\n")))
    edge = _shallow(git)
    with closing(git.lines(*_PLAIN, *_LOG, commit, "--", *files, most=_MOST_BYTES)) as patches:
        return {place: author for place, author in _blamed(lines, patches) if author.commit not in edge}


def _shallow(git: Git) -> set[str]:
    """The commits at the edge of a shallow clone: what they seem to add may be older."""
    file = git.root / git.word("rev-parse", "--git-path", "shallow")
    return {line[:_ID] for line in file.read_text().split()} if file.is_file() else set()


_Lines = dict[str, dict[int, list[Place]]]
"""By file and line in some commit: the places in the plan's files that this line has become."""

_Hunk = tuple[int, int, int, int]  # old start and count, new start and count


@dataclass(slots=True)
class _Record:
    """A commit against one of its parents: None for the first commit of all."""

    id: str
    parents: tuple[str, ...]
    parent: str | None
    author: str = ""
    hunks: dict[str, list[_Hunk]] = field(default_factory=dict)


def _blamed(lines: _Lines, patches: Iterable[bytes]) -> Iterator[tuple[Place, LineAuthor]]:
    """Each place with who wrote it, as far as the patches tell."""
    pending: dict[str, _Lines] = {}
    first = True
    for records in _by_commit(_records(patches)):
        commit = records[0]
        if first:  # the newest commit that touched a file
            pending[commit.id], first = lines, False
        left = pending.pop(commit.id, {})
        against = {record.parent: record.hunks for record in records}
        for parent in commit.parents or (None,):
            passed, left = _passed(left, against.get(parent, {}))
            if parent is not None:  # what the first commit of all has not added was never there
                _merge(pending.setdefault(parent, {}), passed)
        author = LineAuthor(visible(commit.author), commit.id[:_ID])
        yield from ((place, author) for file in left.values() for places in file.values() for place in places)
        if not any(pending.values()):
            return


def _passed(lines: _Lines, hunks: Mapping[str, list[_Hunk]]) -> tuple[_Lines, _Lines]:
    """The lines that the parent has too, by their numbers there; and those that it has not."""
    passed: _Lines = {}
    left: _Lines = {}
    for file, numbers in lines.items():
        for line, places in numbers.items():
            before = _line_before(line, hunks.get(file, ()))
            here = left if before is None else passed
            here.setdefault(file, {}).setdefault(line if before is None else before, []).extend(places)
    return passed, left


def _line_before(line: int, hunks: Iterable[_Hunk]) -> int | None:
    shift = 0
    for _, old, start, new in hunks:
        if start <= line < start + new:
            return None
        if line >= start + max(new, 1):  # what was only removed stood behind its line
            shift += old - new
    return line + shift


def _merge(into: _Lines, lines: _Lines) -> None:
    for file, numbers in lines.items():
        for line, places in numbers.items():
            into.setdefault(file, {}).setdefault(line, []).extend(places)


def _by_commit(records: Iterable[_Record]) -> Iterator[list[_Record]]:
    """A merge has a record for each parent, side by side."""
    group: list[_Record] = []
    for record in records:
        if group and group[0].id != record.id:
            yield group
            group = []
        group.append(record)
    if group:
        yield group


def _records(patches: Iterable[bytes]) -> Iterator[_Record]:
    """The commits of `git log --format=raw -p`. Of hunks the lines are counted, so that none is taken for a header."""
    record: _Record | None = None
    reader = _HunkReader()
    for line in patches:
        if reader.is_inside(line):
            continue
        if match := _COMMIT.fullmatch(line):
            if record is not None:
                yield record
            parents = tuple(match[2].decode().split())
            parent = match[3].decode() if match[3] else parents[0] if parents else None
            record = _Record(match[1].decode(), parents, parent)
            reader = _HunkReader(record.hunks)
        elif record is not None and (match := _AUTHOR.fullmatch(line)):
            record.author = match[1].decode("utf-8", "replace")
        else:
            reader.read(line)
    if record is not None:
        yield record


def _hunks(lines: Iterable[bytes]) -> dict[str, list[_Hunk]]:
    reader = _HunkReader()
    for line in lines:
        if not reader.is_inside(line):
            reader.read(line)
    return reader.hunks


class _HunkReader:
    """Reads the headers of a patch, and counts the lines of its hunks."""

    def __init__(self, hunks: dict[str, list[_Hunk]] | None = None) -> None:
        self.hunks: dict[str, list[_Hunk]] = {} if hunks is None else hunks
        self._file = ""
        self._inside = 0

    def is_inside(self, line: bytes) -> bool:
        """Whether the line is a hunk's; takes it off its count."""
        if self._inside and line[:1] in (b"+", b"-"):
            self._inside -= 1
            return True
        return False

    def read(self, line: bytes) -> None:
        """A line outside of hunks."""
        if line.startswith(b"+++ "):
            self._file = line[6:].removesuffix(b"\t").decode("utf-8", "surrogateescape")
        elif match := _HUNK.match(line):
            old, removed, new, added = (int(number) if number else 1 for number in match.groups())
            self._inside = removed + added
            self.hunks.setdefault(self._file, []).append((old, removed, new, added))
