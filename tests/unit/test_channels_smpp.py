"""The SMPP adapter, its bind and its receipts, against a scripted SMSC on a real socket."""

import asyncio
import shutil
import ssl
import subprocess
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from channels.faults import Fault
from channels.http import HttpClient
from channels.registry import load
from channels.smpp.codes import STATUSES, name_of
from channels.smpp.pdu import Command, Pdu, ShortMessage, Tag, Taken, encode, parameter
from channels.smpp.receipts import report_of
from channels.sms_smpp import Settings, SmppChannel, facts
from notifier.domain.content import SmsContent, SmsEncoding
from notifier.domain.ids import InboxOwner
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Transient, Unknown
from notifier.domain.receipts import ReceiptKind
from notifier.domain.recipients import Contact
from notifier.rendering.text import sms
from tests.contract.channels_cases import DELIVRD, smpp_receipt, smpp_settings
from tests.support.channels import SMS, Stored, message, ports
from tests.support.peers import Silence, SmppPeer, patience, running
from tests.support.waiting import until

LONG = sms("Ho so {} da duoc tiep nhan. ".format("H01.14-261119-0042") * 4)
OUTCOMES = {
    Fault.RECIPIENT: Permanent,
    Fault.TEMPLATE: Permanent,
    Fault.CONFIG: Throttled,
    Fault.QUOTA: Throttled,
    Fault.TRANSIENT: Transient,
}


@asynccontextmanager
async def channel_to(peer: SmppPeer, *, stored: Stored | None = None, stays: bool = False, **settings):
    settings = {"timeout_seconds": patience(*peer.answers), **settings}
    async with running(peer):
        http = HttpClient(frozenset())
        made = await load("sms_smpp").connect(
            smpp_settings(peer.port, **settings), ports(http, stored=stored, stays=stays)
        )
        assert isinstance(made, SmppChannel)
        try:
            yield made
        finally:
            await made.close()


async def send(
    peer: SmppPeer, content: SmsContent = SMS, *, staff: bool = False, agency: str | None = None, **settings
):
    async with channel_to(peer, **settings) as channel:
        return await channel.send(message(content, staff=staff, agency=agency))


def submitted(peer: SmppPeer) -> list[ShortMessage]:
    return [pdu.body for pdu in peer.of(Command.SUBMIT_SM) if isinstance(pdu.body, ShortMessage)]


async def test_a_message_goes_from_the_brandname_to_the_number_and_asks_for_a_receipt():
    peer = SmppPeer()
    await send(peer)
    (body,) = submitted(peer)
    assert (body.source, body.source_ton, body.dest, body.dest_ton, body.dest_npi) == ("TTHC", 5, "84912000123", 1, 1)
    assert (body.text, body.data_coding, body.registered_delivery) == (SMS.text.encode(), 0, 1)


async def test_the_reference_is_the_id_that_the_smsc_gives():
    assert await send(SmppPeer()) == Accepted("m1")


async def test_accented_text_goes_as_ucs2():
    peer = SmppPeer()
    await send(peer, SmsContent("Hồ sơ đã xong", SmsEncoding.UCS2, 1))
    (body,) = submitted(peer)
    assert (body.data_coding, body.text) == (8, "Hồ sơ đã xong".encode("utf-16-be"))


async def test_what_another_default_alphabet_does_not_hold_goes_as_ucs2():
    peer = SmppPeer()
    await send(peer, sms("Phí 20 €"), alphabet="latin1")
    assert submitted(peer)[0].data_coding == 8


async def test_each_part_says_its_place_in_a_header():
    peer = SmppPeer()
    await send(peer, LONG)
    heads = [(body.esm_class, body.text[:6].hex()) for body in submitted(peer)]
    assert heads == [(0x40, "05000357" + "0201"), (0x40, "05000357" + "0202")]


async def test_each_part_says_its_place_in_parameters():
    peer = SmppPeer()
    await send(peer, LONG, long_text="sar")
    places = [
        [parameter(body, tag) for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)] for body in submitted(peer)
    ]
    assert places == [[b"\0\x57", b"\2", b"\1"], [b"\0\x57", b"\2", b"\2"]]


async def test_a_long_text_can_go_as_one_payload():
    peer = SmppPeer()
    await send(peer, LONG, long_text="payload")
    (body,) = submitted(peer)
    assert (body.text, parameter(body, Tag.MESSAGE_PAYLOAD)) == (b"", LONG.text.encode())


