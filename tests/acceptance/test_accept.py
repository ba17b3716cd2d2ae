"""accept: what the ERP holds goes into the YAML as a clean diff, and the next plan is empty."""

from __future__ import annotations

import difflib
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import Company, Ended

ONE = """\
# yaml-language-server: $schema=customer.schema.json
number: "1"          # never changes
name: 'Ola''s shop'  # single quotes

mainAddress:
  # where the shop is
  addressLine1: TestRoad 13   # since 2019
  postalCode: 0101
  city: "Oslo"
creditLimit: 1000.00  # from the board
web_is_below: &unused x
"""
ONE = ONE.replace("web_is_below: &unused x\n", "mainContact: {phone1: 22334455, web: www.x.example}\n")


def changed(before: bytes, after: bytes) -> list[str]:
    """The lines that differ, as a diff shows them without context."""
    diff = difflib.diff_bytes(
        difflib.unified_diff, before.splitlines(keepends=True), after.splitlines(keepends=True), n=0
    )
    return [line.decode() for line in diff if not line.startswith((b"---", b"+++", b"@@"))]


def applied(company: Company, text: str) -> Path:
    """Declare and apply a text."""
    path = company.declare(text)
    ended = company.apply()
    assert ended.code == 0, ended.err + ended.out
    return path


def accepted(company: Company, path: Path, *arguments: str, code: int = 0) -> list[str]:
    """Run accept, and give the lines that changed; nothing is left to accept."""
    before = path.read_bytes()
    ended = company.run("accept", *arguments)
    assert ended.code == code, ended.err + ended.out
    return changed(before, path.read_bytes())


def is_settled(company: Company) -> bool:
    """Whether the next plan has nothing to do."""
    return bool(company.undone() == {})


def test_only_the_accepted_values_change_and_the_next_plan_is_empty(company: Company) -> None:
    path = applied(company, ONE)
    company.store.edit(
        "1",
        {
            "name": "Kari's shop",
            "mainAddress.addressLine1": "TestRoad 50",
            "mainAddress.postalCode": "0155",
            "mainAddress.city": "Sør-Odal",
            "creditLimit": "2000.50",
            "mainContact.phone1": "+4799887766",
        },
    )
    assert accepted(company, path) == [
        "-name: 'Ola''s shop'  # single quotes\n",
        "+name: 'Kari''s shop'  # single quotes\n",
        "-  addressLine1: TestRoad 13   # since 2019\n",
        "-  postalCode: 0101\n",
        '-  city: "Oslo"\n',
        "-creditLimit: 1000.00  # from the board\n",
        "-mainContact: {phone1: 22334455, web: www.x.example}\n",
        "+  addressLine1: TestRoad 50   # since 2019\n",
        '+  postalCode: "0155"\n',
        '+  city: "Sør-Odal"\n',
        "+creditLimit: 2000.5  # from the board\n",
        '+mainContact: {phone1: "+4799887766", web: www.x.example}\n',
    ]
    assert is_settled(company)
    assert accepted(company, path) == []


def test_fields_and_customers_are_chosen_by_pattern_and_number(company: Company) -> None:
    company.sandbox.switch(require_postal_code=False)
    text = "".join(f"- number: {n}\n  name: A\n  mainAddress: {{city: Oslo, addressLine1: X}}\n" for n in "12")
    path = applied(company, text)
    for number in "12":
        company.store.edit(number, {"name": "B", "mainAddress.city": "Bergen", "mainAddress.addressLine1": "New"})
    assert accepted(company, path, "1", "--field", "mainAddress.city") == [
        "-  mainAddress: {city: Oslo, addressLine1: X}\n",
        "+  mainAddress: {city: Bergen, addressLine1: X}\n",
    ]
    assert accepted(company, path, "--field", "*.addressLine1") == [
        "-  mainAddress: {city: Bergen, addressLine1: X}\n",
        "+  mainAddress: {city: Bergen, addressLine1: New}\n",
        "-  mainAddress: {city: Oslo, addressLine1: X}\n",
        "+  mainAddress: {city: Oslo, addressLine1: New}\n",
    ]
    assert len(accepted(company, path, "2")) == 4
    assert accepted(company, path, "--field", "name") == ["-  name: A\n", "+  name: B\n"]
    assert is_settled(company)


def test_an_unknown_customer_or_field_is_wrong_usage_before_any_request(company: Company) -> None:
    company.declare(ONE)
    assert company.run("accept", "7").code == 64
    assert company.run("accept", "--field", "nope").code == 64
    assert company.sandbox.requests == []


