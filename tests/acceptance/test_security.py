"""Attacks through the command line, each of which docs/security.md says is stopped."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from reconciler.reports.formats import formats_of
from reconciler.reports.report_kind import ReportKind
from reconciler.sandbox import Options
from tests.acceptance.conftest import Company, Ended
from tests.acceptance.test_pacing import _remember_tokens as remember_tokens
from tests.unit.erp.scripted import TOKEN, Reply, Scripted, reply

ONE = "{number: 1, name: A}"


@pytest.fixture
def stranger() -> Iterator[Scripted]:
    """A server of somebody else's."""
    with Scripted() as server:
        yield server


def every_report(prefix: str, kind: ReportKind) -> list[str]:
    """A report in each format that shows such a thing, in files of their own."""
    return [word for form in formats_of(kind) for word in ("--report", f"{form}={prefix}.{form}")]


def walk(company: Company, *options: str) -> list[Ended]:
    """Every command that shows or keeps something, with every report that there is."""
    ran = [
        company.run(*options, "validate", *every_report("validate", ReportKind.VALIDATION)),
        company.run(*options, "plan", "-o", "plan.json", *every_report("planned", ReportKind.PLAN)),
        company.run(*options, "plan", "--redact", *every_report("redacted", ReportKind.PLAN)),
        company.run(*options, "show", "plan.json"),
        company.run(*options, "apply", "plan.json", *every_report("run", ReportKind.RUN)),
        company.run(*options, "drift", *every_report("drift", ReportKind.DRIFT)),
        company.run(*options, "runs", "list"),
        company.run(*options, "runs", "show", "last"),
        company.run(*options, "customers", "list"),
        company.run(*options, "customers", "list", "--format", "csv"),
        company.run(*options, "customers", "show", "1"),
        company.run(*options, "accept", "--dry-run"),
        company.run(*options, "export", "-o", "exported"),
        company.run(*options, "state", "show"),
        company.run(*options, "auth"),
    ]
    assert not any("Internal error" in each.err for each in ran), [each.err for each in ran]
    return ran


def point(company: Company, **urls: str) -> None:
    """Settings with other addresses than the ERP's."""
    found = {"base_url": company.sandbox.base_url, "token_url": company.sandbox.token_url} | urls
    (company.folder / "reconciler.yaml").write_text(
        f"version: 1\napi: {{base_url: '{found['base_url']}', token_url: '{found['token_url']}', tenant_id: sandbox}}\n"
    )


