"""What the commands that save a plan share: where it is, and the exit code that it stands for."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from reconciler.cli.shell.session import Session
from reconciler.core.diagnostics import has_errors
from reconciler.core.plan import Plan
from reconciler.exit_codes import Exit


def say_saved(session: Session, plan: Plan, out: Path) -> None:
    """Where the plan is and how it is applied, unless it cannot be: what stands against it was just shown."""
    if not plan.refusals and not has_errors(plan.diagnostics):
        chosen = f"--env {session.environment} " if session.environment else ""
        values = ", with the real values," if session.redactor is not None else ""
        session.say(f"Saved the plan{values} to {out}. Apply it with: reconciler {chosen}apply {quote(str(out))}")


def plan_exit(plan: Plan, *, detailed: bool) -> Exit:
    """The exit code that a rendered plan stands for."""
    if has_errors(plan.diagnostics):
        return Exit.INVALID
    if plan.refusals:
        return Exit.REFUSED
    return Exit.CHANGES if detailed and not (plan.is_empty and not plan.summary.held_back) else Exit.DONE
