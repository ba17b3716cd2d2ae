"""The use case `accept`: live values into the declarations, comments and order kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.config.edit.proposed_edits import Denied, Granted, ProposedEdit, proposed_edits
from reconciler.config.edit.write_files import Replacement, replace_files
from reconciler.config.read.declarations import Loaded
from reconciler.config.read.pattern_checks import names_field, remedy
from reconciler.config.settings import Settings
from reconciler.core.actions import compared, left_alone, may_ignore
from reconciler.core.comparison import Comparison
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.errors import WrongUsage
from reconciler.core.identity import Pairing, pair
from reconciler.core.live import Live
from reconciler.core.mutes import ActiveMutes, names_of
from reconciler.core.normalise import number_key
from reconciler.core.patterns import covers, patterns
from reconciler.core.plan import Cause, LeftAlone
from reconciler.core.renumbering import renumberings, under_present_numbers
from reconciler.core.rules import Memory, Rules
from reconciler.operations.declarations import load, select
from reconciler.operations.files import edited
from reconciler.operations.last_applied import last_applied_and_erp
from reconciler.operations.mutes import sound_mutes
from reconciler.operations.pipeline import refresh, rules_of
from reconciler.operations.workspace import Workspace
from reconciler.resources.values import Path, parse_path, render_path


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What was accepted, or would be. `missing`: chosen declarations whose customer the ERP does not have.

    ignored: by customer, what is declared, differs and is ignored, so that nothing asks for it.
    not_applied, muted: values that were left out because nothing was named, and only the declarations changed them, or
    drift mutes them. unpaired: whether a chosen declaration could not be told from others; `diagnostics` say why.
    """

    files: tuple[Replacement, ...]
    granted: tuple[Granted, ...]
    denied: tuple[Denied, ...]
    missing: tuple[Desired, ...]
    ignored: tuple[LeftAlone, ...]
    not_applied: int
    muted: int
    unpaired: bool
    diagnostics: tuple[Diagnostic, ...]

    @property
    def is_good(self) -> bool:
        """Whether all that was chosen could be accepted."""
        return not (self.denied or self.unpaired)


def accept(
    workspace: Workspace,
    *,
    numbers: Sequence[str] = (),
    fields: Sequence[str] = (),
    everything: bool = False,
    dry_run: bool = False,
) -> Acceptance:
    """Write what the ERP holds into the declarations, where the ERP changed it.

    numbers: only these customers, by number, ref or a pattern of them. fields: only these paths; `*` is one segment.
    everything: also edits of the declarations that are not applied yet, and muted values; so do numbers and fields.
    dry_run: write nothing. Raises InvalidInput, WrongUsage, ErpError, StateError.
    """
    for pattern in fields:
        if not names_field(pattern):
            raise WrongUsage(f"--field {pattern!r} names no field", remedy=remedy(pattern))
    loaded = load(workspace)
    keys = select(loaded, numbers).targets
    mutes = None
    if not (everything or numbers or fields):
        mutes = ActiveMutes(sound_mutes(workspace, loaded).mutes, workspace.now()[:10])
    last, erp = last_applied_and_erp(workspace)
    assert erp is not None, "it was not asked to be offline"
    place = workspace.place
    workspace.listener.say(f"Reading the customers of {place.environment} ...")
    memory = last.memory
    view = refresh(loaded, erp, memory=memory)
    rules = rules_of(workspace.settings)
    renumbered = renumberings(loaded.desired, view.customers, memory, view.doubts, rules.resource)
    present = under_present_numbers(loaded.desired, renumbered)
    comparison = last.with_causes(Comparison(present, view, rules, memory))
    memory = comparison.memory
    paired = pair(present, view.customers, memory.numbers, memory.identities, view.doubts, rules.resource)
    choice = _Choice(keys, fields, mutes)
    rewriting = _Rewriting(workspace.settings, workspace.environ, memory, choice, rules)
    files = rewriting.run(paired, comparison.unequal)
    if not dry_run:
        replace_files(files)
    unpaired = _unpaired(loaded, paired, choice) if numbers else bool(paired.diagnostics or renumbered.refused)
    return Acceptance(
        tuple(files),
        tuple(rewriting.granted),
        tuple(rewriting.denied),
        tuple(rewriting.missing),
        tuple(rewriting.ignored),
        choice.not_applied,
        choice.muted,
        unpaired or bool(numbers and rewriting.missing),
        (*view.doubts.diagnostics(), *renumbered.problems(), *paired.diagnostics),
    )


