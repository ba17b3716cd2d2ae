"""The output folder: `DIR/fleet.json`, and a folder with documents for each company that has any."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from reconciler.core.errors import Refused, ReportError, WrongUsage
from reconciler.core.fleet import FORMAT, CompanyReport, FleetReport, Work, fleet_digest, folder_name
from reconciler.fleet.tasks import TaskResult
from reconciler.reports.fleet.json import fleet_json
from reconciler.state.plan_file import MAX_BYTES, write_private

INDEX = "fleet.json"
_DOCUMENTS = {Work.PLAN: "plan", Work.APPLY: "run", Work.DRIFT: "drift"}
_REMEDY = "Make the plans again: reconciler fleet plan -o DIR"


def prepare(folder: Path) -> None:
    """Make the folder, or empty what an earlier fleet command left in it. Raises WrongUsage, ReportError."""
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise WrongUsage(f"-o cannot write {folder}: it is no folder", remedy="Name a folder.")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / INDEX).is_file():
            raise WrongUsage(
                f"-o cannot write into {folder}: it holds something else", remedy="Name a new folder, or an empty one."
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / INDEX).unlink(missing_ok=True)  # until all is written, there is nothing to apply
    except OSError as error:
        raise ReportError(f"Cannot write into {folder}: {error.strerror or error}") from error


def keep(folder: Path, work: Work, result: TaskResult) -> CompanyReport:
    """Write the company's document; answers its report with the name. Whatever is there from before goes."""
    name = folder_name(result.report.name)
    own = folder / name
    try:
        if own.is_symlink():
            own.unlink()
        elif own.is_dir():
            shutil.rmtree(own)
        if result.document is None:
            return result.report
        own.mkdir(mode=0o700)
    except OSError as error:
        raise ReportError(f"Cannot write {own}: {error.strerror or error}") from error
    what = _DOCUMENTS[work]
    write_private(own / f"{what}.json", result.document)
    return replace(result.report, documents={what: f"{name}/{what}.json"})


def finish(folder: Path, report: FleetReport) -> None:
    """Write the index, last. Raises ReportError."""
    write_private(folder / INDEX, fleet_json(report))


def read_index(folder: Path) -> FleetReport:
    """The index of saved plans. Raises Refused for one that is none, was altered, or is not of plans."""
    file = folder / INDEX
    try:
        if file.stat().st_size > MAX_BYTES:
            raise Refused(f"{file} is larger than any index")
        found: Any = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise WrongUsage(f"Cannot read {file}: {error.strerror or error}", remedy=_REMEDY) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Refused(f"{INDEX} is no index of plans: it is not JSON ({error})", remedy=_REMEDY) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("work") != Work.PLAN.value:
        raise Refused(f"{INDEX} is no index of plans", remedy=_REMEDY)
    if str(found.get("format_version", "")).partition(".")[0] != "1":
        raise Refused(f"{INDEX} has a format that this version does not read", remedy=_REMEDY)
    try:
        report = msgspec.convert(found, FleetReport, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise Refused(f"{INDEX} is no index of plans: {error}", remedy=_REMEDY) from None
    if report.digest != fleet_digest(report.companies):
        raise Refused(f"{INDEX} was altered: its digest does not fit its companies", remedy=_REMEDY)
    return report


def plan_bytes(folder: Path, company: CompanyReport) -> bytes | None:
    """The saved plan of a company, found by its name and not by what the index says; None where there is none."""
    file = folder / folder_name(company.name) / "plan.json"
    try:
        return file.read_bytes() if file.is_file() and file.stat().st_size <= MAX_BYTES else None
    except OSError:
        return None
