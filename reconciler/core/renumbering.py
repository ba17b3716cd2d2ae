"""Renumbering on purpose: `lifecycle.renumbered_from` says which live customer is to get the declared number. Pure.

A plan compares both sides as they will be once the numbers are changed: the ERP keeps the customer's internal id, and
all that refers to it follows (fact sheet of the neighbours, 6). So nothing else needs to know of two numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.doubts import SURE, Doubts, held_back
from reconciler.core.identity import was_renumbered, was_replaced
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import Action, Cause, Change, Guard, Refusal, Verb
from reconciler.core.ports import View, Wire
from reconciler.core.rules import Memory
from reconciler.core.sameness import Side, contradiction
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import get, parse_path, put

Part = TypeVar("Part")

STUCK = "I419"
"""Code of a diagnostic: a renumbering stands against the rules."""

LOOKS = 3
"""Requests beside the action itself: whose the two numbers are before it, and the customer's number after it."""


@dataclass(frozen=True, slots=True)
class Due:
    """A renumbering that is to be done: the declaration with the new number, and its customer with the present one."""

    declaration: Desired
    live: Live

    @property
    def number(self) -> str:
        """The new number."""
        return self.declaration.number or ""


@dataclass(slots=True)
class Renumberings:
    """What `lifecycle.renumbered_from` comes to.

    refused: each declaration that stands against the rules, with what is said of it; it is not compared. numbers:
    `number_key` of a former number to the new one, due or done. moved: `number_key` of the new number to the former one
    under which earlier runs recorded the customer. followed: (former, new) number of those that are done, and of which
    the state does not know yet.
    """

    due: list[Due] = field(default_factory=list)
    refused: list[tuple[Desired, Refusal | Diagnostic]] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    followed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether no declaration names a former number."""
        return not (self.due or self.refused or self.notes)

    @property
    def diagnostics(self) -> Iterator[Diagnostic]:
        """What is to be said of them, errors included."""
        yield from self.notes
        yield from (problem for _, problem in self.refused if isinstance(problem, Diagnostic))

    def problems(self) -> Iterator[Diagnostic]:
        """The same where nothing is planned that could be refused: what refuses a plan is an error, too."""
        yield from self.diagnostics
        for declaration, problem in self.refused:
            if isinstance(problem, Refusal):
                yield Diagnostic(
                    Severity.ERROR,
                    STUCK,
                    f"{declaration.label} is neither compared nor changed: {problem.summary}",
                    remedy=problem.remedy,
                    source=declaration.source,
                )

    @property
    def spoken_for(self) -> frozenset[str]:
        """The `number_key`s of the customers that refused declarations name: not one of them lost its declaration."""
        keys = (key for one, _ in self.refused for key in (former_key(one), number_key(one.number or "")))
        return frozenset(key for key in keys if key)

    @property
    def stuck(self) -> dict[str, str]:
        """`number_key` of each number whose customer cannot be told for now, and why: nobody is put below it."""
        return {number_key(one.number or ""): problem.summary for one, problem in reversed(self.refused)}

    def refusals(self, declarations: Collection[int]) -> Iterator[Refusal]:
        """What refuses the plan, each once. declarations: the `id`s of those that are looked at."""
        yield from dict.fromkeys(
            problem
            for declaration, problem in self.refused
            if isinstance(problem, Refusal) and id(declaration) in declarations
        )


def renumberings(
    desired: Iterable[Desired],
    live: Iterable[Live],
    memory: Memory,
    doubts: Doubts = SURE,
    resource: Resource = CUSTOMER,
) -> Renumberings:
    """Which renumberings are due, which are done, and which cannot be.

    doubts: where one of the two numbers may be that of a customer that is not among the live ones, the declaration is
    held back. resource: in whose forms ids compare.
    """
    declarations = tuple(desired)
    wishes = [one for one in declarations if one.lifecycle.renumbered_from and one.number]
    if not wishes:
        return Renumberings()
    return _Resolution(wishes, declarations, live, memory, doubts, resource).resolve()


def former_key(declaration: Desired) -> str | None:
    """The `number_key` of the number that the declaration's customer may still have."""
    former = declaration.lifecycle.renumbered_from
    return number_key(former) if former and declaration.number else None


