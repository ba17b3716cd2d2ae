"""The list filters that `customers list` and `export` share: the options, and the words taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from reconciler.core.filters import (
    Filters,
    parse_attributes,
    parse_bounds,
    parse_equal,
    parse_status,
    parse_text,
)

_TIMES = "COND is > < >= <=; TIME is yyyy-MM-dd, optionally a space and HH:mm:ss or HH:mm:ss.FFF."

Status = Annotated[
    str | None,
    typer.Option("--status", metavar="WORD", help="Active, OnHold, CreditHold, Inactive or OneTime."),
]
ClassId = Annotated[
    str | None,
    typer.Option(
        "--class", metavar="ID", help="Customer class. The API cannot filter by it, so all customers are read."
    ),
]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Part of the name, in any case.")]
CorporateId = Annotated[
    str | None,
    typer.Option(
        "--corporate-id", metavar="ID", help="The organisation number, in any layout. All customers are read for it."
    ),
]
VatId = Annotated[
    str | None,
    typer.Option(
        "--vat-registration-id", metavar="ID", help="The VAT number, in any layout. All customers are read for it."
    ),
]
Email = Annotated[
    str | None, typer.Option("--email", metavar="ADDRESS", help="The whole e-mail address of the main contact.")
]
Phone = Annotated[
    str | None,
    typer.Option(
        "--phone", metavar="NUMBER", help="Phone 1 of the main contact, in any layout. All customers are read for it."
    ),
]
Attribute = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        metavar="ID=VALUE",
        help="Value of an attribute; commas separate alternatives; may be repeated. Dates: yyyy-MM-dd; checkbox: 1.",
    ),
]
Modified = Annotated[
    str | None, typer.Option("--modified", metavar="'COND TIME'", help=f"When it was last changed. {_TIMES}")
]
Created = Annotated[
    str | None, typer.Option("--created", metavar="'COND TIME'", help="When it was created; the same form.")
]


_WHOLE = ("corporate_id", "vat_registration_id", "email", "phone")


def read_filters(params: Mapping[str, Any]) -> Filters:
    """The filters among a command's parameters, as Typer names them. Raises WrongUsage before anything is asked."""
    options = {name: name.replace("_", "-") for name in _WHOLE if params[name] is not None}
    status, customer_class, name = params["status"], params["customer_class"], params["name"]
    modified, created = params["modified"], params["created"]
    return Filters(
        status=None if status is None else parse_status(status),
        customer_class=None if customer_class is None else parse_text("--class", customer_class),
        name=None if name is None else parse_text("--name", name),
        equal={option: parse_equal(option, params[key]) for key, option in options.items()},
        attributes=parse_attributes(params["attribute"] or []),
        modified=() if modified is None else parse_bounds("--modified", modified),
        created=() if created is None else parse_bounds("--created", created),
    )
