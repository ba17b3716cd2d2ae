"""Lists, filters, single reads and the reads beside them."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox.list_query import filter_moment
from reconciler.sandbox.switches import Switches


@pytest.fixture
def three(erp, sandbox):
    """Customers 1, 2 and 3, a minute between them."""
    oslo = {"postalCode": "0155", "countryId": "NO"}
    lines = [{"attributeId": "REGION", "attributeValue": "NORTH"}]
    erp.post(name="Øst Bygg AS", corporateId="911", mainContact={"email": "a@x.no", "phone1": "1"}, mainAddress=oslo)
    sandbox.runtime.clock.advance(60)
    erp.post(number="2", name="Vest Bygg AS", vatRegistrationId="NO912MVA", attributeLines=lines)
    sandbox.runtime.clock.advance(60)
    lines = [{"attributeId": "REGION", "attributeValue": "SOUTH"}, {"attributeId": "VIP", "attributeValue": "1"}]
    erp.post(number="3", name="Nord", status="Inactive", attributeLines=lines)
    return erp


def test_rows_carry_the_totals_and_an_empty_page_none(three):
    rows = three.get(pageNumber=1, pageSize=2).json()
    assert [row["metadata"] for row in rows] == [{"totalCount": 3, "maxPageSize": 1000}] * 2
    assert three.get(pageNumber=3, pageSize=2).json() == []


@pytest.mark.parametrize(
    ("switches", "shown"),
    [
        ({"total_count": "zero"}, {"totalCount": 0, "maxPageSize": 1000}),
        ({"total_count": "absent"}, None),
        ({"total_off": 2}, {"totalCount": 5, "maxPageSize": 1000}),
        ({"total_off": -5}, {"totalCount": 0, "maxPageSize": 1000}),
    ],
)
def test_the_count_beside_the_rows_can_be_wrong(three, sandbox, switches, shown):
    sandbox.switch(**switches)
    assert [row.get("metadata") for row in three.get().json()] == [shown] * 3


def test_one_customer_can_be_read_in_a_wrong_shape(three, sandbox):
    right = {row["number"]: row for row in three.get().json()}
    sandbox.switch(misshapen="2:types,3:identity")
    first, second, third = three.get().json()
    assert first == right["1"]
    assert [type(second[name]) for name in ("name", "status", "mainAddress", "attributes")] == [list, int, str, dict]
    assert (second["internalId"], second["number"]) == (right["2"]["internalId"], "2")
    assert (third["internalId"], third["number"]) == (f"no {right['3']['internalId']}", {"value": "3"})
    assert isinstance(three.read("2")["name"], list)
    assert second["metadata"] == {"totalCount": 3, "maxPageSize": 1000}


def test_a_customer_can_be_a_text_or_hold_half_a_surrogate(three, sandbox):
    sandbox.switch(misshapen="2:text,3:surrogate")
    answer = three.get()
    assert answer.content.count(rb"\ud800") == 1
    rows = answer.json()
    assert (rows[1], rows[2]["name"]) == ("2", "Nord\ud800")
    assert three.get("/3").json()["name"] == "Nord\ud800"


def test_customers_can_show_members_beyond_the_specification(three, sandbox):
    sandbox.switch(extra_members='{"consolidateInvoices": true, "extras": {"a": 1}}')
    for row in (three.get().json()[0], three.read("1")):
        assert (row["consolidateInvoices"], row["extras"], row["number"]) == (True, {"a": 1}, "1")


@pytest.mark.parametrize(
    "switch", [{"misshapen": "2:bent"}, {"misshapen": "types"}, {"extra_members": "[]"}, {"extra_members": "{}"}]
)
def test_an_oddity_that_makes_no_sense_is_refused(switch):
    with pytest.raises(ValueError, match=next(iter(switch))):
        Switches().with_values(switch)


def test_pages_cover_everything_once_in_the_order_of_numbers(three):
    pages = [three.numbers(pageNumber=page, pageSize=2) for page in (1, 2)]
    assert pages == [["1", "2"], ["3"]]


def test_a_page_above_the_maximum_is_cut_without_a_word(three, sandbox):
    sandbox.switch(page_size_max=2, page_size_default=1)
    assert three.numbers(pageNumber=1, pageSize=50) == ["1", "2"]
    assert three.numbers() == ["1"]


@pytest.mark.parametrize(("shift", "second"), [(-1, ["2", "3"]), (1, [])])
def test_rows_can_shift_between_pages(three, sandbox, shift, second):
    sandbox.switch(page_shift=shift)
    assert three.numbers(pageNumber=1, pageSize=2) == ["1", "2"]
    assert three.numbers(pageNumber=2, pageSize=2) == second


@pytest.mark.parametrize(("order", "numbers"), [("internal_id", ["1", "2", "3"]), ("modified", ["3", "2", "1"])])
def test_the_order_of_lists_is_switchable(three, sandbox, order, numbers):
    sandbox.switch(list_order=order)
    assert three.numbers() == numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"name": "bygg"}, ["1", "2"]),
        ({"name": "øST"}, ["1"]),
        ({"status": "Inactive"}, ["3"]),
        ({"corporateId": "911"}, ["1"]),
        ({"corporateId": "91"}, []),
        ({"vatRegistrationId": "NO912MVA"}, ["2"]),
        ({"email": "a@x.no"}, ["1"]),
        ({"phone": "1"}, ["1"]),
        ({"attributes": '{"REGION":"NORTH"}'}, ["2"]),
        ({"attributes": '{"REGION":"NORTH,SOUTH"}'}, ["2", "3"]),
        ({"attributes": '{"REGION":"NORTH,SOUTH","VIP":"1"}'}, ["3"]),
        ({"lastModifiedDateTime": "2026-03-01 12:01:00", "lastModifiedDateTimeCondition": ">"}, ["3"]),
        ({"lastModifiedDateTime": "2026-03-01 12:01:00", "lastModifiedDateTimeCondition": ">="}, ["2", "3"]),
        ({"lastModifiedDateTime": "2026-03-01T12:01:00.000", "lastModifiedDateTimeCondition": "<"}, ["1"]),
        ({"createdDateTime": "2026-03-01 12:01:00.000", "createdDateTimeCondition": "<="}, ["1", "2"]),
        ({"createdDateTime": "2026-03-01", "createdDateTimeCondition": ">="}, ["1", "2", "3"]),
        ({"nmae": "typing error"}, ["1", "2", "3"]),
        ({"greaterThanValue": "2", "numberToRead": "1", "skipRecords": "1"}, ["1", "2", "3"]),
        ({"name": ""}, ["1", "2", "3"]),
        ({"name": "bygg", "corporateId": "911"}, ["1"]),
    ],
)  # fmt: skip
def test_filters_keep_the_rows_they_promise(three, query, numbers):
    assert three.numbers(**query) == numbers


@pytest.mark.parametrize(
    "query",
    [
        {"lastModifiedDateTime": "2026-03-01"},
        {"lastModifiedDateTimeCondition": ">"},
        {"lastModifiedDateTime": "2026-03-01", "lastModifiedDateTimeCondition": "="},
        {"lastModifiedDateTime": "2026-03-01T12:00:00Z", "lastModifiedDateTimeCondition": ">"},
        {"lastModifiedDateTime": "2026-03-01 12:00:00+01:00", "lastModifiedDateTimeCondition": ">"},
        {"lastModifiedDateTime": "2026-02-30", "lastModifiedDateTimeCondition": ">"},
        {"createdDateTime": "yesterday", "createdDateTimeCondition": ">"},
        {"attributes": "REGION=NORTH"},
        {"attributes": "[]"},
        {"status": "Asleep"},
        {"pageNumber": "0"},
        {"pageSize": "many"},
        {"expandPaymentMethods": "perhaps"},
    ],
)
def test_filters_that_do_not_fit_are_refused(three, query):
    answer = three.get(**query)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("VismaId: ")


@pytest.mark.parametrize(("policy", "numbers"), [("ignore", ["1", "2", "3"]), ("empty", [])])
def test_a_refused_date_can_be_silent(three, sandbox, policy, numbers):
    sandbox.switch(refused_filter=policy)
    query = {"lastModifiedDateTime": "2026-03-01T12:01:00Z", "lastModifiedDateTimeCondition": ">"}
    assert three.numbers(**query) == numbers


def test_name_filter_can_mean_equality_and_mind_case(three, sandbox):
    sandbox.switch(name_filter="equals")
    assert (three.numbers(name="NORD"), three.numbers(name="nor")) == (["3"], [])
    sandbox.switch(name_filter_case=True)
    assert (three.numbers(name="NORD"), three.numbers(name="Nord")) == ([], ["3"])


def test_greater_can_include_the_moment_itself(three, sandbox):
    sandbox.switch(greater_is_strict=False)
    query = {"lastModifiedDateTime": "2026-03-01 12:01:00", "lastModifiedDateTimeCondition": ">"}
    assert three.numbers(**query) == ["2", "3"]


def test_the_t_form_can_be_refused():
    with pytest.raises(ValueError, match="not a valid date"):
        filter_moment("2026-03-01T12:00:00", Switches(filter_t_form=False))


def test_the_zone_of_filters_and_times_is_switchable(three, sandbox):
    sandbox.switch(zone_offset_minutes=60, timestamp_zone="offset")
    assert three.read()["lastModifiedDateTime"] == "2026-03-01T13:00:00.000+01:00"
    query = {"lastModifiedDateTime": "2026-03-01 13:01:00", "lastModifiedDateTimeCondition": ">"}
    assert three.numbers(**query) == ["3"]


@pytest.mark.parametrize(
    ("switches", "text"),
    [
        ({}, "2026-03-01T12:00:00.000"),
        ({"timestamp_digits": 0}, "2026-03-01T12:00:00"),
        ({"timestamp_digits": 6, "timestamp_zone": "Z"}, "2026-03-01T12:00:00.000000Z"),
    ],
)
def test_the_form_of_times_is_switchable(three, sandbox, switches, text):
    sandbox.switch(**switches)
    assert three.read()["createdDateTime"] == text
    assert three.get().json()[0]["createdDateTime"] == text


def test_lists_show_details_on_demand_and_single_reads_always(three, sandbox):
    details = {"glAccounts", "paymentMethods", "directDebitLines"}
    assert not details & set(three.get().json()[0])
    assert details <= set(three.read())
    expanded = three.get(expandAccountInformation="true", expandPaymentMethods="true", expandDirectDebit="true")
    assert details <= set(expanded.json()[0])
    sandbox.switch(list_details="always", single_details=False)
    assert details <= set(three.get().json()[0])
    assert not details & set(three.read())


def test_members_without_value_are_left_out_or_null(three, sandbox):
    assert "accountReference" not in three.read("3")
    assert three.read("3")["attributes"] != []
    assert three.read("1")["attributes"] == []
    sandbox.switch(nulls="send")
    assert three.read("3")["accountReference"] is None
    assert three.get().json()[2]["accountReference"] is None


def test_the_etag_is_the_timestamp_of_body_and_list_row(three):
    answer = three.get("/1")
    stamp = answer.json()["timeStamp"]
    assert answer.headers["etag"] == f'"{stamp}"'
    assert three.get().json()[0]["timeStamp"] == stamp
    assert "etag" not in three.get().headers


@pytest.mark.parametrize(("form", "pattern"), [("bare", "{}"), ("weak", 'W/"{}"'), ("quoted", '"{}"')])
def test_the_form_of_the_etag_is_switchable(three, sandbox, form, pattern):
    sandbox.switch(etag_form=form)
    answer = three.get("/1")
    assert answer.headers["etag"] == pattern.format(answer.json()["timeStamp"])


@pytest.mark.parametrize(("where", "header", "body"), [("header", True, False), ("body", False, True)])
def test_the_place_of_the_version_is_switchable(three, sandbox, where, header, body):
    sandbox.switch(version_in_single=where)
    answer = three.get("/1")
    assert ("etag" in answer.headers, "timeStamp" in answer.json()) == (header, body)


def test_a_customer_is_found_by_internal_id_and_by_number_in_any_case(three):
    internal_id = three.read("1")["internalId"]
    assert three.get(f"/internal/{internal_id}").json() == three.read("1")
    three.post(number="abc", name="x")
    assert three.read("ABC")["number"] == three.read("abc")["number"] == "ABC"


def test_numbers_can_be_padded_when_read(three, sandbox):
    sandbox.switch(number_padding=5)
    assert three.numbers()[0] == "1    "


@pytest.mark.parametrize("path", ["/nobody", "/internal/99", "/internal/x", "/nobody/note", "/b64(*)", "/b64(_w)"])
def test_an_unknown_record_is_404(three, path):
    answer = three.get(path)
    assert answer.status_code == 404
    assert "not found" in answer.json()["message"]


@pytest.mark.parametrize(("shape", "text"), [("text", "Customer"), ("html", "<html>"), ("empty", "")])
def test_status_and_body_of_an_unknown_record_are_switchable(three, sandbox, shape, text):
    sandbox.switch(unknown_status=410, unknown_body=shape)
    answer = three.get("/nobody")
    assert answer.status_code == 410
    assert answer.text.startswith(text)


def test_reserved_characters_need_b64(erp):
    for number in (":/?#[]@&*+;", "A/B 7", "..", "ÅÆ#1"):
        answer = erp.post(number=number, name=number)
        path = answer.headers["location"].rpartition("/")[2]
        assert path.startswith("b64(")
        assert erp.read(path)["number"] == number
    assert erp.post(number=":/?#[]@&*+;").status_code == 400
    assert erp.get("/b64(Oi8_I1tdQCYqKzs)").status_code == 200
    assert erp.get("/%C3%85%C3%86%231").status_code == 404


def test_b64_works_for_plain_numbers_and_percent_for_letters(erp):
    erp.post(number="ÆØ 1", name="x")
    assert erp.get("/%C3%86%C3%98%201").status_code == 200
    assert erp.get("/b64(w4bDmCAx)").status_code == 200


def test_words_of_the_api_win_over_numbers(erp):
    for number in ("balance", "customerClass", "internal"):
        erp.post(number=number, name="x")
    assert isinstance(erp.get("/balance").json(), list)
    assert isinstance(erp.get("/customerClass").json(), list)
    assert erp.get("/b64(QkFMQU5DRQ)").json()["number"] == "BALANCE"


def test_classes_show_their_attributes(erp):
    rows = erp.get("/customerClass").json()
    assert [row["id"] for row in rows] == ["1", "TEST", "RETAIL", "NL"]
    region = erp.get("/customerClass/1").json()["attributes"][0]
    assert (region["attributeId"], region["attributeType"]) == ("REGION", "Combo")
    assert [one["id"] for one in region["details"]] == ["NORTH", "SOUTH", "EAST", "WEST"]
    assert erp.get("/customerClass/NONE").status_code == 404


def test_note_sales_persons_direct_debits_and_balance_have_their_own_reads(erp):
    person = {"operation": "Insert", "salesPersonID": "1", "commissionPct": 2.5, "isDefault": True}
    line = {"operation": "Insert", "iban": "NL91ABNA0417164300", "maxAmount": 10.50}
    erp.post(note="Two\r\nlines", salesPersons=[person], directDebitLines=[line])
    assert erp.get("/1/note").json() == {"note": "Two\r\nlines"}
    (row,) = erp.get("/1/salespersons").json()
    assert (row["salePersonID"], row["commisionPct"], row["name"]) == ("1", 2.5, "Kari Nordmann")
    (debit,) = erp.get("/1/directdebit").json()
    assert debit["iban"] == "NL91ABNA0417164300"
    assert erp.get("/1/balance").json()["customer"]["number"] == "1"
    assert "note" not in erp.read()


def test_every_answer_carries_rate_headers_and_request_ids(three):
    for answer in (three.get(), three.get("/nobody"), three.http.get("/v1/none"), three.put()):
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(answer.headers)
        assert answer.headers["x-ratelimit-policy"] == "4-fixed-window"
        assert {"ipp-request-id", "request-context"} <= set(answer.headers)


def test_the_old_path_answers_unless_switched_off(three, sandbox):
    assert three.http.get("/API/controller/api/v1/customer/1").json() == three.read()
    sandbox.switch(old_paths=False)
    assert three.http.get("/API/controller/api/v1/customer/1").status_code == 404


def test_there_is_no_delete(three):
    assert three.http.delete("/v1/customer/1").status_code == 405


def test_a_background_call_is_accepted_and_asked_for_later(three, sandbox):
    sandbox.switch(background_polls=1)
    answer = three.http.get("/v1/customer/1", headers={"erp-api-background": "none"})
    assert answer.status_code == 202
    job = answer.json()["stateLocation"]
    assert three.http.get(job).json()["status"] == "Started"
    state = three.http.get(job).json()
    assert (state["status"], state["statusCode"]) == ("Finished", 200)
    assert three.http.get(state["contentLocation"]).json()["number"] == "1"
    assert three.http.get("/v1/background/none").status_code == 404


def test_rows_stay_right_after_every_kind_of_change(three, sandbox):
    """Rows are kept as text; a stale one would show here."""
    three.put("2", parentRecordNumber="1", creditLimit=19.99)
    three.put("1", name="New name")
    assert three.get().json()[1]["parentRecord"] == {"number": "1", "name": "New name"}
    sandbox.store.renumber("1", "9")
    assert three.read("2")["parentRecord"] == {"number": "9", "name": "New name"}
    sandbox.store.delete("9")
    assert three.read("2")["parentRecord"] == {"number": "9"}
    assert json.loads(three.get("/2").text)["creditLimit"] == 19.99


def test_a_list_shows_every_change_at_once(sandbox, erp):
    """Rows are made once and kept: each kind of change must reach them, and the children's rows."""

    def shown(**query):
        return {row["number"]: row for row in erp.get(**query).json()}

    store = sandbox.store
    for number in ("1", "2"):
        assert erp.post(number=number, mainAddress={"countryId": "NO", "postalCode": "0155"}).status_code == 201
    store.edit("2", {"parentRecordNumber": "1", "creditLimit": "5"})
    assert shown() == shown() == shown(pageSize=1) | shown(pageSize=1, pageNumber=2)
    assert shown()["2"]["parentRecord"] == {"number": "1", "name": "Fjellheim AS"}
    store.edit("1", {"name": "Other AS"})
    assert (shown()["1"]["name"], shown()["2"]["parentRecord"]["name"]) == ("Other AS", "Other AS")
    assert "glAccounts" not in shown()["2"]
    assert "glAccounts" in shown(expandAccountInformation="true")["2"]
    store.edit("2", {"creditLimit": "5.00"})
    assert '"creditLimit":5.00' in erp.get().text
    store.renumber("1", "3")
    assert shown()["2"]["parentRecord"] == {"number": "3", "name": "Other AS"}
    assert shown()["2"]["timeStamp"] == erp.read("2")["timeStamp"]
    store.delete("3")
    assert shown().keys() == {"2"}
    assert shown()["2"]["parentRecord"] == {"number": "3"}
    store.seed(1, start=3)
    assert shown()["2"]["parentRecord"]["name"] == shown()["3"]["name"]


def test_kept_rows_do_not_stand_in_for_other_looks(sandbox, erp):
    sandbox.store.seed(2)
    before = erp.get().text
    sandbox.store.switches = Switches(timestamp_digits=0, nulls="send")
    assert '"priceClass":null' in erp.get().text
    sandbox.store.switches = Switches()
    assert erp.get().text == before