class _Resolution:
    """One pass over the declarations that name a former number."""

    def __init__(
        self,
        wishes: list[Desired],
        declarations: tuple[Desired, ...],
        live: Iterable[Live],
        memory: Memory,
        doubts: Doubts,
        resource: Resource,
    ) -> None:
        self._wishes = wishes
        self._doubts = doubts
        self._resource = resource
        self._by_former = {former_key(wish) or "": wish for wish in reversed(wishes)}
        self._declared = {number_key(one.number): one for one in declarations if one.number}
        self._memory = memory
        wanted = {*self._by_former, *(number_key(wish.number or "") for wish in wishes)}
        identities = {memory.identities[key] for key in self._by_former if key in memory.identities}
        self._by_number: dict[str, list[Live]] = defaultdict(list)
        self._by_identity: dict[int, Live] = {}
        for customer in live:
            if (key := number_key(customer.number)) in wanted:
                self._by_number[key].append(customer)
            if customer.internal_id in identities:
                self._by_identity[customer.internal_id] = customer
        self._found = Renumberings()

    def resolve(self) -> Renumberings:
        for wish in self._wishes:
            former, number = former_key(wish) or "", number_key(wish.number or "")
            at_former, at_number = self._by_number.get(former, []), self._by_number.get(number, [])
            is_done = self._is_done(wish)
            if problem := (
                self._mistaken(wish, at_number[0]) if is_done else self._problem(wish, former, at_former, at_number)
            ):
                self._found.refused.append((wish, problem))
                other = self._declared.get(former)
                if at_former and other is not None and other.lifecycle.renumbered_from is None:
                    self._found.refused.append((other, problem))  # it would be written onto the wish's customer
            elif is_done:
                self._done(wish, former, number, at_number[0])
            else:
                self._found.due.append(Due(wish, at_former[0]))
                self._found.numbers[former] = wish.number or ""
                self._found.moved[number] = former
        return self._found

    def _is_done(self, wish: Desired, asking: frozenset[str] = frozenset()) -> bool:
        """Whether the customer has its new number, and nobody is mistaken for it: surely nobody has the former number
        any more; or earlier runs know the customer by its new number, and the former one is no known customer's, or
        one's that was renumbered to it since.

        asking: `number_key`s of the declarations that ask: a circle of numbers is never done.
        """
        former, number = former_key(wish) or "", number_key(wish.number or "")
        holders = self._by_number.get(number)
        if not holders or number in asking:
            return False
        if not self._by_number.get(former):
            elsewhere = self._elsewhere(former)
            if elsewhere is not None:
                return elsewhere.internal_id == holders[0].internal_id
            return self._is_known(former, number, holders[0]) or not self._doubt(former)
        identities = self._memory.identities
        if identities.get(number) != holders[0].internal_id:
            return False
        other = self._declared.get(former)
        follows = other is not None and former_key(other) is not None and self._is_done(other, asking | {number})
        return former not in identities or follows

    def _is_known(self, former: str, number: str, holder: Live) -> bool:
        """Whether earlier runs recorded the holder of the new number as this customer, by either number."""
        return holder.internal_id in (self._memory.identities.get(number), self._memory.identities.get(former))

    def _doubt(self, key: str) -> str:
        """Why a customer may have the number, or have had it, although none of the live ones does; or nothing."""
        if self._by_number.get(key):
            return ""
        for row in self._doubts.unreadable:
            if row.internal_id is not None and row.internal_id == self._memory.identities.get(key):
                return f"{row.label}, whose row cannot be read, had the number {key}"
        return self._doubts.about_new(key, {})

    def _is_taken(self, wish: Desired) -> bool:
        """Whether it is refused, since its new number is another customer's."""
        return bool(self._by_number.get(number_key(wish.number or ""))) and not self._is_done(wish)

    def _elsewhere(self, former: str) -> Live | None:
        """The customer that had the former number when it was last applied, whatever its number is now."""
        identity = self._memory.identities.get(former)
        return self._by_identity.get(identity) if identity is not None else None

    def _done(self, wish: Desired, former: str, number: str, holder: Live) -> None:
        self._found.notes.append(_removable(wish, is_known=self._is_known(former, number, holder)))
        if not self._by_number.get(former):
            self._found.numbers[former] = wish.number or ""
        if self._memory.identities.get(former) == holder.internal_id:  # by somebody else, or by a run that was killed
            self._found.moved[number] = former
            self._found.followed.append((former, holder.number))

    def _problem(
        self, wish: Desired, former: str, at_former: list[Live], at_number: list[Live]
    ) -> Refusal | Diagnostic | None:
        elsewhere = self._elsewhere(former)
        if not at_former and elsewhere is not None:
            return was_renumbered(wish, elsewhere)
        if doubt := self._doubt(former) or self._doubt(number_key(wish.number or "")):
            return held_back(wish, f"it is to be renumbered from {wish.lifecycle.renumbered_from}, and {doubt}")
        if not at_former:
            return _nowhere(wish)
        if elsewhere is not None and elsewhere.internal_id != at_former[0].internal_id:
            return was_replaced(wish, at_former[0], elsewhere)
        first, old = self._by_former[former], at_former[0].number
        if first is not wish:
            return _refusal(
                wish,
                f"{wish.number} and {first.number} ({first.source}) are both to be renumbered from {old}",
                "Keep renumbered_from in one of them.",
            )
        if at_number:
            return self._taken(wish, at_number[0])
        other = self._declared.get(former)
        if other is not None and not (former_key(other) is not None and self._is_taken(other)):
            return _refusal(
                wish,
                f"{other.number} is declared ({other.source}), and its customer is to be renumbered to {wish.number}",
                f"Apply the renumbering first, and declare {other.number} for another customer after that.",
            )
        return self._mistaken(wish, at_former[0])

    def _mistaken(self, wish: Desired, customer: Live) -> Refusal | None:
        """A customer that has another id than the declared one, and of which no earlier run recorded that it is it."""
        number = number_key(wish.number or "")
        if self._is_known(former_key(wish) or "", number, customer):
            return None
        sides = Side(wish.values, wish.number), Side(customer.values, customer.number)
        differing = contradiction(*sides, self._resource)
        if differing is None:
            return None
        name, ours, theirs = differing
        return _refusal(
            wish,
            f"{customer.number} is perhaps not the customer that is to be renumbered from"
            f" {wish.lifecycle.renumbered_from} to {wish.number}: its {name} is {theirs!r}, and declared is {ours!r}",
            f"If it is that customer, declare the {name} that it has until it is renumbered, and correct it after that;"
            " if not, remove renumbered_from.",
        )

    def _taken(self, wish: Desired, holder: Live) -> Refusal:
        """Swaps and chains end here too: the ERP would have to change both numbers at once."""
        former = wish.lifecycle.renumbered_from
        other = self._by_former.get(number_key(holder.number))
        if other is None:
            return _refusal(
                wish,
                f"{former} cannot be renumbered to {wish.number}: another customer has that number"
                + (f" ({holder.name})" if holder.name else ""),
                "Choose a free number. If the renumbering is done, and the old number is another customer's by now,"
                " remove renumbered_from.",
            )
        if number_key(other.number or "") == former_key(wish):
            remedy = "Renumber one of them to a third, free number first, and apply; then the other; then the first."
            return _refusal(wish, f"{former} and {wish.number} cannot swap their numbers in one plan", remedy)
        return _refusal(
            wish,
            f"{former} cannot be renumbered to {wish.number} while {wish.number} is to be renumbered to {other.number}",
            f"Apply one after the other: --target {other.number} first.",
        )


