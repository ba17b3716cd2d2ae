"""What a few creates cost in a large company: `python -m benchmarks.creates [COUNT] [NEW] [files|single]`."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path

from benchmarks import world
from benchmarks.measure import Cost, cost


def main() -> int:
    """Declare COUNT customers as they are and NEW others, and plan, apply and plan again; the ERP counts requests.

    Once on a machine that keeps its state, which knows the COUNT already, and once on one that knows nothing.
    """
    words = dict(enumerate(sys.argv[1:]))
    count, new, single = int(words.get(0, "10000")), int(words.get(1, "50")), words.get(2) == "single"
    for memory in ("state kept", "fresh machine"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            database = world.seed(folder, count)
            world.declare(folder, database, single=single)
            with world.serving(database, rate_limit=10**8, numbering="automatic") as base:
                world.configure(folder, base)
                if memory == "state kept":
                    _run(folder, base, "apply", "--auto-approve")
                _declare_new(folder, new)
                for command in (("plan",), ("apply", "--auto-approve"), ("plan",)):
                    if memory == "fresh machine":
                        shutil.rmtree(folder / ".reconciler", ignore_errors=True)
                    spent, requests = _run(folder, base, *command)
                    shares = ", ".join(f"{times} {what}" for what, times in sorted(requests.items()))
                    sys.stdout.write(
                        f"{memory}, {command[0]}: {requests.total()} requests ({shares}), CPU {spent.cpu:.2f} s,"
                        f" wall {spent.wall:.2f} s, peak {spent.peak:.0f} MB\n"
                    )
    return 0


def _run(folder: Path, base: str, *command: str) -> tuple[Cost, Counter[str]]:
    """What the command costs, and the API requests that the ERP saw of it."""
    _control(base, "DELETE")
    spent = cost([sys.executable, "-m", "reconciler", *command], folder, world.environment())
    calls = [call for call in json.loads(_control(base, "GET")) if call["target"].startswith("/v1/")]
    return spent, Counter(_kind(call["method"], call["target"]) for call in calls)


def _kind(method: str, target: str) -> str:
    if method != "GET":
        return method
    return "lists" if target.partition("?")[0] == "/v1/customer" else "reads"


def _control(base: str, method: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(f"{base}/sandbox/requests", method=method)) as answer:
        return bytes(answer.read())


def _declare_new(folder: Path, new: int) -> None:
    """Customers that nobody has yet, each with an id and an address, in a file of their own."""
    rows = [
        {
            "ref": f"new-{place}",
            "name": f"New customer {place}",
            "corporateId": str(999_000_000 + place),
            "mainAddress": {"addressLine1": f"New street {place}", "postalCode": "0181", "countryId": "NO"},
        }
        for place in range(new)
    ]
    (folder / "customers" / "new.yaml").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
