"""How this ERP keeps texts (the setting `api.stores`), laid on a field table: values compare in that form. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from reconciler.core.patterns import patterns
from reconciler.resources.grammar import Resource

Stores: TypeAlias = "Mapping[str, tuple[str, ...]]"
"""A path pattern, and the forms (`core.stored_forms`) in which the ERP keeps the texts that it covers."""


def kept_in(resource: Resource, stores: Stores) -> Resource:
    """The resource whose rows know in which forms this ERP keeps them."""
    return (
        _kept_in(resource, tuple((path, tuple(forms)) for path, forms in sorted(stores.items())))
        if stores
        else resource
    )


@lru_cache(maxsize=64)
def _kept_in(resource: Resource, stores: tuple[tuple[str, tuple[str, ...]], ...]) -> Resource:
    forms = tuple((pattern, names) for text, names in stores for pattern in patterns((text,), resource))
    return replace(resource, stores=dict(stores), forms=forms)
