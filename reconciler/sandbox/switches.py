"""The open questions about the ERP as switches, each with its stated default (fact sheet 14)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from reconciler.sandbox.misshapen import check_members, parse_shapes
from reconciler.sandbox.stored_forms import parse_forms

_TRUE = {"true", "on", "yes", "1"}
_FALSE = {"false", "off", "no", "0"}


def _switch(default: Any, question: str, doc: str, *choices: str) -> Any:
    return field(default=default, metadata={"question": question, "doc": doc, "choices": choices})


@dataclass(frozen=True)
class Switches:
    """How the sandbox answers where the real ERP is unknown; names are the command line's names."""

    # limits
    rate_limit: int = _switch(5000, "Q1", "Calls allowed in a window.")
    rate_window: int = _switch(3600, "Q1", "Length of the window in seconds.")
    rate_reset: str = _switch("seconds", "8", "Form of X-RateLimit-Reset.", "seconds", "epoch")
    same_request_limit: int = _switch(0, "Q28", "Identical requests allowed per minute; 0 is off.")
    failed_request_limit: int = _switch(0, "Q28", "Repeats of a failing request allowed in 5 minutes; 0 is off.")
    latency_ms: int = _switch(0, "-", "Milliseconds added to every answer.")
    latency_jitter_ms: int = _switch(0, "-", "Largest number of milliseconds added on top by chance (seeded).")
    # token
    token_lifetime: int = _switch(3600, "2.1", "Seconds that a token lives.")
    tenants: str = _switch("own", "2.1", "Whose tenant gets a token: its own, or any.", "own", "any")
    invalid_client_status: int = _switch(400, "Q33", "Status of invalid_client.")
    missing_scope_status: int = _switch(403, "Q6", "Status when the token lacks the scope.")
    action_scope: str = _switch(
        "update_or_create", "Q34", "Scope that an action needs.", "update_or_create", "update", "create"
    )
    # lists
    page_size_max: int = _switch(1000, "Q2", "Largest page.")
    page_size_default: int = _switch(100, "Q2", "Page size when none is asked for.")
    list_order: str = _switch("number", "Q3", "Order of lists.", "number", "internal_id", "modified")
    page_shift: int = _switch(0, "Q3", "Rows by which each further page shifts: -1 repeats a row, 1 skips one.")
    list_details: str = _switch(
        "expand", "Q19", "Details (GL accounts and so on) in lists: on demand or always.", "expand", "always"
    )
    single_details: bool = _switch(True, "Q19", "Details in single reads.")
    total_count: str = _switch(
        "right", "6", "totalCount in the metadata of rows: right, 0, or no metadata at all.", "right", "zero", "absent"
    )
    total_off: int = _switch(0, "6", "By how many customers totalCount is off.")
    name_filter: str = _switch("contains", "Q27", "How the name filter matches.", "contains", "equals")
    name_filter_case: bool = _switch(False, "Q27", "Whether the name filter minds case.")
    greater_is_strict: bool = _switch(True, "Q12", "Whether > excludes the moment itself.")
    filter_t_form: bool = _switch(True, "Q13", "Whether 2026-01-31T12:00:00 is taken in a date filter.")
    refused_filter: str = _switch("error", "Q14", "Answer to a refused date filter.", "error", "ignore", "empty")
    # reading
    nulls: str = _switch("omit", "Q20", "Members without value.", "omit", "send")
    timestamp_digits: int = _switch(3, "11.9", "Digits of the fraction of a second, 0 to 6.")
    timestamp_zone: str = _switch("none", "Q11", "Zone mark of times that are read.", "none", "Z", "offset")
    zone_offset_minutes: int = _switch(0, "Q11", "Minutes that the ERP's clock is ahead of UTC (filters, reads).")
    filter_zone_minutes: int = _switch(0, "Q11", "Minutes by which date filters are read as further ahead than rows.")
    number_padding: int = _switch(0, "Q22", "Width to which numbers are padded with blanks when read.")
    extra_members: str = _switch(
        "", "11.6", 'Members beyond the specification that every customer shows: {"consolidateInvoices": true}.'
    )
    misshapen: str = _switch(
        "",
        "11.6",
        "Customers read in a wrong shape: NUMBER:HOW,... with HOW types, identity, surrogate (half of one), "
        "unnumbered, members (unknown ones), absurd (an amount) or text.",
    )
    version_in_single: str = _switch("both", "Q8", "Where a single read shows the version.", "both", "header", "body")
    etag_form: str = _switch("quoted", "Q7", "Form of the ETag.", "quoted", "bare", "weak")
    if_match_star: bool = _switch(True, "Q7", "Whether If-Match: * matches.")
    post_etag: bool = _switch(False, "Q9", "Whether POST answers with an ETag.")
    post_body: str = _switch("object", "4.1", "Body of a successful POST.", "object", "empty")
    location_base: str = _switch("", "1", "Host that Location names, such as https://other.example; empty: own.")
    old_paths: bool = _switch(True, "Q29", "Whether /API/controller/api/v1/... answers too.")
    # errors
    unknown_status: int = _switch(404, "Q4", "Status for an unknown record.")
    unknown_body: str = _switch("message", "Q4", "Its body.", "message", "text", "html", "empty")
    error_status: int = _switch(400, "Q5", "Status of business errors: 400, 422 or 500.")
    message_key: str = _switch("message", "Q5", "Key of the error text.", "message", "Message")
    gateway_body: str = _switch("gateway", "Q6", "Body of 401, 403, 429.", "gateway", "ipp", "text", "html", "empty")
    duplicate_status: int = _switch(400, "Q25", "Status of POST with an existing number.")
    dunning_status: int = _switch(200, "Q26", "Status of createDunningLetter.")
    # writing
    numbering: str = _switch(
        "mixed",
        "12.3",
        "Who numbers. mixed: takes a sent number, else assigns one; ignores_sent: assigns one whatever a POST carries.",
        "manual",
        "automatic",
        "mixed",
        "ignores_sent",
    )
    number_start: int = _switch(100000, "12.3", "First number of the automatic series.")
    manual_override: bool = _switch(True, "12.3", "Whether overrideNumberSeries is allowed.")
    automatic_number_sent: str = _switch(
        "ignore", "Q25", "A number sent under automatic numbering.", "ignore", "refuse", "use"
    )
    renumber_result: str = _switch(
        "Done", "N17", "What changeCustomerCd answers.", "Done", "Failed", "Queued", "InProcess"
    )
    renumber_ends: str = _switch("Done", "N17", "How a Queued or InProcess action ends.", "Done", "Failed")
    renumber_seconds: int = _switch(2, "N17", "Seconds of the sandbox's clock after which it ends.")
    renumber_requests: int = _switch(0, "N17", "Further requests that it waits for, too.")
    renumber_refused: str = _switch(
        "failed", "N17", "A taken, empty or over-long number: 200 with Failed, or an error.", "failed", "error"
    )
    renumber_same: str = _switch("taken", "N17", "Changing a number to itself.", "taken", "done")
    renumber_touches: bool = _switch(True, "N18", "Whether a new number raises version and modified time.")
    number_upper: bool = _switch(True, "Q22", "Whether numbers are upper-cased.")
    number_trim: bool = _switch(True, "Q22", "Whether numbers are trimmed.")
    put_number: str = _switch("refuse", "Q30", "A different number in a PUT.", "refuse", "ignore", "rename")
    unknown_members: str = _switch("ignore", "Q32", "Unknown members of a body.", "ignore", "refuse")
    bare_values: str = _switch("refuse", "Q32", "A bare value where a wrapper belongs.", "refuse", "accept")
    null_member: str = _switch("ignore", "12.1", "null in place of a wrapper.", "ignore", "clear", "refuse")
    null_value: str = _switch(
        "clear",
        "Q15",
        "{value: null}: clear (where the type can), or not sent, or refused.",
        "clear",
        "ignore",
        "refuse",
    )
    empty_wrapper: str = _switch("clear", "Q15", "{} as wrapper.", "clear", "ignore", "refuse")
    clear_references: str = _switch(
        "clear", "Q16", "An empty text for an optional reference.", "clear", "ignore", "refuse"
    )
    nested_merge: str = _switch("merge", "Q17", "Unsent members of a nested object.", "merge", "replace")
    country_blanks_county: bool = _switch(False, "Q17", "Whether a new country blanks the county.")
    equal_write_breaks_mirror: bool = _switch(True, "Q18", "Whether writing equal values ends mirroring.")
    nested_edits_touch: bool = _switch(True, "Q10", "Whether nested edits raise version and modified time.")
    put_stores: str = _switch(
        "all",
        "12.1",
        "What a PUT stores that is answered with 204: all, only a new version and time, or nothing.",
        "all",
        "version",
        "nothing",
    )
    noop_put_touches: bool = _switch(True, "12.1", "Whether a PUT that changes nothing raises them.")
    override_default: bool = _switch(False, "Q23", "overrideWithClassValues when absent.")
    class_change_resets: bool = _switch(False, "Q23", "Whether a class change alone resets class values.")
    blank_attribute: str = _switch("removes", "Q24", "A blanked attribute.", "removes", "keeps")
    second_default_mandate: str = _switch(
        "refuse", "11.1", "A second default direct debit line: refused, or the first one loses it.", "refuse", "moves"
    )
    max_lengths: str = _switch("off", "Q21", "Over-long texts.", "off", "refuse", "cut")
    inactive_refused: bool = _switch(False, "Q31", "Whether status Inactive is refused (open documents).")
    strict_references: bool = _switch(True, "-", "Whether unknown class, parent, currency and so on are refused.")
    strict_attributes: bool = _switch(False, "-", "Whether unknown attributes and combo values are refused.")
    require_postal_code: bool = _switch(True, "12.2", "Whether Norwegian addresses need a postal code.")
    company_country: str = _switch("NO", "12.2", "Country of an address that names none: the company's; empty: none.")
    normalise: str = _switch(
        "",
        "trap 11",
        "Values kept in a form: PATH:FORM,... with FORM upper, lower, trim, squeeze, digits, plain, nfc, nfd or keep.",
    )
    # background
    background_polls: int = _switch(0, "9", "How often a job answers Started before Finished.")

    def with_values(self, values: Mapping[str, object]) -> Switches:
        """These switches with some changed. Raises ValueError for what is unknown or does not fit.

        Numbers and truth values may be text, as a command line gives them.
        """
        changes: dict[str, Any] = {name: _coerced(name, value) for name, value in values.items()}
        return replace(self, **changes)

    def with_pairs(self, pairs: Iterable[str]) -> Switches:
        """These switches with `NAME=VALUE` pairs applied, as a command line gives them."""
        values: dict[str, object] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"{pair!r} is not NAME=VALUE")
            values[name.strip()] = value.strip()
        return self.with_values(values)

    def as_dict(self) -> dict[str, object]:
        """Name to value, in the order of the documentation."""
        return {switch.name: getattr(self, switch.name) for switch in fields(self)}


