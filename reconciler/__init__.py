"""reconciler: Terraform for ERP customers.

The same street as the command line, for Python. Each step is one call with frozen results; problems are values:

    settings = load_settings(Path("reconciler.yaml"), environment="sandbox", environ=os.environ)
    loaded = load(settings, environ=os.environ)
    with open_customers(base_url=..., ...) as erp:
        view = refresh(loaded, erp)
        made = make_plan(settings, loaded, view, target=Target(...), created_at="2026-01-31T12:00:00Z")
        for result in apply_plan(made, erp):
            ...

Nothing here reads the environment, prints or exits. Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reconciler._version import __version__

if TYPE_CHECKING:
    from reconciler.config.read.declarations import Loaded
    from reconciler.config.settings import Credentials, Settings, load_credentials, load_settings
    from reconciler.core.desired import Desired, Lifecycle
    from reconciler.core.diagnostics import Diagnostic, Severity, Source
    from reconciler.core.errors import ErpError, InvalidInput, Locked, ReconcilerError, Refused
    from reconciler.core.live import Live
    from reconciler.core.plan import Action, Cause, Change, Outcome, Plan, Result, Run, Verb
    from reconciler.core.ports import View
    from reconciler.core.rules import Target
    from reconciler.erp.customers import open_customers
    from reconciler.operations.pipeline import apply_plan, check_applicable, explain, load, make_plan, refresh, render
    from reconciler.state.plan_file import dumps, loads

_HOMES = {
    "Action": "core.plan",
    "Cause": "core.plan",
    "Change": "core.plan",
    "Credentials": "config.settings",
    "Desired": "core.desired",
    "Diagnostic": "core.diagnostics",
    "ErpError": "core.errors",
    "InvalidInput": "core.errors",
    "Lifecycle": "core.desired",
    "Live": "core.live",
    "Loaded": "config.read.declarations",
    "Locked": "core.errors",
    "Outcome": "core.plan",
    "Plan": "core.plan",
    "ReconcilerError": "core.errors",
    "Refused": "core.errors",
    "Result": "core.plan",
    "Run": "core.plan",
    "Settings": "config.settings",
    "Severity": "core.diagnostics",
    "Source": "core.diagnostics",
    "Target": "core.rules",
    "Verb": "core.plan",
    "View": "core.ports",
    "apply_plan": "operations.pipeline",
    "check_applicable": "operations.pipeline",
    "explain": "operations.pipeline",
    "dumps": "state.plan_file",
    "load": "operations.pipeline",
    "load_credentials": "config.settings",
    "load_settings": "config.settings",
    "loads": "state.plan_file",
    "make_plan": "operations.pipeline",
    "open_customers": "erp.customers",
    "refresh": "operations.pipeline",
    "render": "operations.pipeline",
}

__all__ = [
    "Action",
    "Cause",
    "Change",
    "Credentials",
    "Desired",
    "Diagnostic",
    "ErpError",
    "InvalidInput",
    "Lifecycle",
    "Live",
    "Loaded",
    "Locked",
    "Outcome",
    "Plan",
    "ReconcilerError",
    "Refused",
    "Result",
    "Run",
    "Settings",
    "Severity",
    "Source",
    "Target",
    "Verb",
    "View",
    "__version__",
    "apply_plan",
    "check_applicable",
    "dumps",
    "explain",
    "load",
    "load_credentials",
    "load_settings",
    "loads",
    "make_plan",
    "open_customers",
    "refresh",
    "render",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used: `--version` must not pay for all of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