async def test_the_last_part_alone_asks_for_a_receipt_and_is_the_reference():
    peer = SmppPeer()
    outcome = await send(peer, LONG)
    assert (outcome, [body.registered_delivery for body in submitted(peer)]) == (Accepted("m2"), [0, 1])


async def test_a_part_that_is_throttled_after_the_first_is_offered_again():
    peer = SmppPeer(0, 0x58, 0)
    assert await send(peer, LONG, timeout_seconds=2) == Accepted("m2")


async def test_a_message_of_which_a_part_is_taken_and_a_part_refused_is_unclear():
    outcome = await send(SmppPeer(0, 0x0B), LONG)
    assert outcome == Unknown("partly_taken", "part 2: 0x0000000b")


async def test_a_message_whose_first_part_is_throttled_was_not_taken():
    peer = SmppPeer(0x58)
    assert await send(peer, LONG) == Throttled("0x00000058", "quota")
    assert len(submitted(peer)) == 1


@pytest.mark.parametrize(("status", "fault"), STATUSES.items())
async def test_every_known_status_has_the_outcome_of_its_class(status: int, fault: Fault):
    outcome = await send(SmppPeer(status))
    assert isinstance(outcome, OUTCOMES[fault])
    assert outcome.code == name_of(status)


async def test_a_vendors_status_may_have_been_taken():
    assert await send(SmppPeer(0x0400)) == Unknown("0x00000400", "ambiguous")


async def test_a_vendors_status_that_the_settings_name_means_what_they_say():
    assert await send(SmppPeer(0x0400), vendor_statuses={"0x0400": "recipient"}) == Permanent("0x00000400", "recipient")


async def test_an_answer_without_an_id_may_have_been_taken():
    bare = encode(Pdu(Command.SUBMIT_SM_RESP, 2))
    assert isinstance(await send(SmppPeer(bare)), Unknown)


async def test_a_link_that_is_lost_while_a_submit_is_out_leaves_it_unclear():
    assert await send(SmppPeer(Silence.DROP)) == Unknown("lost", "ambiguous")


async def test_a_submit_without_an_answer_is_unclear():
    assert await send(SmppPeer(Silence.HANG)) == Unknown("timeout", "ambiguous")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (0x0E, Throttled),
        (0x0F, Throttled),
        (0x0D, Throttled),
        (0x05, Throttled),
        (0x08, Transient),
        (0x0400, Transient),
    ],
)
async def test_a_refused_bind_takes_no_message_and_loses_none(status: int, kind: type):
    assert isinstance(await send(SmppPeer(bind=status)), kind)


async def test_a_lost_bind_is_bound_again():
    peer = SmppPeer()
    async with channel_to(peer, stays=True) as channel:
        await channel.send(message(SMS))
        peer.hang_up()
        await until(lambda: peer.binds == 2, 5, "a second bind")
        assert isinstance(await channel.send(message(SMS)), Accepted)


async def test_a_message_that_meets_a_lost_bind_is_sent_again_later():
    peer = SmppPeer()
    async with channel_to(peer) as channel:
        await channel.send(message(SMS))
        peer.hang_up()
        await until(lambda: channel.bound._link is None or channel.bound._link.is_lost, 5, "the loss")
        assert isinstance(await channel.send(message(SMS)), Transient)


async def test_no_more_submits_are_out_than_the_window_lets():
    peer = SmppPeer(Silence.HANG)
    async with channel_to(peer, window=3) as channel:
        sends = [asyncio.create_task(channel.send(message(SMS))) for _ in range(5)]
        await until(lambda: len(submitted(peer)) >= 3, 5, "three submits")
        out = len(submitted(peer))
        await asyncio.gather(*sends)
    assert (out, len(submitted(peer))) == (3, 5)


async def test_a_bind_is_ended_with_an_unbind():
    peer = SmppPeer()
    await send(peer)
    assert peer.heard[-1].command is Command.UNBIND


async def test_a_silent_smsc_is_asked_whether_it_is_there():
    peer = SmppPeer()
    async with channel_to(peer, stays=True, enquire_link_seconds=0.05):
        await until(lambda: len(peer.of(Command.ENQUIRE_LINK)) > 1, 5, "two questions")


