"""Put the lowest version that each dependency may have into this environment: what the bounds promise is tried."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_BOUND = re.compile(r"([\w.-]+)>=([\w.]+)")

pins = [f"{bound[1]}=={bound[2]}" for text in PROJECT["dependencies"] if (bound := _BOUND.match(text))]
if len(pins) != len(PROJECT["dependencies"]):
    sys.exit("Each dependency in pyproject.toml needs a lower bound: name>=version")
pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
# what pip says of tools for development that want more is no failure: the tests tell whether the package works
sys.exit(subprocess.call([*pip, "install", "--quiet", *pins]))  # noqa: S603 - the pins are ours