def test_dry_run_shows_a_diff_that_git_applies_and_writes_nothing(company: Company) -> None:
    path = applied(company, ONE)
    before = path.read_bytes()
    company.store.edit("1", {"mainAddress.city": "Bergen"})
    ended = company.run("accept", "--dry-run")
    assert ended.code == 0
    assert path.read_bytes() == before
    assert ended.out.startswith("--- a/customers/all.yaml\n+++ b/customers/all.yaml\n@@")
    subprocess.run(["git", "apply", "-"], input=ended.out.encode(), cwd=company.folder, check=True)
    assert changed(before, path.read_bytes()) == ['-  city: "Oslo"\n', '+  city: "Bergen"\n']
    assert is_settled(company)


def test_no_value_in_the_erp_becomes_null_and_stays_managed(company: Company) -> None:
    path = applied(company, ONE)
    company.store.edit("1", {"mainContact.web": "", "mainAddress.city": ""})
    assert accepted(company, path) == [
        '-  city: "Oslo"\n',
        "+  city: null\n",
        "-mainContact: {phone1: 22334455, web: www.x.example}\n",
        "+mainContact: {phone1: 22334455, web: null}\n",
    ]
    assert is_settled(company)
    company.store.edit("1", {"mainAddress.city": "Bergen"})
    assert [change["path"] for action in company.plan()["actions"] for change in action["changes"]] == [
        "mainAddress.city"
    ]


def test_a_null_that_the_erp_has_filled_gets_the_value(company: Company) -> None:
    path = applied(company, "number: 1\nname: A\ngln:   # none yet\nmainContact:\n  web: ~\n")
    company.store.edit("1", {"gln": "7080000000001", "mainContact.web": "x.example"})
    assert accepted(company, path) == [
        "-gln:   # none yet\n",
        '+gln: "7080000000001"   # none yet\n',
        "-  web: ~\n",
        "+  web: x.example\n",
    ]
    assert is_settled(company)


