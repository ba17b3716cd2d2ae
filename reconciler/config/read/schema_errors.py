"""jsonschema's verdicts as diagnostics: where the value stands, what it should be, what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from reconciler.config.read import pattern_checks
from reconciler.config.read.content_checks import EXPONENT, SPREADSHEET_ERROR
from reconciler.config.read.messages import did_you_mean, nearest, quoted, shown
from reconciler.config.read.typed_values import BOOLEANS, BROKEN, FORMATS, MAX_DIGITS, number
from reconciler.config.read.value_checks import FOUR_DECIMALS, grouped_amounts
from reconciler.config.read.yaml_nodes import Mapping, Node, Scalar, Sequence
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.some_names import some_names
from reconciler.resources.customer import CUSTOMER

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

DECLARATION_CODES = {
    "unknown": "D301",
    "type": "D302",
    "enum": "D303",
    "null": "D304",
    "length": "D305",
    "range": "D306",
    "missing": "D307",
    "date": "D308",
    "path": "D314",
    "other": "D309",
    "identity": "I401",
}
SETTINGS_CODES = {
    "unknown": "S101",
    "type": "S102",
    "enum": "S103",
    "null": "S104",
    "length": "S105",
    "range": "S106",
    "missing": "S107",
    "date": "S108",
    "path": "S117",
    "other": "S108",
    "identity": "S107",
}
"""The code for each sort of verdict."""

_LISTED = 50
"""So many problems of one declaration, and unknown members of one mapping, are told one by one; the rest in one line.

Each costs a search for near names, and a file that is something else altogether has thousands.
"""

_Finding: TypeAlias = "tuple[str, str, str, Source]"
"""Sort, summary, remedy, place."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a value, and which of its members it is in; what is wrong with the whole is in none."""

    diagnostics: tuple[Diagnostic, ...]
    members: frozenset[str]


class Validator:
    """A schema with jsonschema's validator, made when first needed: importing jsonschema takes 50 ms."""

    def __init__(self, schema: dict[str, Any], codes: dict[str, str]) -> None:
        self._schema = schema
        self._codes = codes
        self._made: Draft202012Validator | None = None

    def verdict(self, value: Any, node: Node) -> Verdict:
        """Every problem of the value, each at its place in the node it was read from; of very many the first ones."""
        if self._made is None:
            self._made = self._make()
        diagnostics: list[Diagnostic] = []
        members: set[str] = set()
        left = 0
        for error in self._made.iter_errors(value):
            members.update(str(step) for step in list(error.absolute_path)[:1])
            if error.instance is BROKEN:
                continue
            if len(diagnostics) >= _LISTED:
                left += 1
                continue
            for sort, summary, remedy, source in _explain(error, node):
                code = self._codes[sort]
                diagnostics.append(Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source))
        if left:
            summary = f"{left:,} more problem{'s' * (left > 1)} below this {'are' if left > 1 else 'is'} not listed"
            diagnostics.append(
                Diagnostic(Severity.ERROR, self._codes["other"], summary, remedy=_REST_REMEDY, source=node.source)
            )
        return Verdict(tuple(diagnostics), frozenset(members))

    def _make(self) -> Draft202012Validator:
        from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 (most runs need no verdict)
        from jsonschema.validators import extend  # noqa: PLC0415 (as above)

        checker = FormatChecker(())
        for name, is_valid in FORMATS.items():
            checker.checks(name)(_unless_text(is_valid))
        validator = extend(Draft202012Validator, {"uniqueItems": _check_unique})  # type: ignore[no-untyped-call]
        return cast("Draft202012Validator", validator(self._schema, format_checker=checker))


