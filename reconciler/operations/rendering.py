"""A plan as bytes, in any format."""

from __future__ import annotations

from reconciler.core.plan import Plan
from reconciler.reports import formats
from reconciler.reports.formats.text import lines
from reconciler.reports.view.plan import of_plan
from reconciler.state.plan_file import dumps


def render(plan: Plan, form: str = "text", *, width: int | None = None, max_chars: int | None = None) -> bytes:
    """The plan in a format of `--format`. `json` is the plan file.

    width: cells that a line of `text` must fit, None never breaks one. max_chars: characters that the result must fit,
    None for what the format's platform takes. Raises WrongUsage for a format that there is not.
    """
    if form == "json":
        return dumps(plan)
    if form == "text":
        return "".join(f"{line.plain}\n" for line in lines(of_plan(plan), width)).encode()
    return formats.render(of_plan(plan), form, max_chars=max_chars)