async def test_the_smsc_is_told_that_we_are_there():
    peer = SmppPeer()
    async with channel_to(peer, stays=True):
        await until(lambda: peer.binds, 5, "the bind")
        peer.tell(Pdu(Command.ENQUIRE_LINK, 99))
        await until(lambda: Pdu(Command.ENQUIRE_LINK_RESP, 99) in peer.heard, 5, "the answer")


async def test_a_command_that_we_do_not_know_is_refused_and_the_bind_lives():
    peer = SmppPeer()
    async with channel_to(peer, stays=True) as channel:
        await until(lambda: peer.binds, 5, "the bind")
        peer.tell(bytes.fromhex("00000010000001030000000000000005"))
        await until(lambda: Pdu(Command.GENERIC_NACK, 5, status=3) in peer.heard, 5, "the refusal")
        assert isinstance(await channel.send(message(SMS)), Accepted)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """Key and certificate of an SMSC on this machine, signed by itself, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not on this machine")
    file, key = tmp_path_factory.mktemp("tls") / "smsc.pem", tmp_path_factory.mktemp("tls") / "key.pem"
    wanted = ["-subj", "/CN=smsc.example.vn", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made = ["openssl", "req", "-x509", *curve, *wanted, "-keyout", str(key), "-out", str(file)]
    subprocess.run(made, check=True, capture_output=True)
    file.write_bytes(key.read_bytes() + file.read_bytes())
    return file


def speaking_tls(certificate: Path) -> SmppPeer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return SmppPeer(tls=context)


async def test_a_bind_can_be_encrypted(certificate: Path):
    outcome = await send(speaking_tls(certificate), tls="tls", tls_ca_file=certificate, timeout_seconds=2)
    assert outcome == Accepted("m1")


async def test_an_smsc_that_nobody_vouches_for_is_told_nothing(certificate: Path):
    peer = speaking_tls(certificate)
    assert await send(peer, tls="tls", timeout_seconds=2) == Throttled("tls", "config")
    assert peer.heard == []


# Receipts


DELIVERED = encode(Pdu(Command.DELIVER_SM, 41, ShortMessage(esm_class=4, text=DELIVRD)))


async def test_a_receipt_is_stored_as_it_came_before_it_is_answered():
    peer, stored = SmppPeer(), Stored()
    async with channel_to(peer, stored=stored, stays=True):
        await until(lambda: peer.binds, 5, "the bind")
        peer.tell(DELIVERED)
        await until(lambda: peer.of(Command.DELIVER_SM_RESP), 5, "the answer")
    (raw,) = stored.receipts
    assert (raw.provider, raw.method, raw.body) == ("sms", "SMPP", DELIVERED)
    assert peer.of(Command.DELIVER_SM_RESP) == [Pdu(Command.DELIVER_SM_RESP, 41, Taken())]


async def test_a_receipt_that_cannot_be_stored_is_asked_for_again():
    peer, stored = SmppPeer(), Stored(faults=1)
    async with channel_to(peer, stored=stored, stays=True):
        await until(lambda: peer.binds, 5, "the bind")
        peer.tell(DELIVERED)
        await until(lambda: peer.of(Command.DELIVER_SM_RESP), 5, "the answer")
    assert (peer.of(Command.DELIVER_SM_RESP)[0].status, stored.receipts) == (0x64, [])


async def test_a_receipt_that_nobody_can_read_is_stored_and_answered_all_the_same():
    peer, stored = SmppPeer(), Stored()
    broken = bytes.fromhex("00000014 00000005 00000000 0000002a ffffffff")
    async with channel_to(peer, stored=stored, stays=True):
        await until(lambda: peer.binds, 5, "the bind")
        peer.tell(broken)
        await until(lambda: peer.of(Command.DELIVER_SM_RESP), 5, "the answer")
    assert (stored.receipts[0].body, facts(stored.receipts[0], Settings.model_validate(smpp_settings()))) == (
        broken,
        (),
    )


def settings(**more) -> Settings:
    return Settings.model_validate(smpp_settings(**more))


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("id:1 stat:DELIVRD err:000", ReceiptKind.DELIVERED, "delivrd"),
        ("ID:1 STAT:delivered", ReceiptKind.DELIVERED, "delivered"),
        ("id:1 stat:UNDELIV err:0A1", ReceiptKind.FAILED, "undeliv_0a1"),
        ("stat:EXPIRED err:027 id:1", ReceiptKind.FAILED, "expired_027"),
        ("id:1 stat:REJECTD", ReceiptKind.FAILED, "rejectd"),
        ("id:1 stat:DELETED err:", ReceiptKind.FAILED, "deleted"),
        ("id:1 stat:ACCEPTD err:000", ReceiptKind.INFO, "acceptd"),
        ("id:1 stat:BUFFRED err:000", ReceiptKind.INFO, "buffred"),
        ("id:1 stat:UNKNOWN err:000", ReceiptKind.INFO, "unknown"),
        ("id:1 sub:001", ReceiptKind.INFO, "no_state"),
        ("id:1 stat:DELIVRD text:stat:UNDELIV", ReceiptKind.DELIVERED, "delivrd"),
    ],
)
def test_the_state_of_a_text_receipt_is_read_however_it_is_written(text: str, kind: ReceiptKind, code: str):
    (fact,) = facts(smpp_receipt(text.encode()), settings())
    assert (fact.reference, fact.kind, fact.code) == ("1", kind, code)


def test_a_receipt_of_parameters_alone_says_the_same():
    raw = smpp_receipt(b"", (Tag.RECEIPTED_MESSAGE_ID, b"M1\0"), (Tag.MESSAGE_STATE, b"\2"))
    (fact,) = facts(raw, settings())
    assert (fact.reference, fact.kind) == ("m1", ReceiptKind.DELIVERED)


def test_parameters_are_believed_before_the_text():
    raw = smpp_receipt(
        b"id:9 stat:DELIVRD",
        (Tag.RECEIPTED_MESSAGE_ID, b"1\0"),
        (Tag.MESSAGE_STATE, b"\5"),
        (Tag.NETWORK_ERROR_CODE, b"\3\0\x15"),
        (0x1401, b"vendor"),
    )
    (fact,) = facts(raw, settings())
    assert (fact.reference, fact.kind, fact.code) == ("1", ReceiptKind.FAILED, "undeliv_21")


@pytest.mark.parametrize(
    ("answered", "written", "message_ids"),
    [
        ("00A1", "a1", "same"),
        ("0042", "42", "same"),
        ("ff10", "65296", "receipts_decimal"),
        ("65296", "0000FF10", "receipts_hex"),
        ("vn-7", "VN-7", "receipts_decimal"),
    ],
)
async def test_the_id_of_a_receipt_is_the_one_that_the_submit_was_answered_with(
    answered: str, written: str, message_ids: str
):
    peer = SmppPeer(encode(Pdu(Command.SUBMIT_SM_RESP, 2, Taken(answered))))
    outcome = await send(peer, message_ids=message_ids)
    (fact,) = facts(smpp_receipt(f"id:{written} stat:DELIVRD".encode()), settings(message_ids=message_ids))
    assert outcome == Accepted(fact.reference or "")


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2611200831", datetime(2026, 11, 20, 8, 31, tzinfo=timezone(timedelta(hours=7)))),
        ("261120083159", datetime(2026, 11, 20, 8, 31, 59, tzinfo=timezone(timedelta(hours=7)))),
        ("26112008", None),
        ("2613200831", None),
        ("soon", None),
    ],
)
def test_the_date_of_a_receipt_has_seconds_or_none_or_is_left_out(written: str, at: datetime | None):
    (fact,) = facts(smpp_receipt(f"id:1 done date:{written} stat:DELIVRD".encode()), settings())
    assert fact.occurred_at == at


def test_an_intermediate_notification_ends_nothing():
    (fact,) = facts(smpp_receipt(DELIVRD, esm_class=0x20), settings())
    assert fact.kind is ReceiptKind.INFO


def test_what_a_person_writes_to_us_is_no_receipt():
    assert report_of(ShortMessage(esm_class=0, text=DELIVRD), "same", 7) is None


def test_a_callback_over_http_says_nothing():
    assert facts(smpp_receipt(DELIVRD, method="POST"), settings()) == ()


async def test_a_person_without_a_mobile_number_is_not_tried():
    peer = SmppPeer()
    async with channel_to(peer) as channel:
        outcome = await channel.send(message(SMS, contact=Contact(InboxOwner("in_1"))))
    assert (outcome, peer.heard) == (Permanent("no_mobile", "recipient"), [])
