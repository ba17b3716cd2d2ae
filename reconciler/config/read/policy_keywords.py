"""Words in a policy's schema that JSON Schema does not know: it passes over them, so that a slip turns a policy off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_ONE = frozenset({
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_BESIDE = frozenset({
    "$anchor", "$comment", "$dynamicAnchor", "$id", "$schema", "$vocabulary", "contentEncoding", "contentMediaType",
    "default", "deprecated", "description", "examples", "maxContains", "minContains", "readOnly", "title", "writeOnly",
})  # fmt: skip

WORDS = frozenset(Draft202012Validator.VALIDATORS) | _BY_NAME | _LISTS | _ONE | _BESIDE
"""The vocabulary of 2020-12."""


def unknown_words(schema: Any) -> Iterator[str]:
    """Every word that stands where a word of JSON Schema would, and is none; those with `x-` are somebody's own."""
    if not isinstance(schema, Mapping):
        return
    for word, value in schema.items():
        if word not in WORDS and not word.startswith("x-"):
            yield word
        for inner in _schemas(word, value):
            yield from unknown_words(inner)


def _schemas(word: str, value: Any) -> Iterator[Any]:
    if word in _ONE:
        yield value
    elif word in _BY_NAME and isinstance(value, Mapping):
        yield from value.values()
    elif word in _LISTS and isinstance(value, list):
        yield from value
