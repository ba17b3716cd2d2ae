"""The company in its file: seeding, the clerk's hand, and the server around it."""

from __future__ import annotations

import hashlib
import re
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from reconciler.sandbox import Options, Sandbox, Switches, open_store, serve, switch_table
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.jsontext import dumps


@pytest.fixture
def store(tmp_path):
    clock = Clock(lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    with open_store(tmp_path / "erp.db", clock=clock) as opened:
        yield opened


def test_import_seed_and_edit_need_no_web_library(tmp_path):
    code = (
        "import sys; from reconciler.sandbox import open_store, Sandbox;"
        f"s = open_store({str(tmp_path / 'x.db')!r}); s.seed(2); s.edit('10000', {{'name': 'x'}});"
        "sys.exit(bool({'starlette', 'uvicorn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_sandbox_shares_no_code_with_the_client():
    code = (
        "import sys, reconciler; before = set(sys.modules); import reconciler.sandbox.app;"
        "new = {name.split('.')[1] for name in set(sys.modules) - before if name.startswith('reconciler.')};"
        "sys.exit(new != {'sandbox'})"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_file_is_the_owners_only(store):
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_foreign_file_is_reported_and_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear customer, " * 100)
    with pytest.raises(ValueError, match=r"letter\.txt is no sandbox database"):
        open_store(path)
    assert path.read_text() == "Dear customer, " * 100


def test_the_same_seed_gives_the_same_company(tmp_path):
    companies = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        with open_store(tmp_path / name) as store:
            store.seed(50, seed)
            companies.append(list(store.customers()))
    assert companies[0] == companies[1] != companies[2]


@pytest.mark.parametrize(
    ("arguments", "digest"),
    [
        (
            {"count": 2000, "seed": 7, "start": 20001},
            "908dd9555e5c5c09d2f8a1521cba1e8f0a4bd4e0478aced231a760c72fbf4923",
        ),
        ({"count": 500, "seed": 3, "odd": True}, "235497ba9ecf4077925619bb080c9eebe3131eb2f4f04ee4c60975a67bc80b26"),
    ],
)
def test_a_seed_gives_the_same_company_in_each_release(store, arguments, digest):
    store.seed(**arguments)
    text = dumps(list(store.customers()))
    found = hashlib.sha256(text.encode()).hexdigest()
    assert found == digest, f"if a field was added on purpose, put in {found}"


def test_seeded_companies_are_believable(store):
    store.seed(600)
    customers = list(store.customers())
    assert len({one["number"] for one in customers}) == 600
    norwegian = [one for one in customers if one["mainAddress"]["countryId"] == "NO"]
    assert all(re.fullmatch(r"\d{4}", one["mainAddress"]["postalCode"]) for one in norwegian)
    assert any(one["mainAddress"]["postalCode"].startswith("0") for one in norwegian)
    weights = (3, 2, 7, 6, 5, 4, 3, 2, 1)
    for one in norwegian:
        assert sum(int(digit) * weight for digit, weight in zip(one["corporateId"], weights, strict=True)) % 11 == 0
    dutch = [one for one in customers if one["mainAddress"]["countryId"] == "NL"]
    assert all(_iban_fits(one["directDebitLines"][0]["iban"]) for one in dutch)
    assert any(one["parentRecordNumber"] for one in customers)
    assert any(one["note"] for one in customers)
    assert any(one["salesPersons"] for one in customers)
    assert all(re.fullmatch(r"[\w.]+@[a-z0-9]+\.[a-z]{2}", one["mainContact"]["email"]) for one in customers)


def _iban_fits(iban):
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def test_odd_customers_come_on_request_and_a_second_seed_goes_on(store):
    assert "A/B 7" in store.seed(3, odd=True)
    assert store.customer("..")["name"]
    assert store.seed(2, odd=True) == ["10003", "10004"]
    assert store.seed(1, start=77) == ["77"]


def test_many_customers_are_seeded_whole(store):
    store.seed(2500)
    assert store.count() == 2500
    indexes = store.rows("select name from sqlite_master where type = 'index' and name like 'customer_%'")
    assert len(indexes) == 7


def test_an_edit_reads_text_as_the_fields_type(store):
    store.seed(1)
    store.edit(
        "10000",
        {
            "mainAddress.addressLine1": "TestRoad 50",
            "creditLimit": "19.99",
            "numberOfEmployees": "12",
            "printInvoices": "false",
            "attributes.REGION": "WEST",
            "status": "OnHold",
            "note": "by hand",
            "invoiceContact.email": "inv@x.no",
            "glAccounts.salesAccount": "3100",
            "defaultPaymentMethod.paymentMethodId": "3",
        },
    )
    one = store.customer("10000")
    assert (one["mainAddress"]["addressLine1"], one["creditLimit"]) == ("TestRoad 50", Decimal("19.99"))
    assert (one["numberOfEmployees"], one["printInvoices"], one["status"]) == (12, False, "OnHold")
    assert (one["attributes"]["REGION"], one["note"]) == ("WEST", "by hand")
    assert (one["invoiceContact"]["email"], one["glAccounts"]["salesAccount"]) == ("inv@x.no", "3100")
    assert (one["defaultPaymentMethodId"], one["lastModifiedDateTime"]) == ("3", "2026-03-01T12:00:00.000")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mainAdress.city": "x"}, "unknown path 'mainAdress.city'; did you mean mainAddress.city"),
        ({"mainAddress.town": "x"}, "unknown path 'mainAddress.town'"),
        ({"number": "2"}, "renumber"),
        ({"status": "Asleep"}, "status: expected Active"),
        ({"creditLimit": "much"}, "creditLimit: "),
        ({"printInvoices": "perhaps"}, "printInvoices: "),
        ({"creditDaysPastDue": 99999}, "creditDaysPastDue: "),
        ({"overrideWithClassValues": True}, "unknown path"),
    ],
)
def test_an_edit_that_does_not_fit_names_the_path(store, values, words):
    store.seed(1)
    before = store.customer("10000")
    with pytest.raises(ValueError, match=re.escape(words)):
        store.edit("10000", values)
    assert store.customer("10000") == before


@pytest.mark.parametrize("act", ["edit", "delete", "renumber", "customer"])
def test_an_unknown_number_is_a_clear_error(store, act):
    arguments = {"edit": ({"name": "x"},), "renumber": ("2",)}.get(act, ())
    with pytest.raises(ValueError, match="no customer has the number 'none'"):
        getattr(store, act)("none", *arguments)


def test_vanishing_and_renumbering(store):
    store.seed(2)
    before = store.customer("10000")
    store.renumber("10000", "new")
    assert store.customer("NEW")["internalId"] == before["internalId"]
    store.delete("NEW")
    assert (store.count(), store.has("NEW")) == (1, False)
    with pytest.raises(ValueError, match="taken"):
        store.renumber("10001", "10001")


def test_a_clerk_enters_a_customer_with_the_settings_of_its_class(store):
    assert store.create({"name": "Fjord AS", "mainAddress.city": "Oslo", "attributes.REGION": "WEST"}) == "100000"
    row = store.customer("100000")
    assert (row["mainAddress"]["city"], row["attributes"], row["printInvoices"]) == ("Oslo", {"REGION": "WEST"}, True)
    with pytest.raises(ValueError, match="taken"):
        store.create({"name": "Fjord AS"}, number="100000")
    assert store.create({"name": "Fjord AS"}) == "100001"


def test_a_file_from_before_a_table_was_added_is_opened(tmp_path):
    with open_store(tmp_path / "erp.db") as store:
        store.seed(1)
        store.change("drop table queued_number")
    with open_store(tmp_path / "erp.db") as store:
        assert (store.count(), store.rows("select * from queued_number")) == (1, [])


def test_an_edit_from_outside_shows_in_a_running_server(tmp_path):
    path = tmp_path / "erp.db"
    with open_store(path) as store:
        store.seed(1)
    with Sandbox(path) as sandbox, open_store(path) as outside:
        outside.edit("10000", {"name": "From outside AS"})
        assert sandbox.store.customer("10000")["name"] == "From outside AS"


def test_a_company_outlives_the_server_and_a_server_stops_cleanly(tmp_path):
    threads = threading.active_count()
    for _ in range(2):
        with Sandbox(tmp_path / "erp.db") as sandbox:
            sandbox.store.seed(1)
            assert httpx.get(f"{sandbox.base_url}/sandbox", trust_env=False).status_code == 200
    assert threading.active_count() == threads
    with open_store(tmp_path / "erp.db") as store:
        assert store.count() == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "erp.example", "::"])
