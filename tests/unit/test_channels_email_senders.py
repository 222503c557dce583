"""Who a mail is from, where answers go, how mail of one kind is stopped, and addresses in any language."""

from email import message_from_bytes
from email.policy import default

import pytest

from channels.email_smtp import Settings, SmtpChannel
from notifier.domain.ids import InboxOwner
from notifier.domain.outcomes import Permanent
from notifier.domain.recipients import Contact
from tests.contract.channels_cases import email_settings
from tests.support.channels import EMAIL, message
from tests.support.mail_sent import sent
from tests.support.peers import SmtpPeer, running

AGENCIES = {
    "H01.14": {
        "sender_address": "motcua@so.example.gov.vn",
        "sender_name": "Sở Mẫu",
        "reply_to": "hoi@so.example.gov.vn",
    }
}
STOP = "https://tb.example.gov.vn/u/abc"
UTF8 = ("SIZE", "SMTPUTF8")


def to(address: str, **fields):
    return message(EMAIL, contact=Contact(InboxOwner("in_1"), email=address), **fields)


def read(envelope):
    return message_from_bytes(envelope.data, policy=default)


@pytest.mark.parametrize("agency", ["H01.14", "H01.14.02"])
async def test_mail_about_a_dossier_of_an_agency_or_of_a_unit_below_it_is_from_that_agency(agency: str):
    (envelope,) = await sent(message(EMAIL, agency=agency), agencies=AGENCIES)
    mail = read(envelope)
    assert (mail["From"], mail["Reply-To"]) == ("Sở Mẫu <motcua@so.example.gov.vn>", "hoi@so.example.gov.vn")


@pytest.mark.parametrize("agency", [None, "H01.15", "H01.140"])
async def test_mail_about_any_other_dossier_is_from_the_channels_sender(agency: str | None):
    (envelope,) = await sent(message(EMAIL, agency=agency), agencies=AGENCIES, reply_to="hoi@example.gov.vn")
    mail = read(envelope)
    assert mail["From"].addresses[0].addr_spec == "hoso@example.gov.vn"
    assert mail["Reply-To"] == "hoi@example.gov.vn"


async def test_what_an_agency_does_not_say_is_as_for_all():
    (envelope,) = await sent(message(EMAIL, agency="H01.14"), agencies={"H01.14": {"sender_name": "Sở Mẫu"}})
    assert read(envelope)["From"] == "Sở Mẫu <hoso@example.gov.vn>"


async def test_without_a_bounce_domain_bounces_come_to_the_domain_of_the_sender():
    (envelope,) = await sent(message(EMAIL, agency="H01.14"), agencies=AGENCIES)
    assert "@so.example.gov.vn>" in envelope.mail


async def test_with_a_bounce_domain_all_bounces_come_there():
    (envelope,) = await sent(message(EMAIL, agency="H01.14"), agencies=AGENCIES, bounce_domain="bounce.example.gov.vn")
    assert "@bounce.example.gov.vn>" in envelope.mail


async def test_mail_that_may_be_stopped_says_how_with_one_click():
    (envelope,) = await sent(message(EMAIL, stop_link=STOP))
    mail = read(envelope)
    assert (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) == (f"<{STOP}>", "List-Unsubscribe=One-Click")


async def test_a_notice_that_must_be_given_offers_no_stopping():
    (envelope,) = await sent(message(EMAIL))
    assert "List-Unsubscribe" not in read(envelope)


async def test_a_domain_in_any_language_is_written_in_ascii():
    (envelope,) = await sent(to("lan@thư.example.vn"))
    assert (envelope.rcpt.split()[1], read(envelope)["To"]) == (
        "TO:<lan@xn--th-e0a.example.vn>",
        "lan@xn--th-e0a.example.vn",
    )


async def test_a_name_in_any_language_goes_to_a_relay_that_takes_it():
    (envelope,) = await sent(to("lê@dan.example.vn"), peer=SmtpPeer(extensions=UTF8))
    assert envelope.mail.endswith(" SMTPUTF8")
    assert envelope.rcpt == "RCPT TO:<lê@dan.example.vn>"
    assert "\nTo: lê@dan.example.vn\r\n" in envelope.data.decode()


async def test_an_address_in_ascii_asks_nothing_special_of_the_relay():
    (envelope,) = await sent(message(EMAIL), peer=SmtpPeer(extensions=UTF8))
    assert "SMTPUTF8" not in envelope.mail


async def test_a_name_in_another_language_cannot_be_told_over_a_relay_that_takes_none():
    peer = SmtpPeer()
    async with running(peer):
        channel = SmtpChannel(Settings.model_validate(email_settings(peer.port).model_dump()))
        assert await channel.send(to("lê@dan.example.vn")) == Permanent("no_smtputf8", "recipient")
        assert await channel.send(to("binh@dan.example.vn"))
        await channel.close()
    assert (peer.connections, len(peer.taken)) == (1, 1)
