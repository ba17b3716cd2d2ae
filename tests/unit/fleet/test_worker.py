"""A worker has one company after the other, and keeps nothing of any."""

from __future__ import annotations

import gc

from reconciler.core.fleet import CompanyOutcome, Work
from reconciler.fleet.tasks import Task
from reconciler.fleet.worker import WorkPlace, perform, work_at


def test_what_a_company_took_is_given_back_before_the_next_one() -> None:
    """After each task, however it ended, cyclic garbage is collected: without that it grew with every company."""
    ends: list[int] = []
    work_at(WorkPlace({}, after=lambda: ends.append(gc.collect())))
    settings = b"version: 1\napi: {tenant_id: t}\n"
    files = {"reconciler.yaml": settings, "customers/a.yaml": b"name: ["}
    outcomes = [perform(Task(name, name, Work.VALIDATE, files)).report.outcome for name in "abc"]
    work_at(WorkPlace({}))
    assert outcomes == [CompanyOutcome.INVALID] * 3
    assert len(ends) == 3
    assert ends[1] == ends[2]
