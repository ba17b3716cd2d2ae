"""The software bill of materials of an installed wheel: `.venv/bin/python .ci/sbom.py VENV/bin/python OUT.json`.

CycloneDX JSON of what is installed beside the given interpreter, checked against the format's schema, and against what
the wheel says it requires.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
NAME = "visma-reconciler"
VERSION = f"import importlib.metadata as m; print(m.version({NAME!r}))"


def main(python: str, out: Path) -> None:
    words = ["environment", "--of", "JSON", "--output-reproducible", "--pyproject", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "cyclonedx_py", *words, "-o", str(out), python], check=True)  # noqa: S603 (fixed arguments, no shell)
    made = json.loads(out.read_text(encoding="utf-8"))
    found = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=True)  # noqa: S603 (fixed arguments, no shell)
    made["metadata"]["component"]["version"] = found.stdout.strip()
    text = json.dumps(made, indent=2) + "\n"
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"{out} is no CycloneDX: {problem}")
    listed = {_plain(each["name"]) for each in made["components"]}
    if missing := _required() - listed:
        sys.exit(f"{out} lacks {', '.join(sorted(missing))}")
    out.write_text(text, encoding="utf-8")
    print(f"{out}: {len(listed)} components of {NAME} {found.stdout.strip()}")  # noqa: T201 (a script tells what it did)


def _required() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {_plain(re.split(r"[^\w.-]", each)[0]) for each in project["dependencies"]}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
