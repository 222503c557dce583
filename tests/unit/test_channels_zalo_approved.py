"""What the adapter knows before it calls: approved templates, people who want no messages; and what it says of volumes."""

import hashlib

import pytest

from channels.faults import Fault
from channels.http import HttpClient
from channels.zalo import Settings, ZaloChannel
from channels.zalo_codes import PHONE_CODES
from notifier.domain.approved import ApprovedTemplate, Parameter
from notifier.domain.ids import InboxOwner
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled
from notifier.domain.recipients import Contact
from tests.contract.channels_cases import zalo_settings
from tests.support.channels import DELIVERY, ZALO, Approvals, Relations, message, ports
from tests.support.peers import HttpAnswer, HttpPeer, HttpRequest, answer_json, running

BY_PHONE = Contact(InboxOwner("in_1"), phone="+84912000123")
BY_UID = Contact(InboxOwner("in_1"), phone="+84912000123", zalo_uid="9007199254740993")
TAKEN = answer_json({"error": 0, "message": "Success", "data": {"msg_id": "zalo-1", "message_id": "zalo-2"}})
FITS = (Parameter("ma_ho_so", longest=30), Parameter("ho_ten", longest=30))


async def send(
    *answers: HttpAnswer,
    contact: Contact = BY_PHONE,
    staff: bool = False,
    approved: ApprovedTemplate | None = None,
    relations: Relations | None = None,
    **settings,
) -> tuple[Outcome, list[HttpRequest]]:
    peer = HttpPeer(*answers)
    approvals = Approvals({"10001": approved} if approved else {})
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        model = Settings.model_validate(zalo_settings(peer.url, **settings))
        channel = ZaloChannel(model, ports(http, approvals=approvals, relations=relations))
        try:
            return await channel.send(message(ZALO, contact=contact, staff=staff)), peer.requests
        finally:
            await http.close()


def template(status: str = "ENABLE", parameters: tuple[Parameter, ...] = FITS, tag: str | None = "1"):
    return ApprovedTemplate("10001", "Tiếp nhận", status, tag, parameters)


def refusal(code: int) -> HttpAnswer:
    return answer_json({"error": code, "message": "x", "data": None})


async def test_a_template_that_fits_is_sent():
    outcome, requests = await send(TAKEN, approved=template())
    assert (outcome, len(requests)) == (Accepted("zalo-1"), 1)


@pytest.mark.parametrize("status", ["PENDING_REVIEW", "REJECT", "DISABLE", "DELETE"])
async def test_a_template_that_is_not_enabled_is_refused_before_any_call(status: str):
    outcome, requests = await send(TAKEN, approved=template(status))
    assert (outcome, requests) == (Permanent("template_not_enabled", f"template 10001 is {status}"), [])


async def test_a_value_that_does_not_fit_is_refused_before_any_call_and_never_cut():
    outcome, requests = await send(TAKEN, approved=template(parameters=(Parameter("ma_ho_so", longest=5), FITS[1])))
    said = "template 10001: ma_ho_so has 13 characters, at most 5 are taken"
    assert (outcome, requests) == (Permanent("template_misfit", said), [])


async def test_a_template_under_review_can_be_tried_out():
    outcome, _ = await send(TAKEN, approved=template("PENDING_REVIEW"), mode="development")
    assert outcome == Accepted("zalo-1")


async def test_a_template_that_may_not_go_by_id_goes_by_number_in_the_same_attempt():
    outcome, requests = await send(refusal(-249), TAKEN, contact=BY_UID)
    assert (outcome, [each.path for each in requests]) == (
        Accepted("zalo-1"),
        ["/v3.0/oa/message/template", "/message/template"],
    )


async def test_such_a_template_does_not_reach_an_officer_by_number():
    outcome, requests = await send(refusal(-249), TAKEN, contact=BY_UID, staff=True)
    assert (outcome, len(requests)) == (Permanent("-249", "template"), 1)


async def test_the_number_can_be_given_as_a_hash():
    _, (request,) = await send(TAKEN, hash_phone=True)
    assert request.path == "/message/template/hashphone"
    assert request.json["hash_phone"] == hashlib.sha256(b"84912000123").hexdigest()
    assert ("phone" in request.json, request.json["tracking_id"]) == (False, DELIVERY.hex)


@pytest.mark.parametrize(
    ("code", "contact", "declined"),
    [
        (-139, BY_PHONE, ("222", "+84912000123", "1")),
        (-141, BY_PHONE, ("222", "+84912000123", None)),
        (-244, BY_UID, ("222", "9007199254740993", "1")),
    ],
)
async def test_who_wants_no_messages_is_remembered(code: int, contact: Contact, declined: tuple):
    relations = Relations()
    outcome, _ = await send(refusal(code), contact=contact, approved=template(), relations=relations)
    assert (type(outcome), relations.declined_by) == (Permanent, [declined])


async def test_who_wants_no_messages_is_not_written_to_again():
    relations = Relations(declined_by=[("222", "+84912000123", None)])
    outcome, requests = await send(TAKEN, approved=template(), relations=relations)
    assert (outcome, requests) == (Permanent("declined", "recipient"), [])


async def test_who_refused_one_kind_still_gets_another():
    relations = Relations(declined_by=[("222", "+84912000123", "3")])
    outcome, _ = await send(TAKEN, approved=template(tag="1"), relations=relations)
    assert outcome == Accepted("zalo-1")


async def test_the_quota_in_an_answer_is_handed_on():
    quota = {"dailyQuota": "5000", "remainingQuota": "4999"}
    outcome, _ = await send(answer_json({"error": 0, "data": {"msg_id": "zalo-1", "quota": quota}}))
    assert outcome == Accepted("zalo-1", remaining=4999, daily=5000)


async def test_what_the_account_has_bought_is_no_daily_quota():
    quota = {"quota_type": "purchase_quota", "remain": 1}
    outcome, _ = await send(answer_json({"error": 0, "data": {"message_id": "zalo-2", "quota": quota}}), contact=BY_UID)
    assert outcome == Accepted("zalo-2")


@pytest.mark.parametrize("code", [code for code, fault in PHONE_CODES.items() if fault is Fault.DAY])
async def test_a_day_that_is_used_up_is_told_from_a_fault(code: int):
    outcome, _ = await send(refusal(code))
    assert outcome == Throttled(str(code), "day", until_reset=True)


@pytest.mark.parametrize("code", [code for code, fault in PHONE_CODES.items() if fault is Fault.OWN_DAY])
async def test_a_limit_of_one_template_or_person_holds_up_nobody_else(code: int):
    outcome, _ = await send(refusal(code))
    assert outcome == Throttled(str(code), "own_day", until_reset=True, alone=True)
