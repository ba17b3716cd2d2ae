"""`--notify`: tell a chat or a program of the report, once it is shown."""

from __future__ import annotations

from reconciler.cli.shell.output import Document
from reconciler.cli.shell.session import Session


def notify(session: Session, service: str | None, document: Document) -> None:
    """Post the summary, redacted like the report. What goes wrong is a warning, and no exit code tells of it."""
    if service is None:
        return
    from reconciler.operations.ci_job import job_url  # noqa: PLC0415 - as below
    from reconciler.operations.notify import post  # noqa: PLC0415 - HTTP, for --notify alone
    from reconciler.reports.notification import body  # noqa: PLC0415 - as above

    message = body(document.report(), service, job_url(session.environ))
    if message is None:
        session.say(f"Nothing to tell {service}.")
        return
    problem = post(message, session.environ)
    if problem:
        session.warn(f"Not notified: {problem}")
    else:
        session.say(f"Notified {service}.")