def _unless_text(is_valid: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or is_valid(value)


def _check_unique(_validator: object, is_wanted: bool, value: object, _schema: object) -> Iterator[ValidationError]:
    """As jsonschema does it, but in one pass: with items of several types it compares each with each."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 (most runs need no verdict)

    if is_wanted and isinstance(value, list) and len(set(map(repr, value))) < len(value):
        yield ValidationError("the items are not unique")


def at(node: Node, path: list[str | int]) -> Node:
    """The node at a path of keys and indexes."""
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            node = node.entries[step][1]
        elif isinstance(node, Sequence) and isinstance(step, int):
            node = node.items[step]
    return node


def _explain(error: ValidationError, root: Node) -> Iterator[_Finding]:
    path = list(error.absolute_path)
    node = at(root, path)
    name = ".".join(shown(step) for step in path if isinstance(step, str))
    yield from _EXPLAIN.get(str(error.validator), _other)(error, node, name)


def _unknown(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    assert isinstance(node, Mapping)
    assert isinstance(error.schema, dict)
    known = error.schema.get("properties", {})
    keys = [key for key, _ in node.entries.values() if key.text not in known]
    read_only = CUSTOMER.read_only if CUSTOMER.category in known else frozenset[str]()
    for key in keys[:_LISTED]:
        if key.text in read_only:
            remedy = "Remove it; `reconciler customers show NUMBER` shows what the ERP has."
            yield "unknown", f"{key.text} is read-only: only the ERP sets it", remedy, key.source
            continue
        remedy = _remedy_for_unknown(key.text, error.schema, name)
        yield "unknown", f"unknown member {quoted(key.text)}", remedy, key.source
    if rest := keys[_LISTED:]:
        summary = f"{len(rest):,} more unknown member{'s' * (len(rest) > 1)} from {quoted(rest[0].text)} on"
        yield "unknown", summary, _REST_REMEDY, rest[0].source


_REST_REMEDY = "Correct the ones that are listed; the next run tells of the rest."


def _remedy_for_unknown(name: str, schema: dict[str, Any], above: str) -> str:
    """What may be meant: the member itself at another level, one here that resembles it, or one below that does.

    above: the path of the mapping that it stands in.
    """
    here = schema.get("properties", {})
    if name.casefold() in _SECRETS:
        return f"Remove it, since files are committed: it comes from the variable {_SECRETS[name.casefold()]}."
    if above.split(".", maxsplit=1)[0] in CUSTOMER.fields and name in CUSTOMER.fields:
        return f"{name} stands at the top level: move it out of {above}."
    below: dict[str, str] = {}
    for group, members in here.items():
        for member in members.get("properties", {}):
            below.setdefault(member, group)
    same = next((member for member in below if member.casefold() == name.casefold()), None)
    if same is None and not nearest(name, here):
        same = next(iter(nearest(name, below)), None)
    if same is not None:
        return f"Did you mean {below[same]}.{same}? Write it below {below[same]}."
    is_long = CUSTOMER.fields.keys() <= here.keys() and not nearest(name, here)
    page = " All of them: reconciler explain fields." if is_long else ""
    return did_you_mean(name, here, what="Members here") + page


_SECRETS = {name: f"VISMA_{name.upper()}" for name in ("client_id", "client_secret")}


def _missing(error: ValidationError, node: Node, path: str) -> Iterator[_Finding]:
    assert isinstance(error.validator_value, list)
    instance: Any = error.instance
    absent = [name for name in error.validator_value if name not in instance]
    # jsonschema reports it once for each missing member, and says only in the message which one it is
    member = next((name for name in absent if error.message.startswith(repr(name))), absent[0])
    inside = f" in {shown(path)}" if path else ""
    remedy = "Start each line with '- '." if member == "lines" else f"Add {member}{_meaning(error.schema, member)}."
    yield "missing", f"{member} is missing{inside}", remedy, node.source


def _meaning(schema: object, member: str) -> str:
    """What to write for a member, as its schema says it."""
    described: dict[str, Any] = schema.get("properties", {}).get(member, {}) if isinstance(schema, dict) else {}
    if "const" in described:
        return f": {described['const']}"
    first = described.get("description", "").partition(". ")[0].rstrip(".")
    return f": {first[:1].lower()}{first[1:]}" if 0 < len(first) <= _MEANING else ""


def _identity(error: ValidationError, node: Node, _name: str) -> Iterator[_Finding]:
    yield (
        "identity",
        "the declaration has neither a number nor a ref",
        "Add the customer's number, or a ref (a stable local name) to let the ERP number the customer.",
        node.source,
    )


def _enum(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    words = [str(word) for word in error.validator_value] if isinstance(error.validator_value, list) else []
    listed = ", ".join(words[:30])
    if isinstance(node, Scalar) and not node.is_null:
        close = nearest(str(error.instance), words)
        remedy = f"Did you mean {close[0]}? Allowed: {listed}." if close else f"Allowed: {listed}."
        yield "enum", f"{name} cannot be {quoted(str(error.instance))}", remedy, node.source
    elif isinstance(node, Scalar):
        yield _null(name, f"Write one of {listed}, or remove the line to leave the field alone.", node)
    else:
        yield "type", f"{name} must be one word, not {_kind(node)}", f"Write one of {listed}.", node.source


def _null(name: str, remedy: str, node: Node) -> _Finding:
    return "null", f"{name} is null, and cannot be cleared", remedy, node.source


def _type(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    wanted: Any = error.validator_value
    types = [wanted] if isinstance(wanted, str) else list(wanted)
    what = name or "a declaration"
    if error.instance is None and isinstance(node, Scalar) and node.is_null:
        yield _null(what, _remedy_for_null(types), node)
    elif isinstance(node, Scalar):
        summary, remedy = _scalar_type(what, str(error.instance), node.plain, types, error.schema)
        yield "type", summary, remedy, node.source
    else:
        yield (
            "type",
            f"{what} must be {_wanted(types)}, not {_kind(node)}",
            _form_remedy(types, error.schema),
            node.source,
        )


def _form(types: list[str]) -> str:
    return "object" if "object" in types else "array" if "array" in types else "scalar"


def _form_remedy(types: list[str], schema: object) -> str:
    members = schema.get("properties", {}) if isinstance(schema, dict) else {}
    if "object" in types and members:
        return f"Write its members below it, indented: {some_names(members, _LISTED_MEMBERS)}."
    return _FORM_REMEDY[_form(types)]


_FORM_REMEDY = {
    "object": "Write members below it: 'key: value' lines, indented.",
    "array": "Write a list below it: lines that start with '- '.",
    "scalar": "Write one value on the same line.",
}


_MEANING = 80
_LISTED_MEMBERS = 5
"""How long a meaning may be, in characters, and how many members are named, in a remedy of one line."""


def _remedy_for_null(types: list[str]) -> str:
    leave = "or remove the line to leave it alone."
    if "object" in types:
        return "Name the members to clear, or remove the line."
    if "array" in types:
        return "Write the list's items below it, or remove the line."
    if "boolean" in types and "string" not in types:
        return f"Write true or false, {leave}"
    if "string" in types:
        return f"Write a text, {leave}"
    return f"Write 0, {leave}"


def _scalar_type(name: str, text: str, plain: bool, types: list[str], schema: object) -> tuple[str, str]:
    """Summary and remedy for a scalar that does not have the type of its field."""
    value = quoted(text)
    if _form(types) != "scalar":
        return f"{name} must be {_wanted(types)}, not {value}", _form_remedy(types, schema)
    if "boolean" in types:
        return f"{name} must be true or false, not {value}", _boolean_remedy(text, plain)
    return f"{name} must be {_wanted(types)}, not {value}", _number_remedy(text, plain, types)


_YES = frozenset(("yes", "on", "y", "1", "ja", "true"))
_NO = frozenset(("no", "off", "n", "0", "nei", "nej", "false"))


def _boolean_remedy(text: str, plain: bool) -> str:
    if not plain and text in BOOLEANS:
        return f"Write it without quotes: {text.lower()}."
    folded = text.strip().casefold()
    if folded in _YES | _NO:
        return f"Write {'true' if folded in _YES else 'false'}."
    return "Write true or false."


def _number_remedy(text: str, plain: bool, types: list[str]) -> str:
    whole = "number" not in types
    if SPREADSHEET_ERROR.fullmatch(text.strip()):
        return "Write the value, or remove the line: this is what a spreadsheet shows where it has none."
    if EXPONENT.fullmatch(text.strip()):
        return "Write the number with all its digits: this is how a spreadsheet shows a long one."
    choices = grouped_amounts(text)
    if len(choices) == 2:
        return f"Write {choices[0]}." if whole else f"Write {choices[0]} or {choices[1]}. {FOUR_DECIMALS}"
    if not plain and number(text) is not None:
        return f"Write it without quotes: {shown(text)}."
    if sum(map(str.isdigit, text)) > MAX_DIGITS:
        return f"Write a number of at most {MAX_DIGITS} digits."
    meant = choices[0] if choices else _meant(text)
    if meant is not None and (not whole or isinstance(number(meant), int)):
        return f"Write {meant}; a code belongs in a text field." if text.startswith("0") else f"Write {meant}."
    return "Write a whole number, such as 30." if whole else "Write a number with a decimal point, such as 1234.50."


def _meant(text: str) -> str | None:
    """The number that was probably meant: without plus, separators and leading zeros.

    >>> _meant("007"), _meant("1_000"), _meant("+5"), _meant(".5"), _meant("12,50"), _meant("1e3")
    ('7', '1000', '5', '0.5', '12.50', None)
    """
    bare = (
        text.strip()
        .removeprefix("'")
        .replace("_", "")
        .replace(" ", "")
        .replace("\xa0", "")
        .removeprefix("+")
        .rstrip(".")
    )
    if bare.count(",") == 1 and "." not in bare and len(bare.partition(",")[2]) != 3:
        bare = bare.replace(",", ".")
    sign = "-" if bare.startswith("-") else ""
    digits = bare.removeprefix("-").lstrip("0")
    candidate = sign + ("0" + digits if not digits or digits.startswith(".") else digits)
    return candidate if bare and number(candidate) is not None else None


def _wanted(types: list[str]) -> str:
    words = {
        "object": "a mapping",
        "array": "a list",
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "string": "a text",
    }
    named = ["a text"] if "string" in types else [words[one] for one in types if one in words]
    return " or ".join(named)


def _kind(node: Node) -> str:
    return "a mapping" if isinstance(node, Mapping) else "a list" if isinstance(node, Sequence) else "a text"


def _length(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    limit = error.validator_value
    if isinstance(node, Mapping):
        yield from _name(error, node, name)
    elif isinstance(error.instance, str):
        if error.instance == "":
            remedy = "Write a text, or remove the line to leave it alone."
            yield "null", f"{name} is empty, and cannot be cleared", remedy, node.source
        else:
            summary = f"{name} is {quoted(error.instance)}, {len(error.instance)} characters; the limit is {limit}"
            yield "length", summary, _length_remedy(name, limit), node.source
    else:
        yield "length", f"{name} is empty", "Write at least one item, or remove the line.", node.source


def _length_remedy(name: str, limit: object) -> str:
    if limit == 2:  # of all texts, only countries are so short
        return "Write the two-letter code, such as NO."
    return f"Write at most {limit} characters."


def _name(error: ValidationError, node: Mapping, name: str) -> Iterator[_Finding]:
    """A verdict of propertyNames: it is about a key, which is the error's instance."""
    key = str(error.instance)
    source = node.entries[key][0].source if key in node.entries else node.source
    if key:
        remedy = "Use letters, digits, - and _, 50 at most."
        yield "other", f"{quoted(key)} cannot be a name in {name}", remedy, source
    else:
        yield "length", f"{name} has a member without a name", "Write a name before the colon.", source


def _range(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = f"from {low} to {high}" if None not in (low, high) else f"at least {low}" if high is None else f"{high}"
    summary = f"{name} is {shown(str(error.instance))}, out of range"
    yield "range", summary, f"Write a number {bounds}.", node.source


def _format(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    value = str(error.instance)
    if error.validator_value == "wall-clock":
        remedy = "Write it as 2026-01-31, or 2026-01-31T13:00:00."
        yield "date", f"{name} is {quoted(value)}, which is no date", remedy, node.source
    elif error.validator_value == "day":
        yield "date", f"{name} is {quoted(value)}, which is no day", "Write it as 2026-01-31.", node.source
    else:
        what = "text" if pattern_checks.names_field(value) else "field"
        source = node.entries[value][0].source if isinstance(node, Mapping) and value in node.entries else node.source
        yield "path", f"{quoted(value)} in {name} names no {what}", pattern_checks.remedy(value), source


def _const(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    wanted, actual = str(error.validator_value), str(error.instance)
    yield (
        "enum",
        f"{name} cannot be {quoted(actual)}",
        f"Write {wanted}; it is all that this version knows.",
        node.source,
    )


def _not(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    yield from _name(error, node, name) if isinstance(node, Mapping) else _other(error, node, name)


def _unique(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    yield "other", f"{name} holds the same item twice", "Keep one of the two.", node.source


def _other(error: ValidationError, node: Node, name: str) -> Iterator[_Finding]:
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    remedy = str(schema.get("description", "")) or "Compare it with the schema."
    yield "other", f"{name or 'this'} does not fit: {shown(error.message)}", remedy, node.source


_EXPLAIN: dict[str, Callable[[ValidationError, Node, str], Iterator[_Finding]]] = {
    "additionalProperties": _unknown,
    "required": _missing,
    "anyOf": _identity,
    "enum": _enum,
    "const": _const,
    "not": _not,
    "type": _type,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _length,
    "minimum": _range,
    "maximum": _range,
    "format": _format,
    "uniqueItems": _unique,
}
