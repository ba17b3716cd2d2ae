"""The settings: what the file may say, what the process environment adds, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from reconciler.config.read import yaml_nodes
from reconciler.config.settings import (
    Api,
    Credentials,
    Guards,
    Settings,
    check_settings,
    find_settings,
    load_credentials,
    load_settings,
    require_tenant,
    url_problem,
)
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.errors import InvalidInput

CONTRACT = """\
version: 1
company: Demo AS                     # a label for plans and reports
api:
  base_url: https://api.finance.visma.net
  token_url: https://connect.visma.com/connect/token
  tenant_id: 2f1c
  page_size: 1000
  parallelism: 4
  timeout: 60
customers: [customers/**/*.yaml]
defaults:
  customerClassId: "1"
  currencyId: NOK
ignore: [mainContact.fax]
guards:
  updates: 30%
  creates: 50
  policies: []
on_removed: ignore
nested_updates: leaf
state: .reconciler/state.db
default_environment: production
environments:
  production: {}
  test: { api: { tenant_id: 77aa }, defaults: { customerClassId: "TEST" } }
"""


class Folder:
    """A folder with a settings file."""

    def __init__(self, root: Path) -> None:
        self.file = root / "reconciler.yaml"

    def load(self, text: str | bytes, env: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        self.file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_settings(self.file, environment=env, environ=environ or {})

    def problems(self, text: str | bytes, env: str | None = None, **environ: str) -> tuple[Diagnostic, ...]:
        with pytest.raises(InvalidInput) as caught:
            self.load(text, env, environ)
        for each in caught.value.diagnostics:
            assert each.remedy
        return caught.value.diagnostics

    def places(self, text: str, env: str | None = None, **environ: str) -> list[str]:
        return [f"{each.source} {each.code}" for each in self.problems(text, env, **environ)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def texts(node: yaml_nodes.Mapping | None) -> dict[str, str]:
    assert node
    return {name: value.text for name, (_, value) in node.entries.items() if isinstance(value, yaml_nodes.Scalar)}


def test_a_version_is_all_that_a_file_needs(folder: Folder, tmp_path: Path) -> None:
    assert folder.load("version: 1") == Settings(
        file=tmp_path / "reconciler.yaml",
        root=tmp_path,
        environment="production",
        state=tmp_path / ".reconciler/state.db",
        mutes=tmp_path / "drift-mutes.yaml",
        environments=("production", "sandbox"),
    )


def test_the_contracts_example_is_read_whole(folder: Folder) -> None:
    found = folder.load(CONTRACT)
    assert found.company == "Demo AS"
    assert found.api == Api(tenant_id="2f1c")
    assert type(found.api.timeout) is float
    assert found.customers == ("customers/**/*.yaml",)
    assert texts(found.defaults) == {"customerClassId": "1", "currencyId": "NOK"}
    assert found.ignore == ("mainContact.fax",)
    assert found.guards == Guards(Fraction(3, 10), 50, ())
    assert found.environments == ("production", "sandbox", "test")


def test_an_environment_merges_over_the_top_level(folder: Folder, tmp_path: Path) -> None:
    found = folder.load(CONTRACT, "test")
    assert found.environment == "test"
    assert found.api.tenant_id == "77aa"
    assert found.api.page_size == 1000
    assert texts(found.defaults) == {"customerClassId": "TEST", "currencyId": "NOK"}
    assert found.state == tmp_path / ".reconciler/state.test.db"


def test_defaults_keep_their_places(folder: Folder) -> None:
    defaults = folder.load(CONTRACT, "test").defaults
    assert defaults
    assert str(defaults.entries["currencyId"][1].source) == "reconciler.yaml:13:15"
    assert str(defaults.entries["customerClassId"][1].source) == "reconciler.yaml:25:66"


def test_lists_and_scalars_of_an_environment_replace(folder: Folder) -> None:
    text = "version: 1\nignore: [name, gln]\nenvironments: {test: {ignore: [note], guards: {updates: 5}}}"
    found = folder.load(text, "test")
    assert found.ignore == ("note",)
    assert found.guards == Guards(updates=5)


def test_each_environment_has_a_state_of_its_own(folder: Folder, tmp_path: Path) -> None:
    text = "version: 1\nstate: s/x.db\nenvironments: {a: {}, b: {state: own.db}}\ndefault_environment: a"
    assert folder.load(text).state == tmp_path / "s/x.db"
    assert folder.load(text, "a").state == tmp_path / "s/x.db"
    assert folder.load(text, "b").state == tmp_path / "own.db"
    assert folder.load(text, "sandbox").state == tmp_path / "s/x.sandbox.db"


def test_the_sandbox_always_exists_and_can_be_refined(folder: Folder) -> None:
    assert folder.load("version: 1", "sandbox").environment == "sandbox"
    assert folder.load("version: 1\nenvironments: {sandbox: {company: Toy}}", "sandbox").company == "Toy"
    assert folder.load("version: 1\ndefault_environment: sandbox").environment == "sandbox"


def test_an_unknown_environment_names_the_known_ones(folder: Folder) -> None:
    (found,) = folder.problems(CONTRACT, "prod")
    assert (found.code, str(found.source)) == ("S113", "reconciler.yaml:1:1")
    assert "production" in found.remedy
    (found,) = folder.problems("version: 1\nenvironments: {test: {}}\ndefault_environment: tst")
    assert (found.code, str(found.source), found.remedy) == ("S113", "reconciler.yaml:3:22", "Did you mean test?")


def test_the_process_environment_overrides_the_file(folder: Folder) -> None:
    environ = {"VISMA_BASE_URL": "https://b/", "VISMA_TOKEN_URL": "https://t", "VISMA_TENANT_ID": "zz"}
    assert folder.load(CONTRACT, None, environ).api == Api("https://b", "https://t", "zz")


def test_the_sandbox_listens_to_no_variable(folder: Folder) -> None:
    environ = {"VISMA_BASE_URL": "https://b/", "VISMA_TENANT_ID": "zz"}
    assert folder.load("version: 1", "sandbox", environ).api == Api()


def test_variables_are_put_in_for_the_chosen_environment_only(folder: Folder) -> None:
    text = (
        "version: 1\ncompany: ${env:WHO} & sons\n"
        "environments: {test: {company: '${env:NOPE}'}, x: {api: {timeout: '${env:T}'}}}"
    )
    assert folder.load(text, None, {"WHO": "Demo"}).company == "Demo & sons"
    assert folder.places(text, "test") == ["reconciler.yaml:3:32 S110"]


def test_defaults_are_not_interpolated_here(folder: Folder) -> None:
    assert texts(folder.load("version: 1\ndefaults: {gln: '${env:X}'}").defaults) == {"gln": "${env:X}"}


def test_policies_are_json_schemas_with_exact_numbers(folder: Folder) -> None:
    text = (
        "version: 1\nguards:\n  policies:\n  - name: limits\n    message: too much\n"
        "    schema: {properties: {x: {maximum: 10.10, const: '5', enum: [true, ~, 0101]}}}\n"
    )
    (policy,) = folder.load(text).guards.policies
    assert (policy.name, policy.message, str(policy.source)) == ("limits", "too much", "reconciler.yaml:4:5")
    assert policy.schema == {
        "properties": {"x": {"maximum": Decimal("10.10"), "const": "5", "enum": [True, None, "0101"]}}
    }


@pytest.mark.parametrize(
    ("text", "limit"), [("0", 0), ("50", 50), ("30%", Fraction(3, 10)), ("'2.5%'", Fraction(1, 40)), ("100 %", 1)]
)
def test_a_guard_is_a_number_or_a_share(folder: Folder, text: str, limit: int | Fraction) -> None:
    assert folder.load(f"version: 1\nguards: {{creates: {text}}}").guards.creates == limit


@pytest.mark.parametrize("text", ["-1", "101%", "1.5", "some", "'%'", "1e3", "'٣'", "1234567890"])
def test_any_other_guard_is_refused(folder: Folder, text: str) -> None:
    assert folder.places(f"version: 1\nguards: {{creates: {text}}}") == ["reconciler.yaml:2:19 S118"]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("compny: x", "3:1 S101"),
        ("api: {base: x}", "3:7 S101"),
        ("environments: {test: {version: 1}}", "3:23 S101"),
        ("environments: {test: {environments: {}}}", "3:23 S101"),
        ("environments: {../x: {}}", "3:16 S108"),
        ("environments: [test]", "3:15 S102"),
        ("api: {page_size: 0}", "3:18 S106"),
        ("api: {page_size: '10'}", "3:18 S102"),
        ("api: {timeout: 1_0}", "3:16 S102"),
        ("api: {parallelism: 1000}", "3:20 S106"),
        ("api: {clear_nullable: maybe}", "3:23 S103"),
        ("api:", "3:5 S104"),
        ("customers: x/*.yaml", "3:12 S102"),
        ("customers: []", "3:12 S105"),
        ("ignore: [mainContact.faks]", "3:10 S117"),
        ("ignore: mainContact", "3:9 S102"),
        ("on_removed: delete", "3:13 S103"),
        ("nested_updates:", "3:16 S104"),
        ("defaults: [1]", "3:11 S102"),
        ("guards: {policies: [{message: x}]}", "3:21 S107"),
        ("guards: {policies: [{message: x, schema: {type: nonsense}}]}", "3:21 S118"),
        ("company: !!str x", "3:10 Y203"),
        ("company: x\ncompany: y", "4:1 Y202"),
        ("state: ${env:MY_SECRET}", "3:8 S111"),
        ("state: ${environ}", "3:8 S109"),
    ],
)
def test_each_mistake_has_its_place_and_code(folder: Folder, line: str, place: str) -> None:
    assert folder.places(f"version: 1\n\n{line}\n") == [f"reconciler.yaml:{place}"]


def test_all_mistakes_come_in_one_run(folder: Folder) -> None:
    text = "version: 2\nx: 1\napi: {base_url: 'http://h', timeout: x}\nignore: [y]\nguards: {updates: z}\non_removed: w"
    assert [each.split()[1] for each in folder.places(text, "nope")] == [
        "S113", "S103", "S101", "S114", "S102", "S117", "S118", "S103",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "# nothing", "- version: 1", "text", "version: 1\n---\nversion: 1", "a: [", b"\xff"]
)
def test_a_file_that_holds_no_settings_is_refused(folder: Folder, text: str | bytes) -> None:
    assert folder.problems(text)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(InvalidInput) as caught:
            load_settings(path, environment=None, environ={})
        assert [each.code for each in caught.value.diagnostics] == ["Y215"]


# -- URLs


@pytest.mark.parametrize(
    "url",
    [
        "https://api.finance.visma.net",
        "https://host:8443/path/",
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://127.8.9.1:99",
        "http://[::1]:8000",
        "HTTPS://HOST",
    ],
)
def test_https_and_loopback_urls_are_good(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://api.finance.visma.net",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://127.1",
        "https://user@host",
        "https://user:pass@host",
        "https://@host",
        "https://host?x=1",
        "https://host?",
        "https://host#",
        "ftp://host",
        "file:///etc/passwd",
        "https://",
        "https:host",
        "host",
        "",
        "https://ho st",
        "https://host\n.evil",
        "https://host:port",
        "https://host:99999",
        "https://[::1",
        "http://localhost@evil.example",
        "http://localhost\\@evil.example",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    assert url_problem(url)


def test_a_refused_url_is_never_shown(folder: Folder) -> None:
    (found,) = folder.problems("version: 1\napi: {base_url: 'https://user:hunter2@host'}")
    assert "hunter2" not in repr(found)
    (found,) = folder.problems("version: 1", VISMA_TOKEN_URL="https://user:hunter2@host")
    assert "hunter2" not in repr(found)
    assert "VISMA_TOKEN_URL" in found.summary


# -- credentials and tenant


def test_credentials_come_from_the_environment() -> None:
    found = load_credentials({"VISMA_CLIENT_ID": " isv_x ", "VISMA_CLIENT_SECRET": "s3cret\n"})
    assert found == Credentials("isv_x", "s3cret")


def test_the_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    environ = {"VISMA_CLIENT_ID": "x", "VISMA_CLIENT_SECRET_FILE": str(file)}
    assert load_credentials(environ).client_secret == "s3cret"


def test_no_repr_shows_a_secret() -> None:
    assert "s3cret" not in f"{Credentials('x', 's3cret')!r} {Credentials('x', 's3cret')}"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, ["VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET"]),
        ({"VISMA_CLIENT_ID": "x"}, ["VISMA_CLIENT_SECRET"]),
        ({"VISMA_CLIENT_SECRET": "x"}, ["VISMA_CLIENT_ID"]),
        ({"VISMA_CLIENT_ID": "x", "VISMA_CLIENT_SECRET": " "}, ["VISMA_CLIENT_SECRET"]),
        ({"VISMA_CLIENT_ID": "x", "VISMA_CLIENT_SECRET_FILE": "/nonexistent"}, ["VISMA_CLIENT_SECRET_FILE"]),
        ({"VISMA_CLIENT_ID": "x", "VISMA_CLIENT_SECRET_FILE": "a\0b"}, ["VISMA_CLIENT_SECRET_FILE"]),
    ],
)
def test_missing_credentials_name_their_variables(environ: dict[str, str], named: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_credentials(environ)
    assert len(caught.value.diagnostics) == len(named)
    for each, name in zip(caught.value.diagnostics, named, strict=True):
        assert each.code == "S115"
        assert name in each.summary


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"\n")
    with pytest.raises(InvalidInput):
        load_credentials({"VISMA_CLIENT_ID": "x", "VISMA_CLIENT_SECRET_FILE": str(tmp_path / "s")})


def test_a_tenant_is_missed_only_where_it_is_needed(folder: Folder) -> None:
    settings = folder.load("version: 1")
    with pytest.raises(InvalidInput) as caught:
        require_tenant(settings)
    assert [each.code for each in caught.value.diagnostics] == ["S116"]
    assert require_tenant(folder.load("version: 1", None, {"VISMA_TENANT_ID": "t"})) == "t"


# -- finding


def test_settings_are_found_here_or_above(tmp_path: Path) -> None:
    deep = tmp_path / "a/b"
    deep.mkdir(parents=True)
    assert find_settings(deep) is None
    (tmp_path / "reconciler.yaml").write_text("version: 1")
    assert find_settings(deep) == tmp_path / "reconciler.yaml"
    (tmp_path / "a/reconciler.yaml").mkdir()
    assert find_settings(deep) == tmp_path / "reconciler.yaml"


def test_a_misspelt_word_in_a_policy_is_an_error_since_the_policy_would_never_refuse(folder: Folder) -> None:
    known = "$defs: {a: {const: {b: 1}}}, x-mine: 1, properties: {a: {not: {anyOf: [{maximun: 1}]}}}"
    policy = f"{{name: credit, message: x, schema: {{proprties: {{a: {{}}}}, {known}}}}}"
    found = folder.problems(f"version: 1\nguards: {{policies: [{policy}]}}")
    assert {(each.code, each.remedy) for each in found} == {
        ("S124", "Did you mean properties or maxProperties or minProperties?"),
        ("S124", "Did you mean maximum or maxItems?"),
    }
    assert 'JSON Schema has no word "proprties", and passes over it in the policy "credit"' in {
        each.summary for each in found
    }


def test_a_setting_that_has_no_effect_any_more_is_a_warning(tmp_path: Path) -> None:
    """A settings file that was valid goes on working, and `validate` says what can be removed."""
    path = tmp_path / "reconciler.yaml"
    path.write_text("version: 1\ncache: false\n")
    assert load_settings(path, environment=None, environ={}).version == 1
    found, problems = check_settings(path, environment=None, environ={})
    assert found is not None
    assert [(each.code, each.severity, str(each.source)) for each in problems] == [
        ("S125", Severity.WARNING, "reconciler.yaml:2:1")
    ]
