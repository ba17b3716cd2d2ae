"""The ERP's numbers into declarations that have only a ref."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.config.edit.accept import declaration_places
from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.tree import read_tree
from reconciler.config.edit.yaml_writer import literal
from reconciler.config.read import yaml_nodes
from reconciler.config.read.declarations import load_texts
from reconciler.config.read.messages import quoted
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.normalise import number_key


@dataclass(frozen=True, slots=True)
class Numbered:
    """A file with numbers put in: the new bytes, the refs that got one, and a warning for each that did not."""

    data: bytes
    written: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def write_numbers(
    data: bytes,
    name: str,
    numbers: Mapping[str, str],
    *,
    defaults: yaml_nodes.Mapping | None = None,
    environ: Mapping[str, str],
) -> Numbered:
    """Insert `number` into the declarations with these refs; one that has the number already is passed over.

    A declaration is found by its ref alone, which is unique; where it is gone, or has another number, nothing is
    guessed. name: as in positions.
    """
    before = load_texts({name: data}, defaults=defaults, environ=environ)
    errors = [problem for problem in before.diagnostics if problem.severity is Severity.ERROR]
    tree, _ = read_tree(data, name)
    if errors or tree is None:
        why = f"the file has errors ({errors[0].code} {errors[0].summary})"
        return Numbered(data, (), not_written(name, numbers, why))
    by_ref = {
        desired.ref: (desired, place) for desired, place in zip(before.desired, declaration_places(tree), strict=True)
    }
    edits: list[Edit] = []
    written: list[str] = []
    problems: list[Diagnostic] = []
    for ref, number in numbers.items():
        if ref not in by_ref:
            problems.append(_problem(name, ref, number, "no declaration has this ref any more"))
            continue
        desired, place = by_ref[ref]
        if desired.number is None:
            edits.append(Edit(place.index, (*place.path, "number"), literal(number, quoted=True)))
            written.append(ref)
        elif number_key(desired.number) != number_key(number):
            why = f"it has the number {quoted(desired.number)}"
            problems.append(replace(_problem(name, ref, number, why), source=desired.source))
    if not edits:
        return Numbered(data, (), tuple(problems))
    new = rewrite(data, name, edits)
    if new.problem is not None:
        return Numbered(data, (), not_written(name, numbers, new.problem.summary))
    after = load_texts({name: new.data}, defaults=defaults, environ=environ)
    if list(map(_rest, after.desired)) != list(map(_rest, before.desired)) or not _all_there(after.desired, numbers):
        return Numbered(data, (), not_written(name, numbers, "the file would then declare something else"))
    return Numbered(new.data, tuple(written), tuple(problems))


def _rest(desired: Desired) -> tuple[object, ...]:
    return desired.ref, desired.values, desired.match, desired.lifecycle, desired.complete


def _all_there(desired: tuple[Desired, ...], numbers: Mapping[str, str]) -> bool:
    """Whether each declaration with one of the refs has a number; another one than the ERP's was there before."""
    return all(one.number is not None for one in desired if one.ref in numbers)


def not_written(name: str, numbers: Mapping[str, str], why: str) -> tuple[Diagnostic, ...]:
    """A warning for each number, all for the same reason."""
    return tuple(_problem(name, ref, number, why) for ref, number in numbers.items())


def _problem(name: str, ref: str, number: str, why: str) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "A601",
        f"the number {quoted(number)} was not written into the declaration with ref {quoted(ref)}: {why}",
        remedy=f"Write number: {quoted(number)} into it by hand, or keep the ref alone; it is found by that too.",
        source=Source(name, 1, 1),
    )
