"""`reconciler github`: what action.yml runs. A command, and what GitHub is told of it.

Hidden: it is no more than the other commands with files, comments and issues around them. See docs/ci.md.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.ci.github import Job, NotPosted
from reconciler.cli.shell.exit_codes import Exit

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session

_REVIEWED = re.compile(r"<!-- reconciler:reviewed:(sha256:[0-9a-f]{64}) -->")
_MOST = 65_000  # characters of a comment; GitHub takes 65,536


class Command(StrEnum):
    """What the job is for."""

    VALIDATE = "validate"
    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"


@dataclass(frozen=True)
class Work:
    """One job: where it is told of, its folder for files, and the command's own further words."""

    session: Session
    job: Job
    folder: Path
    words: list[str]
    comment: bool = True
    base: str = ""
    digest: str = ""
    options: list[str] = field(default_factory=list)

    def run(self, *arguments: str, report: str) -> tuple[Exit, str]:
        """Run a command in this process; its exit code, and its report as Markdown (empty when it made none)."""
        from reconciler.cli.shell.application import run

        page = self.folder / report
        limits = ["--report", f"markdown={page}", "--max-chars", str(_MOST)]
        with self._as_text(unless="github" in arguments):
            code = Exit(run([*self.options, *arguments, *limits]))
        return code, page.read_text(encoding="utf-8") if page.exists() else ""

    @contextmanager
    def _as_text(self, *, unless: bool) -> Iterator[None]:
        """GitHub must not obey what a command prints: a customer may be named `##[set-output name=digest]...`."""
        token = secrets.token_hex(16)
        if not unless:
            typer.echo(f"::stop-commands::{token}")
        try:
            yield
        finally:
            if not unless:
                sys.stdout.flush()
                typer.echo(f"::{token}::")

    def tell(self, kind: str, message: str) -> None:
        """An annotation of the job: `kind` is error, warning or notice."""
        from reconciler.reports.safe_text import visible

        typer.echo(f"::{kind} title=reconciler::{visible(message).replace('%', '%25')}")

    @property
    def plan_file(self) -> Path:
        """Where the plan is saved: it holds personal data, and is never uploaded."""
        return self.folder / "plan.json"


def github(
    context: typer.Context,
    command: Annotated[Command, typer.Argument(metavar="validate|plan|apply|drift")],
    comment: Annotated[str, typer.Option("--post", metavar="true|false", help="Whether to comment.")] = "true",
    base: Annotated[str, typer.Option("--since", metavar="REF", help="For `plan --base`.")] = "",
    digest: Annotated[str, typer.Option("--reviewed", metavar="SHA256", help="Else the pull request's.")] = "",
    words: Annotated[str, typer.Option("--args", metavar="TEXT", help="Further words, as in a shell.")] = "",
) -> None:
    """Run a command in a GitHub workflow, and tell GitHub of it."""
    session: Session = context.obj
    folder = Path(tempfile.mkdtemp(prefix="reconciler-", dir=session.environ.get("RUNNER_TEMP") or None))
    options = ["--env", session.environment] if session.environment else []
    options += ["--config", str(session.config)] if session.config else []
    job = Job(session.environ)
    work = Work(session, job, folder, shlex.split(words), comment.lower() == "true", base, digest, options)
    steps = {Command.VALIDATE: _validate, Command.PLAN: _plan, Command.APPLY: _apply, Command.DRIFT: _drift}
    code = steps[command](work)
    job.put(exit_code=int(code))
    raise typer.Exit(Exit.DONE if code is Exit.CHANGES else code)


def _validate(work: Work) -> Exit:
    code, page = work.run("validate", "--format", "github", *work.words, report="validation.md")
    work.job.summarise(page)
    return code


def _plan(work: Work) -> Exit:
    base = ["--base", work.base] if work.base else []
    code, made, page = _planned(work, *base, *work.words)
    work.job.summarise(page)
    marker = _marker(work, "plan")
    if work.comment and marker:
        _comment(work, marker, _page(marker, page, str(made.get("changes_digest", ""))))
    return code


