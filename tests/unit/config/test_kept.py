"""A file that has not changed is not parsed again, and means what it means when it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.config.read import declaration_cache, declarations, yaml_nodes
from reconciler.config.read.declarations import Loaded, load_declarations
from tests.property.test_yaml_agreement import Memory, seen

PLAIN = "- number: '1'\n  name: A\n  creditLimit: 12.50\n- number: '2'\n  name: B\n  creditLimit: 3\n"


class Watched:
    """A folder of declarations, loaded with one cache; `parsed` are the names of the files that were parsed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.cache = Memory()
        self.parsed: list[str] = []
        read = declarations._Loader.text

        def watched(loader: declarations._Loader, data: bytes, name: str) -> None:
            self.parsed.append(name)
            read(loader, data, name)

        monkeypatch.setattr(declarations._Loader, "text", watched)

    def write(self, text: str, name: str = "a.yaml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def load(self, *, defaults: str = "", environ: Mapping[str, str] | None = None, cached: bool = True) -> Loaded:
        """Load all files; with the cache the result is always held against one without."""
        node = yaml_nodes.parse(defaults.encode(), "reconciler.yaml").documents[0] if defaults else None
        assert node is None or isinstance(node, yaml_nodes.Mapping)
        rest: dict[str, Any] = {"root": self.folder, "defaults": node, "environ": environ or {}}
        files = sorted(self.folder.glob("*.yaml"))
        bare = load_declarations(files, **rest)
        self.parsed.clear()
        found = load_declarations(files, **rest, cache=self.cache if cached else None)
        assert seen(found) == seen(bare)
        return found


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "number: '1'\nname: A\nattributes: {region: x, 'A.B': '0101'}\nmainAddress: {city: Oslo, countryId: NO}\n",
        "ref: one\nmatch: [gln]\ngln: '7'\nlifecycle: {ignore_changes: [name], prevent_update: true}\n",
        "defaults:\n  mainAddress: {city: Bergen}\n  lifecycle: {prevent_update: true}\ncustomers:\n" + PLAIN,
        "defaults:\n  name: D\ncustomers:\n- number: '1'\n  mainAddress:\n    city: Oslo\n- number: '2'\n",
        "- &a\n  number: '1'\n  name: A\n- <<: *a\n  number: '2'\n",
        "number: '1'\nname: |\n  Å\n  Ø\n---\nnumber: '2'\ncreditLimit: -0.00\n",
        "- number: '1'\n  directDebitLines:\n  - {mandateId: a, maxAmount: 1.50}\n",
    ],
)
@pytest.mark.parametrize(
    "defaults", ["", "mainAddress: {city: Hamar, countryId: NO}\nmatch: [corporateId]\ngln: '9'\n"]
)
def test_an_unchanged_file_is_not_parsed_again(watched: Watched, text: str, defaults: str) -> None:
    watched.write(text)
    watched.load(defaults=defaults)
    assert watched.parsed == ["a.yaml"]
    loaded = watched.load(defaults=defaults)
    assert watched.parsed == []
    assert loaded.desired


def test_only_the_changed_file_is_parsed_again(watched: Watched) -> None:
    watched.write(PLAIN)
    watched.write("number: '3'\n", "b.yaml")
    watched.load()
    watched.write("number: '4'\n", "b.yaml")
    loaded = watched.load()
    assert watched.parsed == ["b.yaml"]
    assert [each.number for each in loaded.desired] == ["1", "2", "4"]


def test_a_renamed_file_is_known_and_shown_by_its_new_name(watched: Watched) -> None:
    watched.write("defaults:\n  name: D\ncustomers:\n- number: '1'\n")
    watched.load()
    (watched.folder / "a.yaml").rename(watched.folder / "b.yaml")
    loaded = watched.load()
    assert watched.parsed == []
    assert str(loaded.desired[0].locate(("name",))) == "b.yaml:2:9"


@pytest.mark.parametrize(
    "defaults",
    ["name: other", "name:   D", "\nname: D", "name: D\nlifecycle: {prevent_update: true}", "name: D\nmatch: [gln]",
     "name: D\nattributes: {x: '1'}"],
)  # fmt: skip
def test_other_defaults_make_every_file_be_parsed_again(watched: Watched, defaults: str) -> None:
    """Other values, or other places of the same ones."""
    watched.write("number: '1'\n")
    watched.load(defaults="name: D")
    watched.load(defaults=defaults)
    assert watched.parsed == ["a.yaml"]


def test_variables_in_the_defaults_count_by_their_values(watched: Watched) -> None:
    watched.write("number: '1'\n")
    for city, parsed in (("Oslo", ["a.yaml"]), ("Oslo", []), ("Hamar", ["a.yaml"])):
        loaded = watched.load(defaults="mainAddress: {city: '${env:CITY}'}", environ={"CITY": city})
        assert loaded.desired[0].values == {"mainAddress": {"city": city}}
        assert watched.parsed == parsed


