"""Desired and live in, plan out. Pure: time, versions and identities of the target are passed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.actions import AGREED, compared, create_action, left_alone, update_action
from reconciler.core.checks import (
    layout_note,
    mute_notes,
    null_problems,
    orphans,
    prevented,
    rivals,
    second_defaults,
    targeted_note,
)
from reconciler.core.comparison import Comparison, Heading
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.duplicates import (
    Known,
    Likeness,
    findings,
    is_meant,
    likenesses,
    of_declared,
    of_live,
    of_new,
    of_update,
)
from reconciler.core.guards import refusals as volume_refusals
from reconciler.core.guards import volume_verdicts
from reconciler.core.identity import pair
from reconciler.core.live import Live
from reconciler.core.mutes import names_of
from reconciler.core.normalise import number_key
from reconciler.core.ordering import in_order, linked, natural, targeted
from reconciler.core.plan import (
    Action,
    Budget,
    ConfigSummary,
    LeftAlone,
    Plan,
    Refresh,
    Refusal,
    Removed,
    Summary,
    Verb,
)
from reconciler.core.ports import Need, View, Wire
from reconciler.core.removed import deactivations, nothing_known, removal_notes, removed
from reconciler.core.renumbering import (
    LOOKS,
    after_renumbering,
    former_key,
    renumber_actions,
    renumberings,
    under_present_numbers,
)
from reconciler.core.rules import Memory, Rules
from reconciler.core.sameness import says_the_same
from reconciler.core.snapshot import created_since
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path


def need_of(desired: Iterable[Desired], resource: Resource = CUSTOMER) -> Need:
    """What must be read to plan the declarations: their fields, and what identifies the ones without number."""
    declarations = tuple(desired)
    of_all = set(resource.always)
    for declaration in declarations:
        of_all.update(*(resource.mirrors[name] for name in resource.mirrors.keys() & declaration.values.keys()))
        if declaration.number is None:
            of_all.update(declaration.match)
        if not resource.match_set.isdisjoint(declaration.values):
            of_all.update(resource.match)  # an id may stand in the other field of the live customer
    wanted = [(declaration.number, declaration.values) for declaration in declarations]
    wanted += [(former, declaration.values) for declaration in declarations if (former := former_key(declaration))]
    return Need.of(wanted, of_all, resource)


def compute_plan(comparison: Comparison, wire: Wire, *, heading: Heading, config: ConfigSummary) -> Plan:
    """Compare and decide. The parents that the targets need come along.

    The result is in a fixed order for the same input, whatever the order of the declarations or of the rows.
    """
    view, rules, targets = comparison.view, comparison.rules, comparison.targets
    decided = _decide(comparison, wire)
    paired = comparison.foreseen.paired
    problems, refusals, ordered = decided.problems, decided.refusals, decided.actions
    if targets:
        planned = {action.number for action in ordered}
        refusals = [refusal for refusal in refusals if refusal.number in planned]
        problems.append(targeted_note(targets, comparison.excluded))
    summary = Summary(
        create=sum(action.action is Verb.CREATE for action in ordered),
        update=sum(action.action is Verb.UPDATE for action in ordered),
        renumber=sum(action.action is Verb.RENUMBER for action in ordered),
        unchanged=decided.unchanged,
        unmanaged=paired.unmanaged - len(decided.undeclared),
        removed=len(decided.undeclared),
        unreadable=len(view.doubts.unreadable),
        held_back=comparison.held_back,
        muted=len(decided.muted),
        ignored=len(decided.ignored),
    )
    managed = sum(live is not None for _, live in paired.pairs)
    managed += len(decided.undeclared) if rules.deactivate_removed else 0
    verdicts = volume_verdicts(summary, rules.limits, managed)
    target = heading.target
    return Plan(
        reconciler_version=heading.version,
        created_at=heading.created_at,
        environment=target.environment,
        company=target.company,
        tenant_id=target.tenant_id,
        base_url=target.base_url,
        config=config,
        refresh=Refresh(
            view.reading.mode,
            view.as_of,
            len(view.customers),
            view.requests,
            view.reading,
            created_since(view.customers, view.as_of) if summary.create else None,
        ),
        summary=summary,
        actions=tuple(ordered),
        diagnostics=tuple(problems),
        budget=Budget(_requests(ordered, view, rules), view.limit, view.remaining, view.reset_seconds),
        refusals=(*refusals, *decided.unwanted, *volume_refusals(verdicts)),
        guards=verdicts,
        removed=tuple(
            Removed(live.number, live.name) for live in decided.undeclared if live.number not in decided.muted_removed
        ),
        muted=_by_number(decided.muted),
        ignored=_by_number(decided.ignored),
        include_muted=rules.include_muted,
    )


def _by_number(customers: Iterable[LeftAlone]) -> tuple[LeftAlone, ...]:
    return tuple(sorted(customers, key=lambda customer: natural(customer.number)))


@dataclass(slots=True)
class _Decided:
    """What is to be written, in order and of the targets alone where there are some, and what is to be said of it.

    refusals: of updates that a declaration forbids. unwanted: of new customers that may double one. undeclared: what
    was managed and has no declaration any more. muted, ignored: what differs and is left alone; muted_removed: the
    numbers of those of `undeclared` that stay managed for as long as a mute runs. other_layouts: by number, what the
    ERP has in another layout.
    """

    problems: list[Diagnostic]
    actions: list[Action] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unwanted: list[Refusal] = field(default_factory=list)
    undeclared: tuple[Live, ...] = ()
    unchanged: int = 0
    muted: list[LeftAlone] = field(default_factory=list)
    ignored: list[LeftAlone] = field(default_factory=list)
    muted_removed: set[str] = field(default_factory=set)
    other_layouts: dict[str, tuple[Path, ...]] = field(default_factory=dict)


def _decide(comparison: Comparison, wire: Wire) -> _Decided:
    """An action for each pair that differs and, where the rules say so, for each customer that is not declared; all as
    it will be once what is due is renumbered."""
    renumbering, notes, looked_at = comparison.renumberings, comparison.renumbering_notes, comparison.looked_at
    comparison = comparison.foreseen
    paired, rules, memory = comparison.paired, comparison.rules, comparison.memory
    decided = _Decided([*notes, *comparison.problems()])
    problems = decided.problems
    actions = list(renumber_actions(renumbering, wire, rules.resource))
    renumbered = {action.number for action in actions}
    names: dict[str, tuple[str | None, ...]] = {}
    for declaration, live in paired.pairs:
        action = (
            create_action(declaration, wire, rules, problems)
            if live is None
            else _update(declaration, live, comparison, wire, decided, is_renumbered=declaration.number in renumbered)
        )
        if action is not None:
            actions.append(action)
        if live is None or (action is None and declaration.number not in renumbered):
            continue
        if action is not None:
            names[action.label] = names_of(declaration, live)
        if declaration.lifecycle.prevent_update:
            decided.refusals.append(prevented(declaration, live))
    problems.extend(layout_note(decided.other_layouts))
    problems.extend(rivals(paired, rules.resource))
    problems.extend(orphans(actions, paired, comparison.view, rules.resource))
    similar = _similar(comparison, actions)
    actions = _with_alike(actions, similar)
    if not comparison.targets:
        decided.undeclared = removed(comparison.desired, paired, comparison.view, memory, renumbering.spoken_for)
        problems.extend(nothing_known(rules, memory))
    problems.extend(removal_notes(decided.undeclared, rules))
    if rules.deactivate_removed:
        _deactivate(decided, actions, wire, rules)
    problems.extend(null_problems(actions, rules))
    decided.actions = in_order(after_renumbering(linked(actions, problems), rules.resource))
    if comparison.targets:  # what comes along with a target is looked at as the target itself
        decided.actions = targeted(decided.actions, comparison.targets, comparison.excluded, problems)
        planned = {action.label for action in decided.actions}
        similar = [likeness for likeness in similar if likeness.candidate.label in planned]
    for action in decided.actions:
        problems.extend(mute_notes(action, names.get(action.label, ()), rules))
    doubles, decided.unwanted = findings(
        similar,
        duplicates=rules.duplicates,
        lookalikes=rules.lookalikes,
        lost=frozenset(live.number for live in decided.undeclared),
        lost_is_retired=rules.deactivate_removed,
    )
    problems.extend(doubles)
    decided.unwanted.extend(renumbering.refusals(looked_at))
    return decided


def _update(
    declaration: Desired, live: Live, comparison: Comparison, wire: Wire, decided: _Decided, *, is_renumbered: bool
) -> Action | None:
    """The update, if there is something to write; what is left alone is noted."""
    is_unequal = live.internal_id in comparison.unequal
    difference = compared(declaration, live, comparison.rules, comparison.memory) if is_unequal else AGREED
    looks_at = comparison.looks_at(declaration)
    if difference is AGREED:  # nearly every pair
        decided.unchanged += looks_at and not is_renumbered
        return None
    if looks_at:
        decided.unchanged += difference.is_as_declared and not is_renumbered
        if difference.other_layouts:
            decided.other_layouts[live.number] = difference.other_layouts
        for customers, fields in ((decided.muted, difference.muted), (decided.ignored, difference.ignored)):
            if fields:
                customers.append(left_alone(declaration, live, fields))
    if difference.changes:
        decided.problems += second_defaults(declaration, live.unpacked(), difference.changes, comparison.rules.resource)
    return update_action(declaration, live, difference, wire, comparison.rules, decided.problems)


def _deactivate(decided: _Decided, actions: list[Action], wire: Wire, rules: Rules) -> None:
    for retired in deactivations(decided.undeclared, wire, rules):
        if isinstance(retired, LeftAlone):
            decided.muted.append(retired)
            decided.muted_removed.add(retired.number)
        else:
            actions.append(retired)


def _similar(comparison: Comparison, actions: Iterable[Action]) -> list[Likeness]:
    """How the new customers are like live ones, and like what else is declared; and of the updates, which give a
    customer an id that another live one will have then."""
    pairs, resource = comparison.paired.pairs, comparison.rules.resource
    given = {action.number: ids for action in actions if action.action is Verb.UPDATE and (ids := _given_ids(action))}
    new = [of_new(declaration) for declaration, live in pairs if live is None]
    updates = [
        of_update(declaration, live, given[live.number])
        for declaration, live in pairs
        if live is not None and live.number in given
    ]
    if not (new or updates):
        return []
    own = {live.number: declaration for declaration, live in pairs if live is not None}
    customers = comparison.view.customers
    then = (of_live(live, own.get(live.number), given.get(live.number)) for live in customers)
    return [*likenesses(new, _known(comparison, own), resource), *likenesses(updates, then, resource)]


def _known(comparison: Comparison, own: Mapping[str, Desired]) -> Iterator[Known]:
    """The live customers, and the declarations by which more can be seen than by their live customers.

    own: the declaration of each live number.
    """
    seen: set[str] = set()
    for live in comparison.view.customers:
        declaration = own.get(live.number)
        known = of_live(live, declaration)
        yield known
        if declaration is not None and says_the_same(declaration.values, known.side.values, comparison.rules.resource):
            seen.add(declaration.label)
    yield from (of_declared(declaration) for declaration in comparison.desired if declaration.label not in seen)


def _given_ids(action: Action) -> dict[str, object]:
    """The ids that an action changes, by member."""
    ids = action.table.match_set
    return {
        change.path: change.after for change in action.changes if change.path in ids and change.before != change.after
    }


def _with_alike(actions: Iterable[Action], similar: Iterable[Likeness]) -> list[Action]:
    """The creates with the live customers that are like them now: none of them can be their doing, and the reviewer who
    agrees to the plan agrees to have them beside. Of these, `same_as` are the ones that the declaration names. Updates
    with those that have an id which they give."""
    alike: dict[str, set[str]] = defaultdict(set)
    meant: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, list[frozenset[str]]] = defaultdict(list)
    for likeness in similar:
        if likeness.other.declaration is None:
            label, number = likeness.candidate.label, likeness.other.label
            if likeness.crowd is not None:
                groups[label].append(likeness.crowd.labels)
                continue
            alike[label].add(number)
            if is_meant(likeness.candidate.declaration, likeness.other):
                meant[label].add(number)

    def with_alike(action: Action) -> Action:
        own = alike[action.label].difference(*groups[action.label])
        return replace(
            action,
            alike=tuple(sorted(own)),
            alike_groups=tuple(groups[action.label]),
            same_as=tuple(sorted(meant[action.label])),
        )

    like_others = alike.keys() | groups.keys()
    return [
        with_alike(action) if action.action is not Verb.RENUMBER and action.label in like_others else action
        for action in actions
    ]


def _requests(actions: list[Action], view: View, rules: Rules) -> int:
    """The writes with what is read right before them, and reading each written customer back: one by one, or the list
    where that costs less."""
    listed = view.reading.list_requests
    renumbered = {action.number for action in actions if action.action is Verb.RENUMBER}
    rechecks = sum(
        _reads(action, rules)
        for action in actions
        if action.action is Verb.UPDATE
        and ((rules.recheck_nested and action.is_unprotected) or action.number in renumbered)
    )
    rechecks += LOOKS * len(renumbered)
    return rechecks + len(actions) + min(len(actions), max(1, view.requests if listed is None else listed))


def _reads(action: Action, rules: Rules) -> int:
    """What reading the customer costs with all that the action changes."""
    return 1 + len(rules.resource.own & action.fields)


def incomplete(
    desired: Iterable[Desired], live: Iterable[Live], memory: Memory, need: Need
) -> tuple[tuple[str, Need], ...]:
    """(number, what to read) of each managed customer that lacks a member which its declaration compares.

    A row may leave out what it was asked to expand, and absent then means unknown, never empty (fact sheet 13.7, Q19);
    and the customer of a ref is only known now, so that its note or sales persons could not be asked for before.
    """
    apart = need.resource.apart
    concerned = [declaration for declaration in desired if not apart.isdisjoint(declaration.values)]
    if not concerned:
        return ()
    names = {name for declaration in concerned for name in apart & declaration.values.keys()}
    rows = tuple(live)
    if all(names <= customer.values.keys() for customer in rows):
        return ()  # nothing is lacking: the pairs need not be found
    reads = []
    present = under_present_numbers(concerned, renumberings(concerned, rows, memory, resource=need.resource))
    for declaration, customer in pair(present, rows, memory.numbers, memory.identities, resource=need.resource).pairs:
        if customer is None:
            continue
        lacking = (apart & declaration.values.keys()) - customer.values.keys()
        if lacking:
            own = {name: frozenset({number_key(customer.number)}) for name in lacking & need.resource.own}
            reads.append((customer.number, replace(need, own=own, meant=None)))
    return tuple(reads)
