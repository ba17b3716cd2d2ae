"""Where results go: one format on standard output, any number of reports in files, from one refresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.text import Text

    from reconciler.cli.session import Session

Lines: TypeAlias = "Callable[[int | None], Iterable[Text]]"
Renderers: TypeAlias = "Mapping[str, Callable[[], bytes]]"


def check_formats(form: str, reports: Iterable[str], known: Iterable[str]) -> list[tuple[str, Path]]:
    """The `--report F=PATH` words taken apart. Raises WrongUsage before anything is read or written."""
    from reconciler.core.errors import WrongUsage

    allowed = list(known)
    parts = []
    for word in reports:
        name, equals, path = word.partition("=")
        if not equals or not path:
            raise WrongUsage(f"--report wants F=PATH, not {word!r}", remedy=f"F is one of {', '.join(allowed)}.")
        parts.append((name, Path(path)))
    for name in [form, *(name for name, _ in parts)]:
        if name not in allowed:
            raise WrongUsage(f"There is no format {name!r} here", remedy=f"Take one of {', '.join(allowed)}.")
    return parts


def emit(session: Session, form: str, reports: Iterable[tuple[str, Path]], lines: Lines, renderers: Renderers) -> None:
    """Render to standard output and to each report file (0600)."""
    if form == "text":
        session.print(lines(session.width))
    else:
        session.write(renderers[form]())
    for name, path in reports:
        from reconciler.state.plan_file import write_private

        write_private(path, _plain(lines) if name == "text" else renderers[name]())


def _plain(lines: Lines) -> bytes:
    return "".join(f"{line.plain}\n" for line in lines(None)).encode()
