"""What `action.yml` runs: a command, and what GitHub is told of it. See docs/ci.md."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.ci.github_job import Job, NotPosted
from reconciler.core.errors import ReconcilerError
from reconciler.exit_codes import Exit
from reconciler.operations.mark_applied import Mark
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import counted

_REVIEWED = re.compile(r"<!-- reconciler:reviewed:(sha256:[0-9a-f]{64}) -->")
_MOST = 65_000  # characters of a comment; GitHub takes 65,536


@dataclass(frozen=True)
class Work:
    """One job.

    job: where it is told of. run_command: runs a command line in this process and returns its exit code. echo: takes a
    line of the job's log. environment: of the settings, empty when not even these can be read. folder: for its files.
    words: the command's own further words. options: global ones. comment, base, digest: as the action's inputs.
    mark: tells the branch that says what was applied last, and the commit that it is to stand at; None with a shared
    state, which knows that itself, and knows a run that was cut short.
    """

    job: Job
    run_command: Callable[[list[str]], int]
    echo: Callable[[str], None]
    environment: str
    folder: Path
    words: list[str]
    comment: bool = True
    base: str = ""
    digest: str = ""
    options: list[str] = field(default_factory=list)
    mark: Callable[[], Mark] | None = None

    def run(self, *arguments: str, report: str) -> tuple[Exit, str]:
        """Run a command in this process; its exit code, and its report as Markdown (empty when it made none)."""
        page = self.folder / report
        limits = ["--report", f"markdown={page}", "--max-chars", str(_MOST)]
        with self._as_text(unless="github" in arguments):
            code = Exit(self.run_command([*self.options, *arguments, *limits]))
        return code, page.read_text(encoding="utf-8") if page.exists() else ""

    @contextmanager
    def _as_text(self, *, unless: bool) -> Iterator[None]:
        """GitHub must not obey what a command prints: a customer may be named `##[set-output name=digest]...`."""
        token = secrets.token_hex(16)
        if not unless:
            self.echo(f"::stop-commands::{token}")
        try:
            yield
        finally:
            if not unless:
                self.echo(f"::{token}::")

    def tell(self, kind: str, message: str) -> None:
        """An annotation of the job: `kind` is error, warning or notice."""
        self.echo(f"::{kind} title=reconciler::{visible(message).replace('%', '%25')}")

    @property
    def plan_file(self) -> Path:
        """Where the plan is saved: it holds personal data, and is never uploaded."""
        return self.folder / "plan.json"


def _validate(work: Work) -> Exit:
    code, page = work.run("validate", "--format", "github", *work.words, report="validation.md")
    work.job.summarise(page)
    return code


def _plan(work: Work) -> Exit:
    base = ["--base", work.base] if work.base else []
    code, plan, page = _planned(work, *base, *work.words)
    work.job.summarise(page)
    marker = _marker(work, "plan")
    if work.comment and marker:
        _comment(work, marker, _page(marker, page, str(plan.get("changes_digest", ""))))
    return code


def _planned(work: Work, *words: str) -> tuple[Exit, dict[str, Any], str]:
    """Plan; the exit code, the plan's JSON (empty when none could be made) and its page."""
    code, page = work.run("plan", "--detailed-exitcode", "-o", str(work.plan_file), *words, report="plan.md")
    plan = json.loads(work.plan_file.read_bytes()) if work.plan_file.exists() else {}
    if plan:
        work.job.put(changes=len(plan["actions"]), digest=plan["changes_digest"], plan_file=work.plan_file)
    return code, plan, page or f"**No plan could be made** (exit code {int(code)}). The job's log tells why.\n"


def _apply(work: Work) -> Exit:
    """Plan anew, and apply it when it would write exactly what was reviewed; otherwise exit 4 and show the new plan.

    A run of the reviewed changes that was cut short is gone on with first.
    """
    reviewed = work.digest or _reviewed(work)
    if reviewed and work.mark is None:
        code, page = work.run("runs", "resume", "--digest", reviewed, report="resumed.md")
        work.job.summarise(page)
        if code is not Exit.DONE:
            return code
    code, plan, page = _planned(work)
    if not plan.get("actions"):
        work.job.summarise(page)
        return _marked(work, Exit.DONE if code is Exit.CHANGES else code)
    if not reviewed:
        work.tell("error", "No reviewed plan was found for this commit, and nothing was written.")
        code = Exit.REFUSED
    else:
        words = [str(work.plan_file), "--digest", reviewed, *work.words]
        code, run_page = work.run("apply", *words, report="run.md")
        page = run_page or page
    pending = code is Exit.REFUSED and reviewed != plan["changes_digest"] and not plan.get("refusals")
    work.job.put(pending=str(pending).lower())
    if pending:
        page = f"**Not applied: these are not the changes that were reviewed.** They wait for approval.\n\n{page}"
    work.job.summarise(page)
    return _marked(work, code)


def _marked(work: Work, code: Exit) -> Exit:
    """After a whole apply, note in git which commit it was. It is applied, whatever becomes of the note."""
    if code is Exit.DONE and work.mark is not None:
        try:
            mark = work.mark()
            work.job.move_branch(mark.branch, mark.commit)
        except (NotPosted, ReconcilerError) as error:
            work.tell("warning", f"Which commit was applied last could not be noted in git: {error}")
    return code


def _reviewed(work: Work) -> str:
    """The digest in the comment on the pull request whose merge this is."""
    marker = _marker(work, "plan")
    try:
        number = work.job.merged_as(work.job.commit)
        comment = work.job.comment(number, marker) if number is not None else None
    except NotPosted as error:
        work.tell("warning", f"The reviewed plan could not be looked up: {error}")
        return ""
    second = str(comment["body"]).splitlines()[1:2] if comment else []  # below it stand names and values from outside
    match = _REVIEWED.fullmatch(second[0]) if second else None
    return match[1] if match else ""


def _drift(work: Work) -> Exit:
    """One issue as long as there is drift: opened, kept up to date, closed when all is as applied again.

    Where a shared state tells what is new, a comment on the issue does so too: GitHub sends mail for comments alone.
    """
    facts = work.folder / "drift.json"
    facts_report = ["--report", f"json={facts}"] if work.mark is None else []
    code, page = work.run("drift", "--detailed-exitcode", *facts_report, *work.words, report="drift.md")
    work.job.summarise(page)
    if not work.comment or code not in (Exit.DONE, Exit.CHANGES):
        return code
    marker = _marker(work, "drift")
    page = _page(marker, page)
    try:
        issue = work.job.issue(marker)
        if code is Exit.CHANGES and issue is None:
            work.job.open_issue(f"The ERP has drifted from what was applied ({work.environment})", page)
        elif issue is not None:
            work.job.change_issue(int(issue["number"]), body=page, state="open" if code is Exit.CHANGES else "closed")
            new = json.loads(facts.read_bytes())["summary"]["new"] if facts.exists() else 0
            if new and code is Exit.CHANGES:
                work.job.add_comment(int(issue["number"]), f"New since the last report: {counted(new, 'customer')}.")
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
    return f"<!-- reconciler:{kind}:{work.environment} -->" if work.environment else ""


STEPS = {"validate": _validate, "plan": _plan, "apply": _apply, "drift": _drift}
"""What a job can be for, by the command's name."""
