"""`reconciler auth`: are the credentials, the tenant and the scopes good?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import Plain
from reconciler.cli.shell.output import PLAIN, check_formats

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.erp.budget import Window


def auth(context: typer.Context, form: Plain = "text") -> None:
    """Check credentials, tenant and scopes with one small read; show the request budget."""
    import json
    from dataclasses import asdict

    from reconciler.core.safe_json import inert_json
    from reconciler.reports.wording import duration

    session: Session = context.obj
    check_formats(form, [], PLAIN)
    with session.erp() as (erp, place):
        found = erp.check()
    if form == "json":
        facts = {
            "environment": place.environment,
            "tenant_id": place.tenant_id,
            "base_url": place.base_url,
            "scopes": list(found.scopes),
            "token_expires_in": found.expires_in,
            "customers": found.customers,
            "budget": None if found.window is None else asdict(found.window),
        }
        session.write(inert_json(json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode())
        raise typer.Exit(Exit.DONE)
    lines = [
        ("Environment", f"{place.environment} ({place.company or 'no company name'})"),
        ("ERP", place.base_url),
        ("Tenant", place.tenant_id),
        ("Scopes", ", ".join(found.scopes) or "not stated"),
        (
            "Token",
            f"lives {duration(found.expires_in)}" if found.expires_in is not None else "lifetime not stated",
        ),
        ("Customers", "not stated" if found.customers is None else f"{found.customers:,}"),
        ("Budget", _budget(found.window)),
    ]
    for name, text in lines:
        _line(session, name, text)
    raise typer.Exit(Exit.DONE)


def _line(session: Session, name: str, text: str) -> None:
    from rich.text import Text

    from reconciler.reports.safe_text import visible

    session.print([Text.assemble((f"{name:<12}", "bold"), visible(text))])


def _budget(window: Window | None) -> str:
    from reconciler.reports.wording import duration

    if window is None or window.limit is None or window.remaining is None:
        return "the ERP says nothing of it"
    tail = f", the window ends in {duration(window.reset_seconds)}" if window.reset_seconds is not None else ""
    return f"{window.remaining:,} of {window.limit:,} requests left{tail}"
