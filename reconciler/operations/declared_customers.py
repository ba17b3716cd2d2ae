"""Which live customers are declared already, and where: no customer is written into a second declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reconciler.config.read.declarations import Loaded, load_declarations
from reconciler.config.read.files import display
from reconciler.config.read.globs import is_read
from reconciler.config.settings import Settings
from reconciler.core.comparison import Comparison
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors
from reconciler.core.doubts import Doubts
from reconciler.core.errors import InvalidInput
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.ports import View
from reconciler.core.removed import removed
from reconciler.core.renumbering import former_key
from reconciler.core.rules import Memory
from reconciler.operations.declarations import read
from reconciler.operations.pipeline import rules_of
from reconciler.operations.workspace import Workspace
from reconciler.resources.customer import CUSTOMER

_EMPTY = ("S119", "S120")
"""Codes of a project that declares nobody yet, which is no error where declarations are being written."""


@dataclass(frozen=True, slots=True)
class Standings:
    """The declared ones among live customers, each with its declaration; and those whose declaration is gone."""

    declared: tuple[tuple[Desired, Live], ...]
    lost: tuple[Live, ...]


@dataclass(frozen=True)
class DeclaredCustomers:
    """The declarations that count where declarations are written to a folder.

    They are those of the project if its settings read that folder; else those in the folder itself, which the project
    knows nothing of.
    """

    workspace: Workspace
    loaded: Loaded
    is_project: bool

    @classmethod
    def at(cls, workspace: Workspace, folder: Path) -> DeclaredCustomers:
        """Read them. Raises InvalidInput for errors in files that nothing written to the folder can replace."""
        settings = workspace.settings
        if not reads(settings, folder):
            files = tuple(sorted(folder.glob("*.yaml")))
            options = {"defaults": settings.defaults, "environ": workspace.environ, "bounds": settings.limits.files}
            nothing = Loaded((), (), "")
            loaded = load_declarations(files, root=settings.root, **options) if files else nothing  # type: ignore[arg-type]  # each has its type
            return cls(workspace, loaded, is_project=False)
        loaded = read(settings, environ=workspace.environ)
        declared = cls(workspace, loaded, is_project=True)
        declared.check(lambda problem: problem.source is None or (settings.root / problem.source.file).parent != folder)
        return declared

    @property
    def settings(self) -> Settings:
        """The settings of the environment."""
        return self.workspace.settings

    @cached_property
    def memory(self) -> Memory:
        """What earlier runs recorded of the declarations. Raises StateError."""
        known = self.workspace.store.known(self.workspace.place)
        return known.load(whole=False).memory() if self.is_project else Memory()

    def check(self, counts: Callable[[Diagnostic], bool]) -> None:
        """Raise InvalidInput if errors count: who is declared cannot be known then."""
        problems = self.loaded.diagnostics
        errors = tuple(
            one for one in problems if one.severity is Severity.ERROR and one.code not in _EMPTY and counts(one)
        )
        if errors:
            raise InvalidInput(errors)

    def look_for(self, customers: Iterable[Live], doubts: Doubts) -> Standings:
        """How they stand, as plans have it. Raises InvalidInput where a plan could not tell them apart."""
        rules = rules_of(self.settings)
        comparison = Comparison(self.loaded.desired, View(tuple(customers), "", 0, doubts=doubts), rules, self.memory)
        renumbering, foreseen = comparison.renumberings, comparison.foreseen
        if has_errors(foreseen.paired.diagnostics):
            raise InvalidInput(foreseen.paired.diagnostics)
        by_id = {live.internal_id: live for live in comparison.view.customers}
        by_number = {number_key(live.number): live for live in comparison.view.customers}
        declared = {live.internal_id: desired for desired, live in foreseen.paired.pairs if live is not None}
        for declaration, _ in renumbering.refused:
            for key in (former_key(declaration), number_key(declaration.number or "")):
                if key in by_number:
                    declared.setdefault(by_number[key].internal_id, declaration)
        lost = removed(foreseen.desired, foreseen.paired, foreseen.view, self.memory, renumbering.spoken_for)
        return Standings(
            tuple((declaration, by_id[internal_id]) for internal_id, declaration in declared.items()),
            tuple(by_id[live.internal_id] for live in lost),
        )

    @property
    def is_any(self) -> bool:
        """Whether any customer is declared, or was."""
        return bool(self.loaded.desired or self.memory.applied)

    def slim(self, live: Live) -> Live:
        """The customer with no more than it is recognised by."""
        names = {name for declaration in self.loaded.desired for name in declaration.match} | CUSTOMER.match_set
        return live.with_values({name: live.values[name] for name in names & live.values.keys()})

    @property
    def files(self) -> dict[str, list[str]]:
        """The labels of the declarations by their file."""
        by_file: dict[str, list[str]] = {}
        for declaration in self.loaded.desired:
            by_file.setdefault(declaration.source.file, []).append(declaration.label)
        return by_file


def reads(settings: Settings, folder: Path) -> bool:
    """Whether the project's settings read a declaration in this folder."""
    name = display(folder / "1.yaml", settings.root)
    return not Path(name).is_absolute() and any(is_read(glob, Path(name).parts) for glob in settings.customers)
