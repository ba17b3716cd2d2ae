"""The files that `init` writes."""

from __future__ import annotations

import json
from pathlib import Path

_SETTINGS = """\
# yaml-language-server: $schema=schemas/reconciler.schema.json
version: 1
company: {company}
api:
  base_url: https://api.finance.visma.net
  token_url: https://connect.visma.com/connect/token
{tenant}
customers: [customers/**/*.yaml]
"""

_CUSTOMER = """\
# yaml-language-server: $schema=../schemas/customer.schema.json
# A field that is not declared is never touched; null or "" clears it in the ERP.
number: "10000"
name: NewCustomer
overrideWithClassValues: true   # on create only: take the class's settings
customerClassId: "1"
mainAddress:
  addressLine1: TestRoad 13
  postalCode: "0101"            # text, quoted or not: the leading zero stays
  countryId: "NO"               # text, quoted or not: never a boolean
"""

_IGNORED = (".reconciler/", *(f"/{name}.*" for name in ("plan", "undo", "run", "apply", "drift")), "/reports/")
"""The state, and saved plans and reports, which hold personal data."""

_BESIDE_PIPELINES = """\
# A sample, commented out: what is declared here when a merge is applied is created in your ERP.
"""

_PIPELINES = {
    "github": {
        ".github/actions/reconciler/action.yml": "github/action.yml",
        ".github/workflows/reconciler-pull-request.yml": "github/pull-request.yml",
        ".github/workflows/reconciler-merge.yml": "github/merge.yml",
        ".github/workflows/reconciler-drift.yml": "github/drift.yml",
    },
    "gitlab": {".gitlab-ci.yml": "gitlab/.gitlab-ci.yml", ".gitlab/reconciler.yml": "gitlab/template.yml"},
    "azure": {"azure-pipelines.yml": "azure/azure-pipelines.yml"},
    "bitbucket": {"bitbucket-pipelines.yml": "bitbucket/bitbucket-pipelines.yml"},
}

_SECRETS = "VISMA_CLIENT_ID, VISMA_CLIENT_SECRET and VISMA_TENANT_ID"
_BEFORE_MERGE = {
    "github": f"the environments erp-read, erp-write and erp-approve, each with the secrets {_SECRETS}",
    "gitlab": f"the variables {_SECRETS}, once for the environment erp-read and once, protected, for erp-write",
    "azure": f"the variable groups erp-read and erp-write with {_SECRETS}, and the environment erp-write",
    "bitbucket": f"the repository variables {_SECRETS}, and the deployment environment erp-write with its own",
}

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


def before_merge(ci: str) -> str:
    """What the pipelines need and no file can hold."""
    return f"Before you merge, make {_BEFORE_MERGE[ci]}: docs/ci.md of reconciler says which may do what."


def pipelines(ci: str) -> dict[str, str]:
    """The files of a CI system by their paths: the examples as they stand in `examples/ci`."""
    return {path: _example(name) for path, name in _PIPELINES[ci].items()}


def _example(name: str) -> str:
    """One file of `examples/ci`: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    if (package / "ci" / "pipelines").is_dir():
        return (package / "ci" / "pipelines" / name).read_text(encoding="utf-8")
    file = package.parent / ("action.yml" if name == "github/action.yml" else f"examples/ci/{name}")
    return file.read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    """The text as a YAML scalar that means just that: `${` is no variable in it."""
    return json.dumps(text.replace("${", "$${"), ensure_ascii=False)


def _example_customer(ci: str | None) -> dict[str, str]:
    """A first declaration. Beside pipelines it is but a comment: a merge would create it in the real ledger."""
    if ci is None:
        return {"customers/10000.yaml": _CUSTOMER}
    schema, *lines = _CUSTOMER.splitlines(keepends=True)
    return {"customers/sample.yaml": schema + _BESIDE_PIPELINES + "".join(f"# {line}" for line in lines)}


def files(company: str, tenant: str, ci: str | None, *, example: bool = True) -> dict[str, str]:
    """The project's files by their paths; `example` is for a first declaration.

    Credentials are never among them: they come from the environment.
    """
    from reconciler.config.read.schema import schema_text

    tenant_line = f"  tenant_id: {_quoted(tenant)}" if tenant else "  # tenant_id: from VISMA_TENANT_ID, or here"
    made = {
        "reconciler.yaml": _SETTINGS.format(company=_quoted(company), tenant=tenant_line),
        **(_example_customer(ci) if example else {}),
        "schemas/customer.schema.json": schema_text("customer"),
        "schemas/reconciler.schema.json": schema_text("reconciler"),
        ".gitignore": "".join(f"{each}\n" for each in _IGNORED),
    }
    made |= {path: json.dumps(values, indent=2) + "\n" for path, values in _EDITOR.items()}
    return made | (pipelines(ci) if ci else {})