# ---- what is said of it ----


def _removable(wish: Desired, *, is_known: bool) -> Diagnostic:
    """is_known: whether an earlier run recorded that it is the same customer."""
    if not is_known:
        former = wish.lifecycle.renumbered_from
        return Diagnostic(
            Severity.WARNING,
            "P515",
            f"{wish.number} is taken for the customer that was {former}, since nobody has {former}: no earlier run"
            " recorded that it is",
            remedy=f"Check that {wish.number} is the customer you mean, then remove renumbered_from.",
            source=wish.source,
        )
    return Diagnostic(
        Severity.NOTE,
        "P515",
        f"{wish.number} has its new number: renumbered_from is not needed any more",
        remedy="Remove it from the declaration.",
        source=wish.source,
    )


def _nowhere(wish: Desired) -> Diagnostic:
    former = wish.lifecycle.renumbered_from
    return Diagnostic(
        Severity.ERROR,
        "I418",
        f"{wish.number} is to be renumbered from {former}, and the ERP has neither of the two",
        remedy=f"If its customer goes by another number now, declare that. If {wish.number} is new, remove"
        " renumbered_from.",
        source=wish.source,
    )


def _refusal(wish: Desired, summary: str, remedy: str) -> Refusal:
    return Refusal(Guard.LIFECYCLE, summary, remedy, wish.number, wish.source)


def _stale_parent(declaration: Desired, parent: str, number: str, resource: Resource) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "P516",
        f"{declaration.label}: its parent {parent} is renumbered to {number}, which is used instead",
        remedy=f'Declare {resource.parent}: "{number}".',
        source=declaration.locate(parse_path(resource.parent)),
    )


# ---- both sides, as they will be ----


def foreseen_view(view: View, found: Renumberings, resource: Resource = CUSTOMER) -> View:
    """The live customers with their new numbers."""
    renamed = {due.live.internal_id: due for due in found.due}
    parents = {former_key(due.declaration): due.number for due in found.due}

    def foreseen(customer: Live) -> Live:
        due = renamed.get(customer.internal_id)
        parent = get(customer.values, (resource.parent,)) if parents else None
        new_parent = parents.get(number_key(parent)) if isinstance(parent, str) else None
        if due is None and new_parent is None:
            return customer
        customer = customer.unpacked()
        if new_parent is not None:
            customer = customer.with_values(customer.values | {resource.parent: new_parent})
        return customer if due is None else replace(customer, number=due.number)

    return replace(view, customers=tuple(map(foreseen, view.customers)))


