"""Inputs that nobody meant well: files, answers, arguments. Each ends with a diagnostic or a documented error.

`python -m tests.campaign.fuzz --inputs 1000` is the long run: so many inputs for each target, or `--minutes` for each.
An input is run through the command line in a process of its own, which may neither hang nor grow without bound, must
end with a documented code, and never shows a traceback; what is cheaper in this process is tried there as well. What
breaks a rule is shown as small as hypothesis can make it.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.campaign.fuzz_targets import TARGETS, Target
from tests.campaign.fuzz_world import Tally, World, world

ROUND = 50
"""Inputs between two looks at the time."""


def attempt(target: Target, found: World, inputs: int, *, seeded: bool) -> None:
    """Try so many inputs, and count them in the world's tally; raises with the smallest one that breaks a rule."""

    def check(data: st.DataObject) -> None:
        found.renew()
        target(found, data)
        found.tally.inputs += 1

    wanted = settings(
        max_examples=inputs,
        deadline=None,
        derandomize=seeded,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    checked: Callable[[], None] = wanted(given(data=st.data())(check))
    checked()


def main(arguments: list[str]) -> int:
    """The long run."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="inputs for each target")
    parser.add_argument("--minutes", type=float, default=math.inf, help="at most so long for each target")
    parser.add_argument("--target", choices=sorted(TARGETS), action="append", help="only this one; may be repeated")
    wanted = parser.parse_args(arguments)
    broken: dict[str, BaseException] = {}
    with world() as found:
        for name in wanted.target or TARGETS:
            found.tally = Tally()
            until = time.monotonic() + 60 * wanted.minutes
            try:
                while found.tally.inputs < wanted.inputs and time.monotonic() < until:
                    attempt(TARGETS[name], found, min(ROUND, wanted.inputs), seeded=False)
            except Exception as error:  # noqa: BLE001 - the others are tried all the same
                broken[name] = error
            print(f"{name:<10}{found.tally.line()}{'; BROKEN' if name in broken else ''}", flush=True)
    for name, problem in broken.items():
        for each in getattr(problem, "exceptions", [problem]):
            print(f"\n{name}: {each}\n" + "\n".join(getattr(each, "__notes__", ())))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
