import asyncio
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.bounce_token import bounce_token, deliveries_in
from channels.email_smtp import Settings, SmtpChannel, capabilities, facts
from channels.faults import Fault
from channels.smtp_codes import BASIC, BASIC_AT_RCPT, ENHANCED, Phase, classify
from notifier.domain.ids import DeliveryId, InboxOwner
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled, Transient, Unknown
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.domain.recipients import Contact
from tests.contract.channels_cases import bounce, email_settings
from tests.support.channels import CREATED_AT, DELIVERY, EMAIL, message, receipt
from tests.support.peers import Silence, SmtpPeer, patience, running

SECRET = b"bounce-secret"
STEP_BY_STEP = ("SIZE", "DSN")
TOGETHER = ("SIZE", "DSN", "PIPELINING")
MESSAGE_ID = f"<{DELIVERY.hex}@example.gov.vn>"


async def send(peer: SmtpPeer, times: int = 1, email: str = "binh@dan.example.vn", **settings) -> list[Outcome]:
    """Send one after another over one channel."""
    settings = {"timeout_seconds": patience(*peer.script.values()), **settings}
    async with running(peer):
        channel = SmtpChannel(Settings.model_validate(email_settings(peer.port, **settings)))
        try:
            contact = Contact(InboxOwner("in_1"), email=email)
            return [await channel.send(message(EMAIL, contact=contact)) for _ in range(times)]
        finally:
            await channel.close()


async def mail():
    peer = SmtpPeer()
    await send(peer)
    return message_from_bytes(peer.taken[0].data, policy=default)


async def test_the_mail_says_who_when_and_what():
    taken = await mail()
    assert taken["Message-ID"] == MESSAGE_ID
    assert taken["Date"].datetime == CREATED_AT
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["Subject"] == EMAIL.subject
    assert taken["From"].addresses[0].display_name == "Trung tâm Phục vụ hành chính công"
    assert taken["To"] == "binh@dan.example.vn"


async def test_the_mail_has_text_html_and_the_picture_that_the_html_names():
    taken = await mail()
    parts = [part.get_content_type() for part in taken.walk()]
    assert parts == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    (picture,) = [part for part in taken.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<qr>", "inline")


async def test_a_line_that_begins_with_a_dot_arrives_unchanged():
    peer = SmtpPeer()
    await send(peer)
    unstuffed = peer.taken[0].data.replace(b"\r\n..", b"\r\n.")
    body = message_from_bytes(unstuffed, policy=default).get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == EMAIL.text.splitlines()


async def test_every_attempt_sends_the_same_bytes():
    peer = SmtpPeer()
    await send(peer, times=2)
    assert peer.taken[0].data == peer.taken[1].data


async def test_the_wire_is_plain_ascii():
    peer = SmtpPeer()
    await send(peer)
    assert peer.taken[0].data.isascii()


async def test_the_envelope_carries_the_signed_token_and_asks_for_a_report():
    peer = SmtpPeer()
    await send(peer)
    token = bounce_token(DELIVERY, SECRET)
    assert peer.taken[0].mail.startswith(f"MAIL FROM:<bounce+{token}@example.gov.vn> SIZE=")
    assert peer.taken[0].mail.endswith(f"RET=HDRS ENVID={token}")
    assert peer.taken[0].rcpt == "RCPT TO:<binh@dan.example.vn> NOTIFY=SUCCESS,FAILURE,DELAY"


async def test_a_peer_that_offers_no_report_is_asked_for_none():
    peer = SmtpPeer(extensions=("8BITMIME",))
    await send(peer)
    assert (peer.taken[0].mail.count(" "), peer.taken[0].rcpt) == (1, "RCPT TO:<binh@dan.example.vn>")


async def test_the_reference_is_the_message_id():
    assert await send(SmtpPeer()) == [Accepted(MESSAGE_ID)]


@pytest.mark.parametrize("address", ["", "bình lê@dan.example.vn", "a b@x", "a@b@c", "x@y\r\nRCPT TO:<z@z>", "@", "a@"])
async def test_an_address_that_mail_cannot_write_is_not_tried(address: str):
    peer = SmtpPeer()
    assert await send(peer, email=address) == [Permanent("bad_address", "recipient")]
    assert peer.connections == 0


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"GREETING": "421 4.3.2 shutting down"}, Throttled("4.3.2", "quota")),
        ({"GREETING": "554 go away"}, Throttled("554", "config")),
        ({"EHLO": "550 5.7.1 not you"}, Throttled("5.7.1", "config")),
        ({"MAIL": "550 5.7.515 SPF and DKIM missing"}, Throttled("5.7.515", "config")),
        ({"MAIL": "451 busy"}, Transient("451", "transient")),
        ({"RCPT": "550 5.1.1 no such user"}, Permanent("5.1.1", "recipient")),
        ({"RCPT": "550 no such user"}, Permanent("550", "recipient")),
        ({"RCPT": "550 5.7.26 unauthenticated"}, Throttled("5.7.26", "config")),
        ({"RCPT": "452 4.2.2 mailbox full"}, Transient("4.2.2", "transient")),
        ({"RCPT": "421 4.7.0 slow down"}, Throttled("4.7.0", "quota")),
        ({"DATA": "554 no valid recipients"}, Throttled("554", "config")),
        ({"BODY": "451 4.3.0 try later"}, Transient("4.3.0", "transient")),
        ({"BODY": "550 5.1.1 no such user after all"}, Permanent("5.1.1", "recipient")),
        ({"BODY": "421 4.7.0 slow down"}, Throttled("4.7.0", "quota")),
        ({"GREETING": Silence.DROP}, Transient("connect", "transient")),
        ({"GREETING": Silence.HANG}, Transient("timeout", "transient")),
        ({"MAIL": Silence.DROP}, Transient("lost", "transient")),
        ({"RCPT": Silence.HANG}, Transient("timeout", "transient")),
        ({"DATA": Silence.DROP}, Transient("lost", "transient")),
        ({"DATA": Silence.HANG}, Transient("timeout", "transient")),
        ({"BODY": Silence.DROP}, Unknown("lost", "ambiguous")),
        ({"BODY": Silence.HANG}, Unknown("timeout", "ambiguous")),
    ],
)
@pytest.mark.parametrize("extensions", [STEP_BY_STEP, TOGETHER])
async def test_what_the_relay_says_in_each_phase_has_its_outcome(
    script: dict[str, Any], outcome: Outcome, extensions: tuple[str, ...]
):
    assert await send(SmtpPeer(script, extensions)) == [outcome]


