"""A server of commands whose pauses before another try last a hundredth.

For an ERP that is on this machine, and done before it does not answer: there is nothing to wait for.
"""

from __future__ import annotations

import sys
from pathlib import Path

from reconciler.cli.shell.stopping import Stopping
from tests.campaign.forker import serve

_patient = Stopping.sleep


def _sleep(self: Stopping, seconds: float) -> None:
    _patient(self, seconds / 100)


if __name__ == "__main__":
    Stopping.sleep = _sleep  # type: ignore[method-assign]
    sys.exit(serve(Path(sys.argv[1])))
