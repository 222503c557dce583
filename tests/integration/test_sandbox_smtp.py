"""The pretend mail server, asked by aiosmtplib over a socket."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage

import aiohttp
import aiosmtplib
import pytest

from notifier.sandbox.app import running
from notifier.sandbox.settings import MailServer
from tests.support.sandbox import listening, sandbox_settings
from tests.support.waiting import until

SENDER = "b.token123@bounce.example.vn"
RECIPIENT = "nguyen.mau@example.vn"
BOUNCES = "/v1/receipts/email/bounce-key"


@pytest.fixture
async def notifier():
    async with listening() as listener:
        yield listener


@pytest.fixture
async def sandbox(notifier):
    async with running(sandbox_settings(notifier.url)) as started:
        yield started


async def script(sandbox, *rules):
    async with aiohttp.ClientSession() as session:
        reply = await session.post(f"{sandbox.http_url}/sandbox/script", json=[{"channel": "email"} | r for r in rules])
        assert reply.status == 201


def mail(*, subject="Hồ sơ đã được tiếp nhận", recipient=RECIPIENT):
    message = EmailMessage()
    message["From"] = "Cổng dịch vụ công <thongbao@example.gov.vn>"
    message["To"] = recipient
    message["Subject"] = subject
    message["Message-ID"] = "<abc@example.gov.vn>"
    message.set_content("Kính gửi ông Nguyễn Văn Mẫu")
    message.add_alternative('<p>Kính gửi</p><img src="cid:qr">', subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG-picture", "image", "png", cid="<qr>")
    return message


async def send(sandbox, *, recipient=RECIPIENT, notify="NOTIFY=SUCCESS,FAILURE,DELAY", message=None):
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False, timeout=5)
    async with client:
        return await client.sendmail(
            SENDER,
            [recipient],
            (message or mail(recipient=recipient)).as_bytes(),
            mail_options=["ENVID=0123abcd", "RET=HDRS"],
            rcpt_options=[notify] if notify else [],
        )


async def first_bounce(notifier):
    calls = await until(lambda: notifier.to(BOUNCES), 5, "a delivery status notification")
    return message_from_bytes(calls[0].body)


def fields_of(bounce):
    about, person = bounce.get_payload()[1].get_payload()
    return dict(about.items()) | dict(person.items())


async def test_the_greeting_offers_size_eight_bits_and_dsn(sandbox):
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False) as client:
        await client.ehlo()
        assert {"size", "8bitmime", "dsn"} <= set(client.esmtp_extensions)


async def test_an_accepted_mail_is_kept_with_its_raw_bytes(sandbox):
    await send(sandbox)
    assert b"Message-ID: <abc@example.gov.vn>\r\n" in sandbox.messages[0].raw


async def test_the_subject_of_a_mail_is_decoded(sandbox):
    await send(sandbox)
    assert sandbox.messages[0].content["subject"] == "Hồ sơ đã được tiếp nhận"


async def test_the_report_of_delivery_parses_with_the_standard_library(sandbox, notifier):
    await send(sandbox)
    fields = fields_of(await first_bounce(notifier))
    told = {name: fields[name] for name in ("Original-Envelope-Id", "Final-Recipient", "Action", "Status")}
    assert told == {
        "Original-Envelope-Id": "0123abcd",
        "Final-Recipient": f"rfc822; {RECIPIENT}",
        "Action": "delivered",
        "Status": "2.0.0",
    }


async def test_the_report_goes_to_the_sender_of_the_envelope(sandbox, notifier):
    await send(sandbox)
    assert (await first_bounce(notifier))["To"] == SENDER


async def test_a_report_is_posted_as_a_mail(sandbox, notifier):
    await send(sandbox)
    await first_bounce(notifier)
    assert notifier.to(BOUNCES)[0].headers["content-type"] == "message/rfc822"


async def test_a_report_is_posted_again_until_notifier_takes_it(sandbox, notifier):
    notifier.answers = [503, 503]
    await send(sandbox)
    await until(lambda: len(notifier.to(BOUNCES)) == 3, 5, "the third try")


async def test_a_delivered_mail_without_the_wish_for_success_is_not_reported(sandbox, notifier):
    await send(sandbox, notify="NOTIFY=FAILURE")
    await until(lambda: sandbox.messages[0].state == "delivered", 5, "the delivery")
    await send(sandbox, recipient="khac@example.vn")
    assert fields_of(await first_bounce(notifier))["Final-Recipient"] == "rfc822; khac@example.vn"


async def test_a_scripted_bounce_says_failed_with_its_status(sandbox, notifier):
    await script(sandbox, {"match": RECIPIENT, "behave": "fail", "args": {"status": "5.2.2"}})
    await send(sandbox)
    fields = fields_of(await first_bounce(notifier))
    assert (fields["Action"], fields["Status"]) == ("failed", "5.2.2")


async def test_a_delayed_mail_is_reported_as_delayed_before_it_fails(sandbox, notifier):
    await script(sandbox, {"behave": "delay_then_fail"})
    await send(sandbox)
    calls = await until(lambda: len(notifier.calls) == 2 and notifier.calls, 5, "both reports")
    assert [fields_of(message_from_bytes(call.body))["Action"] for call in calls] == ["delayed", "failed"]


async def test_every_report_can_come_twice(sandbox, notifier):
    await script(sandbox, {"behave": "duplicate_receipt"})
    await send(sandbox)
    await until(lambda: len(notifier.to(BOUNCES)) == 2, 5, "the second copy")


async def test_a_refusal_at_rcpt_has_the_scripted_reply(sandbox):
    await script(sandbox, {"match": RECIPIENT, "behave": "refuse", "args": {"reply": "450 4.2.2 Mailbox full"}})
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(sandbox)
    assert refused.value.recipients[0].message == "4.2.2 Mailbox full"


async def test_a_refusal_for_one_recipient_leaves_the_others_alone(sandbox):
    await script(sandbox, {"match": RECIPIENT, "behave": "refuse"})
    await send(sandbox, recipient="khac@example.vn")
    assert sandbox.messages[0].to == "khac@example.vn"


async def test_a_refusal_at_mail_names_the_sender(sandbox):
    await script(sandbox, {"behave": "refuse_sender", "args": {"reply": "550 5.7.1 Not you"}})
    with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
        await send(sandbox)
    assert refused.value.code == 550


async def test_a_refusal_after_data_keeps_nothing(sandbox):
    await script(sandbox, {"behave": "refuse_content"})
    with pytest.raises(aiosmtplib.SMTPDataError):
        await send(sandbox)
    assert sandbox.messages == []


async def test_a_421_ends_the_connection(sandbox):
    await script(sandbox, {"behave": "refuse", "args": {"reply": "421 4.7.0 Too fast"}})
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False, timeout=5) as client:
        await client.mail(SENDER)
        with pytest.raises(aiosmtplib.SMTPResponseException):
            await client.rcpt(RECIPIENT)
        await until(lambda: not client.is_connected, 5, "the end of the connection")


@pytest.mark.parametrize(("behave", "kept"), [("drop", 0), ("accept_then_drop", 1)])
async def test_a_connection_cut_before_the_reply_is_an_open_question(sandbox, behave, kept):
    await script(sandbox, {"behave": behave})
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(sandbox)
    assert len(sandbox.messages) == kept


async def test_a_connection_can_be_cut_after_the_reply(sandbox):
    await script(sandbox, {"behave": "drop_after_reply"})
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False, timeout=5)
    await client.connect()
    await client.sendmail(SENDER, [RECIPIENT], mail().as_bytes())
    await until(lambda: not client.is_connected, 5, "the end of the connection")


@pytest.mark.parametrize(("behave", "kept"), [("hang", 0), ("accept_then_hang", 1)])
async def test_a_silence_after_data_outlasts_the_client(sandbox, behave, kept):
    await script(sandbox, {"behave": behave, "args": {"seconds": 30}})
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False, timeout=0.2)
    await client.connect()
    with pytest.raises(aiosmtplib.SMTPTimeoutError):
        await client.sendmail(SENDER, [RECIPIENT], mail().as_bytes())
    client.close()
    assert len(sandbox.messages) == kept


async def test_the_sandbox_stops_while_a_client_waits_for_its_answer(notifier):
    async with running(sandbox_settings(notifier.url)) as sandbox:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False, timeout=5)
        await client.connect()
    await until(lambda: not client.is_connected, 5, "the end of the connection")


@asynccontextmanager
async def mail_server(**changes):
    async with running(sandbox_settings(mail=MailServer(**changes))) as sandbox:
        yield sandbox


def client_of(sandbox):
    return aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False, timeout=5)


async def test_only_what_is_set_is_offered():
    async with mail_server(extensions=frozenset({"SIZE"})) as sandbox, client_of(sandbox) as client:
        await client.ehlo()
        assert set(client.esmtp_extensions) == {"size", "help"}


async def test_the_usual_offers_hold_pipelining_and_addresses_in_utf8(sandbox):
    async with client_of(sandbox) as client:
        await client.ehlo()
        assert {"pipelining", "smtputf8", "enhancedstatuscodes"} <= set(client.esmtp_extensions)


async def test_an_address_in_utf8_is_kept(sandbox):
    async with client_of(sandbox) as client:
        await client.ehlo()
        await client.mail(SENDER, options=["SMTPUTF8"])
        await client.rcpt("lê@dan.example.vn", encoding="utf-8")
        await client.data(b"Subject: x\r\n\r\nx\r\n")
    assert sandbox.messages[0].to == "lê@dan.example.vn"


async def test_commands_may_come_all_at_once(sandbox):
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.smtp_port)
    commands = ["EHLO x.example.vn", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>", "DATA"]
    writer.write("\r\n".join([*commands, "Subject: x", "", "x", ".", "QUIT", ""]).encode())
    said = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    assert [line[:3] for line in said.splitlines() if line[3] == " "] == [
        "220",
        "250",
        "250",
        "250",
        "354",
        "250",
        "221",
    ]


async def test_without_the_log_in_that_is_asked_for_no_mail_is_taken():
    async with mail_server(login=("a", "b")) as sandbox:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await send(sandbox)
        assert (refused.value.code, sandbox.messages) == (530, [])


async def test_one_connection_too_many_is_turned_away():
    async with mail_server(most_connections=1) as sandbox, client_of(sandbox):
        with pytest.raises(aiosmtplib.SMTPConnectResponseError) as refused:
            await client_of(sandbox).connect()
        assert refused.value.code == 421


async def test_too_many_mails_a_second_to_one_domain_are_slowed_down():
    settings = sandbox_settings(mail=MailServer(domain_rate=1))
    async with running(settings, clock=lambda: datetime(2026, 11, 23, tzinfo=UTC)) as sandbox:
        await send(sandbox)
        await send(sandbox, recipient="khac@khac.example.vn")
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as slowed:
            await send(sandbox)
        assert slowed.value.recipients[0].message.startswith("4.7.0")


async def test_data_can_be_refused_before_a_byte_is_sent(sandbox):
    await script(sandbox, {"behave": "refuse_data", "args": {"reply": "554 5.5.1 No valid recipients"}})
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(sandbox)
    assert (refused.value.code, sandbox.messages) == (554, [])


async def test_a_connection_can_be_cut_at_the_recipient(sandbox):
    await script(sandbox, {"behave": "drop_at_rcpt"})
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(sandbox)


@pytest.mark.parametrize(("behave", "actions"), [("relayed", ["relayed"]), ("expanded", ["expanded", "delivered"])])
async def test_a_mail_that_left_for_elsewhere_is_reported_so(sandbox, notifier, behave, actions):
    await script(sandbox, {"behave": behave})
    await send(sandbox)
    _, *people = (await first_bounce(notifier)).get_payload()[1].get_payload()
    assert [person["Action"] for person in people] == actions


@pytest.mark.parametrize(("behave", "state"), [("plain_bounce", "failed"), ("out_of_office", "delivered")])
async def test_an_answer_in_words_is_no_report(sandbox, notifier, behave, state):
    await script(sandbox, {"behave": behave})
    await send(sandbox, notify="NOTIFY=FAILURE")
    answer = await first_bounce(notifier)
    assert (answer.get_content_type(), answer["Auto-Submitted"]) == ("text/plain", "auto-replied")
    assert sandbox.messages[0].state == state
