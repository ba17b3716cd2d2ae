"""How long the ERP may be at work on a request: said once, for whoever waits for it."""

from __future__ import annotations

from typing import Final

CUT_OFF: Final = 240
"""Seconds after which the ERP ends a request (fact sheet 1: synchronous requests are cut after 4 minutes)."""

LONGEST_ANSWER: Final = CUT_OFF + 60
"""Seconds from the moment a request is sent to the one when it has surely ended: a minute for the way, and for clocks
that are not quite right."""