HOSTILE = [
    "NO",
    "0101",
    "12:30:45",
    "2026-01-31",
    "null",
    "~",
    "true",
    "a: b",
    "a #b",
    "# no comment",
    "it's",
    'say "hi"',
    "back\\slash",
    "- dash",
    "[x, y], {z}",
    "*alias &anchor !tag",
    "@at `tick` %percent",
    "emoji 🙂 ZWJ 👩‍👩‍👧",
    "tab\there",
    "two\nlines",
    "two\nlines\n",
    "blank\n\n\nlines\n\n",
    " leading and trailing ",
    "crlf\r\nline",
    "${env:HOME} and ${ and $${x} and $$",
    "\u202ertl\u2028separator\u00a0nbsp\ufeff",
    "x" * 255,
    "---",
    "...",
    "key:",
    "? q",
    "<<",
    "=",
]
STYLES = {
    "plain": "accountReference: old  # why",
    "single": "accountReference: 'old'  # why",
    "double": 'accountReference: "old"  # why',
    "flow": "eInvoiceContract: {fInvoiceContractID: old} # why",
    "literal": "note: |- # why\n  old\n  text",
    "folded": "note: >  # why\n  old\n  text\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_hostile_texts_are_read_back_exactly_in_every_style(company: Company, style: str) -> None:
    is_note = style in ("literal", "folded")
    hostile = HOSTILE if is_note else [each for each in HOSTILE if not re.search("[\r\n\u2028]", each)]
    numbers = range(1, len(hostile) + 1)
    text = "\n".join(f"---\nname: A\nnumber: {number}\n{STYLES[style]}\n# the end" for number in numbers) + "\n"
    path = applied(company, text)
    field = "note" if is_note else "eInvoiceContract.fInvoiceContractID" if style == "flow" else "accountReference"
    for number, value in zip(numbers, hostile, strict=True):
        company.store.edit(str(number), {field: value})
    accepted(company, path)
    assert is_settled(company)
    found = path.read_text(encoding="utf-8")
    assert found.count("# why\n") == text.count("# why\n")
    assert found.count("\n# the end\n") == text.count("\n# the end\n")
    assert len(changed(text.encode(), found.encode())) <= 5 * len(HOSTILE)


def test_a_text_that_no_file_can_hold_is_refused_and_the_rest_is_accepted(company: Company) -> None:
    path = applied(company, "number: 1\nname: A\ngln: x\naccountReference: y\n")
    company.store.edit("1", {"gln": "bell\x07", "accountReference": "new"})
    ended = company.run("accept")
    assert ended.code == 1
    assert "control character" in ended.out
    assert "Not accepted: 1 value." in ended.err
    assert path.read_text() == "number: 1\nname: A\ngln: x\naccountReference: new\n"


def test_what_one_declaration_cannot_hold_is_refused_alone_and_all_else_is_accepted(company: Company) -> None:
    """By the value, or by the place that cannot be written: more of these than a file is tried again."""
    numbers = range(10, 15)
    text = "".join(
        f"- {{number: {at}, name: A, mainAddress: {{countryId: NO, city: X}}}}\n"
        f"- {{number: {at + 10}, name: A, gln: x, accountReference}}\n"
        for at in numbers
    )
    path = company.declare(text)
    for at in numbers:
        company.store.create({"name": "B", "mainAddress.countryId": "ZZ", "mainAddress.city": "Y"}, str(at))
        company.store.create({"name": "B", "gln": "y", "accountReference": "z"}, str(at + 10))
    ended = company.run("accept", "--all")
    assert ended.code == 1
    assert ended.out.count("the declaration would be invalid: D324") == 5
    assert ended.out.count("a key without a colon") == 5
    assert "Not accepted: 10 values." in ended.err
    accepted_text = text.replace("name: A", "name: B").replace("city: X", 'city: "Y"').replace("gln: x", 'gln: "y"')
    assert path.read_text() == accepted_text


def test_crlf_a_byte_order_mark_and_a_missing_last_line_break_stay(company: Company) -> None:
    text = "number: 1\r\nname: A # n\r\n\r\n# c\r\nmainAddress:\r\n  city: Oslo"
    path = applied(company, text)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    company.store.edit("1", {"name": "B", "mainAddress.city": "Bergen"})
    assert company.run("accept").code == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + text.replace("A #", "B #").replace("Oslo", "Bergen").encode()


SHARED = """\
# shared
- number: 1
  name: A
  mainAddress: &home   # of all
    addressLine1: X
    city: Oslo
- number: 2
  name: B
  mainAddress: *home   # as 1
- number: 3
  name: C
  mainAddress:
    <<: *home
    addressLine1: Y
"""


def test_an_aliased_value_is_overridden_for_the_one_customer_alone(company: Company) -> None:
    path = applied(company, SHARED)
    company.store.edit("2", {"mainAddress.city": "Bergen"})
    assert accepted(company, path) == [
        "-  mainAddress: *home   # as 1\n",
        "+  mainAddress: {<<: *home, city: Bergen}   # as 1\n",
    ]
    assert is_settled(company)


def test_a_merged_value_is_overridden_beside_its_merge_key(company: Company) -> None:
    path = applied(company, SHARED)
    company.store.edit("3", {"mainAddress.city": "Bergen"})
    ended = company.run("accept")
    assert "written into this declaration alone" in ended.out
    assert "customers/all.yaml:6:11" in ended.out
    assert changed(SHARED.encode(), path.read_bytes()) == ["+    city: Bergen\n"]
    assert is_settled(company)


def test_an_anchored_value_changes_for_its_owner_and_the_others_keep_the_old_one(company: Company) -> None:
    path = applied(company, SHARED)
    company.store.edit("1", {"mainAddress.city": "Bergen"})
    assert accepted(company, path) == [
        "-    city: Oslo\n",
        "+    city: Bergen\n",
        "-  mainAddress: *home   # as 1\n",
        "+  mainAddress: {<<: *home, city: Oslo}   # as 1\n",
        "+    city: Oslo\n",
    ]
    assert is_settled(company)


def test_an_anchored_value_that_changed_for_all_is_changed_once(company: Company) -> None:
    path = applied(company, SHARED)
    for number in "123":
        company.store.edit(number, {"mainAddress.city": "Bergen"})
    assert accepted(company, path) == ["-    city: Oslo\n", "+    city: Bergen\n"]
    assert is_settled(company)


def test_defaults_stay_and_the_declaration_gets_a_member_of_its_own(company: Company) -> None:
    company.settings("defaults: {currencyId: NOK}")
    company.sandbox.switch(require_postal_code=False)
    text = """\
defaults:
  mainAddress: {city: Oslo, countryId: NO}
customers:
  - number: 1
    name: A          # a
    mainAddress:
      addressLine1: X
      # below
  - name: B
    number: 2
"""
    path = applied(company, text)
    for number in "12":
        company.store.edit(number, {"mainAddress.city": "Bergen", "currencyId": "EUR"})
    assert accepted(company, path) == [
        "+    currencyId: EUR\n",
        "+      city: Bergen\n",
        "+    currencyId: EUR\n",
        "+    mainAddress:\n",
        "+      city: Bergen\n",
    ]
    assert path.read_text().endswith(
        "  - name: B\n    currencyId: EUR\n    mainAddress:\n      city: Bergen\n    number: 2\n"
    )
    assert is_settled(company)


def test_a_variable_is_replaced_and_that_is_said(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWN", "Oslo")
    path = applied(company, "number: 1\nname: A\nmainAddress:\n  city: ${env:TOWN}\n")
    company.store.edit("1", {"mainAddress.city": "Bergen"})
    ended = company.run("accept")
    assert "variable" in ended.out
    assert path.read_text() == "number: 1\nname: A\nmainAddress:\n  city: Bergen\n"
    assert is_settled(company)


LINES = """\
number: 1
name: A
directDebitLines:
  # the first
  - mandateId: M1   # main
    iban: NL91ABNA0417164300
    maxAmount: 10
  - {mandateId: M2, bic: X}
attributes:
  REGION: NORTH     # r
  "EXTREF": x
glAccounts:
  salesSubaccount:
    - segmentId: 1
      segmentValue: "00"
"""


def test_lines_attributes_and_segments_change_in_their_own_place(company: Company) -> None:
    path = applied(company, LINES)
    live = (
        LINES.replace("NL91ABNA0417164300", "NL39RABO0300065264")
        .replace("bic: X", "bic: NEW")
        .replace("NORTH", "SOUTH")
        .replace('segmentValue: "00"', 'segmentValue: "10"')
    )
    applied(company, live)
    path.write_text(LINES)
    assert accepted(company, path, "--all") == changed(LINES.encode(), live.encode())
    assert is_settled(company)


def test_a_line_that_the_erp_does_not_have_is_removed(company: Company) -> None:
    path = applied(company, LINES)
    more = LINES.replace("attributes:", "  - mandateId: M3  # third\n    bic: Z\nattributes:")
    path.write_text(more)
    assert accepted(company, path, "--field", "directDebitLines.M3.bic") == [
        "-  - mandateId: M3  # third\n",
        "-    bic: Z\n",
    ]
    assert is_settled(company)


def test_a_line_that_only_the_erp_has_is_added_where_the_list_is_complete(company: Company) -> None:
    complete = (
        "number: 1\nname: A\ndirectDebitLines:\n  complete: true\n  lines:\n    - mandateId: M1\n      bic: X\ngln: x\n"
    )
    path = applied(company, complete)
    applied(company, complete.replace("gln", "    - {mandateId: M2, iban: NO9386011117947, maxAmount: 5.5}\ngln"))
    path.write_text(complete)
    assert accepted(company, path) == [
        "+    - mandateId: M2\n",
        "+      iban: NO9386011117947\n",
        "+      maxAmount: 5.5\n",
    ]
    assert "    - mandateId: M2\n" in path.read_text()
    assert is_settled(company)


def test_the_last_line_takes_its_list_along_unless_the_list_is_complete(company: Company) -> None:
    path = applied(company, "number: 1\nname: A\n")
    path.write_text("number: 1\nname: A\ndirectDebitLines:\n  - mandateId: M1\n    bic: X\n")
    assert accepted(company, path, "--all") == ["-directDebitLines:\n", "-  - mandateId: M1\n", "-    bic: X\n"]
    path.write_text(
        "number: 1\nname: A\ndirectDebitLines:\n  complete: true\n  lines:\n  - mandateId: M1\n    bic: X\n"
    )
    assert accepted(company, path, "--all") == [
        "-  lines:\n",
        "-  - mandateId: M1\n",
        "-    bic: X\n",
        "+  lines: []\n",
    ]
    assert is_settled(company)


def test_several_documents_and_files_each_get_their_own_changes(company: Company) -> None:
    one = company.declare("%YAML 1.1\n---\nnumber: 1\nname: A\n...\n---\nnumber: 2\nname: B\n...\n", "one.yaml")
    two = company.declare("{number: 3, name: C}", "two.yaml")
    three = company.declare("number: 4\nname: D\n", "three.yaml")
    assert company.apply().code == 0
    for number in "123":
        company.store.edit(number, {"name": f"New {number}"})
    untouched = three.stat().st_mtime_ns, three.stat().st_ino
    assert company.run("accept").code == 0
    assert one.read_text() == "%YAML 1.1\n---\nnumber: 1\nname: New 1\n...\n---\nnumber: 2\nname: New 2\n...\n"
    assert two.read_text() == "{number: 3, name: New 3}"
    assert (three.stat().st_mtime_ns, three.stat().st_ino) == untouched
    assert is_settled(company)


def test_what_lifecycle_or_settings_ignore_is_no_difference(company: Company) -> None:
    company.settings("ignore: [gln]")
    text = "number: 1\nname: A\ngln: x\nmainAddress: {city: Oslo}\nlifecycle: {ignore_changes: [mainAddress]}\n"
    path = applied(company, text)
    company.store.edit("1", {"gln": "y", "mainAddress.city": "Bergen"})
    assert accepted(company, path) == []


def test_a_customer_that_the_erp_does_not_have_is_named_and_left_alone(company: Company) -> None:
    path = applied(company, "- {number: 1, name: A}\n- {number: 2, name: B}\n")
    company.store.delete("2")
    company.store.edit("1", {"name": "C"})
    ended = company.run("accept")
    assert ended.code == 0
    assert "2  customers/all.yaml:2:3  is not in the ERP" in ended.out
    assert path.read_text() == "- {number: 1, name: C}\n- {number: 2, name: B}\n"
    assert company.run("accept", "2").code == 1


def test_a_customer_is_found_by_its_ref_too(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    company.store.edit("1", {"corporateId": "918273645", "name": "Live"})
    path = company.declare("ref: shop\ncorporateId: 918273645\nname: Old\n")
    assert accepted(company, path, "shop") == ["-name: Old\n", "+name: Live\n"]


def test_the_files_mode_and_a_symlink_stay_and_nothing_is_left_beside(company: Company) -> None:
    path = applied(company, "number: 1\nname: A\n")
    real = path.with_name("real.txt")
    path.rename(real)
    path.symlink_to("real.txt")
    real.chmod(0o640)
    company.store.edit("1", {"name": "B"})
    assert company.run("accept").code == 0
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_text() == "number: 1\nname: B\n"
    assert sorted(each.name for each in path.parent.iterdir()) == ["all.yaml", "real.txt"]


def test_invalid_declarations_stop_it_before_any_request(company: Company) -> None:
    company.declare("number: 1\nnam: A\n")
    ended: Ended = company.run("accept")
    assert ended.code == 3
    assert company.sandbox.requests == []


def test_hostile_values_cannot_steer_the_terminal(company: Company) -> None:
    applied(company, "number: 1\nname: A\n")
    company.store.edit("1", {"name": "\u202eevil\u0085"})
    ended = company.run("accept")
    assert "\u202e" not in ended.out
    assert "\u0085" not in ended.out


def test_thousands_of_values_are_accepted_at_once(company: Company) -> None:
    company.store.seed(500, 3, start=1)
    path = company.declare("".join(f"- number: {n}\n  creditLimit: 1.01  # {n}\n  gln: none\n" for n in range(1, 501)))
    ended = company.run("accept")
    assert ended.code == 0, ended.err
    assert "of 500 customers in 1 file" in ended.err
    assert all(f"  # {n}\n" in path.read_text() for n in range(1, 501))
    assert is_settled(company)


def test_an_attribute_id_in_another_case_is_no_difference_and_stays_as_it_is_written(company: Company) -> None:
    path = applied(company, "number: 1\nname: A\nattributes:\n  region: NORTH  # ours\n")
    assert company.bodies()[0]["attributeLines"][0]["attributeId"] == {"value": "region"}
    assert is_settled(company)
    company.store.edit("1", {"attributes.REGION": "SOUTH"})
    assert company.plan()["actions"][0]["changes"][0]["path"] == "attributes.REGION"
    assert accepted(company, path, "--field", "attributes.Region") == [
        "-  region: NORTH  # ours\n",
        "+  region: SOUTH  # ours\n",
    ]
    assert is_settled(company)


def test_an_edit_that_is_not_applied_yet_and_a_muted_value_stay_unless_they_are_asked_for(company: Company) -> None:
    """`accept` without arguments takes what the ERP changed, and says what it left out."""
    path = applied(company, "number: 1\nname: A\ngln: a\naccountReference: a\n")
    edited = "number: 1\nname: A\ngln: mine\naccountReference: a\n"
    path.write_text(edited)
    muted = company.run("drift", "--mute", "1", "accountReference", "--until", "2999-01-01", "--reason", "spring")
    assert muted.code == 0, muted.err
    company.store.edit("1", {"accountReference": "theirs"})
    ended = company.run("accept")
    assert "Left out: 1 value that only the declarations changed and 1 value that drift mutes." in ended.err
    assert path.read_text() == edited
    company.store.edit("1", {"name": "B"})
    ended = company.run("accept")
    assert 'name  "A" → "B"  (drift)' in ended.out
    assert path.read_text() == edited.replace("name: A", "name: B")
    assert accepted(company, path, "--field", "gln") == ["-gln: mine\n", "+gln: a\n"]
    assert accepted(company, path, "--all") == ["-accountReference: a\n", "+accountReference: theirs\n"]
