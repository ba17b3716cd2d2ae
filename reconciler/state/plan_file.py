"""The plan file: a plan as JSON, sealed with a digest (docs/decisions/0019)."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from reconciler.core.doubts import told_summary
from reconciler.core.errors import Refused, ReportError
from reconciler.core.normalise import normalise
from reconciler.core.plan import FORMAT, FORMAT_VERSION, Action, Change, Plan
from reconciler.core.safe_json import inert_json
from reconciler.file_flags import NO_WAIT
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Field, Resource
from reconciler.resources.registry import RESOURCES
from reconciler.resources.values import NumberOf, Scalar, parse_path

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_SORTED = msgspec.json.Encoder(decimal_format="number", order="sorted")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_KEYS_FIRST = ("format", "format_version", "reconciler_version", "created_at")
MAX_BYTES = 1 << 30
_PRIVATE = 0o600
_DEVICES = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))


def document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values, keys in the order of the schema."""
    bare = tuple(replace(action, alike_groups=()) if action.alike_groups else action for action in plan.actions)
    values: dict[str, Any] = msgspec.to_builtins(replace(plan, actions=bare), builtin_types=(Decimal,))
    if not plan.signature:
        del values["signature"]
    values["summary"] = told_summary(values["summary"])
    groups: dict[frozenset[str], int] = {}
    for action, planned in zip(values["actions"], plan.actions, strict=True):
        action["alike_groups"] = [groups.setdefault(group, len(groups)) for group in planned.alike_groups]
        for name in ("stores", "alike_groups", "same_as"):
            if not action[name]:
                del action[name]
    if groups:
        values["alike_groups"] = [sorted(group) for group in groups]
    return {key: values[key] for key in _KEYS_FIRST} | values


def seal(plan: Plan) -> Plan:
    """The plan with its digests: of what it would write, and of everything but itself and `created_at`.

    A redacted plan gets none of what it would write: the digest has no key, and values could be tried out with it.
    """
    values = document(plan)
    values["changes_digest"] = "" if plan.redacted else _changes_digest(values)
    return replace(plan, changes_digest=values["changes_digest"], digest=_digest(values))


def sign(plan: Plan, key: bytes) -> Plan:
    """The plan with a signature that only the key can make: HMAC-SHA256 over the digest that it has without one."""
    bare = seal(replace(plan, signature=""))
    return seal(replace(bare, signature=_signature(bare.digest, key)))


def dumps(plan: Plan) -> bytes:
    """The plan file's bytes."""
    return inert_json(msgspec.json.format(_ENCODER.encode(document(plan)).decode(), indent=2) + "\n").encode()


def loads(data: bytes, name: str, key: bytes | None = None) -> Plan:
    """A plan from a plan file's bytes.

    Raises Refused when the file is no plan, of a newer major format, altered or cut, or, with a key, not signed with
    it: nothing of it is then applied.
    `name` is the file's name for messages.
    """
    remedy = "Make a new plan with `reconciler plan -o FILE`."
    try:
        found = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Refused(f"{name} is no plan: it is not JSON ({error})", remedy=remedy) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Refused(f"{name} is no plan: it does not say format {FORMAT!r}", remedy=remedy)
    _check_version(found.get("format_version"), name)
    if found.get("digest") != _digest(found):
        raise Refused(f"{name} was altered after it was made: its digest does not fit its contents", remedy=remedy)
    if key is not None:
        _check_signature(found, key, name)
    try:
        plan = _with_decimals(_with_groups(found))
        if any(not change.path for action in plan.actions for change in action.changes):
            raise ValueError("a change has no path")  # noqa: TRY301 - as what else a plan cannot be
        if not all(action.is_sound for action in plan.actions):
            raise ValueError("a renumbering lacks one of its two numbers")  # noqa: TRY301 - as above
    except (msgspec.ValidationError, ValueError) as error:
        raise Refused(f"{name} is no plan of format {FORMAT_VERSION}: {error}", remedy=remedy) from None
    if plan.changes_digest not in ("", _changes_digest(found)):  # consent hangs on it: it is never taken on trust
        raise Refused(f"{name} was altered: its changes digest does not fit its actions", remedy=remedy)
    return _as_of_now(plan)


