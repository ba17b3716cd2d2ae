"""What POST and PUT accept, refuse and do."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

OSLO = {"addressLine1": "Storgata 7", "postalCode": "0155", "city": "Oslo", "countryId": "NO"}


def raw(erp, text, method="PUT", path="/v1/customer/1"):
    headers = {"content-type": "application/json"}
    return erp.http.request(method, path, content=text, headers=headers)


def message(answer):
    assert answer.status_code == 400, answer.text
    text = answer.json()["message"]
    assert text.startswith("VismaId: ")
    return text


def test_post_answers_with_a_location_and_no_useful_body(erp, sandbox):
    answer = erp.post()
    assert (answer.status_code, answer.json()) == (201, {})
    assert answer.headers["location"] == f"{sandbox.base_url}/v1/customer/1"
    assert "etag" not in answer.headers
    sandbox.switch(post_body="empty", post_etag=True, location_base="https://other.example")
    answer = erp.post(number="2")
    assert (answer.content, answer.headers["location"]) == (b"", "https://other.example/v1/customer/2")
    assert answer.headers["etag"] == f'"{erp.read("2")["timeStamp"]}"'


def test_put_answers_204_with_the_new_etag(one):
    answer = one.put(name="Other AS")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["etag"] == one.get("/1").headers["etag"]


def test_put_changes_the_members_sent_and_no_other(one):
    before = one.read()
    one.put(mainAddress={"addressLine1": "Havnegata 3"})
    after = one.read()
    assert after["mainAddress"] == {**before["mainAddress"], "addressLine1": "Havnegata 3"}
    changing = {"mainAddress", "invoiceAddress", "deliveryAddress", "timeStamp"}
    assert {name for name in after if after[name] != before[name]} == changing


@pytest.mark.parametrize(
    "text",
    ["19.99", "0.10", "100000.00", "1234567890123456.789", "-0.5", "1E+3", "0", "79228162514264337593543950335"],
)
def test_amounts_keep_exactly_their_digits(one, text):
    assert raw(one, f'{{"creditLimit": {{"value": {text}}}}}').status_code == 204
    assert f'"creditLimit":{text},' in one.get("/1").text
    assert f'"creditLimit":{text},' in one.get().text
    (written,) = [entry["body"] for entry in one.sandbox.store.write_log() if entry["method"] == "PUT"]
    assert written["creditLimit"]["value"] == Decimal(text)


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "null", '"text"', "{", '{"name": }', '{"name": "bare"}', '{"name": ["x"]}', '{"name": {"value": 5}}',
        '{"creditLimit": {"value": "19.99"}}', '{"creditLimit": {"value": NaN}}', '{"creditLimit": {"value": 1e99}}',
        '{"creditLimit": {"value": null}}', '{"creditDaysPastDue": {"value": 32768}}',
        '{"creditDaysPastDue": {"value": 1.5}}', '{"numberOfEmployees": {"value": 2147483648}}',
        '{"numberOfEmployees": {"value": true}}', '{"printInvoices": {"value": "true"}}',
        '{"printInvoices": {"value": null}}', '{"status": {"value": "Asleep"}}', '{"status": {"value": "active"}}',
        '{"overrideWithClassValues": {"value": true}}', '{"attributeLines": {"value": []}}',
        '{"attributeLines": [{"attributeId": "REGION"}]}', '{"mainAddress": {"city": {"value": "x"}}}',
        '{"mainAddress": {"value": {"city": "Oslo"}}}', '{"directDebitLines": [{"operation": "Upsert"}]}',
        '{"directDebitLines": [{"operation": {"value": "Insert"}}]}', '{"directDebitLines": [{"id": "x"}]}',
        '{"directDebitLines": [{"dateOfSignature": {"value": "31.01.2026"}}]}', '{"name": {"value": "\\ud800"}}',
        '{"glAccounts": {"value": {"salesSubaccount": {"value": []}}}}',
        '{"glAccounts": {"value": {"salesSubaccount": [{"segmentId": "1"}]}}}', "{\"name\": {\"value\": \"\xff\"",
        "[" * 5000,
    ],
)  # fmt: skip
def test_a_body_of_the_wrong_shape_is_refused_and_changes_nothing(one, body):
    before = one.read()
    message(raw(one, body))
    assert one.read() == before


def test_a_body_that_is_not_called_json_is_415(one):
    assert one.http.put("/v1/customer/1", content="{}").status_code == 415


def test_member_names_match_in_any_case_and_unknown_ones_are_ignored(one, sandbox):
    assert raw(one, '{"NAME": {"Value": "Any case AS"}, "nickname": 1}').status_code == 204
    assert one.read()["name"] == "Any case AS"
    sandbox.switch(unknown_members="refuse")
    message(raw(one, '{"nickname": 1}'))


def test_bare_values_can_be_accepted(one, sandbox):
    sandbox.switch(bare_values="accept")
    assert raw(one, '{"name": "Bare AS", "mainAddress": {"city": "Moss"}}').status_code == 204
    assert (one.read()["name"], one.read()["mainAddress"]["city"]) == ("Bare AS", "Moss")


def test_an_empty_text_clears(one):
    one.put(corporateId="911", accountReference="x")
    one.put(corporateId="", mainContact={"email": ""})
    row = one.read()
    assert "corporateId" not in row
    assert "email" not in row["mainContact"]
    assert (row["accountReference"], row["mainContact"]["phone1"]) == ("x", "+4722334455")


def test_null_in_place_of_a_wrapper_is_as_if_not_sent(one, sandbox):
    one.put(corporateId="911")
    raw(one, '{"corporateId": null, "attributeLines": null, "overrideWithClassValues": null}')
    assert one.read()["corporateId"] == "911"
    sandbox.switch(null_member="clear")
    raw(one, '{"corporateId": null}')
    assert "corporateId" not in one.read()
    sandbox.switch(null_member="refuse")
    message(raw(one, '{"corporateId": null}'))


@pytest.mark.parametrize(("switch", "body"), [("null_value", '{"value": null}'), ("empty_wrapper", "{}")])
def test_null_values_and_empty_wrappers_clear_what_can_be_cleared(one, sandbox, switch, body):
    one.put(corporateId="911", numberOfEmployees=5, creditDaysPastDue=7)
    text = f'{{"corporateId": {body}, "numberOfEmployees": {body}}}'
    sandbox.switch(**{switch: "ignore"})
    assert raw(one, text).status_code == 204
    assert (one.read()["corporateId"], one.read()["numberOfEmployees"]) == ("911", 5)
    sandbox.switch(**{switch: "refuse"})
    message(raw(one, text))
    sandbox.switch(**{switch: "clear"})
    assert raw(one, text).status_code == 204
    assert not {"corporateId", "numberOfEmployees"} & set(one.read())
    message(raw(one, f'{{"creditLimit": {body}}}'))


# ---- versions ----


@pytest.mark.parametrize("form", ['"{}"', "{}", 'W/"{}"', '"AAAAAAAAAAA=", "{}"', "*"])
def test_if_match_takes_the_version_in_any_form(one, form):
    tag = form.format(one.read()["timeStamp"])
    assert one.put(name="Other", headers={"If-Match": tag}).status_code == 204


def test_a_stale_if_match_is_412_and_changes_nothing(one, sandbox):
    stale = one.get("/1").headers["etag"]
    sandbox.store.edit("1", {"name": "By a clerk"})
    before = one.read()
    answer = one.put(name="Other", headers={"If-Match": stale})
    assert answer.status_code == 412
    assert answer.json()["message"]
    assert one.read() == before
    sandbox.switch(if_match_star=False)
    assert one.put(name="Other", headers={"If-Match": "*"}).status_code == 412


def test_versions_rise_with_every_write_and_the_list_agrees(one):
    stamps = [one.read()["timeStamp"]]
    for name in ("A", "B"):
        one.put(name=name)
        stamps.append(one.get().json()[0]["timeStamp"])
    assert stamps == sorted(set(stamps))


def test_nested_edits_can_leave_the_version_alone(one, sandbox):
    sandbox.switch(nested_edits_touch=False)
    before = one.read()
    sandbox.runtime.clock.advance(60)
    one.put(mainAddress={"city": "Moss"}, attributeLines=[{"attributeId": "VIP", "attributeValue": "1"}])
    one.put(corporateId="999")
    after = one.read()
    assert (after["mainAddress"]["city"], after["corporateId"]) == ("Moss", "999")
    for name in ("timeStamp", "lastModifiedDateTime"):
        assert after[name] == before[name]
    one.put(name="Other")
    assert one.read()["lastModifiedDateTime"] == "2026-03-01T12:01:00.000"


def test_a_put_without_change_touches_unless_switched_off(one, sandbox):
    first = one.read()["timeStamp"]
    assert one.put().status_code == 204
    second = one.read()["timeStamp"]
    sandbox.switch(noop_put_touches=False)
    one.put(name="Fjellheim AS")
    assert (first != second, one.read()["timeStamp"]) == (True, second)


# ---- mirroring ----


def test_invoice_and_delivery_mirror_the_main_ones_until_written_once(one):
    one.put(mainAddress={"city": "Moss"}, mainContact={"email": "new@x.no"})
    row = one.read()
    assert row["invoiceAddress"] == row["deliveryAddress"] == row["mainAddress"]
    assert row["invoiceContact"] == row["deliveryContact"] == row["mainContact"]
    one.put(invoiceAddress={"city": "Moss"}, deliveryContact={"phone1": "99"})
    one.put(mainAddress={"city": "Hamar"}, mainContact={"email": "newer@x.no"})
    row = one.read()
    assert (row["invoiceAddress"]["city"], row["invoiceAddress"]["addressLine1"]) == ("Moss", "Storgata 7")
    assert row["deliveryAddress"]["city"] == "Hamar"
    assert (row["deliveryContact"]["email"], row["deliveryContact"]["phone1"]) == ("new@x.no", "99")
    assert row["invoiceAddress"]["addressId"] != row["mainAddress"]["addressId"]


def test_an_equal_write_can_leave_the_mirror_alone(one, sandbox):
    sandbox.switch(equal_write_breaks_mirror=False)
    one.put(invoiceAddress={"city": "Oslo"})
    one.put(mainAddress={"city": "Moss"})
    assert one.read()["invoiceAddress"]["city"] == "Moss"


def test_unsent_members_of_an_address_can_be_blanked(one, sandbox):
    sandbox.switch(nested_merge="replace")
    one.put(mainAddress={"postalCode": "1337", "countryId": "NO"})
    assert "addressLine1" not in one.read()["mainAddress"]


def test_a_new_country_can_blank_the_county(one, sandbox):
    one.put(mainAddress={"county": "03"})
    assert one.read()["mainAddress"]["county"] == {"id": "03", "name": "Oslo"}
    sandbox.switch(country_blanks_county=True)
    one.put(mainAddress={"countryId": "SE"})
    assert "county" not in one.read()["mainAddress"]


# ---- classes ----


def test_class_values_are_copied_on_request_and_lose_to_members_sent(erp):
    erp.post(customerClassId="RETAIL", overrideWithClassValues=True, creditTermsId="60")
    row = erp.read()
    assert row["customerClass"] == {"id": "RETAIL", "description": "Retail customers"}
    assert (row["creditTerms"]["id"], row["sendInvoicesByEmail"]) == ("60", True)
    assert (row["vatZone"]["id"], row["defaultPaymentMethodId"]) == ("01", "5")
    assert row["glAccounts"]["salesAccount"]["number"] == "3000"


def test_without_request_a_class_gives_its_name_only(erp, sandbox):
    erp.post(customerClassId="RETAIL")
    assert erp.read()["sendInvoicesByEmail"] is False
    assert "vatZone" not in erp.read()
    sandbox.switch(override_default=True)
    erp.post(number="2", customerClassId="RETAIL")
    assert erp.read("2")["sendInvoicesByEmail"] is True


def test_a_class_change_alone_keeps_settings_unless_switched(one, sandbox):
    one.put(customerClassId="RETAIL")
    assert one.read()["statementType"] == "OpenItem"
    one.put(customerClassId="RETAIL", overrideWithClassValues=True)
    assert one.read()["statementType"] == "BalanceBroughtForward"
    sandbox.switch(class_change_resets=True)
    one.put(customerClassId="1")
    assert one.read()["statementType"] == "OpenItem"


def test_a_class_can_demand_a_vat_zone(erp):
    assert "VAT Zone" in message(erp.post(customerClassId="NL"))
    assert erp.post(customerClassId="NL", vatZoneId="03").status_code == 201


# ---- numbering ----


@pytest.mark.parametrize("number", [{"number": {"value": "10000"}}, {}])
def test_the_documentations_own_sample_is_taken_with_and_without_number(erp, number):
    sample = {
        **number,
        "name": {"value": "NewCustomer"},
        "overrideWithClassValues": True,
        "customerClassId": {"value": "1"},
        "mainAddress": {
            "value": {
                "addressLine1": {"value": "TestRoad 13"},
                "postalCode": {"value": "0101"},
                "countryId": {"value": "NO"},
            }
        },
    }
    assert raw(erp, json.dumps(sample), "POST", "/v1/customer").status_code == 201
    assert erp.numbers() == ["10000" if number else "100000"]


def test_manual_numbering_needs_a_number(erp, sandbox):
    sandbox.switch(numbering="manual")
    assert "'Customer ID' cannot be empty." in message(erp.post(number=""))
    assert "'Customer ID' cannot be empty." in message(erp.post(number="   "))


def test_numbers_are_trimmed_and_upper_cased_unless_switched_off(erp, sandbox):
    erp.post(number="  ab 1 ")
    assert erp.numbers() == ["AB 1"]
    assert "already exists" in message(erp.post(number="Ab 1"))
    sandbox.switch(number_upper=False, number_trim=False, duplicate_status=500)
    assert erp.post(number="Ab 1").status_code == 201
    assert erp.post(number="AB 1").status_code == 500


def test_automatic_numbering_ignores_a_sent_number(erp, sandbox):
    sandbox.switch(numbering="automatic", number_start=100)
    assert erp.post(number="55").headers["location"].endswith("/100")
    assert erp.post(number="").headers["location"].endswith("/101")
    sandbox.switch(automatic_number_sent="refuse")
    message(erp.post(number="55"))
    sandbox.switch(automatic_number_sent="use")
    assert erp.post(number="55").headers["location"].endswith("/55")


def test_override_number_series_forces_the_number_where_allowed(erp, sandbox):
    sandbox.switch(numbering="automatic")
    assert erp.post(number="77", overrideNumberSeries=True).headers["location"].endswith("/77")
    sandbox.switch(manual_override=False)
    message(erp.post(number="78", overrideNumberSeries=True))


def test_an_erp_can_ignore_every_number_that_is_sent(erp, sandbox):
    sandbox.switch(numbering="ignores_sent", number_start=100)
    assert erp.post(number="55").headers["location"].endswith("/100")
    assert erp.post(number="56", overrideNumberSeries=True).headers["location"].endswith("/101")


def test_mixed_numbering_takes_a_sent_number_and_else_assigns(erp, sandbox):
    sandbox.switch(number_start=1)
    assert erp.post(number="1").headers["location"].endswith("/1")
    assert erp.post(number="").headers["location"].endswith("/2")


def test_a_number_in_a_put_is_ignored_if_equal_and_else_as_switched(one, sandbox):
    assert one.put(number=" 1 ").status_code == 204
    message(one.put(number="2"))
    sandbox.switch(put_number="ignore")
    assert one.put(number="2").status_code == 204
    assert one.numbers() == ["1"]
    sandbox.switch(put_number="rename")
    assert one.put(number="2").status_code == 204
    assert one.numbers() == ["2"]


# ---- references and rules ----


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"name": ""}, "Customer Name"),
        ({"name": "  "}, "Customer Name"),
        ({"customerClassId": "NONE"}, "Customer Class"),
        ({"creditTermsId": "31"}, "Terms"),
        ({"creditTermsId": ""}, "Terms"),
        ({"currencyId": "XXX"}, "Currency"),
        ({"vatZoneId": "99"}, "VAT Zone"),
        ({"priceClassId": "NONE"}, "Price Class"),
        ({"defaultPaymentMethod": {"paymentMethodId": "99"}}, "Payment Method"),
        ({"parentRecordNumber": "nobody"}, "Parent"),
        ({"parentRecordNumber": "1"}, "Parent"),
        ({"mainAddress": {**OSLO, "countryId": "XX"}}, "Country"),
        ({"mainAddress": {**OSLO, "county": "99"}}, "County"),
        ({"mainAddress": {**OSLO, "postalCode": ""}}, "postcode"),
        ({"deliveryAddress": {**OSLO, "postalCode": ""}}, "postcode"),
        ({"salesPersons": [{"operation": "Insert", "salesPersonID": "99"}]}, "Salesperson"),
    ],
)
def test_what_the_erp_cannot_keep_is_refused_by_name(one, members, word):
    before = one.read()
    assert word in message(one.put(**members))
    assert one.read() == before


def test_every_reason_is_told_at_once(erp):
    text = message(erp.post(name="", creditTermsId="31", currencyId="XXX"))
    assert text.count("Error: ") >= 4
    assert erp.numbers() == []


def test_references_attributes_and_postal_codes_can_be_left_unchecked(erp, sandbox):
    sandbox.switch(strict_references=False, require_postal_code=False)
    answer = erp.post(creditTermsId="31", parentRecordNumber="nobody", mainAddress={"countryId": "NO"})
    assert answer.status_code == 201
    sandbox.switch(strict_attributes=True)
    line = {"attributeId": "REGION", "attributeValue": "MIDDLE"}
    message(erp.put(attributeLines=[line]))
    message(erp.put(attributeLines=[{**line, "attributeId": "NONE"}]))


@pytest.mark.parametrize(
    ("company", "address", "status"),
    [
        ("NO", {"addressLine1": "Storgata 7"}, 400),
        ("NO", {"addressLine1": "Storgata 7", "countryId": "SE"}, 201),
        ("NO", {"addressLine1": "Storgata 7", "postalCode": "0155"}, 201),
        ("NO", {"addressLine1": ""}, 201),
        ("SE", {"addressLine1": "Storgata 7"}, 201),
        ("", {"addressLine1": "Storgata 7"}, 201),
        ("SE", {"addressLine1": "Storgata 7", "countryId": "NO"}, 400),
    ],
)
def test_an_address_without_country_is_in_the_companys_own(erp, sandbox, company, address, status):
    sandbox.switch(company_country=company)
    assert erp.post(mainAddress=address).status_code == status


def test_status_and_key_of_errors_are_switchable(one, sandbox):
    sandbox.switch(error_status=422, message_key="Message")
    answer = one.put(name="")
    assert (answer.status_code, list(answer.json())) == (422, ["Message"])


@pytest.mark.parametrize(
    ("policy", "status", "zone"), [("clear", 204, None), ("ignore", 204, "01"), ("refuse", 400, "01")]
)
def test_clearing_a_reference_is_switchable(one, sandbox, policy, status, zone):
    one.put(vatZoneId="01")
    sandbox.switch(clear_references=policy)
    assert one.put(vatZoneId="").status_code == status
    assert one.read().get("vatZone", {}).get("id") == zone


@pytest.mark.parametrize(("policy", "status", "length"), [("off", 204, 300), ("cut", 204, 255), ("refuse", 400, 12)])
def test_over_long_texts_are_kept_cut_or_refused(one, sandbox, policy, status, length):
    sandbox.switch(max_lengths=policy)
    assert one.put(name="x" * 300).status_code == status
    assert len(one.read()["name"]) == length


def test_inactivating_can_be_refused(one, sandbox):
    sandbox.switch(inactive_refused=True)
    assert "Status" in message(one.put(status="Inactive"))
    assert one.put(status="OnHold").status_code == 204


# ---- lines ----


def test_attributes_are_upserted_and_a_blank_removes(one, sandbox):
    one.put(attributeLines=[{"attributeId": "region", "attributeValue": "NORTH"}])
    one.put(attributeLines=[{"attributeId": "VIP", "attributeValue": "1"}])
    assert [(row["id"], row["value"]) for row in one.read()["attributes"]] == [("REGION", "NORTH"), ("VIP", "1")]
    one.put(attributeLines=[{"attributeId": "REGION", "attributeValue": ""}])
    assert [row["id"] for row in one.read()["attributes"]] == ["VIP"]
    sandbox.switch(blank_attribute="keeps")
    one.put(attributeLines=[{"attributeId": "VIP", "attributeValue": ""}])
    assert one.read()["attributes"] == [{"id": "VIP", "value": "", "description": "Key account"}]


def test_direct_debit_lines_follow_their_operations(one):
    insert = {"operation": "Insert", "iban": "NL91ABNA0417164300", "dateOfSignature": "2026-01-31T01:00:00+01:00"}
    one.put(directDebitLines=[insert, {"operation": "Insert", "iban": "second"}])
    first, second = one.read()["directDebitLines"]
    assert first["dateOfSignature"] == "2026-01-31T00:00:00"
    one.put(
        directDebitLines=[
            {"operation": "Update", "id": first["id"], "bic": "ABNANL2A"},
            {"operation": "Delete", "id": second["id"]},
        ]
    )
    assert one.read()["directDebitLines"] == [{**first, "bic": "ABNANL2A"}]
    message(one.put(directDebitLines=[{"operation": "Delete", "id": second["id"]}]))


def test_a_second_default_mandate_is_refused_whole(one):
    default = {"operation": "Insert", "iban": "NL91ABNA0417164300", "isDefault": True}
    assert "only one direct debit line" in message(one.put(directDebitLines=[default, default]))
    one.put(directDebitLines=[default, {"operation": "Insert", "iban": "second"}])
    first, second = one.read()["directDebitLines"]
    update = {"operation": "Update", "id": second["id"], "isDefault": True}
    message(one.put(directDebitLines=[update], name="Other"))
    assert (one.read()["name"], one.read()["directDebitLines"]) == ("Fjellheim AS", [first, second])
    free = {"operation": "Update", "id": first["id"], "isDefault": False}
    assert one.put(directDebitLines=[update, free]).status_code == 204
    assert [line.get("isDefault") for line in one.read()["directDebitLines"]] == [False, True]


def test_a_second_default_mandate_can_take_over_from_the_first(one, sandbox):
    sandbox.switch(second_default_mandate="moves")
    default = {"operation": "Insert", "iban": "NL91ABNA0417164300", "isDefault": True}
    one.put(directDebitLines=[default])
    one.put(directDebitLines=[default])
    assert [line["isDefault"] for line in one.read()["directDebitLines"]] == [False, True]


def test_sales_persons_follow_their_operations(one):
    line = {"operation": "Insert", "salesPersonID": "1", "locationID": "Main"}
    one.put(salesPersons=[line])
    message(one.put(salesPersons=[line]))
    one.put(salesPersons=[{**line, "operation": "Update", "isDefault": True}])
    assert one.get("/1/salespersons").json()[0]["isDefault"] is True
    one.put(salesPersons=[{**line, "operation": "Delete"}])
    assert one.get("/1/salespersons").json() == []


def test_gl_accounts_merge_and_segments_replace_their_like(one):
    one.put(glAccounts={"salesAccount": "3000", "salesSubaccount": [{"segmentId": 1, "segmentValue": "10"}]})
    one.put(glAccounts={"salesSubaccount": [{"segmentId": 2, "segmentValue": "77"}]})
    accounts = one.read()["glAccounts"]
    assert accounts["salesAccount"] == {"type": "Income", "number": "3000", "description": "Sales, liable to VAT"}
    segments = accounts["salesSubaccount"]["segments"]
    assert [(row["segmentId"], row["segmentValue"]) for row in segments] == [(1, "10"), (2, "77")]


def test_the_default_payment_method_is_shown_in_both_places(one):
    one.put(defaultPaymentMethod={"paymentMethodId": "3", "isDefault": True})
    one.put(defaultPaymentMethod={"paymentMethodId": "4", "isDefault": False})
    row = one.read()
    assert row["defaultPaymentMethodId"] == "3"
    assert row["paymentMethods"] == [
        {"paymentMethodId": "3", "isDefault": True},
        {"paymentMethodId": "4", "isDefault": False},
    ]


def test_a_parent_must_exist_and_is_shown_by_name(one):
    one.post(number="2", parentRecordNumber="1")
    assert one.read("2")["parentRecord"] == {"number": "1", "name": "Fjellheim AS"}
    one.put("2", parentRecordNumber="")
    assert "parentRecord" not in one.read("2")


# ---- actions ----


@pytest.mark.parametrize(("switches", "status"), [({}, 200), ({"dunning_status": 201}, 201)])
def test_a_dunning_letter_is_created_with_an_unwrapped_body(one, sandbox, switches, status):
    sandbox.switch(**switches)
    path = "/v1/customer/1/action/createDunningLetter"
    answer = one.http.post(path, json={"dunningLetterDate": "2026-03-01T00:00:00", "levelFrom": 1, "levelTo": 2})
    assert (answer.status_code, answer.json()["actionResult"]) == (status, "Done")
    assert one.http.post(path, json={"levelFrom": {"value": 1}}).status_code == 400
    assert one.http.post(path, json={"levelFrom": 2, "levelTo": 1}).status_code == 400
    assert one.http.post("/v1/customer/none/action/createDunningLetter", json={}).status_code == 404


# ---- the log ----


def test_accepted_writes_are_logged_and_refused_ones_are_not(one, sandbox):
    one.put(creditLimit=5)
    one.put(name="")
    one.get()
    log = sandbox.store.write_log()
    assert [(entry["method"], entry["number"], entry["status"]) for entry in log] == [
        ("POST", "1", 201),
        ("PUT", "1", 204),
    ]
    assert log[1]["body"] == {"creditLimit": {"value": 5}}
    assert log[1]["time"].startswith("2026-03-01T12:00:00")


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ("upper", "  FJORD  OG FJELL-1 "),
        ("lower", "  fjord  og fjell-1 "),
        ("trim", "Fjord  og Fjell-1"),
        ("squeeze", " Fjord og Fjell-1 "),
        ("digits", "1"),
        ("plain", "FjordogFjell1"),
        ("trim+squeeze+upper", "FJORD OG FJELL-1"),
        ("keep", "Fjellheim AS"),
    ],
)
def test_a_text_can_be_kept_in_another_form(one, sandbox, form, kept):
    sandbox.switch(normalise=f"name:{form}")
    assert one.put(name="  Fjord  og Fjell-1 ").status_code == 204
    assert one.read()["name"] == kept


def test_a_text_can_be_kept_in_another_unicode_form(one, sandbox):
    sandbox.switch(normalise="name:nfd,directDebitLines.iban:plain+upper")
    one.put(name="Åse", directDebitLines=[{"operation": "Insert", "iban": "nl91 abna 0417 1643 00"}])
    row = one.read()
    assert (len(row["name"]), row["directDebitLines"][0]["iban"]) == (4, "NL91ABNA0417164300")


@pytest.mark.parametrize(("stores", "moved"), [("all", True), ("version", True), ("nothing", False)])
def test_a_put_can_be_answered_with_204_and_store_nothing(one, sandbox, stores, moved):
    before = one.read()
    sandbox.switch(put_stores=stores, put_number="rename")
    answer = one.put(name="Other AS", mainAddress={"city": "Moss"})
    after = one.read()
    assert (answer.status_code, after["name"]) == (204, "Other AS" if stores == "all" else before["name"])
    assert (after["mainAddress"]["city"], after["timeStamp"] != before["timeStamp"]) == (
        "Moss" if stores == "all" else "Oslo",
        moved,
    )
    assert message(one.put(name="")), "what cannot be kept is refused all the same"


def test_values_can_be_normalised_on_every_write(one, sandbox):
    sandbox.switch(normalise="name:upper,mainContact.phone1:digits,mainAddress.city:keep")
    one.put(name="Quiet AS", mainContact={"phone1": "+47 99 88 77 66"}, mainAddress={"city": "Moss"})
    row = one.read()
    assert (row["name"], row["mainContact"]["phone1"], row["mainAddress"]["city"]) == (
        "QUIET AS",
        "+4799887766",
        "Oslo",
    )
    assert json.loads(one.get("/1").text)["name"] == "QUIET AS"
