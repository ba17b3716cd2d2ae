"""`reconciler auth`: are the credentials, the tenant and the scopes good?"""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich.text import Text

from reconciler.cli.shell.options import Plain
from reconciler.cli.shell.output import PLAIN, check_formats
from reconciler.cli.shell.session import Session
from reconciler.core.safe_json import inert_json
from reconciler.erp.budget import Window
from reconciler.exit_codes import Exit
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import duration


def auth(context: typer.Context, form: Plain = "text") -> None:
    """Check credentials, tenant and scopes with one small read; show the request budget."""
    session: Session = context.obj
    check_formats(form, [], PLAIN)
    with session.project as project:
        access, place = project.check(), project.place
    if form == "json":
        facts = {
            "environment": place.environment,
            "tenant_id": place.tenant_id,
            "base_url": place.base_url,
            "scopes": list(access.scopes),
            "token_expires_in": access.expires_in,
            "customers": access.customers,
            "budget": None if access.window is None else asdict(access.window),
        }
        session.write(inert_json(json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode())
        raise typer.Exit(Exit.DONE)
    lines = [
        ("Environment", f"{place.environment} ({place.company or 'no company name'})"),
        ("ERP", place.base_url),
        ("Tenant", place.tenant_id),
        ("Scopes", ", ".join(access.scopes) or "not stated"),
        (
            "Token",
            f"lives {duration(access.expires_in)}" if access.expires_in is not None else "lifetime not stated",
        ),
        ("Customers", "not stated" if access.customers is None else f"{access.customers:,}"),
        ("Budget", _budget(access.window)),
    ]
    for name, text in lines:
        _line(session, name, text)
    raise typer.Exit(Exit.DONE)


def _line(session: Session, name: str, text: str) -> None:
    session.print([Text.assemble((f"{name:<12}", "bold"), visible(text))])


def _budget(window: Window | None) -> str:
    if window is None or window.limit is None or window.remaining is None:
        return "the ERP says nothing of it"
    tail = f", the window ends in {duration(window.reset_seconds)}" if window.reset_seconds is not None else ""
    return f"{window.remaining:,} of {window.limit:,} requests left{tail}"
