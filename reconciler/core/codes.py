"""The diagnostics' codes: stable, each with one line on what it means. `docs/diagnostics.md` lists them.

Letters name the room: S settings, Y YAML, D declarations, I identity, P plan, A apply.
"""

from __future__ import annotations

CODES: dict[str, str] = {}
