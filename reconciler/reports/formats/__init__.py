"""The formats by name: each is one module with `render(report, *, max_chars=None) -> bytes`, loaded when asked for.

`json` is not here: it is the plan, run, drift or validation itself, see `reports.json_documents`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from reconciler.core.errors import WrongUsage
from reconciler.reports.report_kind import ReportKind

if TYPE_CHECKING:
    from reconciler.reports.view.report import Report

_ALL = tuple(ReportKind)
_KINDS: dict[str, tuple[ReportKind, ...]] = {
    "text": _ALL,
    "json": _ALL,
    "markdown": _ALL,
    "html": _ALL,
    "csv": (ReportKind.PLAN, ReportKind.RUN, ReportKind.DRIFT),
    "xlsx": (ReportKind.PLAN, ReportKind.RUN, ReportKind.DRIFT),
    "sarif": _ALL,
    "junit": _ALL,
    "github": _ALL,
    "gitlab-codequality": _ALL,
    "gitlab-terraform": (ReportKind.PLAN,),
}
"""What each format can show. Its module has its name, with _ for -."""

FORMATS = tuple(_KINDS)
"""Every word of `--format` and `--report`."""


class Render(Protocol):
    """One format. max_chars: characters that the result must fit, None for what the format's platform takes."""

    def __call__(self, report: Report, *, max_chars: int | None = None) -> bytes:
        """The report in the format, UTF-8."""


def formats_of(kind: ReportKind) -> tuple[str, ...]:
    """The formats that make sense for such a report."""
    return tuple(name for name, kinds in _KINDS.items() if kind in kinds)


def render(report: Report, form: str, *, max_chars: int | None = None) -> bytes:
    """The report in a format of `FORMATS` but json. Raises WrongUsage for an unknown one."""
    if form not in FORMATS or form == "json":
        raise WrongUsage(f"There is no format {form!r}", remedy=f"Use one of {', '.join(FORMATS)}.")
    module = import_module(f"{__name__}.{form.replace('-', '_')}")
    return cast("Render", module.render)(report, max_chars=max_chars)
