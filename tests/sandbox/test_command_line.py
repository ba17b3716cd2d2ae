"""A clerk's work in the sandbox from the command line."""

from __future__ import annotations

import pytest

from reconciler.cli.shell.application import run
from reconciler.sandbox import open_store


@pytest.fixture
def clerk(tmp_path, capfd):
    """Run a command of `reconciler sandbox`; answers its exit code and what it said."""

    def call(*words):
        capfd.readouterr()
        code = run(["--chdir", str(tmp_path), "sandbox", *words, "--db", str(tmp_path / "erp.db")])
        said = capfd.readouterr()
        return code, said.out + said.err

    return call


def test_a_clerk_creates_edits_and_renumbers(clerk, tmp_path):
    assert clerk("create", "name=Fjord AS", "mainAddress.city=Oslo", "--number", "a1")[0] == 0
    code, said = clerk("create", "name=Fjell AS")
    assert (code, "100000" in said) == (0, True)
    assert clerk("edit", "a1", "creditLimit=19.99")[0] == 0
    assert clerk("renumber", "a1", "10000")[0] == 0
    with open_store(tmp_path / "erp.db") as store:
        assert store.numbers() == ["10000", "100000"]
        row = store.customer("10000")
    assert (row["name"], row["mainAddress"]["city"], str(row["creditLimit"])) == ("Fjord AS", "Oslo", "19.99")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("create", "mainAddress.city=Oslo"), "needs a name"),
        (("create", "name=A", "--number", "1"), "taken"),
        (("create", "name"), "PATH=VALUE"),
        (("renumber", "2", "3"), "no customer has the number"),
        (("renumber", "1", "1"), "taken"),
    ],
)
def test_what_a_clerk_cannot_do_is_wrong_usage_with_the_reason(clerk, tmp_path, words, reason):
    with open_store(tmp_path / "erp.db") as store:
        store.create({"name": "Fjord AS"}, number="1")
    code, said = clerk(*words)
    assert (code, reason in said) == (64, True), said