async def first_words(extensions: tuple[str, ...]) -> list[bytes]:
    """The verbs that a peer hears at once when it has said what it offers."""
    heard = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 peer.example.vn ESMTP\r\n")
        await reader.readline()
        writer.write(b"".join(b"250-%b\r\n" % each.encode() for each in extensions) + b"250 HELP\r\n")
        heard.set_result([line[:4] for line in (await reader.read(4096)).splitlines()])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        channel = SmtpChannel(Settings.model_validate(email_settings(port, timeout_seconds=5)))
        assert await channel.send(message(EMAIL)) == Transient("lost", "transient")
        await channel.close()
    return await heard


async def test_commands_go_together_only_where_the_peer_allows_it():
    assert await first_words(STEP_BY_STEP) == [b"MAIL"]
    assert await first_words(TOGETHER) == [b"MAIL", b"RCPT", b"DATA"]


async def test_a_peer_that_wants_the_data_of_a_refused_recipient_gets_none():
    peer = SmtpPeer({"RCPT": "550 5.1.1 no such user"}, TOGETHER)
    assert await send(peer, times=2) == [Permanent("5.1.1", "recipient")] * 2
    assert ([each.data for each in peer.taken], peer.connections) == ([b"", b""], 1)


async def test_a_refusal_counts_even_if_the_peer_hangs_up_with_it():
    peer = SmtpPeer({"MAIL": "421 4.7.0 slow down", "RCPT": Silence.DROP}, TOGETHER)
    assert await send(peer) == [Throttled("4.7.0", "quota")]


@pytest.mark.parametrize("extensions", [STEP_BY_STEP, TOGETHER])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("250-2.0.0 first\r\n250-more\r\n250 last", Accepted(MESSAGE_ID)),
        ("550-5.1.1 no such\r\n550 user", Permanent("5.1.1", "recipient")),
        ("what?", Unknown("-1", "ambiguous")),
        ("250-" + "x" * 40_000, Unknown("-1", "ambiguous")),
    ],
)
async def test_a_reply_may_have_lines_and_may_be_none(reply: str, outcome: Outcome, extensions: tuple[str, ...]):
    assert await send(SmtpPeer({"BODY": reply}, extensions)) == [outcome]


