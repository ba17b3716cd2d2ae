"""What `accept` tells: each value that went into the declarations, each that did not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from reconciler.cli.shell.rewriting import show_diffs
from reconciler.cli.shell.session import Session
from reconciler.config.edit.proposed_edits import Denied, Granted, ProposedEdit
from reconciler.core.desired import Desired
from reconciler.operations.accept import Acceptance
from reconciler.reports.formats.text import diagnostics_lines
from reconciler.reports.safe_text import shown, visible
from reconciler.reports.wording import counted
from reconciler.resources.values import render_path


def show_acceptance(session: Session, done: Acceptance, *, dry_run: bool) -> None:
    """What was accepted, on standard output; with `--dry-run` the diff stands there instead."""
    if dry_run:
        show_diffs(session, done.files)
        for line in _lines(done):
            session.err.print(line, soft_wrap=True)
    else:
        session.print(_lines(done))
    left_out = _left_out(done)
    if done.granted:
        values = counted(len(done.granted), "value")
        customers = counted(len({granted.edit.desired.label for granted in done.granted}), "customer")
        did = "Would accept" if dry_run else "Accepted"
        session.say(f"{did} {values} of {customers} in {counted(len(done.files), 'file')}.")
    elif not done.denied:
        session.say(
            "Nothing to accept: where the ERP has the customer, no declared value that is compared differs."
            if not (left_out or done.ignored)
            else "Nothing to accept: what differs is ignored."
            if not left_out
            else "Nothing to accept: the ERP changed no declared value that counts."
        )
    if left_out:
        session.say(left_out)
    if done.ignored:
        values = counted(sum(len(customer.fields) for customer in done.ignored), "value")
        session.say(
            f"Ignored, though not the same: {values} of {counted(len(done.ignored), 'customer')}."
            " No plan writes them, and accept does not take them."
        )
    if done.denied:
        session.say(f"Not accepted: {counted(len(done.denied), 'value')}. The declarations keep them.")
    for line in diagnostics_lines(done.diagnostics):
        session.err.print(line, soft_wrap=True)


def _left_out(done: Acceptance) -> str:
    """What was left out and how to take it too; nothing where all is taken."""
    parts = [
        *([f"{counted(done.not_applied, 'value')} that only the declarations changed"] if done.not_applied else []),
        *([f"{counted(done.muted, 'value')} that drift mutes"] if done.muted else []),
    ]
    remedy = "Take such values too with --all, --field, or the customer's number."
    return f"Left out: {' and '.join(parts)}. {remedy}" if parts else ""


def _lines(done: Acceptance) -> Iterator[Text]:
    for desired, granted, denied in _by_customer(done.granted, done.denied):
        yield Text.assemble((visible(desired.label), "bold"), f"  {visible(str(desired.source))}")
        for each in granted:
            yield Text.assemble("    ", ("✓", "bold green"), f" {_change(each.edit)}")
            if each.note:
                yield Text(f"        {visible(each.note)}", "dim")
        for refused in denied:
            yield Text.assemble("    ", ("✗", "bold red"), f" {_change(refused.edit)}")
            yield Text(f"        not accepted: {visible(refused.why)}")
    for customer in done.ignored:
        yield Text.assemble((visible(customer.number), "bold"), f"  {visible(str(customer.source))}")
        for field in customer.fields:
            values = f"{shown(field.after)} is declared, {shown(field.before)} in the ERP"
            yield Text(f"    = {visible(field.path)}  {values}  (ignored by {visible(field.rule)})", "dim")
    for desired in done.missing:
        yield Text.assemble(
            (visible(desired.label), "bold"),
            f"  {visible(str(desired.source))}  is not in the ERP; there is nothing to accept",
        )


def _by_customer(
    granted: Iterable[Granted], denied: Iterable[Denied]
) -> Iterator[tuple[Desired, list[Granted], list[Denied]]]:
    found: dict[str, tuple[Desired, list[Granted], list[Denied]]] = {}

    def entry(edit: ProposedEdit) -> tuple[Desired, list[Granted], list[Denied]]:
        return found.setdefault(edit.desired.label, (edit.desired, [], []))

    for each in granted:
        entry(each.edit)[1].append(each)
    for refused in denied:
        entry(refused.edit)[2].append(refused)
    yield from found.values()


def _change(edit: ProposedEdit) -> str:
    return f"{visible(render_path(edit.path))}  {shown(edit.before)} → {shown(edit.after)}  ({edit.cause.value})"
