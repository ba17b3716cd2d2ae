"""Each format says of each sample what its golden file says, byte for byte.

`UPDATE_GOLDENS=1 pytest tests/golden` writes the files anew: look at the difference before you commit it. The goldens
of HTML hold what a page says; the style, the script and the policy that names them, which all pages share, are one
golden of their own (`html/shared/frame.txt`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from json import loads
from pathlib import Path

import pytest
from jsonschema_rs import validator_for

from reconciler.reports import json_documents
from reconciler.reports.formats import FORMATS, formats_of, render
from reconciler.reports.report_kind import ReportKind
from reconciler.state import plan_file
from tests.unit.reports import samples

HERE = Path(__file__).parent
EXTENSIONS = {
    "text": "txt",
    "json": "json",
    "markdown": "md",
    "html": "html",
    "sarif": "sarif",
    "junit": "xml",
    "github": "txt",
    "gitlab-codequality": "json",
    "gitlab-terraform": "json",
}
"""What the golden files of each format end in."""
assert set(EXTENSIONS) == set(FORMATS)
FRAME = HERE / "html" / "shared" / "frame.txt"
_FRAME = re.compile(
    r'(?<=<meta http-equiv="Content-Security-Policy" content=")[^"]*'
    r"|(?<=<style>).*?(?=</style>)|(?<=<script>).*?(?=</script>)",
    re.DOTALL,
)


PLANS = {
    "plan_none": samples.no_changes,
    "plan_left_alone": samples.left_alone,
    "plan_creates": samples.creates_only,
    "plan_mixed": samples.mixed,
    "plan_refused": samples.refused_by_guard,
    "plan_invalid": samples.invalid_plan,
}
JSONS: dict[str, Callable[[], bytes]] = {
    **{name: lambda make=make: plan_file.dumps(make()) for name, make in PLANS.items()},
    "validation_errors": lambda: json_documents.validation(samples.validation_errors(), 14),
    "run_conflict": lambda: json_documents.run(samples.mixed_with_conflict()),
    "drift": lambda: json_documents.drift(samples.drifted()),
}


def rendered(form: str, case: str) -> bytes:
    """The sample in the format; a validation as of a fixed version of reconciler."""
    if form == "json":
        return JSONS[case]()
    report = samples.REPORTS[case]()
    content = render(replace(report, header=replace(report.header, version=samples.VERSION)), form)
    return _FRAME.sub("", content.decode()).encode() if form == "html" else content


def cases() -> list[tuple[str, str]]:
    """Every format with every sample that it makes sense for."""
    return [(form, case) for case in samples.REPORTS for form in formats_of(_kind(case))]


def _kind(case: str) -> ReportKind:
    return ReportKind(case.partition("_")[0])


@pytest.mark.parametrize(("form", "case"), cases())
def test_a_sample_is_rendered_as_its_golden_file(form: str, case: str) -> None:
    """What a reader sees changes only when somebody means it to."""
    _compare(HERE / form / f"{case}.{EXTENSIONS[form]}", rendered(form, case))


def test_every_page_has_the_style_and_the_script_of_the_golden_frame() -> None:
    """Nothing of a report gets into them, so that their hashes in the policy never change with the data."""
    frames = [_FRAME.findall(render(make(), "html").decode()) for make in samples.REPORTS.values()]
    whole = max(frames, key=len)
    assert all(frame == whole[: len(frame)] for frame in frames)  # a page that lists nothing needs no script
    _compare(FRAME, "\n".join(whole).encode())


def _compare(file: Path, content: bytes) -> None:
    if os.environ.get("UPDATE_GOLDENS"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    assert content.decode() == file.read_bytes().decode()


def test_every_golden_file_is_of_a_sample() -> None:
    """A sample that was renamed leaves no file behind that nobody compares."""
    known = {f"{form}/{case}.{EXTENSIONS[form]}" for form, case in cases()}
    there = {
        file.relative_to(HERE).as_posix() for form in EXTENSIONS for file in (HERE / form).iterdir() if file.is_file()
    }
    assert there == known


@pytest.mark.parametrize("case", PLANS)
def test_a_plans_json_fits_its_schema(case: str) -> None:
    """The schema that is published with the package."""
    schema = loads((HERE.parents[1] / "schemas" / "plan.schema.json").read_bytes())
    validator_for(schema).validate(loads(rendered("json", case)))
