"""Kannel's sendsms and the gateway that takes template ids: what is asked, and what the answers mean."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.http import HttpClient
from channels.registry import load, parse_channel
from channels.sms_vnpt import pattern_of
from notifier.domain.content import SmsContent, SmsEncoding
from notifier.domain.errors import SettingsError
from notifier.domain.ids import ChannelName
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled, Unknown
from notifier.domain.receipts import ReceiptKind
from notifier.rendering.text import sms
from tests.contract.channels_cases import DELIVRD, kannel_settings, vnpt_reply, vnpt_settings
from tests.support.channels import DELIVERY, SMS, message, ports, receipt
from tests.support.peers import HttpAnswer, HttpPeer, HttpRequest, running

TAKEN = HttpAnswer(202, b"0: Accepted for delivery")
MAKERS = {"sms_kannel": kannel_settings, "sms_vnpt": vnpt_settings}


async def send(
    adapter: str,
    answer: HttpAnswer,
    content: SmsContent = SMS,
    *,
    staff: bool = False,
    agency: str | None = None,
    **more,
) -> tuple[Outcome, list[HttpRequest]]:
    peer = HttpPeer(answer)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        channel = await load(adapter).connect(MAKERS[adapter](peer.url, **more), ports(http))
        try:
            return await channel.send(message(content, staff=staff, agency=agency)), peer.requests
        finally:
            await http.close()


def asked(request: HttpRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


async def test_kannel_is_asked_as_its_guide_says():
    _, (request,) = await send("sms_kannel", TAKEN)
    assert (request.method, urlsplit(request.path).path) == ("GET", "/cgi-bin/sendsms")
    assert asked(request) == {
        "username": "tb",
        "password": "pw",
        "from": "TTHC",
        "to": "84912000123",
        "text": SMS.text,
        "charset": "UTF-8",
        "coding": "0",
        "dlr-mask": "19",
        "dlr-url": f"https://tb.example.gov.vn/v1/receipts/sms/rk?id={DELIVERY.hex}&event=%d&answer=%A&foreign=%F",
    }


async def test_kannel_gets_accented_text_in_utf8_to_be_sent_as_ucs2():
    _, (request,) = await send("sms_kannel", TAKEN, SmsContent("Hồ sơ đã xong", SmsEncoding.UCS2, 1))
    assert {name: asked(request)[name] for name in ("text", "coding", "charset")} == {
        "text": "Hồ sơ đã xong",
        "coding": "2",
        "charset": "UTF-8",
    }


async def test_kannel_sends_a_class_by_the_link_that_the_settings_name():
    _, (request,) = await send("sms_kannel", TAKEN, class_codes={"CSKH": "care-link"})
    assert asked(request)["smsc"] == "care-link"


async def test_kannel_gives_no_id_so_the_reference_is_ours():
    outcome, _ = await send("sms_kannel", TAKEN)
    assert outcome == Accepted(DELIVERY.hex)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (HttpAnswer(202, b"3: Queued for later delivery"), Accepted(DELIVERY.hex)),
        (
            HttpAnswer(400, b"Number(s) has/have been denied by white- and/or black-lists."),
            Permanent("http_400", "recipient"),
        ),
        (HttpAnswer(400, b"Empty text not allowed, rejected"), Throttled("http_400", "config")),
        (HttpAnswer(404, b""), Throttled("http_404", "config")),
        (HttpAnswer(429, b""), Throttled("http_429", "quota")),
        (HttpAnswer(503, b"Temporal failure, try again later."), Unknown("http_503", "ambiguous")),
        (HttpAnswer(200, b"0: Accepted for delivery"), Unknown("http_200", "ambiguous")),
    ],
)
async def test_each_answer_of_kannel_has_the_outcome_that_it_means(answer: HttpAnswer, outcome: Outcome):
    assert (await send("sms_kannel", answer))[0] == outcome


@pytest.mark.parametrize(
    ("event", "answer", "kind", "code"),
    [
        ("1", DELIVRD.decode(), ReceiptKind.DELIVERED, "delivrd"),
        ("2", "id:7 stat:UNDELIV err:0A1", ReceiptKind.FAILED, "undeliv_0a1"),
        ("8", "ACK/", ReceiptKind.INFO, None),
        ("4", "", ReceiptKind.INFO, None),
        ("16", "NACK/0x0000000b/Invalid Destination Address", ReceiptKind.FAILED, "0x0000000b"),
        ("77", "", ReceiptKind.INFO, None),
    ],
)
def test_each_report_of_kannel_says_how_far_the_message_got(
    event: str, answer: str, kind: ReceiptKind, code: str | None
):
    query = {"id": DELIVERY.hex, "event": event, "answer": answer}
    (fact,) = load("sms_kannel").facts(receipt("sms", query=query), kannel_settings())
    assert (fact.kind, fact.delivery_id, fact.code) == (kind, DELIVERY, code)


@given(st.dictionaries(st.sampled_from(["id", "event", "answer"]), st.text() | st.just(DELIVERY.hex)))
def test_odd_reports_never_raise(query: dict[str, str]):
    load("sms_kannel").facts(receipt("sms", query=query), kannel_settings())


# The gateway that takes template ids


async def test_a_text_goes_as_the_template_that_it_fits_with_its_parameters():
    _, (request,) = await send("sms_vnpt", vnpt_reply("0"), sms("Ho so H01-0042: can bo sung. Han 25/11/2026."))
    asked_for = request.json["RQST"]
    assert (asked_for["TEMPLATEID"], asked_for["PARAMS"]) == (
        "901",
        [
            {"NUM": "1", "CONTENT": "H01-0042"},
            {"NUM": "2", "CONTENT": "can bo sung"},
            {"NUM": "3", "CONTENT": "25/11/2026"},
        ],
    )


async def test_no_text_is_sent_beside_the_parameters():
    _, (request,) = await send("sms_vnpt", vnpt_reply("0"))
    sent = request.json["RQST"]
    assert {
        name: sent[name] for name in ("REQID", "LABELID", "CONTRACTTYPEID", "CONTRACTID", "MOBILELIST", "DATACODING")
    } == {
        "REQID": DELIVERY.hex,
        "LABELID": "56",
        "CONTRACTTYPEID": "1",
        "CONTRACTID": "34",
        "MOBILELIST": "84912000123",
        "DATACODING": "0",
    }
    assert SMS.text not in request.body.decode()


async def test_a_text_that_fits_no_template_is_not_offered():
    outcome, requests = await send("sms_vnpt", vnpt_reply("0"), sms("Xin chao"))
    assert (outcome, requests) == (Permanent("no_template", "template"), [])


async def test_a_code_that_the_contract_does_not_name_may_have_been_taken():
    outcome, _ = await send("sms_vnpt", vnpt_reply("404"))
    assert outcome == Unknown("404", "ambiguous")


async def test_an_error_may_come_as_a_number():
    outcome, _ = await send("sms_vnpt", vnpt_reply(0))
    assert outcome == Accepted(DELIVERY.hex)


async def test_a_brandname_without_its_number_stops_the_lane_and_loses_nothing():
    outcome, requests = await send("sms_vnpt", vnpt_reply("0"), labels={})
    assert (outcome, requests) == (Throttled("no_label", "config"), [])


def test_only_a_gateway_that_is_said_to_drop_doubles_is_called_twice():
    module = load("sms_vnpt")
    drops = [module.capabilities(vnpt_settings(deduplicates=says)).deduplicates for says in (False, True)]
    assert drops == [False, True]


@pytest.mark.parametrize("wording", ["Ho so {1}{2}", "Ho so {2}", "Ho so {1} {1}"])
def test_a_wording_whose_parameters_cannot_be_told_apart_is_refused(wording: str):
    with pytest.raises(ValueError, match="a wording with"):
        vnpt_settings(templates={"1": wording})


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@given(words, words)
def test_the_parameters_of_a_template_are_what_was_put_into_it(first: str, second: str):
    found = pattern_of("Ho so (moi) {1}. Han: {2}!").fullmatch(f"Ho so (moi) {first}. Han: {second}!")
    assert found is not None
    assert found.groupdict() == {"p1": first, "p2": second}


# What all of them share


@pytest.mark.parametrize(
    ("reader", "agency", "brandname"),
    [
        ("citizen", None, "TTHC"),
        ("citizen", "H02.1", "TTHC"),
        ("citizen", "H01.14", "UBND XA"),
        ("citizen", "H01.14.2", "UBND XA"),
        ("citizen", "H01.15", "UBND TINH"),
        ("officer", None, "DIEU HANH"),
        ("officer", "H01.14", "UBND XA"),
        ("officer", "H01.15", "DH TINH"),
    ],
)
async def test_the_brandname_is_that_of_the_agency_or_of_the_nearest_above_it(
    reader: str, agency: str | None, brandname: str
):
    agencies = {
        "H01": {"brandname": "UBND TINH", "staff_brandname": "DH TINH"},
        "H01.14": {"brandname": "UBND XA"},
    }
    _, (request,) = await send(
        "sms_kannel", TAKEN, staff=reader == "officer", agency=agency, staff_brandname="DIEU HANH", agencies=agencies
    )
    assert asked(request)["from"] == brandname


async def test_officers_and_citizens_have_classes_of_their_own():
    codes = {"CSKH": "1", "DH": "3"}
    kinds = []
    for staff in (False, True):
        _, (request,) = await send("sms_vnpt", vnpt_reply("0"), staff=staff, staff_class="DH", class_codes=codes)
        kinds.append(request.json["RQST"]["CONTRACTTYPEID"])
    assert kinds == ["1", "3"]


@pytest.mark.parametrize(("form", "to"), [("0", "0912000123"), ("84", "84912000123"), ("+84", "+84912000123")])
async def test_the_number_has_the_form_that_the_gateway_wants(form: str, to: str):
    _, (request,) = await send("sms_kannel", TAKEN, phone_form=form)
    assert asked(request)["to"] == to


async def test_a_text_with_more_parts_than_the_gateway_takes_is_not_offered():
    outcome, requests = await send("sms_kannel", TAKEN, sms("a" * 161), most_parts=1)
    assert (outcome, requests) == (Permanent("parts_2", "template"), [])


async def test_a_text_with_a_forbidden_character_is_not_offered():
    outcome, requests = await send("sms_kannel", TAKEN, sms("Le phi #20"), forbidden_characters="#&")
    assert (outcome, requests) == (Permanent("forbidden_character", "template"), [])


@pytest.mark.parametrize("name", ["", "0912000123", "TRUNG TAM HCC", "TTHC!", "Hồ sơ"])
def test_a_name_that_cannot_be_registered_is_refused(name: str):

    table = {"adapter": "sms_kannel", "url": "http://127.0.0.1:1", "username": "a", "password": "b", "receipt_key": "c"}
    with pytest.raises(SettingsError, match=r"channels\.sms\.brandname"):
        parse_channel(ChannelName("sms"), {**table, "brandname": name})