def _unpaired(loaded: Loaded, paired: Pairing, choice: _Choice) -> bool:
    """Whether one of the chosen declarations could not be paired with a live customer."""
    known = {desired.label for desired, _ in paired.pairs}
    return any(desired.label not in known and choice.has(desired) for desired in loaded.desired)


class _Choice:
    """What was asked for. Where nothing was named, an edit that is not applied yet and a muted value stay as they are.

    mutes: the ones that count when nothing was named; None where everything is taken.
    """

    def __init__(self, keys: frozenset[str], fields: Sequence[str], mutes: ActiveMutes | None) -> None:
        self._keys = keys
        self._fields = patterns(tuple(fields))
        self._mutes = mutes
        self.not_applied = 0
        self.muted = 0

    def has(self, desired: Desired) -> bool:
        """Whether the customer is one of those that were named, or all are."""
        number = desired.number is not None and number_key(desired.number) in self._keys
        return not self._keys or number or desired.ref in self._keys

    def takes(self, edit: ProposedEdit) -> bool:
        """Whether the value is to be accepted; counts those that are left out without having been asked for."""
        if not any(map(self.names, _paths(edit))):
            return False
        if self._mutes is None:
            return True
        if edit.cause is Cause.CONFIG:
            self.not_applied += 1
        elif _is_muted(edit, self._mutes):
            self.muted += 1
        else:
            return True
        return False

    def names(self, path: Path) -> bool:
        """Whether the field at the path is one of those that were named, or all are."""
        return not self._fields or any(covers(pattern, path) for pattern in self._fields)


def _is_muted(edit: ProposedEdit, mutes: ActiveMutes) -> bool:
    return mutes.find(names_of(edit.desired, edit.live), render_path(edit.path)) is not None


def _paths(edit: ProposedEdit) -> Iterator[Path]:
    """The paths by which an edit can be chosen: a line is one thing, chosen by any of its members."""
    yield edit.path
    for side in (edit.before, edit.after):
        if isinstance(side, dict):
            yield from ((*edit.path, name) for name in side)


@dataclass
class _Rewriting:
    """Rewrites file after file in memory."""

    settings: Settings
    environ: Mapping[str, str]
    memory: Memory
    choice: _Choice
    rules: Rules
    granted: list[Granted] = field(default_factory=list)
    denied: list[Denied] = field(default_factory=list)
    missing: list[Desired] = field(default_factory=list)
    ignored: list[LeftAlone] = field(default_factory=list)

    def run(self, paired: Pairing, unequal: Collection[int]) -> list[Replacement]:
        """The files to replace. unequal: the `internal_id`s of the customers that differ in anything."""
        by_file: dict[str, list[ProposedEdit]] = {}
        for desired, live in paired.pairs:
            if not self.choice.has(desired):
                continue
            if live is None:
                self.missing.append(desired)
                continue
            if live.internal_id not in unequal:
                continue
            self._note_ignored(desired, live)
            taken = [edit for edit in proposed_edits(desired, live, self.rules, self.memory) if self.choice.takes(edit)]
            if taken:
                by_file.setdefault(desired.source.file, []).extend(taken)
        return [change for name, taken in by_file.items() for change in self._file(name, taken)]

    def _note_ignored(self, desired: Desired, live: Live) -> None:
        if not may_ignore(desired, self.rules):
            return
        left = compared(desired, live, self.rules, self.memory).ignored
        if fields := tuple(one for one in left if self.choice.names(parse_path(one.path))):
            self.ignored.append(left_alone(desired, live, fields))

    def _file(self, name: str, wanted: list[ProposedEdit]) -> Iterator[Replacement]:
        accepted, replacement = edited(self.settings, self.environ, name, wanted, self.rules, self.memory)
        self.granted += accepted.granted
        self.denied += accepted.denied
        if replacement is not None:
            yield replacement
