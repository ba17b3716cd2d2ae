"""The use case `init`: the files of a project to start from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from unicodedata import category

from reconciler.config.read.schema import schema_text
from reconciler.config.settings import Api
from reconciler.core.errors import ReconcilerError, WrongUsage

_API = Api()

_SETTINGS = """\
# yaml-language-server: $schema=schemas/reconciler.schema.json
version: 1
company: {company}
api:
  base_url: {base_url}
  token_url: {token_url}
{tenant}
customers: [customers/**/*.yaml]
"""

_SHARED_STATE = """\
# The address of your database, without a password; RECONCILER_STATE counts before it (docs/state.md of reconciler).
state: postgresql://db.example/reconciler
"""

SAMPLE = "customers/sample.yaml"

_SAMPLE = """\
# yaml-language-server: $schema=../schemas/customer.schema.json
# A sample, commented out: what is declared here is created in your ERP when it is applied.
# # A field that is not declared is never touched; null or "" clears it in the ERP.
# number: "10000"
# name: NewCustomer
# overrideWithClassValues: true   # on create only: take the class's settings
# customerClassId: "1"
# mainAddress:
#   addressLine1: TestRoad 13
#   postalCode: "0101"            # text, quoted or not: the leading zero stays
#   countryId: "NO"               # text, quoted or not: never a boolean
"""
"""A first declaration, as a comment: a number that looks real may be a customer's."""

_IGNORED = (".reconciler/", *(f"/{name}.*" for name in ("plan", "undo", "run", "apply", "drift")), "/reports/")
"""The state, and saved plans and reports, which hold personal data."""

_EDITOR = {
    ".vscode/extensions.json": {"recommendations": ["redhat.vscode-yaml"]},
    ".vscode/settings.json": {
        "yaml.schemas": {
            "./schemas/customer.schema.json": "customers/**/*.yaml",
            "./schemas/reconciler.schema.json": "reconciler.yaml",
        },
    },
}
"""For yaml-language-server: declarations have their schema also when they do not name it in a first line."""


def _quoted(text: str) -> str:
    """The text as a YAML scalar that means just that: `${` is no variable in it."""
    return json.dumps(text.replace("${", "$${"), ensure_ascii=False)


def _url(url: str) -> str:
    return url if url in (_API.base_url, _API.token_url) else _quoted(url)


def files(
    company: str,
    tenant: str,
    pipelines: Mapping[str, str],
    api: Api = _API,
    *,
    example: bool = True,
    is_state_shared: bool = False,
) -> dict[str, str]:
    """The project's files by their paths; `pipelines` are among them, `example` is for a sample declaration.

    api: where the ERP is. is_state_shared: the settings name a database; until it is there, only the built-in ERP can
    be used.

    Credentials are never among them: they come from the environment.
    """
    tenant_line = f"  tenant_id: {_quoted(tenant)}" if tenant else "  # tenant_id: from VISMA_TENANT_ID, or here"
    return {
        "reconciler.yaml": _SETTINGS.format(
            company=_quoted(company), tenant=tenant_line, base_url=_url(api.base_url), token_url=_url(api.token_url)
        )
        + (_SHARED_STATE if is_state_shared else ""),
        **({SAMPLE: _SAMPLE} if example else {}),
        "schemas/customer.schema.json": schema_text("customer"),
        "schemas/reconciler.schema.json": schema_text("reconciler"),
        ".gitignore": "".join(f"{name}\n" for name in _IGNORED),
        **{path: json.dumps(values, indent=2) + "\n" for path, values in _EDITOR.items()},
        **pipelines,
    }


def write(folder: Path, texts: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Write the files that are not there yet; each by its name, and whether it was written. Raises ReconcilerError."""
    try:
        for name, text in texts.items():
            yield name, _write(folder / name, text)
    except OSError as error:
        raise ReconcilerError(
            f"Cannot write into {folder}: {error.strerror or error}",
            remedy="Name a folder that the user who runs reconciler may write.",
        ) from error


def _write(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def check_label(option: str, text: str) -> None:
    """Raise WrongUsage for what no settings file can hold; the company is the folder's name where none is given."""
    for at, character in enumerate(text, 1):
        if category(character) in ("Cc", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE:
            raise WrongUsage(
                f"The text for {option} holds the control character U+{ord(character):04X} at position {at}",
                remedy=f"Give {option} without it.",
            )
