"""All resources by the name under which plans and the state know them."""

from __future__ import annotations

from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource

RESOURCES: dict[str, Resource] = {CUSTOMER.name: CUSTOMER}