def switch_table() -> list[dict[str, object]]:
    """One row a switch: name, default, question, choices, doc. For help texts and the documentation."""
    return [
        {"name": switch.name, "default": switch.default, **{key: switch.metadata[key] for key in switch.metadata}}
        for switch in fields(Switches)
    ]


def _coerced(name: str, value: object) -> object:
    known = {switch.name: switch for switch in fields(Switches)}
    if name not in known:
        raise ValueError(f"unknown switch {name!r}; known: {', '.join(known)}")
    default, choices = known[name].default, known[name].metadata["choices"]
    if isinstance(default, bool):
        return _boolean(name, value)
    if isinstance(default, int):
        return _integer(name, value)
    if not isinstance(value, str) or (choices and value not in choices):
        raise ValueError(f"{name} takes {' or '.join(choices) or 'text'}, not {value!r}")
    if value and name in _CHECKS:
        _check_text(name, value)
    return value


def _check_text(name: str, value: str) -> None:
    try:
        _CHECKS[name](value)
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from None


_CHECKS: Final[dict[str, Callable[[str], object]]] = {
    "normalise": parse_forms,
    "misshapen": parse_shapes,
    "extra_members": check_members,
}


def _boolean(name: str, value: object) -> bool:
    word = str(value).lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"{name} takes true or false, not {value!r}")


def _integer(name: str, value: object) -> int:
    text = "" if isinstance(value, bool) else str(value)
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
        raise ValueError(f"{name} takes a whole number, not {value!r}")
    return int(text)
