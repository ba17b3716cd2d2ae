"""What one would otherwise use: octoDNS with as many records from local files, Terraform with a block a customer."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from benchmarks.measure import Cost, best, cost
from benchmarks.world import declared, environment

_OCTODNS = """\
providers:
  config: {class: octodns.provider.yaml.YamlProvider, directory: ./config, default_ttl: 300, enforce_order: false}
  live: {class: octodns.provider.yaml.YamlProvider, directory: ./live, default_ttl: 300, enforce_order: false}
zones:
  example.test.: {sources: [config], targets: [live]}
"""


def octodns(folder: Path, count: int, runs: int) -> Cost | None:
    """A plan of `count` unchanged A records between two folders of local files; None without octoDNS."""
    command = Path(sys.executable).with_name("octodns-sync")
    if not command.exists():
        return None
    folder.mkdir()
    (folder / "sync.yaml").write_text(_OCTODNS)
    records = "".join(
        f"r{each:06d}:\n  type: A\n  value: 10.{each >> 16}.{each >> 8 & 255}.{each & 255}\n" for each in range(count)
    )
    for name in ("config", "live"):
        (folder / name).mkdir()
        (folder / name / "example.test.yaml").write_text(records)
    done = best(runs, [str(command), "--config-file=sync.yaml"], folder, environment())
    if "No changes were planned" not in done.out:
        raise RuntimeError("octoDNS did not say that nothing changes:\n" + done.out[-2000:])
    return done


def terraform(folder: Path, database: Path, runs: int) -> Cost | None:
    """A plan of an unchanged `terraform_data` block for each customer of the database, with the fields that we declare.

    None where the binary is not present. It asks no API: a provider would add a request for each block.
    """
    command = shutil.which("terraform")
    if command is None:
        return None
    folder.mkdir()
    blocks = "".join(
        f'resource "terraform_data" "c{at}" {{\n  input = {_hcl(values)}\n}}\n'
        for at, values in enumerate(declared(database))
    )
    (folder / "main.tf").write_text(blocks)
    for words in (["init", "-input=false"], ["apply", "-auto-approve", "-input=false"]):
        cost([command, *words, "-no-color"], folder, environment())
    done = best(runs, [command, "plan", "-input=false", "-no-color"], folder, environment())
    if "No changes" not in done.out:
        raise RuntimeError("Terraform did not say that nothing changes:\n" + done.out[-2000:])
    return done


def _hcl(value: object) -> str:
    """A value in Terraform's language."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_hcl(each)}" for key, each in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
