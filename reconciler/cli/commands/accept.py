"""`reconciler accept`: live values into the declarations, comments and order kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.exit_codes import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.text import Text

    from reconciler.cli.shell.session import Session
    from reconciler.config.edit.accept import Accepted
    from reconciler.config.edit.proposed_edits import Denied, Granted, Wish
    from reconciler.config.edit.write_files import Replacement
    from reconciler.config.read.declarations import Loaded
    from reconciler.core.desired import Desired
    from reconciler.core.identity import Pairing
    from reconciler.core.rules import Memory
    from reconciler.operations.choosing import Choice


def accept(
    context: typer.Context,
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NUMBER]...", help="Only these customers, by number or ref; else all that the ERP changed."
        ),
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="PATH", help="Only this field or group; * is one segment; may be repeated."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also edits of the declarations that are not applied yet, and muted values.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show the changes as a diff.")] = False,
) -> None:
    """Write what the ERP holds into the declarations, where the ERP changed it; the next plan finds them the same.

    An edit of the declarations that is not applied yet, and a value that drift mutes, stay unless --all, --field or a
    customer's number asks for them.

    Only the values change. One that is shared (an alias, a merge key, defaults) is written into the declaration
    itself, and stays as it is for the others. Where the ERP has no value, null is written; the member is removed where
    the field cannot be null. Customers that the ERP does not have are named and left alone.
    """
    from reconciler.cli.commands import plan as planning
    from reconciler.config.edit.write_files import replace_files
    from reconciler.core.identity import pair
    from reconciler.operations import pipeline
    from reconciler.operations.choosing import Choice, active_mutes

    session: Session = context.obj
    _check_fields(fields or [])
    loaded = planning.load(session, numbers or [])
    mutes = None if everything or numbers or fields else active_mutes(session, loaded)
    with session.store() as store, session.erp() as (erp, place):
        session.say(f"Reading the customers of {place.environment} ...")
        memory = store.known(place).load().memory()
        view = pipeline.refresh(loaded, erp, memory=memory)
    paired = pair(loaded.desired, view.customers, memory.numbers, memory.identities)
    job = _Job(session, memory, Choice(pipeline.target_keys(numbers or []), fields or [], mutes))
    changes = job.run(paired)
    if not dry_run:
        replace_files(changes)
    _tell(session, job, changes, dry_run=dry_run)
    unpaired = _unpaired(loaded, paired, job) if numbers else bool(paired.diagnostics)
    _explain(session, paired)
    raise typer.Exit(Exit.ERROR if job.denied or unpaired or (numbers and job.missing) else Exit.DONE)


def _check_fields(patterns: list[str]) -> None:
    from reconciler.config.read.pattern_checks import names_field, remedy
    from reconciler.core.errors import WrongUsage

    for pattern in patterns:
        if not names_field(pattern):
            raise WrongUsage(f"--field {pattern!r} names no field", remedy=remedy(pattern))


class _Job:
    """Chooses what to accept, and rewrites file after file in memory."""

    def __init__(self, session: Session, memory: Memory, choice: Choice) -> None:
        from reconciler.core.rules import Rules

        settings = session.settings
        self._session = session
        self._memory = memory
        self._rules = Rules(settings.ignore, settings.nested_updates)
        self.choice = choice
        self.granted: list[Granted] = []
        self.denied: list[Denied] = []
        self.missing: list[Desired] = []

    def run(self, paired: Pairing) -> list[Replacement]:
        """The files to replace."""
        by_file: dict[str, list[Wish]] = {}
        for desired, wishes in self._wishes(paired):
            by_file.setdefault(desired.source.file, []).extend(wishes)
        return [change for name, wishes in by_file.items() for change in self._file(name, wishes)]

    def _wishes(self, paired: Pairing) -> Iterator[tuple[Desired, list[Wish]]]:
        from reconciler.config.edit.proposed_edits import wishes

        for desired, live in paired.pairs:
            if not self.choice.has(desired):
                continue
            if live is None:
                self.missing.append(desired)
                continue
            found = [each for each in wishes(desired, live, self._rules, self._memory) if self.choice.takes(each)]
            if found:
                yield desired, found

    def _file(self, name: str, wishes: list[Wish]) -> Iterator[Replacement]:
        from reconciler.cli.shell.rewriting import read_declarations
        from reconciler.config.edit.accept import accept
        from reconciler.config.edit.write_files import Replacement

        settings = self._session.settings
        path = settings.root / name
        data = read_declarations(path, name, settings.limits.files.file_size)
        done: Accepted = accept(
            data,
            name,
            wishes,
            rules=self._rules,
            memory=self._memory,
            defaults=settings.defaults,
            environ=self._session.environ,
        )
        self.granted += done.granted
        self.denied += done.denied
        if done.data != data:
            yield Replacement(path, name, data, done.data)


def _unpaired(loaded: Loaded, paired: Pairing, job: _Job) -> bool:
    """Whether one of the chosen declarations could not be paired with a live customer."""
    known = {id(desired) for desired, _ in paired.pairs}
    return any(id(each) not in known and job.choice.has(each) for each in loaded.desired)


def _tell(session: Session, job: _Job, changes: list[Replacement], *, dry_run: bool) -> None:
    """What was accepted, on standard output; with `--dry-run` the diff stands there instead."""
    from reconciler.cli.shell.rewriting import show_diffs
    from reconciler.reports.view import counted

    if dry_run:
        show_diffs(session, changes)
        for line in _lines(job):
            session.err.print(line, soft_wrap=True)
    else:
        session.print(_lines(job))
    values = counted(len(job.granted), "value")
    customers = counted(len({each.wish.desired.label for each in job.granted}), "customer")
    left_out = job.choice.left_out()
    did = "Would accept" if dry_run else "Accepted"
    if job.granted:
        session.say(f"{did} {values} of {customers} in {counted(len(changes), 'file')}.")
    elif not job.denied:
        session.say(
            "Nothing to accept: where the ERP has the customer, it has what the declaration asks for."
            if not left_out
            else "Nothing to accept: the ERP changed no declared value that counts."
        )
    if left_out:
        session.say(left_out)
    if job.denied:
        session.say(f"Not accepted: {counted(len(job.denied), 'value')}. The declarations keep them.")


def _lines(job: _Job) -> Iterator[Text]:
    from rich.text import Text

    from reconciler.reports.safe_text import visible

    for desired, granted, denied in _by_customer(job.granted, job.denied):
        yield Text.assemble((visible(desired.label), "bold"), f"  {visible(str(desired.source))}")
        for each in granted:
            yield Text.assemble("    ", ("✓", "bold green"), f" {_change(each.wish)}")
            if each.note:
                yield Text(f"        {visible(each.note)}", "dim")
        for refused in denied:
            yield Text.assemble("    ", ("✗", "bold red"), f" {_change(refused.wish)}")
            yield Text(f"        not accepted: {visible(refused.why)}")
    for desired in job.missing:
        yield Text.assemble(
            (visible(desired.label), "bold"),
            f"  {visible(str(desired.source))}  is not in the ERP; there is nothing to accept",
        )


def _by_customer(
    granted: Iterable[Granted], denied: Iterable[Denied]
) -> Iterator[tuple[Desired, list[Granted], list[Denied]]]:
    found: dict[str, tuple[Desired, list[Granted], list[Denied]]] = {}

    def entry(wish: Wish) -> tuple[Desired, list[Granted], list[Denied]]:
        return found.setdefault(wish.desired.label, (wish.desired, [], []))

    for each in granted:
        entry(each.wish)[1].append(each)
    for refused in denied:
        entry(refused.wish)[2].append(refused)
    yield from found.values()


def _change(wish: Wish) -> str:
    from reconciler.reports.safe_text import shown, visible
    from reconciler.resources.values import render_path

    return f"{visible(render_path(wish.path))}  {shown(wish.before)} → {shown(wish.after)}  ({wish.cause.value})"


def _explain(session: Session, paired: Pairing) -> None:
    from reconciler.reports.formats.text import diagnostics_lines

    for line in diagnostics_lines(paired.diagnostics):
        session.err.print(line, soft_wrap=True)
