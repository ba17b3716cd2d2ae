"""The use case `dunning-letter create`: the one action of the API that sends something to a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.errors import Declined, Rejected, WrongUsage
from reconciler.core.filters import parse_text
from reconciler.core.ports import Acted
from reconciler.core.timestamps import read_moment
from reconciler.erp.paths import action_path
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible

ACTION = "createDunningLetter"
ACCEPTED = ("done", "queued", "inprocess", "background")
"""Results that are a success, in lower case."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dunning letter to be created: the request's path and body. A body is not wrapped, unlike a customer's (fact
    sheet 4.1)."""

    number: str
    body: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The path of the POST."""
        return action_path(self.number, ACTION)


def letter(number: str, *, date: str, level_from: int, level_to: int) -> Letter:
    """The letter. date: yyyy-MM-dd. Raises WrongUsage."""
    number = parse_text("NUMBER", number)
    if len(date) != len("2026-01-31") or read_moment(date) is None:
        raise WrongUsage(f"--date is no date: {date!r}", remedy="Write it as yyyy-MM-dd, such as 2026-01-31.")
    if level_from > level_to:
        raise WrongUsage(
            f"--level-from {level_from} is above --level-to {level_to}",
            remedy="Give the lowest level first; the same level twice means that one.",
        )
    return Letter(number, {"dunningLetterDate": f"{date}T00:00:00", "levelFrom": level_from, "levelTo": level_to})


def create(workspace: Workspace, letter: Letter, *, consent: bool = False) -> Acted:
    """Ask for the letter, once: an unclear answer is never repeated.

    Raises Declined, ErpError; Rejected when the ERP says Failed, or something that the API does not have.
    """
    place = workspace.settings.environment
    if not (consent is True or workspace.listener.ask(f"Send this to {place} for customer {visible(letter.number)}?")):
        raise Declined("Nothing was sent.")
    acted = workspace.erp().act(letter.number, ACTION, letter.body)
    if acted.result.strip().lower() not in ACCEPTED:
        reason = f": {acted.error}" if acted.error.strip() else ", without a reason"
        raise Rejected(
            f"The ERP answered {acted.result!r} to {ACTION}{reason}",
            remedy="Look in the ERP whether a letter was created before you try again.",
        )
    return acted
