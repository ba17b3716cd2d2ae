"""Write the generated pages of docs/: `python -m tests.docs.generate`."""

from __future__ import annotations

from pathlib import Path

from reconciler.config.read.schema import load_schema
from reconciler.core.codes import CODES
from tests.docs.reference import diagnostics_page, fields_page, plan_page, settings_page

DOCS = Path(__file__).parents[2] / "docs"


def pages() -> dict[str, str]:
    """Each generated page by its file name."""
    return {
        "diagnostics.md": diagnostics_page(CODES),
        "fields.md": fields_page(),
        "plan-file.md": plan_page(load_schema("plan")),
        "settings.md": settings_page(load_schema("reconciler")),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
