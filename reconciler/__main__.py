"""The command `reconciler`. The version is told before anything heavy is imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.argv[1:] in (["--version"], ["version"]):
        from reconciler._version import __version__  # noqa: PLC0415 - start-up

        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    from reconciler.garbage import collect_seldom  # noqa: PLC0415 - start-up

    collect_seldom()
    from reconciler.cli.shell.application import run  # noqa: PLC0415 - start-up

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