def _as_of_now(plan: Plan) -> Plan:
    """A plan of another minor format in the present one, so that it can be written out again: in a run's journal."""
    return plan if plan.format_version == FORMAT_VERSION else seal(replace(plan, format_version=FORMAT_VERSION))


def _with_groups(values: dict[str, Any]) -> Plan:
    """The plan of its JSON values: each group of look-alikes is one set, however many actions name it."""
    groups = tuple(map(frozenset, msgspec.convert(values.get("alike_groups", ()), tuple[tuple[str, ...], ...])))
    actions = values.get("actions")
    named: list[Any] = []
    if isinstance(actions, list) and all(isinstance(action, dict) for action in actions):
        named = [msgspec.convert(action.get("alike_groups", ()), tuple[int, ...]) for action in actions]
        actions = [{key: value for key, value in action.items() if key != "alike_groups"} for action in actions]
    if any(not 0 <= at < len(groups) for own in named for at in own):
        raise ValueError("an action names a group of look-alikes that there is not")
    plan = msgspec.convert(values | {"actions": actions}, Plan, strict=True)
    whole = zip(plan.actions, named, strict=True)
    return replace(
        plan,
        actions=tuple(
            replace(action, alike_groups=tuple(groups[at] for at in own)) if own else action for action, own in whole
        ),
    )


def _with_decimals(plan: Plan) -> Plan:
    """JSON tells no whole decimal from an integer: the fields do, and comparisons with live values need it."""
    unknown = {action.resource for action in plan.actions} - RESOURCES.keys()
    if unknown:
        raise ValueError(f"it writes what this version does not know: {', '.join(sorted(unknown))}")
    return replace(plan, actions=tuple(_decimal_action(action) for action in plan.actions))


def _decimal_action(action: Action) -> Action:
    if not any(type(value) in (int, dict) for change in action.changes for value in (change.before, change.after)):
        return action
    return replace(action, changes=tuple(_decimal_change(change, action.table) for change in action.changes))


def _decimal_change(change: Change, resource: Resource) -> Change:
    row = resource.leaf(parse_path(change.path))
    if row is None:
        return change
    return replace(change, before=_leaf(row, change.before), after=_leaf(row, change.after))


def _leaf(row: Field, value: Any) -> Scalar:
    if not isinstance(value, dict):
        return normalise(row, value)
    if not (row.by_ref and value.keys() == {"ref"} and isinstance(value["ref"], str)):
        raise ValueError(f"{row.name} has a value that is none")
    return NumberOf(value["ref"])


def write(plan: Plan, path: Path) -> None:
    """Save the plan, mode 0600, whole or not at all. Raises ReportError."""
    write_private(path, dumps(plan))


def write_private(path: Path, data: bytes) -> None:
    """Write beside, then rename; mode 0600, since plans and reports hold personal data. Raises ReportError."""
    check_place(path)
    if path.parent in _DEVICES or (
        path.exists() and not path.is_file()
    ):  # a device or a pipe takes the bytes, and stays what it is
        _write_through(path, data)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ReportError(f"Cannot write {path}: {error.strerror or error}") from error


def check_place(path: Path) -> None:
    """Raise ReportError for a link: a branch may hold one in the place of a report, which leads wherever it likes."""
    if path.is_symlink() and path.parent not in _DEVICES:
        raise ReportError(
            f"Cannot write {path}: it is a link, which is not followed",
            remedy="Remove it, or name the file that it leads to.",
        )


