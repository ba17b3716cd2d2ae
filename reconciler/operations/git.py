"""git, run so that no repository can make it run a program, and so that it sees no credential.

A pull request may hold files that look like a bare repository in the folder of the settings: git would take it for
the repository and obey its configuration (`safe.bareRepository`, from git 2.38 on, forbids that). Hooks and the file
system monitor are programs that a configuration names too.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Timer

_GUARDS = (
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
)
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_OURS = ("VISMA_", "RECONCILER_")
_FILES, _LINK = ("100644", "100755"), "120000"


@dataclass(frozen=True, slots=True)
class Git:
    """git in a folder, with an environment. timeout in seconds."""

    root: Path
    environ: Mapping[str, str]
    timeout: float

    def run(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run it. Raises OSError and subprocess.SubprocessError when it cannot run."""
        return subprocess.run(  # noqa: S603 - no shell; the caller guards against words that look like options
            ["git", *_GUARDS, *arguments],  # noqa: S607 - git is where PATH has it - the user's own git
            cwd=self.root,
            env=without_credentials(self.environ) | _QUIET,
            input=given,
            capture_output=True,
            timeout=self.timeout,
            check=False,
        )

    def lines(self, *arguments: str, most: int) -> Generator[bytes]:
        """What git says, line by line, as far as somebody asks for more, and no more than `most` bytes.

        Raises OSError when it cannot run.
        """
        with subprocess.Popen(  # noqa: S603 - as in `run`
            ["git", *_GUARDS, *arguments],  # noqa: S607
            cwd=self.root,
            env=without_credentials(self.environ) | _QUIET,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            watch = Timer(self.timeout, process.kill)
            watch.start()
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    most -= len(line)
                    if most < 0:
                        break
                    yield line.removesuffix(b"\n")
            finally:
                watch.cancel()
                process.kill()

    def word(self, *arguments: str) -> str:
        """What git says, without the line's end; nothing when it fails."""
        done = self.run(*arguments)
        return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def commit_of(root: Path, environ: Mapping[str, str]) -> str | None:
    """The commit of the declarations, with `-dirty` when files differ from it; None outside git."""
    git = Git(root, environ, timeout=10)
    try:
        head = git.word("rev-parse", "--verify", "HEAD")
        status = git.run("status", "--porcelain", "--ignore-submodules=all", "--", ".")
    except (OSError, subprocess.SubprocessError):
        return None
    if not head or status.returncode:
        return None
    return f"{head}-dirty" if status.stdout else head


def without_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for another program: none needs the ERP's credentials or our keys."""
    return {name: value for name, value in environ.items() if not name.startswith(_OURS)}


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    id: str
    size: int
    path: str


def check_out(git: Git, tree: str, folder: Path, *, most: int) -> bool:
    """Write the files of a tree into an empty folder, byte for byte as git holds them; whether there is such a tree.

    `git archive` is not used: it obeys `export-ignore`, `export-subst` and filters, so that a tree could hide files
    from a comparison, or show others. Links come last, so that nothing is ever written through one.
    """
    listed = git.run("ls-tree", "-r", "-z", "-l", "--full-tree", tree)
    if listed.returncode:
        return False
    entries = [each for each in _entries(listed.stdout) if _is_plain(each.path)]
    files = [each for each in entries if each.mode in _FILES]
    links = [each for each in entries if each.mode == _LINK]
    asked = [each for each in (*files, *links) if each.size <= most]
    given = "".join(f"{each.id}\n" for each in asked).encode()
    packed = git.run("cat-file", "--batch", given=given).stdout
    contents = dict(zip((each.path for each in asked), _blobs(packed, len(asked)), strict=True))
    for each in files:
        with _place(folder, each.path).open("xb") as file:
            file.write(contents.get(each.path, b""))
            file.truncate(each.size)  # one that is larger than any declaration may be keeps its size alone
    for each in (link for link in links if link.path in contents):
        _place(folder, each.path).symlink_to(os.fsdecode(contents[each.path]))
    return True


def _entries(listed: bytes) -> Iterator[_Entry]:
    for line in listed.split(b"\0"):
        head, tab, path = line.partition(b"\t")
        if tab:
            mode, _, name, size = head.split()
            yield _Entry(mode.decode(), name.decode(), int(size) if size.isdigit() else 0, os.fsdecode(path))


def _is_plain(path: str) -> bool:
    """Whether a path stays below its folder; git makes no others, but a tree that it did not make may hold them."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and not {"..", ".git"} & set(parts)


def _place(folder: Path, path: str) -> Path:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _blobs(packed: bytes, count: int) -> Iterable[bytes]:
    """The contents in `cat-file --batch`'s output, in the order of what was asked for."""
    at = 0
    for _ in range(count):
        end = packed.index(b"\n", at)
        size = int(packed[at:end].rsplit(b" ", 1)[1])
        yield packed[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