async def test_a_relay_without_the_encryption_we_ask_for_gets_no_mail():
    peer = SmtpPeer()
    assert await send(peer, tls="starttls") == [Throttled("not_supported", "config")]
    assert [command for command in peer.commands if command.startswith("MAIL")] == []


async def test_a_relay_that_speaks_no_tls_gets_no_mail():
    peer = SmtpPeer({"GREETING": "220 plain text"})
    (outcome,) = await send(peer, tls="tls")
    assert isinstance(outcome, Throttled | Transient)
    assert peer.taken == []


async def test_a_refused_login_is_our_own_fault():
    peer = SmtpPeer({"AUTH": "535 5.7.8 bad credentials"}, extensions=("AUTH PLAIN",))
    assert await send(peer, username="u", password="p", allow_plain_login=True) == [Throttled("5.7.8", "config")]


async def test_one_connection_serves_many_mails():
    peer = SmtpPeer()
    await send(peer, times=3)
    assert (peer.connections, len(peer.taken)) == (1, 3)


async def test_a_refusal_does_not_cost_the_connection():
    refuse_once = iter(["550 5.1.1 no such user"])
    peer = SmtpPeer({"RCPT": lambda _: next(refuse_once, "250 ok")})
    assert await send(peer, times=2) == [Permanent("5.1.1", "recipient"), Accepted(MESSAGE_ID)]
    assert peer.connections == 1


async def test_a_connection_that_fails_is_replaced():
    drop_once = iter([Silence.DROP])
    peer = SmtpPeer({"RCPT": lambda _: next(drop_once, "250 ok")})
    assert await send(peer, times=2) == [Transient("lost", "transient"), Accepted(MESSAGE_ID)]
    assert peer.connections == 2