def _write_through(path: Path, data: bytes) -> None:
    try:
        # standard output by name may be a file that holds something already; a pipe that nobody reads must not block
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | NO_WAIT)
        if sys.platform != "win32":
            os.set_blocking(handle, True)
        with os.fdopen(handle, "ab") as file:
            file.write(data)
    except OSError as error:
        raise ReportError(f"Cannot write {path}: {error.strerror or error}") from error


_SAVED = "Name the file that `plan -o FILE` wrote."


def read(path: Path, key: bytes | None = None) -> Plan:
    """Load a plan file, see `loads`. Raises ReportError when it cannot be read, Refused when it is no fit plan."""
    try:
        if path.exists() and not path.is_file():
            raise ReportError(f"Cannot read the plan {path}: it is no file", remedy=_SAVED)
        if path.stat().st_size > MAX_BYTES:
            raise Refused(f"{path} is larger than any plan ({MAX_BYTES >> 20} MiB)")
        data = path.read_bytes()
    except OSError as error:
        raise ReportError(f"Cannot read the plan {path}: {error.strerror or error}", remedy=_SAVED) from error
    return loads(data, path.name, key)


def _check_version(found: object, name: str) -> None:
    text = found if isinstance(found, str) else ""
    major, _, minor = text.partition(".")
    if not (major.isdecimal() and minor.isdecimal()):
        raise Refused(f"{name} has no readable format_version")
    if major != FORMAT_VERSION.partition(".")[0]:
        raise Refused(
            f"{name} has plan format {text}; this version of reconciler reads {FORMAT_VERSION}",
            remedy="Apply it with the version that made it, or make a new plan.",
        )


def _check_signature(values: dict[str, Any], key: bytes, name: str) -> None:
    given = values.get("signature")
    if not given:
        problem = f"{name} is not signed, and RECONCILER_PLAN_KEY asks for a signature"
    elif not isinstance(given, str) or not hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"),
        _signature(_digest({name: value for name, value in values.items() if name != "signature"}), key).encode(),
    ):
        problem = f"the signature of {name} was not made with this RECONCILER_PLAN_KEY, or for another plan"
    else:
        return
    raise Refused(problem, remedy="Make a new plan where RECONCILER_PLAN_KEY is set to the same key.")


def _signature(digest: str, key: bytes) -> str:
    """The format's name stands in front, so that the key signs nothing but plans."""
    return "hmac-sha256:" + hmac.new(key, f"{FORMAT}\n{digest}".encode(), hashlib.sha256).hexdigest()


def _digest(values: dict[str, Any]) -> str:
    return _sha256({key: value for key, value in values.items() if key not in ("digest", "created_at")})


_PLACE = ("environment", "tenant_id", "base_url")


def _changes_digest(values: dict[str, Any]) -> str:
    """What a person consents to: which writes, to which ERP, over which values.

    Left out is what differs between two plans of the same state (times, budget, the commit), what is only said and not
    sent (names, places, causes, other diagnostics), and versions: an edit of a field that is not touched needs no new
    consent, and one of a touched field shows in its before-value.
    """
    covered = {key: values[key] for key in _PLACE} | {"actions": [_consented(action) for action in values["actions"]]}
    if groups := values.get("alike_groups"):
        covered["alike_groups"] = groups
    return _sha256(covered)


def _consented(action: dict[str, Any]) -> dict[str, Any]:
    request, resource = action["request"], action.get("resource", CUSTOMER.name)
    return {
        **({} if resource == CUSTOMER.name else {"resource": resource}),  # plans before 1.2 know customers alone
        **{key: action.get(key) for key in ("action", "number", "ref", "depends_on")},
        "changes": [[change.get(key) for key in ("path", "before", "after")] for change in action["changes"]],
        "request": {key: request.get(key) for key in ("method", "path", "body")},
        **{key: numbers for key in ("alike", "alike_groups", "same_as") if (numbers := action.get(key))},
    }


def _sha256(values: dict[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(_SORTED.encode(values)).hexdigest()
