"""`--redact`: personal data replaced by a keyed hash, before any format sees it.

The same value under the same key gives the same word, so that two reports can still be compared; without the key nobody
can try out values. Which fields are personal is in the field table (`resources.customer`). Emptiness is kept: that a
value was set or cleared is not personal. Customer numbers, refs and file names stay, since they say which
customer is meant.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.diagnostics import Diagnostic
from reconciler.core.drift import Drift, DriftedCustomer, DriftedField
from reconciler.core.mutes import Mute
from reconciler.core.plan import Action, Change, LeftAlone, LeftField, Plan, Refusal, Result, Run
from reconciler.reports.view.report import LineAuthor
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group
from reconciler.resources.values import Path, parse_path, render_path

KEY_VARIABLE = "RECONCILER_REDACT_KEY"
SHORTEST_KEY = 16
_HEX = 12  # 48 bits: no two of a million customers' values are likely to meet
_MEMBERS = {segment for path, _ in CUSTOMER.walk() for segment in path} | {"true", "false", "null"}
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)|(?<![\w\\])\'((?:[^\'\\]|\\.)*+)\'(?!\w)', re.DOTALL)
"""What a message quotes; a quote that is not closed lasts to the end. No part of a text is looked at over and over."""

_KEYED = tuple(
    name
    for name, row in FIELDS.items()
    if isinstance(row, Group) and row.form is Form.LINES
    if any(isinstance(member, Field) and member.personal for member in row.members if member.name in row.key)
)
_PLAIN_KEY = re.compile(rf"\b({'|'.join(_KEYED)})\.([A-Za-z0-9_-]+)")
_ADDRESS = re.compile(r"(?<![^\s@<>\"'])[^\s@<>\"']+@[^\s@<>\"']+")
_OF_CLASSES = ("P507", "P508", "P509", "P510")  # they quote what customer classes hold
_ANSWERED = re.compile(
    r"( was answered (?:\d{3}|with something that is not JSON)[^:]{0,300}+): "
    r"(?!\(the ERP's words are redacted: redacted:[0-9a-f]{12}\)(?: \(ERP reference [^()]*\))?$)"
    r"(.*?)( \(ERP reference [^()]*\))?$",
    re.DOTALL,
)
_FIRST_MARK = 0xF0000  # private characters: they stand for what was found while more is looked for
_SHORTEST = 3  # a shorter value would be found inside other words


class Redactor:
    """Replaces personal data. key: at least 16 random bytes, the same for reports that are to be compared."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Redactor:
        """By the key of the variables; without a good one, by a key whose words fit no other report."""
        key = environ.get(KEY_VARIABLE, "")
        return cls(key.encode("utf-8", "surrogatepass") if len(key) >= SHORTEST_KEY else secrets.token_bytes(32))

    def word(self, value: object) -> str:
        """What stands for the value: `redacted:` and twelve hexadecimal digits."""
        digest = hmac.new(self.key, str(value).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"redacted:{digest[:_HEX]}"

    def plan(self, plan: Plan) -> Plan:
        """The plan, marked as redacted: it can be shown, and never applied."""
        return replace(
            plan,
            actions=tuple(self._action(action) for action in plan.actions),
            diagnostics=self.diagnostics(plan.diagnostics),
            refusals=tuple(self._refusal(refusal) for refusal in plan.refusals),
            removed=tuple(replace(customer, name=self.value(customer.name)) for customer in plan.removed),
            muted=self._left_alone(plan.muted),
            ignored=self._left_alone(plan.ignored),
            redacted=True,
            signature="",
        )

    def run(self, run: Run) -> Run:
        """The run with its plan."""
        return replace(
            run,
            plan=self.plan(run.plan),
            results=tuple(self.result(result) for result in run.results),
            diagnostics=self.diagnostics(run.diagnostics),
        )

    def drift(self, drift: Drift) -> Drift:
        """The drift report."""
        return replace(
            drift,
            customers=tuple(self._customer(customer) for customer in drift.customers),
            ignored=self._left_alone(drift.ignored),
            diagnostics=self.diagnostics(drift.diagnostics),
            redacted=True,
        )

    def diagnostics(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The diagnostics; those of the settings and classes quote no customer and stay as they are."""
        return tuple(
            diagnostic
            if diagnostic.code.startswith("S") or diagnostic.code in _OF_CLASSES
            else replace(
                diagnostic,
                summary=self.text(diagnostic.summary),
                detail=self.text(diagnostic.detail),
                remedy=self.text(diagnostic.remedy),
            )
            for diagnostic in diagnostics
        )

    def text(self, text: str, values: Iterable[object] = ()) -> str:
        """A message with what it quotes, the ERP's own words and the given values replaced; names of fields stay."""
        text = self._without(self._answer(text), {str(value) for value in values if value is not None})
        text = _PLAIN_KEY.sub(lambda match: self.path(match[0]), text)
        return _ADDRESS.sub(lambda match: self.word(match[0]), _QUOTED.sub(self._unquoted, text))

    def _without(self, text: str, values: Iterable[str]) -> str:
        """The text with words for the values, the longest first. No value is looked for in the words of others."""
        words: dict[int, str] = {}
        for value in sorted(values, key=len, reverse=True):
            if len(value) >= _SHORTEST and value in text:
                mark = _FIRST_MARK + len(words)
                words[mark] = self.word(value)
                text = text.replace(value, chr(mark))
        return text.translate(words) if words else text

    def _unquoted(self, match: re.Match[str]) -> str:
        inner = match[1] if match[1] is not None else match[2]
        if not inner or inner.startswith("redacted:") or inner in _MEMBERS:
            return match[0]
        named = CUSTOMER.leaf(parse_path(inner)) is not None
        return match[0][0] + (self.path(inner) if named else self.word(inner)) + match[0][0]

    # ---- plans and runs ----

    def _action(self, action: Action) -> Action:
        hidden = {value for change in action.changes for value in _texts(change) if _is_personal(change.path)}
        hidden |= {key for change in action.changes if (key := _personal_key(parse_path(change.path))) is not None}
        return replace(
            action,
            name=self.value(action.name),
            changes=tuple(self._change(change) for change in action.changes),
            request=replace(action.request, body=self._body(action.request.body, hidden | {action.name})),
        )

    def _left_alone(self, customers: Iterable[LeftAlone]) -> tuple[LeftAlone, ...]:
        return tuple(
            replace(
                customer,
                name=self.value(customer.name),
                fields=tuple(self._left_field(field) for field in customer.fields),
            )
            for customer in customers
        )

    def _left_field(self, field: LeftField) -> LeftField:
        hidden = replace(field, path=self.path(field.path), mute=self._mute(field.mute))
        if not _is_personal(field.path):
            return hidden
        return replace(hidden, before=self.value(field.before), after=self.value(field.after))

    def _change(self, change: Change) -> Change:
        path = self.path(change.path)
        if not _is_personal(change.path):
            return replace(change, path=path)
        return replace(change, path=path, before=self.value(change.before), after=self.value(change.after))

    def _body(self, body: Any, hidden: set[Any]) -> Any:
        """The request as it will be sent, its values hidden where a personal change shows them too."""
        if isinstance(body, dict):
            return {key: self._body(member, hidden) for key, member in body.items()}
        if isinstance(body, list):
            return [self._body(member, hidden) for member in body]
        return self.value(body) if isinstance(body, str) and body in hidden else body

    def _refusal(self, refusal: Refusal) -> Refusal:
        return replace(refusal, summary=self.text(refusal.summary), remedy=self.text(refusal.remedy))

    def result(self, result: Result) -> Result:
        """One action's outcome, with what the ERP said of it."""
        hidden = {result.action.name}
        for change in (*result.action.changes, *result.moved, *result.normalised, *result.not_taken):
            if _is_personal(change.path):
                hidden.update(_texts(change))
        return replace(
            result,
            action=self._action(result.action),
            message=self.text(result.message, hidden),
            remedy=self.text(result.remedy, hidden),
            moved=tuple(self._change(change) for change in result.moved),
            normalised=tuple(self._change(change) for change in result.normalised),
            not_taken=tuple(self._change(change) for change in result.not_taken),
        )

    def _answer(self, message: str) -> str:
        """The message without the ERP's own words: they may name another customer, in quotes or not."""
        return _ANSWERED.sub(
            lambda match: f"{match[1]}: (the ERP's words are redacted: {self.word(match[2])}){match[3] or ''}", message
        )

    # ---- drift ----

    def _customer(self, customer: DriftedCustomer) -> DriftedCustomer:
        return replace(
            customer,
            name=self.value(customer.name),
            fields=tuple(self._field(field) for field in customer.fields),
            message=self.text(customer.message, [customer.name]),
            mute=self._mute(customer.mute),
        )

    def _mute(self, mute: Mute | None) -> Mute | None:
        return mute and replace(mute, path=self.path(mute.path), reason=self.value(mute.reason))

    def _field(self, field: DriftedField) -> DriftedField:
        field = replace(field, path=self.path(field.path), mute=self._mute(field.mute))
        if not _is_personal(field.path):
            return field
        return replace(
            field, applied=self.value(field.applied), live=self.value(field.live), declared=self.value(field.declared)
        )

    # ---- values and paths ----

    def author(self, author: LineAuthor) -> LineAuthor:
        """Who wrote a line: the name is personal, the commit is not."""
        return replace(author, name=self.word(author.name))

    def value(self, value: Any) -> Any:
        """A personal value: texts and numbers replaced, emptiness and the shape of a line kept."""
        match value:
            case None | "" | bool():
                return value
            case dict():
                return {key: self.value(member) for key, member in value.items()}
            case list() | tuple():
                return [self.value(member) for member in value]
            case _:
                return self.word(value)

    def path(self, text: str) -> str:
        """The path; the key of a line whose key member is personal (a mandate) is a value too."""
        path = parse_path(text)
        key = _personal_key(path)
        return text if key is None else render_path((path[0], self.word(key), *path[2:]))


def _personal_key(path: Path) -> str | None:
    return path[1] if len(path) > 1 and path[0] in _KEYED else None


def _is_personal(text: str) -> bool:
    """Whether the field is personal; what the table does not know is taken to be."""
    path: Path = parse_path(text)
    row = CUSTOMER.leaf(path)
    return row is None or row.personal


def _texts(change: Change) -> set[str]:
    return {value for value in (change.before, change.after) if isinstance(value, str) and value}
