"""What the headers say of the rate limit."""

from __future__ import annotations

import pytest

from reconciler.erp.budget import Window, read_retry_after, read_window

NOW = 1_764_000_000.0


@pytest.mark.parametrize(
    ("headers", "window"),
    [
        ({}, None),
        ({"x-ratelimit-policy": "4-fixed-window"}, Window(None, None, None, "4-fixed-window")),
        ({"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "x-ratelimit-reset": "1800"},
         Window(5000, 4999, 1800)),
        ({"x-ratelimit-reset": "1764000090"}, Window(None, None, 90)),
        ({"x-ratelimit-reset": "1763999990"}, Window(None, None, 0)),
        ({"x-ratelimit-reset": "1000000000"}, Window(None, None, 86_400)),
        ({"x-ratelimit-remaining": "-1"}, None),
        ({"x-ratelimit-remaining": "lots"}, None),
        ({"x-ratelimit-remaining": "9" * 400}, None),
        ({"x-ratelimit-remaining": " 7 "}, Window(None, 7, None)),
        ({"x-ratelimit-reset": "12.7"}, Window(None, None, 13)),
        ({"x-ratelimit-limit": "٧"}, None),
    ],
)  # fmt: skip
def test_windows(headers: dict[str, str], window: Window | None) -> None:
    assert read_window(headers, NOW) == window


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Mon, 24 Nov 2025 16:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 24 Nov 2025 16:00:30"}, 30.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}, 60.0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "60"}, None),
        ({"retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}, 5.0),
    ],
)
def test_waits(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers, NOW) == seconds


@pytest.mark.parametrize("text", ["86401", "999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_wait_is_longer_than_a_day_whatever_is_asked_for(text: str) -> None:
    assert read_retry_after({"retry-after": text}, NOW) == 86_400.0
    if text.isdigit():
        assert read_window({"x-ratelimit-reset": text}, NOW) == Window(None, None, 86_400)
