"""reconciler: Terraform for ERP customers.

The same safe street as the command line, for Python (docs/library.md):

    with Project.open("company", environ=os.environ) as project:
        plan = project.plan()
        print(render(plan).decode())
        run = project.apply(plan, consent=plan.changes_digest)

What the command line refuses is raised. Nothing here prints or exits. Names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reconciler._version import __version__

if TYPE_CHECKING:
    from reconciler.config.settings import Settings
    from reconciler.core.diagnostics import Diagnostic, Severity, Source
    from reconciler.core.drift import Drift
    from reconciler.core.errors import (
        Declined,
        ErpError,
        InvalidInput,
        Locked,
        NotFound,
        ReconcilerError,
        Refused,
        Rejected,
        StateError,
        WrongUsage,
    )
    from reconciler.core.filters import Filters
    from reconciler.core.live import Live
    from reconciler.core.plan import Action, Cause, Change, Outcome, Plan, Result, Run, Verb
    from reconciler.core.rules import Target
    from reconciler.operations.accept import Acceptance
    from reconciler.operations.dunning_letter import Letter
    from reconciler.operations.export import Exported, ExportOptions
    from reconciler.operations.import_sheet import Imported, ImportOptions
    from reconciler.operations.listener import Listener
    from reconciler.operations.past_runs import PastRun
    from reconciler.operations.project import Project
    from reconciler.operations.rendering import render
    from reconciler.operations.validate import Validation
    from reconciler.state.plan_file import dumps, loads
    from reconciler.state.plan_file import read as load_plan
    from reconciler.state.plan_file import write as save_plan

_HOMES = {
    "config.settings": ("Settings",),
    "core.live": ("Live",),
    "core.diagnostics": ("Diagnostic", "Severity", "Source"),
    "core.drift": ("Drift",),
    "core.errors": (
        "Declined",
        "ErpError",
        "InvalidInput",
        "Locked",
        "NotFound",
        "ReconcilerError",
        "Refused",
        "Rejected",
        "StateError",
        "WrongUsage",
    ),
    "core.filters": ("Filters",),
    "core.plan": ("Action", "Cause", "Change", "Outcome", "Plan", "Result", "Run", "Verb"),
    "core.rules": ("Target",),
    "operations.accept": ("Acceptance",),
    "operations.dunning_letter": ("Letter",),
    "operations.export": ("ExportOptions", "Exported"),
    "operations.import_sheet": ("ImportOptions", "Imported"),
    "operations.listener": ("Listener",),
    "operations.past_runs": ("PastRun",),
    "operations.project": ("Project",),
    "operations.rendering": ("render",),
    "operations.validate": ("Validation",),
    "state.plan_file": ("dumps", "loads", "load_plan", "save_plan"),
}
_OWN_NAMES = {"load_plan": "read", "save_plan": "write"}
"""What is called otherwise at home."""

__all__ = [
    "Acceptance",
    "Action",
    "Cause",
    "Change",
    "Declined",
    "Diagnostic",
    "Drift",
    "ErpError",
    "ExportOptions",
    "Exported",
    "Filters",
    "ImportOptions",
    "Imported",
    "InvalidInput",
    "Letter",
    "Listener",
    "Live",
    "Locked",
    "NotFound",
    "Outcome",
    "PastRun",
    "Plan",
    "Project",
    "ReconcilerError",
    "Refused",
    "Rejected",
    "Result",
    "Run",
    "Settings",
    "Severity",
    "Source",
    "StateError",
    "Target",
    "Validation",
    "Verb",
    "WrongUsage",
    "__version__",
    "dumps",
    "load_plan",
    "loads",
    "render",
    "save_plan",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used: `--version` must not pay for all of them."""
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), _OWN_NAMES.get(name, name))
    globals()[name] = value
    return value