def test_a_host_that_others_can_reach_is_refused(tmp_path, host):
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(tmp_path / "erp.db", host=host)
    with pytest.raises(ValueError, match="loopback"):
        serve(tmp_path / "erp.db", host=host)


def test_foreground_serving_tells_when_it_is_ready(tmp_path):
    code = (
        "import sys, os, signal; from reconciler.sandbox import serve\n"
        "def ready(address):\n"
        "    print(address.base_url, address.token_url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "try:\n"
        f"    serve({str(tmp_path / 'x.db')!r}, ready=ready)\n"
        "except KeyboardInterrupt:\n"
        "    pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert re.fullmatch(r"(http://127\.0\.0\.1:\d+) \1/connect/token\n", done.stdout), done.stderr


def test_own_credentials_and_clock_are_used(tmp_path):
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    options = Options(client_id="me", client_secret="mine", tenant_id="company", clock=lambda: moment)
    with Sandbox(tmp_path / "erp.db", options=options) as sandbox:
        assert (sandbox.client_id, sandbox.client_secret, sandbox.tenant_id) == ("me", "mine", "company")
        sandbox.store.seed(1)
        sandbox.store.edit("10000", {"name": "x"})
        assert sandbox.store.customer("10000")["lastModifiedDateTime"] == "2030-01-01T00:00:00.000"


def test_switches_are_read_from_pairs():
    switches = Switches().with_pairs(["rate_limit=5", "post_etag=true", "numbering=automatic", "location_base="])
    assert (switches.rate_limit, switches.post_etag, switches.numbering) == (5, True, "automatic")


@pytest.mark.parametrize(
    "pair", ["rate_limit", "rate_limit=x", "post_etag=maybe", "numbering=none", "unknown=1", "normalise=name:loud"]
)
def test_a_switch_that_does_not_fit_is_refused(pair):
    with pytest.raises(ValueError, match=pair.partition("=")[0]):
        Switches().with_pairs([pair])


def test_every_open_question_about_a_server_has_its_switch():
    answered = {row["question"] for row in switch_table()}
    assert {f"Q{number}" for number in range(1, 35)} - {"Q3"} <= answered | {"Q3"}
