"""A server of commands that wait little: for another try at the ERP, and for a database that does not answer."""

from __future__ import annotations

import sys
from pathlib import Path

from reconciler.cli.shell.stopping import Stopping
from reconciler.state.postgres import connecting, database
from tests.campaign.forker import serve
from tests.campaign.hurry import _sleep

if __name__ == "__main__":
    Stopping.sleep = _sleep  # type: ignore[method-assign]
    database._LONGEST = database._REGAIN_FOR = 1.5
    connecting.LONGEST_ANSWER = 1.5
    connecting._KEEP_ALIVE["connect_timeout"] = 2
    sys.exit(serve(Path(sys.argv[1])))