async def test_a_connection_that_does_not_answer_noop_is_replaced(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("channels.smtp_pool.NOOP_AFTER_SECONDS", 0.0)
    peer = SmtpPeer({"NOOP": Silence.DROP})
    assert await send(peer, times=2) == [Accepted(MESSAGE_ID), Accepted(MESSAGE_ID)]
    assert peer.connections == 2


@pytest.mark.parametrize(
    "limit",
    [
        {"connection_max_messages": 1},
        {"connection_max_age_seconds": 0.000001},
        {"connection_max_idle_seconds": 0.000001},
    ],
)
async def test_a_connection_is_recycled(limit: dict[str, float]):
    peer = SmtpPeer()
    await send(peer, times=2, **limit)
    assert peer.connections == 2


async def test_mails_sent_together_share_the_connections_that_are_allowed():
    peer = SmtpPeer()
    async with running(peer):
        channel = SmtpChannel(Settings.model_validate(email_settings(peer.port, connections=2, timeout_seconds=5)))
        outcomes = await asyncio.gather(*(channel.send(message(EMAIL)) for _ in range(12)))
        await channel.close()
    assert (set(outcomes), len(peer.taken), peer.connections) == ({Accepted(MESSAGE_ID)}, 12, 2)


@pytest.mark.parametrize(("code", "fault"), ENHANCED.items())
def test_the_enhanced_code_decides_once_a_recipient_is_named(code: str, fault: Fault):
    said = {classify(int(code[0]) * 100 + 50, f"{code} text", phase) for phase in (Phase.RCPT, Phase.DATA)}
    assert said == {(fault, code)}


@pytest.mark.parametrize("code", ["5.1.1", "5.1.8", "5.2.1"])
def test_before_a_recipient_is_named_an_address_that_is_refused_is_our_own(code: str):
    assert classify(550, f"{code} no such user", Phase.MAIL) == (Fault.CONFIG, code)


@pytest.mark.parametrize("code", ["5.7.1", "5.7.26", "5.7.515", "5.7.999"])
def test_reputation_never_counts_as_a_bad_address(code: str):
    assert classify(550, f"{code} blocked", Phase.RCPT) == (Fault.CONFIG, code)


@pytest.mark.parametrize(("basic", "fault"), BASIC_AT_RCPT.items())
def test_without_an_enhanced_code_the_basic_one_decides_about_the_recipient(basic: int, fault: Fault):
    assert classify(basic, "text", Phase.RCPT) == (fault, str(basic))


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(("basic", "fault"), BASIC.items())
def test_temporary_basic_codes_mean_the_same_in_every_phase(basic: int, fault: Fault, phase: Phase):
    assert classify(basic, "text", phase) == (fault, str(basic))


def test_an_enhanced_code_of_another_class_than_the_reply_is_not_believed():
    assert classify(450, "5.1.1 no such user", Phase.RCPT) == (Fault.TRANSIENT, "450")


@given(st.integers(-1, 999), st.text(), st.sampled_from(Phase))
def test_every_reply_has_a_class(basic: int, text: str, phase: Phase):
    fault, code = classify(basic, text, phase)
    assert fault in Fault
    assert code


def test_only_an_announced_success_report_proves_delivery():
    asked = [capabilities(Settings.model_validate(email_settings(expects_success_dsn=on))) for on in (False, True)]
    assert [each.proves_delivery for each in asked] == [False, True]


def said(body: bytes) -> tuple[ReceiptFact, ...]:
    return facts(receipt("email", key="rk", body=body), email_settings())


@pytest.mark.parametrize(
    ("action", "status", "kind", "code"),
    [
        ("delivered", "2.0.0", ReceiptKind.DELIVERED, "2.0.0"),
        ("failed", "5.1.1", ReceiptKind.FAILED, "5.1.1"),
        ("Failed", "5.1.1 (bad mailbox)", ReceiptKind.FAILED, "5.1.1"),
        ("failed", "?", ReceiptKind.FAILED, None),
        ("delayed", "4.4.1", ReceiptKind.INFO, "delayed"),
        ("relayed", "2.0.0", ReceiptKind.INFO, "relayed"),
        ("expanded", "2.0.0", ReceiptKind.INFO, "expanded"),
    ],
)
def test_each_action_of_a_report_says_its_own(action: str, status: str, kind: ReceiptKind, code: str | None):
    (fact,) = said(bounce(action, status))
    assert (fact.kind, fact.delivery_id, fact.code) == (kind, DELIVERY, code)


def test_the_time_is_that_of_the_last_attempt():
    (fact,) = said(bounce())
    assert fact.occurred_at is not None
    assert fact.occurred_at.isoformat() == "2026-11-20T08:59:30+07:00"


def test_the_token_may_come_back_as_the_envelope_id():
    token = bounce_token(DELIVERY, SECRET)
    (fact,) = said(bounce(token="nobody", envelope=f"Original-Envelope-Id: {token}\n"))
    assert fact.delivery_id == DELIVERY


@pytest.mark.parametrize("token", ["", "x", f"{DELIVERY.hex}.0000000000000000", DELIVERY.hex])
def test_a_forged_token_says_nothing(token: str):
    assert said(bounce("failed", "5.1.1", token=token)) == ()


def test_two_genuine_tokens_in_one_report_say_nothing():
    other = bounce_token(DeliveryId(UUID(int=7)), SECRET)
    assert said(bounce(envelope=f"Original-Envelope-Id: {other}\n")) == ()


def test_a_report_on_two_recipients_says_two_things():
    second = b"\nFinal-Recipient: rfc822; an@dan.example.vn\nAction: failed\nStatus: 5.1.1\n\n--b1--\n"
    both = said(bounce().replace(b"\n--b1--\n", second))
    assert [fact.kind for fact in both] == [ReceiptKind.DELIVERED, ReceiptKind.FAILED]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"To: x\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nBack on Monday.",
        bounce().replace(b"report-type=delivery-status", b"report-type=disposition-notification"),
        bounce().replace(b"multipart/report", b"multipart/mixed"),
        bounce().replace(b"message/delivery-status", b"text/plain"),
        bounce("vanished"),
        b"Content-Type: message/rfc822\n\n" * 20_000,
    ],
)
def test_other_mail_says_nothing(body: bytes):
    assert said(body) == ()


@given(st.binary(), st.integers(0, 700), st.integers(0, 700))
def test_a_damaged_report_never_raises_and_never_names_another_delivery(noise: bytes, start: int, length: int):
    whole = bounce()
    damaged = whole[:start] + noise + whole[start + length :]
    assert {fact.delivery_id for fact in said(damaged)} <= {DELIVERY}


@given(st.uuids(), st.binary(min_size=1), st.binary(min_size=1))
def test_only_our_own_secret_makes_a_token(delivery: UUID, ours: bytes, theirs: bytes):
    token = bounce_token(DeliveryId(delivery), theirs)
    assert deliveries_in(token.upper(), ours) == (frozenset({delivery}) if ours == theirs else frozenset())
