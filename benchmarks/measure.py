"""What a command costs: wall time, CPU of the process itself, its peak memory."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

Made = TypeVar("Made")


def apart(work: Callable[..., Made], *given: object, **more: object) -> Made:
    """Do the work in a process of its own. What this process once took in memory would count for each command that it
    starts: Linux carries the peak over from before `exec`."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given, **more).result()


@dataclass(frozen=True)
class Cost:
    """wall and cpu in seconds, peak in MB, the API requests that it told of, and how it ended."""

    wall: float
    cpu: float
    peak: float
    requests: int
    code: int
    out: str


def cost(command: list[str], folder: Path, environment: dict[str, str], *, fine: tuple[int, ...] = (0,)) -> Cost:
    """Run the command once. Raises RuntimeError when it ends otherwise than `fine`."""
    with tempfile.TemporaryFile() as sink:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        sink.seek(0)
        out = sink.read().decode(errors="replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in fine:
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{out[-2000:]}")
    told = re.findall(r"(?:with |customers?, )([\d,]+) requests?", out)
    requests = int(told[-1].replace(",", "")) if told else 0
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, requests, process.returncode, out)


def best(runs: int, command: list[str], folder: Path, environment: dict[str, str], **more: tuple[int, ...]) -> Cost:
    """The run that cost the least CPU: what others did on the machine meanwhile only ever adds."""
    return min((cost(command, folder, environment, **more) for _ in range(runs)), key=lambda each: each.cpu)


def put_into_page(name: str, lines: Iterable[str]) -> None:
    """Replace what stands between the marks of that name in docs/performance.md."""
    page = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    page.write_text("\n".join((before + begin, *lines, end + rest.partition(end)[2])), encoding="utf-8")
