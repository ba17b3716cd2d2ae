"""What people bring from Terraform and git is answered with what there is here, before anything is done."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from reconciler.ci.install import check_install
from reconciler.cli.shell.application import app, run
from reconciler.cli.shell.command_help import _MORE, VARIABLES
from reconciler.cli.shell.command_list import HIDDEN, SUMMARIES, _build, complete
from reconciler.cli.shell.progress import drawn, line
from reconciler.core.codes import CODES
from reconciler.core.errors import WrongUsage
from reconciler.core.progress import Progress
from reconciler.operations.manual import titles

ROOT = Path(__file__).parents[2]


def _said(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """Standard error of a command that must be wrong usage."""
    assert run(list(words)) == 64
    captured = capfd.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("plan -out=plan.json", "Write --out plan.json."),
        ("plan -out plan.json", "Write --out FILE."),
        ("plan -oplan.json", "Write -o plan.json."),
        ("plan -o=plan.json", "Write -o plan.json."),
        ("plan -target=10000", "Write --target 10000."),
        ("plan -json", "Write --format json."),
        ("plan --json", "Write --format json."),
        ("plan -refresh=false", "Write --refresh none."),
        ("plan -refresh-only", "reconciler drift"),
        ("plan -destroy", "No customer is ever deleted."),
        ("plan -var-file=x", "`${env:NAME}`"),
        ("apply -auto-approve", "Write --auto-approve."),
        ("apply -parallelism=3", "Write --parallelism 3."),
        ("apply -lock=false", "--lock-timeout SECONDS"),
        ("apply -lock-timeout=5", "Write --lock-timeout 5."),
        ("-chdir=x plan", "Write --chdir x."),
        ("-v", "Write --version."),
        ("runs undo x -auto-approve", "Write --auto-approve."),
        ("plan -nonsense", "See reconciler plan --help."),
        ("plan -help", "Write --help."),
        ("plan -no-color", "Write --no-color."),
        ("plan -parallelism=3", "--parallelism N is an option of apply"),
        ("explain -list", "Write --list."),
        ("version -json", "See reconciler version --help."),
        ("apply --yes", "--auto-approve"),
        ("plan --notify slack=https://hooks.example/SECRET", "RECONCILER_NOTIFY_URL"),
    ],
)
def test_an_option_with_one_dash_is_refused_with_the_right_spelling_and_writes_nothing(
    words: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert remedy in _said(capfd, *words.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("refresh", "reconciler plan --refresh full"),
        ("workspace list", "--env NAME"),
        ("state list", "reconciler state show"),
        ("state rm x", "on_removed"),
        ("destroy", "No customer is ever deleted."),
        ("console", "reconciler customers list"),
        ("import 10000", "reconciler export"),
        ("rollback", "reconciler runs undo RUN"),
        ("undo", "Did you mean runs undo?"),
        ("unlock", "Did you mean state unlock?"),
        ("valdate", "Did you mean validate?"),
        ("runs undoo", "Did you mean runs undo?"),
    ],
)
def test_a_command_of_another_tool_points_to_what_there_is(
    words: str, remedy: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert remedy in _said(capfd, *words.split())


@pytest.mark.parametrize(
    "words",
    [
        "plan --notify slack=https://hooks.example/SECRET",
        "plan -notify=https://hooks.example/SECRET",
        "plan https://hooks.example/SECRET",
        "plan --targets=https://hooks.example/SECRET",
    ],
)
def test_what_is_wrong_with_an_address_is_told_without_it(words: str, capfd: pytest.CaptureFixture[str]) -> None:
    """It may hold a secret, and the message stands in the log of a CI job."""
    assert "SECRET" not in _said(capfd, *words.split())


def test_every_command_tells_its_options_with_two_dashes(capfd: pytest.CaptureFixture[str]) -> None:
    """One option of each: they are looked up in the same way."""
    for path, option in {path: option for path, option in _options() if option.opts[0].startswith("--")}.items():
        word = option.opts[0].removeprefix("-")
        assert f"Write -{word}" in _said(capfd, *path.split(), word), (path, word)


def test_a_time_to_wait_may_have_a_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for time in ("5", "0.5", "10s", "5m", "1h"):
        assert "Nobody can be asked here" in _said(capfd, "apply", "--lock-timeout", time)
    assert "'5x' is no time" in _said(capfd, "apply", "--lock-timeout", "5x")


def test_a_value_that_looks_like_an_option_is_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["customers", "list", "--name", "-out=x"]) == 64
    assert "There is no reconciler.yaml" in capfd.readouterr().err


def test_hostile_words_are_told_inert(capfd: pytest.CaptureFixture[str]) -> None:
    for words in (["plan", "-o\x1b[31mut"], ["\x1b]0;x\x07"], ["explain", "\x1b[2J\u202e"]):
        assert not {"\x1b", "\x07", "\u202e"} & set(_said(capfd, *words))


# ---- variables ----


def _options() -> list[tuple[str, Any]]:
    """Every option with the names of its command."""
    root = get_command(app)
    complete(root)
    commands = [("", root), *((name, _build(name)) for name in (*SUMMARIES, *HIDDEN))]
    found: list[tuple[str, Any]] = []
    while commands:
        path, command = commands.pop()
        found += [(path, option) for option in command.params if option.param_type_name == "option"]
        below = {} if command is root else getattr(command, "commands", {})
        commands += [(f"{path} {name}", each) for name, each in below.items()]
    return found


def test_no_variable_means_two_things() -> None:
    """One that is set for `apply` must not overwrite files in `export`. Formats differ in their words alone."""
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for _path, option in _options():
        if option.envvar and option.opts[0] not in ("--format", "--report"):
            meanings[option.envvar].add(f"{option.opts} {option.help}")
    meanings["RECONCILER_REFRESH"] = {"how the ERP is read, in apply too"}
    assert {name: texts for name, texts in meanings.items() if len(texts) > 1} == {}
    assert "RECONCILER_FORCE" not in meanings
    assert {name for name, _ in VARIABLES if "[" not in name}.isdisjoint(meanings)


def test_a_variable_for_one_command_does_not_reach_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    options = {(path, option.opts[0]): option.envvar for path, option in _options()}
    assert options["apply", "--force"] == "RECONCILER_APPLY_FORCE"
    assert options["export", "--force"] == "RECONCILER_EXPORT_FORCE"
    assert options["state unlock", "--force"] == "RECONCILER_STATE_UNLOCK_FORCE"


def test_every_command_that_takes_the_lock_can_wait_for_it() -> None:
    waiting = {path for path, option in _options() if option.opts[0] == "--lock-timeout"}
    assert waiting == {"apply", "fleet apply", "runs resume", "runs undo", "state clear", "state copy", "state rekey"}


# ---- help, explain, version ----


def test_the_help_of_each_command_has_an_example_its_exit_codes_and_where_to_read_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    paths = {path for path, _ in _options()} - {
        "",
        *HIDDEN,
        "customers",
        "dunning-letter",
        "runs",
        "state",
        "sandbox",
        "fleet",
    }
    assert paths <= set(_MORE) | {"github"}
    for path in sorted(_MORE):
        assert run([*path.split(), "--help"]) == 0
        text = capfd.readouterr().out
        assert f"Examples:\n    reconciler {path.split()[0]}" in text
        assert "Exit codes:\n    0   done" in text
        assert f"reconciler explain {_MORE[path].page}" in text
        assert _MORE[path].page in titles()


def test_every_code_and_every_page_can_be_explained(capfd: pytest.CaptureFixture[str]) -> None:
    letters = {code[0]: code for code in CODES}
    for code in (*letters.values(), *list(CODES)[::25], "d301"):
        assert run(["explain", code]) == 0
        assert capfd.readouterr().out.startswith(f"{code.upper()}  {CODES[code.upper()]}")
    assert run(["explain", "--list"]) == 0
    listed = capfd.readouterr().out
    for name, title in titles().items():
        assert name in listed
        assert title in listed
    assert run(["explain", "drift"]) == 0
    assert capfd.readouterr().out == (ROOT / "docs" / "drift.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("creditLimit", "Title Credit limit; Type decimal"),
        ("4", "4: refused by a guard"),
        ("143", "interrupted by Ctrl-C or SIGTERM"),
        ("lifecycle.renumbered_from", "Give the customer that has this number the declared one"),
        ("RECONCILER_STATE", "a path, or the address of a database"),
        ("on_removed", "What happens to a customer that was managed"),
    ],
)
def test_fields_settings_variables_and_exit_codes_can_be_explained(
    word: str, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", word]) == 0
    assert told in " ".join(capfd.readouterr().out.split())


def test_a_word_that_nothing_speaks_of_has_the_nearest_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean creditLimit?" in _said(capfd, "explain", "kreditLimit")


def test_the_wheel_holds_every_page_of_the_manual() -> None:
    import tomllib

    included = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    pages = {f"docs/{file.name}": f"reconciler/manual/{file.name}" for file in (ROOT / "docs").glob("*.md")}
    assert pages.items() <= included["targets"]["wheel"]["force-include"].items()


# ---- where pipelines install from ----


@pytest.mark.parametrize(
    "spec",
    [
        "visma-reconciler==0.1.0",
        "visma-reconciler[postgres]==0.1.0",
        "https://example.org/w/visma_reconciler-0.1.0-py3-none-any.whl",
        f"https://example.org/w/visma_reconciler-0.1.0-py3-none-any.whl#sha256={'a' * 64}",
        f"git+https://example.org/copy/of/reconciler@{'0' * 40}",
        f"visma-reconciler[postgres] @ git+https://example.org/copy/of/reconciler@{'0' * 40}",
    ],
)
def test_what_is_pinned_can_be_installed_by_every_platform(
    spec: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import yaml

    for ci in ("github", "gitlab", "azure", "bitbucket"):
        assert run(["init", str(tmp_path / ci), "--ci", ci, "--install", spec]) == 0
        assert spec in capfd.readouterr().err
        texts = [file.read_text(encoding="utf-8") for file in (tmp_path / ci).rglob("*.yml")]
        assert any(spec in text for text in texts)
        for text in texts:
            assert spec == "visma-reconciler==0.1.0" or '"visma-reconciler==0.1.0"' not in text
            list(yaml.safe_load_all(text))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("visma-reconciler", "it has no version"),
        ("git+https://example.org/copy@main", "it names no commit"),
        (f"git+https://me:secret@example.org/copy@{'0' * 40}", "it holds credentials"),
        ("https://me:secret@example.org/a.whl", "it holds credentials"),
        ("visma-reconciler>=1", "it is a range of versions"),
        ("visma-reconciler[postgres]~=1.0", "it is a range of versions"),
        ("visma-reconciler==1.*", "it is a range of versions"),
        ("http://example.org/a.whl", "it comes over plain http"),
        ("https://example.org/copy", "it is neither a wheel"),
        ("dist/visma_reconciler-0.1.0-py3-none-any.whl", "it is a file of this machine"),
        ('x==1"; curl evil', "pipelines take no such word"),
        ("x==$(id)", "pipelines take no such word"),
        ("x==1\n- run: id", "pipelines take no such word"),
        ("--index-url=https://evil/", "pipelines take no such word"),
    ],
)
def test_what_is_not_pinned_or_not_a_word_is_no_source(spec: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=why):
        check_install(spec)
    assert run(["init", str(tmp_path / "x"), "--ci", "gitlab", f"--install={spec}"]) == 64
    assert not (tmp_path / "x").exists()


def test_a_name_from_an_index_is_never_written_in_silence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--quiet", "init", str(tmp_path), "--ci", "azure", "--install", "visma-reconciler==0.1.0"]) == 0
    assert "a public one may not have it, or a stranger may own the name" in capfd.readouterr().err


# ---- progress ----


def test_progress_has_a_rate_and_the_rest_of_the_time_and_fits_the_terminal() -> None:
    progress = Progress("Reading customers", "page", 30, 120)
    assert line(progress, None, None) == "Reading customers: 30 of 120 pages"
    assert line(progress, 3.0, 30.0) == "Reading customers: 30 of 120 pages, 3.0/s, 30 s left"
    assert drawn(progress, 3.0, 30.0, 100) == f"[{'#' * 6}{'.' * 18}] {line(progress, 3.0, 30.0)}"
    assert len(drawn(progress, 3.0, 30.0, 30)) == 30
    assert line(Progress("Reading customers", "page", 3, None), None, None) == "Reading customers: 3 pages"
