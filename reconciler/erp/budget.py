"""What the ERP says of its rate limit, from the headers of an answer (fact sheet 8). Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

_EPOCH_FROM = 10**9
LONGEST = 86_400.0
"""Seconds; what asks for a longer wait is no rate limit, and is taken as a day."""

_DIGITS = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """The rate window: calls allowed, calls left, seconds until it ends; None where nothing was said."""

    limit: int | None
    remaining: int | None
    reset_seconds: int | None
    policy: str | None = None


def read_window(headers: Mapping[str, str], now: float) -> Window | None:
    """The window of an answer, or None when no header speaks of it. `now` is epoch seconds.

    `X-RateLimit-Reset` is seconds to go; in the older system a point in time, which values over 10^9 are.
    """
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is not None and reset > _EPOCH_FROM:
        reset = max(0.0, reset - now)
    found = Window(
        _whole(headers.get("x-ratelimit-limit")),
        _whole(headers.get("x-ratelimit-remaining")),
        None if reset is None else math.ceil(min(reset, LONGEST)),  # never before the window has ended
        headers.get("x-ratelimit-policy"),
    )
    return None if found == Window(None, None, None) else found


def read_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds an answer asks to wait, or None.

    `Retry-After` in seconds or as a date; without it, when the window has no calls left, until its end.
    """
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is None and text:
        seconds = _until(text, now)
    if seconds is None:
        window = read_window(headers, now)
        if window is not None and window.remaining == 0 and window.reset_seconds is not None:
            return float(window.reset_seconds)
    return None if seconds is None else min(seconds, LONGEST)


def _until(text: str, now: float) -> float | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, at.timestamp() - now)


def _number(text: str | None) -> float | None:
    found = _DIGITS.fullmatch((text or "").strip())
    return float(found[0]) if found else None


def _whole(text: str | None) -> int | None:
    found = _number(text)
    return None if found is None else int(found)