@pytest.mark.parametrize(
    "text",
    [
        "number: '1'\nname: ${env:WHO}\n",
        'number: "1"\nname: "\\x24{env:WHO}"\n',
        'number: "1"\nname: "$\\u007benv:WHO}"\n',
        "defaults:\n  name: ${env:WHO:-x}\ncustomers:\n- number: '1'\n",
        "- number: '1'\n  name: A\n- number: '2'\n  name: &a ${env:WHO}\n",
        "number: '1'\nname: $${env:WHO}\n",
    ],
)
def test_a_file_with_variables_is_never_kept(watched: Watched, text: str) -> None:
    """However they are written."""
    watched.write(text)
    for who in ("Ada", "Bo"):
        watched.load(environ={"WHO": who})
        assert watched.parsed == ["a.yaml"]
    assert watched.cache.entries == {}


@pytest.mark.parametrize(
    "text",
    [
        "number: '1'\nnope: x\n",
        "number: '1'\ndirectDebitLines: []\n",
        "\ufeffnumber: '1'\n",
        "ref: never-found\nmatch: [gln]\n",
        "number: '1'\nparentRecordNumber: '1'\n",
        "- number: '1'\n- number: '1'\n",
        "number: '1'\nname: 'x\n",
    ],
)
def test_a_file_with_a_problem_is_never_kept(watched: Watched, text: str) -> None:
    watched.write(text)
    for _ in range(2):
        assert watched.load().diagnostics
        assert watched.parsed == ["a.yaml"]


def test_two_kept_files_of_one_customer_are_an_error_that_names_both(watched: Watched) -> None:
    watched.write("number: '1'\n")
    watched.load()
    watched.write("number: '1'\n", "b.yaml")
    (problem,) = watched.load().diagnostics
    assert watched.parsed == []
    assert problem.code == "I402"
    assert "b.yaml:1:9" in f"{problem.source}"
    assert "a.yaml:1:9" in problem.summary


def test_another_program_or_schema_makes_every_file_be_parsed_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = declaration_cache.customer_schema()
    schema["$defs"]["customer"]["title"] = "Other"
    watched.write(PLAIN)
    watched.load()
    for name, other in (
        ("__version__", "9.9.9"),
        ("yaml_version", "9.9"),
        ("customer_schema", lambda: schema),
        ("_code", lambda: [("/config/x.py", 1, 1)]),
        ("_FORMAT", 99),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(declaration_cache, name, other)
            declaration_cache.program.cache_clear()
            watched.load()
            assert watched.parsed == ["a.yaml"], name
    declaration_cache.program.cache_clear()
    watched.load()
    assert watched.parsed == []


def test_an_entry_that_does_not_read_back_counts_as_none(watched: Watched) -> None:
    """Whatever bytes stand where an entry was, as far as they are not declarations."""
    watched.write(PLAIN)
    watched.load()
    ((key, whole),) = watched.cache.entries.items()
    wrong = [whole[:end] for end in range(0, len(whole), 5)]
    wrong += [b"\xc0", b"\x92\x90\x91\x95\x07\x01\xa11\xc0\x80", whole.replace(b"\xc7\x05\x01", b"\xc7\x05\x02")]
    wrong += [whole.replace(b"12.50", b"12x50"), b"\x91" * 100_000]
    for data in wrong:
        watched.cache.entries = {key: data}
        watched.load()
        assert watched.parsed == ["a.yaml"], data
        assert watched.cache.entries == {key: whole}


def test_numbers_keep_their_digits_and_sort(watched: Watched) -> None:
    watched.write(
        "- number: '1'\n  creditLimit: 12.500\n- number: '2'\n  creditLimit: 12\n- number: '3'\n  corporateId: ''\n"
    )
    watched.load()
    found = [each.values for each in watched.load().desired]
    assert watched.parsed == []
    assert repr(found) == "[{'creditLimit': Decimal('12.500')}, {'creditLimit': Decimal('12')}, {'corporateId': None}]"


def test_a_number_of_many_digits_is_read_all_the_same(watched: Watched) -> None:
    watched.write(f"number: '1'\ncreditLimit: {'9' * 28}\n")
    for _ in range(2):
        assert watched.load().desired[0].values == {"creditLimit": int("9" * 28)}


def test_a_file_that_holds_the_settings_too_is_not_kept(watched: Watched) -> None:
    """The places of its own defaults and those of the settings could not be told apart."""
    watched.write("number: '1'\n", "reconciler.yaml")
    for _ in range(2):
        watched.load(defaults="name: D")
        assert watched.parsed == ["reconciler.yaml"]


def test_declarations_of_one_kept_file_share_no_values(watched: Watched) -> None:
    watched.write("number: '1'\nmainAddress: {city: Oslo}\n")
    watched.load()
    one, other = watched.load().desired[0], watched.load().desired[0]
    one.values["mainAddress"]["city"] = "x"
    assert other.values == {"mainAddress": {"city": "Oslo"}}
