"""What an apply leaves in the state: the customers that it left as declared, and how it knows them again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy

from reconciler.core.actions import compared
from reconciler.core.compare import comparable
from reconciler.core.desired import Desired
from reconciler.core.identity import Pairing
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import Change, Outcome, Result, Run, Verb
from reconciler.core.rules import Memory, Rules
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import NumberOf, Path, Scalar, Values, get, parse_path, put, without
from reconciler.state.known_customers import Known, Normalised


def records(
    run: Run,
    live: Mapping[str, Live],
    previous: Mapping[str, Known],
    *,
    paired: Pairing | None = None,
    rules: Rules | None = None,
    run_id: str | None = None,
) -> tuple[Known, ...]:
    """What to record after a run.

    live: the written customers as they were read back, by `number_key`. previous: what was known before. paired: the
    declarations and the customers that the plan compared, when they are at hand: then the customers that needed no
    change are recorded too, since they are as declared.
    """
    rules = rules or Rules()
    ignore = rules.ignore
    muted = {number_key(each.number): {one.path for one in each.fields} for each in run.plan.muted}
    pairs = paired.pairs if paired else ()
    desired = _by_name(each for each, _ in pairs)
    found = {}
    for result in run.results:
        if result.outcome is Outcome.DONE and result.action.action is not Verb.RENUMBER:
            left = muted.get(number_key(result.action.number or ""), set())
            known = _written(result, live, previous, desired, ignore, left)
            found[known.key] = known
    touched = {each.action.label for each in run.results}
    touched |= {
        each.action.number or ""
        for each in run.results
        if each.action.action is Verb.RENUMBER and each.outcome is not Outcome.DONE
    }
    for each, customer in pairs:
        if customer is None or {customer.number, each.label} & touched:
            continue
        left = muted.get(number_key(customer.number), set())
        if {change.path for change in compared(each, customer, rules, Memory()).changes} <= left:
            known = _unchanged(each, customer, previous, run.finished_at, ignore, left)
            found.setdefault(known.key, known)
    return tuple(_dated(each, run.finished_at, run_id) for each in found.values())


def renumbered(run: Run) -> Iterator[tuple[str, str]]:
    """(former, new) number of each customer that the run has renumbered: what is known of it goes along."""
    for result in run.results:
        if result.outcome is Outcome.DONE and result.action.former is not None:
            yield result.action.former, result.action.number or ""


def forgotten(run: Run, previous: Mapping[str, Known]) -> tuple[str, ...]:
    """The numbers whose management ends with the run: without declaration, and left alone or deactivated by now.

    One whose deactivation did not succeed stays known, for the next plan to try again; so does one that was applied
    again after the plan had read the ERP: it has a declaration anew.
    """
    undone = {number_key(each.action.label) for each in run.results if each.outcome is not Outcome.DONE}
    return tuple(
        each.number
        for each in run.plan.removed
        if (key := number_key(each.number)) not in undone
        and (known := previous.get(key)) is not None
        and known.applied_at <= run.plan.refresh.as_of
    )


def _by_name(desired: Iterable[Desired]) -> dict[tuple[str, str], Desired]:
    """The declarations by ref and by the key of their number."""
    found: dict[tuple[str, str], Desired] = {}
    for each in desired:
        if each.number is not None:
            found["number", number_key(each.number)] = each
        if each.ref is not None:
            found["ref", each.ref] = each
    return found


def _written(
    result: Result,
    live: Mapping[str, Live],
    previous: Mapping[str, Known],
    desired: Mapping[tuple[str, str], Desired],
    ignore: tuple[str, ...],
    muted: set[str],
) -> Known:
    """The declared number stays the key: a customer that the ERP numbered otherwise is then known to be renumbered."""
    action = result.action
    number = action.number or result.number or ""
    now = live.get(number_key(result.number or number))
    before = previous.get(number_key(number))
    declared = desired.get(("ref", action.ref or "")) or desired.get(("number", number_key(number)))
    applied: Values = deepcopy(before.applied) if before else {}
    for change in action.changes:
        _apply(applied, parse_path(change.path), change.after)
    if declared is not None:
        applied = compared_values(declared, ignore)
        for change in action.changes:
            if isinstance(get(applied, path := parse_path(change.path)), NumberOf):
                put(applied, path, change.after)  # the number that the parent was given
    refused = {each.path for each in result.not_taken}
    applied = _with_last(applied, refused | muted, before.applied if before else {})
    applied = without(applied, [parse_path(each.path) for each in result.normalised if _is_in_doubt(result, each)])
    pairs = dict(before.normalised) if before else {}
    for change in action.changes:
        if change.path not in refused:
            pairs.pop(change.path, None)
    pairs |= {each.path: Normalised(each.before, each.after) for each in result.normalised if _is_kept(result, each)}
    identity = now.internal_id if now else before.internal_id if before else None
    return Known(number, applied, "", action.ref, identity, pairs)


def _with_last(applied: Values, refused: Iterable[str], last: Values) -> Values:
    """What the ERP did not take, or a mute held back, was not applied: there the value before stays the last one, if
    there was one."""
    paths = [parse_path(each) for each in refused]
    if not paths:
        return applied
    taken = deepcopy(without(applied, paths))
    for path in paths:
        parent = get(last, path[:-1])
        if isinstance(parent, dict) and path[-1] in parent:
            put(taken, path, deepcopy(parent[path[-1]]))
    return taken


def _apply(applied: Values, path: Path, after: Scalar | Values) -> None:
    """Set the value; a line that was deleted is no value, but gone with its members."""
    if CUSTOMER.leaf(path) is not None:
        put(applied, path, after)
        return
    lines = applied.get(path[0])
    if isinstance(lines, dict):
        lines.pop(path[-1], None)


def _is_kept(result: Result, stored: Change) -> bool:
    """Whether the ERP surely stored what it was sent in another form, so that the difference may be forgotten.

    Not when it kept the old value or none at all: then it did not take the new one. Not without the version that the
    write made, either: the value may be somebody else's (fact sheet 14, Q9).
    """
    old = next((each.before for each in result.action.changes if each.path == stored.path), None)
    return result.version is not None and None not in (stored.before, stored.after) and stored.after != old


def _is_in_doubt(result: Result, stored: Change) -> bool:
    """Whether nobody knows who stored the value: then it is not called applied, nor its difference drift.

    In a customer that was found it is called so: somebody had the time to change it.
    """
    return not result.is_found and not _is_kept(result, stored)


def _unchanged(
    each: Desired,
    customer: Live,
    previous: Mapping[str, Known],
    at: str,
    ignore: tuple[str, ...],
    muted: set[str],
) -> Known:
    before = previous.get(number_key(customer.number))
    pairs = before.normalised if before else {}
    applied = _with_last(compared_values(each, ignore), muted, before.applied if before else {})
    return Known(customer.number, applied, at, each.ref, customer.internal_id, pairs)


def compared_values(each: Desired, ignore: tuple[str, ...]) -> Values:
    """What an apply of the declaration leaves in the ERP. ignore: paths that the settings leave alone."""
    return comparable(each.values, ignore + each.lifecycle.ignore_changes + each.lifecycle.create_only)


def _dated(known: Known, at: str, run_id: str | None) -> Known:
    return Known(known.number, known.applied, at, known.ref, known.internal_id, known.normalised, run_id)