def foreseen_declarations(
    desired: Iterable[Desired], found: Renumberings, resource: Resource = CUSTOMER
) -> tuple[tuple[Desired, ...], tuple[Diagnostic, ...]]:
    """The declarations that can be compared, each parent by its new number, and a warning where it is an old one."""
    refused = {id(declaration) for declaration, _ in found.refused}
    declarations: list[Desired] = []
    warnings: list[Diagnostic] = []
    for declaration in desired:
        if id(declaration) in refused:
            continue
        parent = declaration.values.get(resource.parent)
        number = found.numbers.get(number_key(parent)) if isinstance(parent, str) else None
        if number is not None:
            warnings.append(_stale_parent(declaration, str(parent), number, resource))
            values = {**declaration.values}
            put(values, (resource.parent,), number)
            declaration = replace(declaration, values=values)  # noqa: PLW2901 - the same one, as it is meant
        declarations.append(declaration)
    return tuple(declarations), tuple(warnings)


def foreseen_memory(memory: Memory, found: Renumberings) -> Memory:
    """What earlier runs recorded, under the new numbers."""
    if not found.moved:
        return memory
    formers = set(found.moved.values())
    new = {former: key for key, former in found.moved.items()}
    return Memory(
        {ref: new.get(number_key(number), number) for ref, number in memory.numbers.items()},
        _Moved(memory.applied, found.moved, formers),
        dict(_Moved(memory.identities, found.moved, formers)),
        _Moved(memory.normalised, found.moved, formers),
        None if memory.baseline is None else _Moved(memory.baseline, found.moved, formers),
        lambda keys: memory.recall(found.moved.get(key, key) for key in keys),
    )


class _Moved(Mapping[str, Part]):
    """A mapping by `number_key`, in which some stand under another key: nothing is copied."""

    def __init__(self, kept: Mapping[str, Part], moved: Mapping[str, str], formers: Collection[str]) -> None:
        self._kept = kept
        self._moved = moved
        self._formers = formers

    def __getitem__(self, key: str) -> Part:
        if key not in self:
            raise KeyError(key)
        return self._kept[self._moved.get(key, key)]

    def __contains__(self, key: object) -> bool:
        if key in self._moved:
            return self._moved[key] in self._kept  # type: ignore[index]  # it is among them
        return key not in self._formers and key in self._kept

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._kept if key in self and key not in self._moved)
        yield from (key for key in self._moved if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def under_present_numbers(desired: Iterable[Desired], found: Renumberings) -> tuple[Desired, ...]:
    """The declarations as they find their customers before anything is renumbered, without those that are refused."""
    due = {id(one.declaration): one.live.number for one in found.due}
    refused = {id(declaration) for declaration, _ in found.refused}
    return tuple(
        replace(one, number=due[id(one)]) if id(one) in due else one for one in desired if id(one) not in refused
    )


# ---- the plan's part ----


def internal_id_of(action: Action) -> int:
    """The internal id of the customer that a renumbering is for: its request's path names it."""
    return int(action.request.path.rpartition("/")[2])


def renumber_actions(found: Renumberings, wire: Wire, resource: Resource = CUSTOMER) -> Iterator[Action]:
    """One action for each renumbering that is due."""
    for due in found.due:
        declaration, live = due.declaration, due.live
        change = Change(resource.key, live.number, due.number, Cause.CONFIG, declaration.locate((resource.key,)))
        yield Action(
            Verb.RENUMBER,
            due.number,
            declaration.ref,
            live.name or declaration.name,
            declaration.source,
            (change,),
            wire.renumber(live, due.number),
            resource=resource.name,
        )


def after_renumbering(actions: Iterable[Action], resource: Resource = CUSTOMER) -> list[Action]:
    """The actions, each behind the renumbering of its customer and of the parent that it names."""
    ordered = list(actions)
    labels = {number_key(one.number or ""): one.label for one in ordered if one.action is Verb.RENUMBER}
    return [_behind(action, labels, resource) for action in ordered] if labels else ordered


def _behind(action: Action, labels: Mapping[str, str], resource: Resource) -> Action:
    if action.action is Verb.RENUMBER:
        return action
    parents = [change.after for change in action.changes if change.path == resource.parent]
    keys = [number_key(one) for one in (*parents, action.number) if isinstance(one, str)]
    needed = dict.fromkeys(labels[key] for key in keys if key in labels)
    return replace(action, depends_on=(*action.depends_on, *needed)) if needed else action
