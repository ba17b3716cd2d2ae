"""The hostile world by one command: `python -m tests.campaign` in short, as CI runs it; `--long` takes hours.

Each part prints its figures. The command ends at 1 when one of them fails, after all of them were run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module

SEQUENCES = "2000"


def _part(module: str, *words: str) -> Callable[[], int]:
    """The long run of a module, imported when it is its turn."""

    def run() -> int:
        found: int = import_module(module).main(list(words))
        return found

    return run


LONG: dict[str, Callable[[], int]] = {
    "faults": _part("tests.acceptance.fault_matrix"),
    "model": _part("tests.campaign.model", "--sequences", SEQUENCES),
    "twice": _part("tests.campaign.twice"),
    "soak": _part("tests.campaign.soak"),
    "fuzz": _part("tests.campaign.fuzz"),
    "growth": _part("tests.campaign.growth"),
    "sabotage": _part("tests.campaign.sabotage"),
}


def short() -> int:
    """What CI runs: the tests of this folder."""
    return subprocess.run([sys.executable, "-m", "pytest", "tests/campaign"], check=False).returncode


def main(arguments: list[str] | None = None) -> int:
    """Run the parts; 1 when one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the whole campaign instead of the tests that CI runs")
    parser.add_argument(
        "--only", metavar="PART", action="append", choices=list(LONG), help="of --long; may be repeated"
    )
    given = parser.parse_args(arguments)
    if not given.long and not given.only:
        return 1 if short() else 0
    failed = [name for name in LONG if name in (given.only or LONG) and _fails(name)]
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nNothing broke.")
    return 1 if failed else 0


def _fails(name: str) -> bool:
    """Run one part; an exception fails it too, and the others go on."""
    print(f"\n== {name}", flush=True)
    begun = time.monotonic()
    try:
        code = LONG[name]()
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever it is, the next part has its turn)
        print(f"{type(error).__name__}: {error}")
        code = 1
    print(f"== {name}: {'failed' if code else 'passed'} after {(time.monotonic() - begun) / 60:,.1f} min", flush=True)
    return bool(code)


if __name__ == "__main__":
    raise SystemExit(main())