def test_no_command_shows_or_keeps_a_secret(company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not in any output, log, report, plan, export or state, also when the ERP and the token endpoint echo them."""
    secret, key, redact = "s3cret-of-the-client", "key-that-signs-every-plan", "key-that-redacts-values"
    monkeypatch.setattr(company.sandbox.runtime.tokens, "_options", Options(client_secret=secret))
    file = tmp_path / "secret"
    file.write_text(f"{secret}\n")
    monkeypatch.delenv("VISMA_CLIENT_SECRET")
    monkeypatch.setenv("VISMA_CLIENT_SECRET_FILE", str(file))
    monkeypatch.setenv("RECONCILER_PLAN_KEY", key)
    monkeypatch.setenv("RECONCILER_REDACT_KEY", redact)
    tokens: set[str] = set()
    remember_tokens(company, tokens, monkeypatch)
    company.store.seed(2, 1, start=1)
    company.declare("[{number: 1, name: A}, {number: 2, name: B}, {number: 3, name: C}]")
    echo = f'{{"message": "you sent {secret} and Bearer "}}'
    for method, path in (("GET", "/v1/"), ("PUT", "/v1/customer/1"), ("POST", "/v1/customer"), ("POST", "token")):
        company.sandbox.fault(method=method, path=path, status=503, body=echo)
    ended = walk(company, "--log-level", "debug")
    assert company.store.numbers() == ["1", "2", "3"]
    files = [each.read_bytes() for each in company.folder.rglob("*") if each.is_file()]
    left = b"".join([*files, *(f"{each.out}{each.err}".encode() for each in ended)])
    assert len(files) > 30
    assert tokens
    for hidden in (secret, key, redact, *tokens):
        assert hidden.encode() not in left, hidden


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u3164\r"
NAMES = [
    f"::error::x{ESCAPES}",
    f"##vso[task.setvariable variable=a]b{ESCAPES}",
    f"##[add-mask]{ESCAPES}",
    '=HYPERLINK("http://evil.example")',
    "<img src=x onerror=alert(1)>",
    "\n::set-output name=a::b",
]


def test_a_customer_cannot_name_itself_into_a_terminal_or_a_ci_server(company: Company) -> None:
    """No command lets a control character or an unseen letter out, nor a line that a CI server obeys; nor do logs."""
    declared = [{"number": str(number), "name": f"Plain {number}"} for number in range(1, len(NAMES) + 1)]
    company.store.seed(len(NAMES), 1, start=1)
    for number, name in enumerate(NAMES, 1):
        company.store.edit(str(number), {"name": name, "mainAddress.addressLine1": name})
        body = json.dumps({"message": name})
        company.sandbox.fault(method="PUT", path=f"/v1/customer/{number}", status=400, body=body)
    company.declare(json.dumps(declared))
    ended = walk(company, "--log-level", "debug")
    others = (".json", ".yaml", ".github", ".html", ".xlsx")
    files = [each for each in company.folder.glob("[!.]*.*") if each.suffix not in others]
    texts = [each.out for each in ended] + [each.err for each in ended] + [each.read_text() for each in files]
    workbooks = list(company.folder.glob("*.xlsx"))
    assert workbooks
    texts += [text for each in workbooks for text in cell_texts(each)]
    for text in texts:
        for line in text.split("\n"):
            assert not set(line.rstrip("\r")) & set("\x00\x07\x1b\x9b\r\u202e\u3164"), line
            assert not re.match(r"\s*::|.*##(vso)?\[", line), line
    pages = [each.read_text() for each in company.folder.glob("*.html")]
    assert pages
    assert not any("<img src=x" in page for page in pages)
    table = next(each.out for each in ended if each.out.startswith("\ufeffnumber;"))
    assert not re.search(r'(^|;)"?[=+@-]', table, re.MULTILINE), table


def cell_texts(workbook: Path) -> list[str]:
    """The texts that a reader of the workbook sees; none of its cells is a formula."""
    cells = [cell for sheet in openpyxl.load_workbook(workbook) for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    return [cell.value for cell in cells if isinstance(cell.value, str)]


@pytest.mark.parametrize("name", ["base_url", "token_url"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "finance.visma.net.evil.example",
        "evilvisma.net",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
    ],
)
def test_a_branch_cannot_send_the_credentials_to_a_host_of_its_own(
    company: Company, monkeypatch: pytest.MonkeyPatch, name: str, host: str
) -> None:
    """Where the job says which hosts may have them, no other one is sent anything."""
    monkeypatch.setenv("VISMA_ALLOWED_HOSTS", "visma.net, visma.com,127.0.0.1")
    company.declare(ONE)
    point(company, **{name: f"https://{host}/connect/token"})
    ended = company.run("plan")
    assert ended.code == 3
    assert "S130" in ended.err
    assert f"api.{name}" in ended.err
    assert company.sandbox.requests == []


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_list_of_hosts_allows_none(company: Company, monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    """A variable that the CI server was to fill, and did not, must not switch the protection off."""
    monkeypatch.setenv("VISMA_ALLOWED_HOSTS", empty)
    company.declare(ONE)
    ended = company.run("plan")
    assert ended.code == 3
    assert "VISMA_ALLOWED_HOSTS is set but empty" in ended.err
    assert "unset it" in ended.err
    assert company.sandbox.requests == []


def test_a_socks_proxy_does_not_concern_an_erp_on_this_machine(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:1")
    company.declare(ONE)
    assert company.run("plan").code == 0


def test_a_host_that_stands_beside_the_credentials_is_taken(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway of one's own is named where the credentials are; it wins over the file."""
    monkeypatch.setenv("VISMA_ALLOWED_HOSTS", "127.0.0.1")
    company.declare(ONE)
    point(company, base_url="https://evil.example", token_url="https://evil.example")
    monkeypatch.setenv("VISMA_BASE_URL", company.sandbox.base_url)
    monkeypatch.setenv("VISMA_TOKEN_URL", company.sandbox.token_url)
    assert company.run("plan").code == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_secret_nor_token_follows_a_redirect(company: Company, stranger: Scripted, status: int) -> None:
    company.declare(ONE)
    with Scripted() as erp:
        point(company, base_url=erp.base_url, token_url=f"{erp.base_url}/token")
        erp.on("POST", "/token", Reply(status, b"", {"Location": f"{stranger.base_url}/token"}))
        assert company.run("plan").code == 1
        erp.on("POST", "/token", reply(TOKEN))
        erp.on("GET", "/v1/customer", Reply(status, b"", {"Location": f"{stranger.base_url}/v1/customer"}))
        assert company.run("plan").code == 1
    assert stranger.seen == []


def test_the_location_of_a_new_customer_is_never_called(company: Company, stranger: Scripted) -> None:
    company.declare(ONE)
    company.sandbox.fault(kind="location", method="POST", path="/v1/customer", host=stranger.base_url)
    company.apply()
    assert company.store.numbers() == ["1"]
    assert stranger.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://evil.example#@127.0.0.1",
        "http://127.0.0.1@evil.example",
        "http://user:pass@127.0.0.1",
        "http://[::ffff:8.8.8.8]",
        "http://0.0.0.0",
        "http://2130706433",
        "http://0x7f000001",
        "HTTP://evil.example",
        "http:\\\\127.0.0.1",
        "//127.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("name", ["base_url", "token_url"])
def test_plain_http_goes_to_this_machine_alone_however_it_is_spelt(company: Company, url: str, name: str) -> None:
    company.declare(ONE)
    point(company, **{name: url})
    ended = company.run("validate")
    assert ended.code == 3
    assert "S114" in ended.out + ended.err
    assert "pass@" not in ended.out + ended.err


def test_what_holds_data_is_the_owners_alone(company: Company) -> None:
    """Modes 0600 and 0700, whatever the umask, also over a file that everybody could read."""
    company.declare(ONE)
    loose = company.folder / "report.md"
    loose.write_text("old")
    loose.chmod(0o666)
    before = os.umask(0)
    try:
        reports = ["markdown=report.md", "json=report.json", "html=report.html", "sarif=r.sarif", "junit=r.xml"]
        words = [word for each in reports for word in ("--report", each)]
        assert company.run("plan", "-o", "plan.json", *words).code == 0
        assert company.run("apply", "plan.json").code == 0
        assert company.run("plan", "--redact").code == 0
    finally:
        os.umask(before)
    held = [company.folder / each.partition("=")[2] for each in reports] + [company.folder / "plan.json"]
    held += [each for each in (company.folder / ".reconciler").rglob("*") if each.is_file()]
    assert {each.name: stat.S_IMODE(each.stat().st_mode) for each in held} == {each.name: 0o600 for each in held}
    assert stat.S_IMODE((company.folder / ".reconciler").stat().st_mode) == 0o700
    assert {"state.db", "redact.key"} <= {each.name for each in held}


@pytest.mark.parametrize("words", [["-o", "out"], ["--report", "markdown=out"]])
def test_a_report_follows_no_link(company: Company, tmp_path: Path, words: list[str]) -> None:
    """A branch may hold a link in the place of a plan or a report; it is told before anything is written."""
    company.declare(ONE)
    for target in (tmp_path / "profile", tmp_path / "not there"):
        (tmp_path / "profile").write_text("mine")
        (company.folder / "out").unlink(missing_ok=True)
        (company.folder / "out").symlink_to(target)
        ended = company.run("plan", *words)
        assert ended.code == 1
        assert "is a link" in ended.err
        assert (tmp_path / "profile").read_text() == "mine"
        assert not (tmp_path / "not there").exists()
    if words[0] == "--report":
        assert company.run("apply", "--auto-approve", *words).code == 1
        assert company.bodies() == []


def test_standard_output_by_its_name_is_no_link_to_follow(company: Company) -> None:
    company.declare(ONE)
    assert "No changes" not in company.run("plan", "--report", "markdown=/dev/stdout").out
    assert Path("/dev/stdout").is_symlink()


def test_an_export_writes_through_no_link(company: Company, tmp_path: Path) -> None:
    """Not even with --force: the link is replaced; a number is never a path."""
    company.store.seed(2, 1, start=1)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    folder = company.folder / "customers"
    folder.mkdir()
    (folder / "1.yaml").symlink_to(outside)
    assert company.run("export").code == 64
    assert company.run("export", "--force").code == 0
    assert outside.read_text() == "mine"
    assert not (folder / "1.yaml").is_symlink()


@pytest.mark.parametrize(
    "glob", ["../*.yaml", "/etc/*.yaml", "customers/../../*.yaml", "..", "~/*.yaml", "customers/\0"]
)
def test_a_glob_reads_nothing_outside_of_the_project(company: Company, tmp_path: Path, glob: str) -> None:
    (tmp_path / "outside.yaml").write_text("{number: 666, name: Outside}")
    settings = company.folder / "reconciler.yaml"
    text = settings.read_text().replace("[customers/**/*.yaml]", f"['{glob}']")
    settings.write_text(text)
    ended = company.run("validate")
    assert ended.code == 3
    assert "Outside" not in ended.out + ended.err


@pytest.mark.parametrize("kind", ["file", "folder", "loop", "dangling"])
def test_a_link_brings_nothing_in_from_outside(company: Company, tmp_path: Path, kind: str) -> None:
    """An error, and never a part of the files in silence."""
    company.declare(ONE)
    away = tmp_path / "away"
    away.mkdir()
    (away / "secret.yaml").write_text("{number: 666, name: Outside}")
    targets = {
        "file": away / "secret.yaml",
        "folder": away,
        "loop": company.folder / "customers",
        "dangling": away / "no",
    }
    link = company.folder / "customers" / ("link" if kind in ("folder", "loop") else "link.yaml")
    link.symlink_to(targets[kind])
    ended = company.run("validate")
    assert ended.code == (0 if kind == "loop" else 3), ended.out + ended.err
    assert "Outside" not in ended.out + ended.err
