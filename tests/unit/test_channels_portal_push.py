"""Notices pushed to the portal's own API: what goes out, what each answer means, what its receipts say."""

import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from channels import portal_push
from channels.base import AddressKind
from channels.http import HttpClient
from channels.registry import parse_channel
from notifier.domain.clock import system_clock
from notifier.domain.errors import SettingsError
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Transient, Unknown
from notifier.domain.receipts import ReceiptKind
from tests.contract.cases_portal_push import OURS, STRANGE, settings, told
from tests.support.channels import DELIVERY, INBOX, message, ports, receipt
from tests.support.peers import HttpAnswer, HttpPeer, answer_json, running


async def pushed(*answers: HttpAnswer, staff: bool = False, **more):
    """The outcome, and the request that the portal got."""
    peer = HttpPeer(*answers)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        channel = await portal_push.connect(settings(peer.url, **more), ports(http))
        outcome = await channel.send(message(INBOX, staff=staff))
        await http.close()
    return outcome, peer.requests[0]


async def test_the_official_library_verifies_what_goes_out():
    _, request = await pushed(HttpAnswer(204))

    event = Webhook(OURS).verify(request.body.decode(), request.headers)
    assert (event["type"], event["data"]["title"]) == ("thongbao.moi", INBOX.title)


async def test_both_secrets_sign_while_one_is_replaced():
    _, request = await pushed(HttpAnswer(204), secrets=[OURS, STRANGE])

    for secret in (OURS, STRANGE):
        assert Webhook(secret).verify(request.body.decode(), request.headers)


async def test_the_person_goes_out_by_the_opaque_name_alone():
    _, request = await pushed(HttpAnswer(204), staff=True)

    data = json.loads(request.body)["data"]
    assert (data["inbox"], data["audience"]) == ("in_7c1", "officer")
    assert b"84912000123" not in request.body
    assert b"binh@" not in request.body


async def test_every_attempt_has_the_same_id_and_body():
    _, first = await pushed(HttpAnswer(503))
    _, second = await pushed(HttpAnswer(204))

    assert first.headers["webhook-id"] == second.headers["webhook-id"] == DELIVERY.hex
    assert first.body == second.body


ANSWERS = [
    (answer_json({"id": "n-1"}, 201), Accepted("n-1")),
    (HttpAnswer(204), Accepted(DELIVERY.hex)),
    (answer_json({}, 202), Accepted(DELIVERY.hex)),
    (answer_json({"code": "duplicate"}, 409), Accepted(DELIVERY.hex)),
    (answer_json({"code": "unknown-person"}, 404), Permanent("http_404", "recipient")),
    (HttpAnswer(404, b"<h1>Not Found</h1>"), Throttled("http_404", "config")),
    (answer_json({}, 422), Permanent("http_422", "template")),
    (HttpAnswer(401), Throttled("http_401", "config")),
    (HttpAnswer(410), Throttled("http_410", "config")),
    (HttpAnswer(302, headers={"Location": "http://127.0.0.1:1/"}), Throttled("http_302", "config")),
    (HttpAnswer(429, headers={"Retry-After": "7"}), Throttled("http_429", "quota", timedelta(seconds=7))),
    (HttpAnswer(503), Transient("http_503", "transient")),
    (HttpAnswer(502), Unknown("http_502", "ambiguous")),
    (HttpAnswer(500), Unknown("http_500", "ambiguous")),
    (HttpAnswer(200, b"<html>Bad gateway</html>"), Unknown("http_200", "ambiguous")),
]


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS, ids=lambda each: str(getattr(each, "status", "")))
async def test_each_answer_has_its_outcome(answer, outcome):
    assert (await pushed(answer))[0] == outcome


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("thongbao.da_nhan", ReceiptKind.DELIVERED),
        ("thongbao.da_doc", ReceiptKind.READ),
        ("thongbao.that_bai", ReceiptKind.FAILED),
    ],
)
def test_a_receipt_says_what_became_of_the_notice(type_, kind):
    (fact,) = portal_push.facts(told(type_, code="inbox_closed"), settings())

    assert (fact.kind, fact.delivery_id, fact.code) == (kind, DELIVERY, "inbox_closed")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"type": "thongbao.da_doc"}', b'{"type": [], "data": {}}', b'{"data": {"id": 7}}', b"\xff"],
)
def test_an_odd_receipt_says_nothing(body):
    assert portal_push.facts(receipt("portal", body=body), settings()) == ()


@pytest.mark.parametrize("seconds", ["", "-1", "1e9", "9" * 12, "²", "99999999999"])
def test_an_odd_time_proves_nothing(seconds):
    odd = told()
    odd.headers["webhook-timestamp"] = seconds

    assert not portal_push.authentic(odd, settings())


def test_without_a_secret_of_the_portal_no_receipt_is_believed():
    assert not portal_push.authentic(told(), settings(receipt_secrets=[]))


@pytest.mark.parametrize(("confirms", "expected"), [(True, (False, True)), (False, (True, False))])
def test_taking_a_notice_is_its_delivery_unless_the_portal_reports_it(confirms, expected):
    found = portal_push.capabilities(settings(confirms_delivery=confirms))

    assert (found.accepted_is_delivered, found.proves_delivery) == expected
    assert found.address is AddressKind.INBOX


def test_a_secret_that_cannot_be_used_is_named_and_not_shown():
    table = {"adapter": "portal_push", "notify_url": "https://portal.example.gov.vn/tb", "secrets": ["whsec_c2hvcnQ="]}
    with pytest.raises(SettingsError) as caught:
        parse_channel("portal", table)

    assert "channels.portal.secrets" in str(caught.value)
    assert "c2hvcnQ" not in str(caught.value)


def test_the_clock_of_the_port_is_the_real_one_where_none_is_given():
    assert ports(HttpClient(frozenset())).clock is system_clock