def _planned(work: Work, *words: str) -> tuple[Exit, dict[str, Any], str]:
    """Plan; the exit code, the plan's JSON (empty when none could be made) and its page."""
    code, page = work.run("plan", "--detailed-exitcode", "-o", str(work.plan_file), *words, report="plan.md")
    made = json.loads(work.plan_file.read_bytes()) if work.plan_file.exists() else {}
    if made:
        work.job.put(changes=len(made["actions"]), digest=made["changes_digest"], plan_file=work.plan_file)
    return code, made, page or f"**No plan could be made** (exit code {int(code)}). The job's log tells why.\n"


def _apply(work: Work) -> Exit:
    """Plan anew, and apply it when it would write exactly what was reviewed; otherwise exit 4 and show the new plan."""
    code, made, page = _planned(work)
    if not made.get("actions"):
        work.job.summarise(page)
        return Exit.DONE if code is Exit.CHANGES else code
    reviewed = work.digest or _reviewed(work)
    if not reviewed:
        work.tell("error", "No reviewed plan was found for this commit, and nothing was written.")
        code = Exit.REFUSED
    else:
        words = [str(work.plan_file), "--digest", reviewed, *work.words]
        code, done = work.run("apply", *words, report="run.md")
        page = done or page
    pending = code is Exit.REFUSED and reviewed != made["changes_digest"] and not made.get("refusals")
    work.job.put(pending=str(pending).lower())
    if pending:
        page = f"**Not applied: these are not the changes that were reviewed.** They wait for approval.\n\n{page}"
    work.job.summarise(page)
    return code


def _reviewed(work: Work) -> str:
    """The digest in the comment on the pull request whose merge this is."""
    marker = _marker(work, "plan")
    try:
        number = work.job.merged_as(work.job.commit)
        found = work.job.comment(number, marker) if number is not None else None
    except NotPosted as error:
        work.tell("warning", f"The reviewed plan could not be looked up: {error}")
        return ""
    second = str(found["body"]).splitlines()[1:2] if found else []  # below it stand names and values from outside
    match = _REVIEWED.fullmatch(second[0]) if second else None
    return match[1] if match else ""


def _drift(work: Work) -> Exit:
    """One issue as long as there is drift: opened, kept up to date, closed when all is as applied again."""
    code, page = work.run("drift", "--detailed-exitcode", *work.words, report="drift.md")
    work.job.summarise(page)
    if not work.comment or code not in (Exit.DONE, Exit.CHANGES):
        return code
    marker = _marker(work, "drift")
    page = _page(marker, page)
    try:
        issue = work.job.issue(marker)
        if code is Exit.CHANGES and issue is None:
            work.job.open_issue(f"The ERP has drifted from what was applied ({_environment(work)})", page)
        elif issue is not None:
            work.job.change_issue(int(issue["number"]), body=page, state="open" if code is Exit.CHANGES else "closed")
    except NotPosted as error:
        work.tell("warning", f"The issue could not be written: {error}. The report is in the job's summary.")
    return code


def _comment(work: Work, marker: str, page: str) -> None:
    number = work.job.pull_request()
    if number is None:
        return
    try:
        work.job.say(number, marker, page)
    except NotPosted as error:
        work.tell("warning", f"The comment could not be posted: {error}. The plan is in the job's summary.")


def _page(marker: str, page: str, digest: str = "") -> str:
    """The page with the marker as its first line, and below it the digest that a merge consents to."""
    head = [marker, f"<!-- reconciler:reviewed:{digest} -->"] if digest else [marker]
    return "\n".join([*head, page.removeprefix(f"{marker}\n")])


def _marker(work: Work, kind: str) -> str:
    """What the comment begins with; empty when not even the settings can be read."""
    environment = _environment(work)
    return f"<!-- reconciler:{kind}:{environment} -->" if environment else ""


def _environment(work: Work) -> str:
    from reconciler.core.errors import ReconcilerError

    try:
        return re.sub(r"[^\w.-]", "_", work.session.settings.environment)
    except ReconcilerError:
        return ""
