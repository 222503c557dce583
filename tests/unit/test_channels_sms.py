import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.faults import Fault
from channels.http import HttpClient
from channels.sms_esms import CODES, EsmsChannel, Settings, facts
from notifier.domain.content import SmsContent, SmsEncoding
from notifier.domain.ids import InboxOwner
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled, Transient, Unknown
from notifier.domain.receipts import ReceiptKind
from notifier.domain.recipients import Contact
from tests.contract.channels_cases import esms_settings
from tests.support.channels import DELIVERY, SMS, message, ports, receipt
from tests.support.peers import HttpAnswer, HttpPeer, HttpRequest, answer_json, running

OUTCOMES = {
    Fault.RECIPIENT: Permanent,
    Fault.TEMPLATE: Permanent,
    Fault.CONFIG: Throttled,
    Fault.QUOTA: Throttled,
    Fault.TRANSIENT: Transient,
}


async def send(
    answer: HttpAnswer, sms: SmsContent = SMS, *, phone: str = "+84912000123", staff: bool = False, **settings
) -> tuple[Outcome, list[HttpRequest]]:
    peer = HttpPeer(answer)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        channel = EsmsChannel(Settings.model_validate(esms_settings(peer.url, **settings)), ports(http))
        try:
            contact = Contact(InboxOwner("in_1"), phone=phone)
            return await channel.send(message(sms, contact=contact, staff=staff)), peer.requests
        finally:
            await http.close()


TAKEN = answer_json({"CodeResult": "100", "SMSID": "sms-1"})


async def test_the_request_is_the_documented_one():
    _, (request,) = await send(TAKEN)
    assert request.path == "/MainService.svc/json/SendMultipleMessage_V4_post_json/"
    assert request.json == {
        "ApiKey": "ak",
        "SecretKey": "sk",
        "Phone": "0912000123",
        "Content": SMS.text,
        "Brandname": "TTHC",
        "SmsType": "2",
        "IsUnicode": "0",
        "RequestId": DELIVERY.hex,
        "CallbackUrl": "https://tb.example.gov.vn/v1/receipts/sms/rk",
    }


async def test_accented_text_is_announced_as_unicode():
    _, (request,) = await send(TAKEN, SmsContent("Hồ sơ đã xong", SmsEncoding.UCS2, 1))
    assert request.json["IsUnicode"] == "1"


async def test_officers_get_their_own_brandname():
    _, (request,) = await send(TAKEN, staff=True, staff_brandname="DIEU HANH")
    assert request.json["Brandname"] == "DIEU HANH"


async def test_citizens_never_get_the_officers_brandname():
    _, (request,) = await send(TAKEN, staff_brandname="DIEU HANH")
    assert request.json["Brandname"] == "TTHC"


async def test_the_reference_is_the_providers_id():
    outcome, _ = await send(TAKEN)
    assert outcome == Accepted("sms-1")


async def test_a_repeated_request_is_accepted_under_our_own_id():
    outcome, _ = await send(answer_json({"CodeResult": "124", "SendStatus": "1"}))
    assert outcome == Accepted(DELIVERY.hex)


@pytest.mark.parametrize(("code", "fault"), CODES.items())
async def test_every_known_code_has_the_outcome_of_its_class(code: str, fault: Fault):
    outcome, _ = await send(answer_json({"CodeResult": code, "ErrorMessage": "x"}))
    assert isinstance(outcome, OUTCOMES[fault])
    assert outcome.code == code


@pytest.mark.parametrize("code", ["118", "131", "", "0", "-100", "abc", None])
async def test_an_unknown_code_may_have_been_taken(code: str | None):
    outcome, _ = await send(answer_json({"CodeResult": code}))
    assert isinstance(outcome, Unknown)


async def test_a_code_may_come_as_a_number():
    outcome, _ = await send(answer_json({"CodeResult": 100, "SMSID": "sms-1"}))
    assert outcome == Accepted("sms-1")


async def test_an_error_without_code_is_our_fault_and_loses_nothing():
    outcome, _ = await send(answer_json({"error": "Invalid request"}, 400))
    assert outcome == Throttled("no_code", "config")


async def test_a_server_fault_may_have_been_taken():
    outcome, _ = await send(answer_json({"CodeResult": "100", "SMSID": "1"}, 502))
    assert outcome == Unknown("http_502", "ambiguous")


async def test_too_many_requests_are_asked_to_wait():
    outcome, _ = await send(answer_json({}, 429, {"Retry-After": "7"}))
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after is not None
    assert outcome.retry_after.total_seconds() == 7


async def test_a_foreign_number_is_not_tried():
    outcome, requests = await send(TAKEN, phone="+4915112345678")
    assert (outcome, requests) == (Permanent("no_mobile", "recipient"), [])


@pytest.mark.parametrize(
    ("status", "succeeded", "failed", "kind"),
    [
        ("5", "1", "0", ReceiptKind.DELIVERED),
        ("5", "0", "1", ReceiptKind.FAILED),
        ("5", "0", "0", ReceiptKind.INFO),
        ("5", "1", "1", ReceiptKind.INFO),
        ("5", "", "", ReceiptKind.INFO),
        ("7", "0", "0", ReceiptKind.INFO),
        ("7", "1", "0", ReceiptKind.INFO),
        ("1", "0", "1", ReceiptKind.INFO),
        ("4", "0", "0", ReceiptKind.FAILED),
    ],
)
def test_only_a_refusal_or_a_finished_report_with_a_count_says_how_it_ended(
    status: str, succeeded: str, failed: str, kind: ReceiptKind
):
    query = {"RequestId": DELIVERY.hex, "SendStatus": status, "SendSuccess": succeeded, "SendFailed": failed}
    (fact,) = facts(receipt("sms", query=query), esms_settings())
    assert (fact.kind, fact.code) == (kind, f"status_{status}")


def test_a_report_without_our_id_is_known_by_the_providers():
    (fact,) = facts(receipt("sms", query={"SMSID": "sms-1", "SendStatus": "5", "SendSuccess": "1"}), esms_settings())
    assert (fact.delivery_id, fact.reference) == (None, "sms-1")


def test_a_report_about_nothing_says_nothing():
    assert facts(receipt("sms", query={"SendStatus": "5", "SendSuccess": "1"}), esms_settings()) == ()


KEYS = st.sampled_from(["SMSID", "requestid", "SendStatus", "sendsuccess", "SENDFAILED", "telcoid"]) | st.text()


@given(st.dictionaries(KEYS, st.text() | st.just(DELIVERY.hex) | st.sampled_from("0157")), st.binary())
def test_odd_reports_never_raise_and_always_name_a_message(query: dict[str, str], body: bytes):
    said = facts(receipt("sms", query=query, body=body), esms_settings())
    assert all(fact.delivery_id or fact.reference for fact in said)
