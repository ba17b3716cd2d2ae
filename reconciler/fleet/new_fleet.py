"""The use case `fleet init`: a folder for each company of a list of tenants, and what they have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.config.fleet import FLEET_FILE
from reconciler.config.fleet_list import ListedTenant
from reconciler.config.read.schema import schema_text
from reconciler.config.settings import FILE_NAME, Api
from reconciler.core.errors import WrongUsage
from reconciler.core.fleet import folder_name
from reconciler.operations.scaffold import files, write

_FOLDER = "companies"

_FLEET = """\
# yaml-language-server: $schema=schemas/fleet-settings.schema.json
version: 1
companies:
  - companies/*
{entries}# What lies under the settings of each company; what a company says for itself counts before it.
# defaults: {{customerClassId: "1"}}
guards: {{creates: 20, updates: 10%}}
"""

_EDITOR = {
    "yaml.schemas": {
        "./schemas/customer.schema.json": f"{_FOLDER}/*/customers/**/*.yaml",
        "./schemas/reconciler.schema.json": f"{_FOLDER}/*/{FILE_NAME}",
        "./schemas/fleet-settings.schema.json": FLEET_FILE,
    }
}


def new_fleet(tenants: Iterable[ListedTenant], pipelines: Mapping[str, str], api: Api) -> dict[str, str]:
    """The files by their paths; `pipelines` are among them, and `api` is where the ERP is. Nothing is declared in any
    of them: customers come from `reconciler export` or are written by hand."""
    texts, entries = {}, []
    for tenant in tenants:
        folder = f"{_FOLDER}/{folder_name(tenant.name)}"
        project = files(tenant.name, tenant.tenant, {}, api, example=False)
        texts[f"{folder}/{FILE_NAME}"] = project[FILE_NAME].replace("$schema=", "$schema=../../", 1)
        entry: dict[str, object] = {"folder": folder}
        if folder != f"{_FOLDER}/{tenant.name}":
            entry["name"] = tenant.name
        if tenant.labels:
            entry["labels"] = dict(tenant.labels)
        if len(entry) > 1:
            entries.append(f"  - {json.dumps(entry, ensure_ascii=False)}\n")
    ignored = files("", "", {}, example=False)[".gitignore"]
    return {
        FLEET_FILE: _FLEET.format(entries="".join(entries)),
        **texts,
        **{f"schemas/{name}.schema.json": schema_text(name) for name in ("customer", "reconciler", "fleet-settings")},
        ".gitignore": f"{ignored}/plans/\n",
        ".vscode/settings.json": json.dumps(_EDITOR, indent=2) + "\n",
        **pipelines,
    }


def write_fleet(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Write the files. Raises WrongUsage, with nothing written, when one of them is there; ReconcilerError."""
    if there := [name for name in texts if (folder / name).exists() or (folder / name).is_symlink()]:
        others = f", and {len(there) - 1:,} more of its files are" if len(there) > 1 else ""
        raise WrongUsage(
            f"{folder / there[0]} exists already{others}: nothing was written",
            remedy="Choose another folder. To add a company, write its folder: reconciler init companies/NAME",
        )
    return [name for name, _ in write(folder, texts)]
