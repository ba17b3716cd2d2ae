"""A company's folder as a task: its files are read here, and nothing is decided about them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from reconciler.config.fleet import Company, FleetFile
from reconciler.config.read.files import find_files, read_bytes
from reconciler.config.settings import FILE_NAME, Settings, check_settings
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.fleet import Work
from reconciler.fleet.tasks import Task, TaskOptions

_DECLARED = (Work.VALIDATE, Work.PLAN, Work.DRIFT)
"""What needs the declarations."""


def pack(
    fleet: FleetFile,
    company: Company,
    work: Work,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    options: TaskOptions,
) -> Task:
    """The task for a company. environment: instead of the company's own. Problems are the task's, never raised."""
    root = fleet.root / company.folder
    chosen = environment or company.environment
    files, problems = _files(root, chosen, environ, with_declarations=work in _DECLARED)
    return Task(
        name=company.name,
        folder=company.folder,
        work=work,
        files=files,
        environment=chosen,
        labels=company.labels,
        shared=fleet.shared,
        problems=tuple(problems),
        options=options,
    )


def _files(
    root: Path, environment: str | None, environ: Mapping[str, str], *, with_declarations: bool
) -> tuple[dict[str, bytes], list[Diagnostic]]:
    data, problem = read_bytes(root / FILE_NAME, FILE_NAME, 2**20)
    if problem:
        return {}, [problem]
    files = {FILE_NAME: data}
    settings, _ = check_settings(root / FILE_NAME, environment=environment, environ=environ)
    if not with_declarations or settings is None:
        return files, []
    names, problems = _declarations(settings, root)
    for name in names:
        data, problem = read_bytes(root / name, name, settings.limits.files.file_size)
        if problem:
            problems.append(problem)
        else:
            files[name] = data
    return files, problems


def _declarations(settings: Settings, root: Path) -> tuple[list[str], list[Diagnostic]]:
    """The declarations and the mutes by their names. What the worker finds by itself is none of the problems."""
    declarations, problems = find_files(settings.customers, root)
    mutes = [settings.mutes] if settings.mutes.is_absolute() and settings.mutes.is_file() else []
    start = os.path.join(root, "")  # noqa: PTH118 (paths as texts: Path is ten times as slow, for 100,000 files)
    paths = [path for path in map(str, (*declarations, *mutes)) if path.startswith(start)]
    names = [path.removeprefix(start).replace(os.sep, "/") for path in paths]
    return names, [problem for problem in problems if problem.code not in _FOUND_AGAIN]


_FOUND_AGAIN = ("S119", "S126")
"""Globs that match nothing, which is so wherever the files are unpacked."""
