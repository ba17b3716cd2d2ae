"""The formats by name: each is one module with `render(report, *, max_chars=None) -> bytes`, loaded when asked for.

`text` and `json` are not here: a terminal's lines have a width, and JSON is the plan, run or drift itself.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from reconciler.core.errors import WrongUsage
from reconciler.reports.report_kind import Kind

if TYPE_CHECKING:
    from reconciler.reports.report import Report

_MODULES = {
    "markdown": "reconciler.reports.formats.markdown",
    "html": "reconciler.reports.formats.html",
    "sarif": "reconciler.reports.formats.sarif",
    "junit": "reconciler.reports.formats.junit",
    "github": "reconciler.reports.formats.github",
    "gitlab-codequality": "reconciler.reports.formats.codequality",
    "gitlab-terraform": "reconciler.reports.formats.terraform_widget",
}
FORMATS = ("text", "json", *_MODULES)
"""Every word of `--format` and `--report`."""

_ONLY = {"gitlab-terraform": (Kind.PLAN,)}


class Render(Protocol):
    """One format. max_chars: characters that the result must fit, None for what the format's platform takes."""

    def __call__(self, report: Report, *, max_chars: int | None = None) -> bytes:
        """The report in the format, UTF-8."""


def formats_of(kind: Kind) -> tuple[str, ...]:
    """The formats that make sense for such a report."""
    return tuple(name for name in FORMATS if kind in _ONLY.get(name, tuple(Kind)))


def render(report: Report, form: str, *, max_chars: int | None = None) -> bytes:
    """The report in a format of `FORMATS` beside text and json. Raises WrongUsage for one that there is not."""
    if form not in _MODULES:
        raise WrongUsage(f"There is no format {form!r}", remedy=f"Take one of {', '.join(FORMATS)}.")
    found: Callable[..., bytes] = cast("Render", import_module(_MODULES[form]).render)
    return found(report, max_chars=max_chars)
