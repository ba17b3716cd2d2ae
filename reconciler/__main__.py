"""The command `reconciler`. The version is told before anything heavy is imported."""

from __future__ import annotations

import gc
import sys

_COLLECTION = (100_000, 50, 100)
"""After so many new objects the young ones are searched for cyclic garbage, every 50th time the older ones too, and so
on. Hardly any is made here, and searching declarations and customers again and again was a sixth of a plan's time."""


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.argv[1:] in (["--version"], ["version"]):
        from reconciler._version import __version__  # noqa: PLC0415 - start-up

        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    gc.set_threshold(*_COLLECTION)
    from reconciler.cli.shell.application import run  # noqa: PLC0415 - start-up

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
