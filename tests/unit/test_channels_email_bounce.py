"""Reports as mail servers really write them: wrapped, in one block, in the newer form, with fields left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.bounce_token import bounce_address, bounce_token
from channels.email_bounce import bounce_facts
from channels.email_smtp import authentic, facts
from notifier.domain.receipts import ENVELOPE_RECIPIENT, RawReceipt, ReceiptFact, ReceiptKind
from tests.contract.channels_cases import bounce, email_settings
from tests.support.channels import DELIVERY, receipt

SECRET = b"bounce-secret"
CAME_TO = bounce_address(bounce_token(DELIVERY, SECRET), "example.gov.vn")
FAILED = (ReceiptKind.FAILED, "5.1.1")
ABOUT = "Reporting-MTA: dns; mx.example.vn\nArrival-Date: Fri, 20 Nov 2026 08:59:00 +0700\n"
PERSON = (
    "Final-Recipient: rfc822; binh@dan.example.vn\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 no such user\n"
)


def report(fields: str, *, kind: str = "message/delivery-status", head: str = "report-type=delivery-status; ") -> bytes:
    return (
        f'From: MAILER-DAEMON@mx.example.vn\nTo: someone@example.gov.vn\nContent-Type: multipart/report; {head}boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\nNot delivered.\n--b\nContent-Type: {kind}\n\n{fields}\n--b--\n"
    ).encode()


def said(body: bytes) -> list[tuple[ReceiptKind, str | None]]:
    found = bounce_facts(body, SECRET, CAME_TO)
    assert {fact.delivery_id for fact in found} <= {DELIVERY}
    return [(fact.kind, fact.code) for fact in found]


@pytest.mark.parametrize(
    "fields",
    [
        f"{ABOUT}\n{PERSON}",
        f"{ABOUT}{PERSON}",
        PERSON,
        f"{ABOUT}\n{PERSON}".replace("\n", "\r\n"),
        f"{ABOUT}\n{PERSON}".replace("Action: failed", "action: FAILED (bad mailbox)"),
        f"{ABOUT}\n{PERSON}".replace("Action: failed\n", ""),
        f"{ABOUT}\n{PERSON}".replace("Status: 5.1.1\n", ""),
        f"{ABOUT}\n{PERSON}".replace("Final-Recipient: rfc822; binh@dan.example.vn\n", ""),
    ],
    ids=["whole", "one block", "no first block", "CRLF", "comment", "no action", "no status", "no recipient"],
)
def test_a_report_says_the_same_however_it_is_written(fields: str):
    assert said(report(fields)) == [FAILED]


def test_the_newer_form_for_addresses_in_utf8_is_read_too():
    fields = f"{ABOUT}\n{PERSON}".replace("rfc822; binh@", "utf-8; bình@")
    assert said(report(fields, kind="message/global-delivery-status")) == [FAILED]


def test_a_report_whose_type_is_not_named_is_read_by_its_part():
    assert said(report(f"{ABOUT}\n{PERSON}", head="")) == [FAILED]


def test_a_report_that_a_gateway_has_wrapped_is_found():
    inner = report(f"{ABOUT}\n{PERSON}").split(b"\n", 2)[2]
    wrapped = (
        b'To: x\nContent-Type: multipart/mixed; boundary="w"\n\n--w\n'
        + inner
        + b"\n--w\nContent-Type: text/plain\n\n--\n--w--\n"
    )
    assert said(wrapped) == [FAILED]


def test_a_report_within_a_mail_that_somebody_forwards_says_nothing():
    inner = report(f"{ABOUT}\n{PERSON}")
    forwarded = (
        b'To: x\nContent-Type: multipart/mixed; boundary="w"\n\n--w\nContent-Type: message/rfc822\n\n'
        + inner
        + b"\n--w--\n"
    )
    assert said(forwarded) == []


def test_a_status_part_outside_a_report_says_nothing():
    assert said(report(f"{ABOUT}\n{PERSON}").replace(b"multipart/report", b"multipart/mixed")) == []


def test_a_report_cut_off_in_the_middle_says_what_is_left_of_it():
    assert said(report(f"{ABOUT}\n{PERSON}").partition(b"Diagnostic-Code")[0]) == [FAILED]


@given(
    st.sets(st.integers(0, 5)),
    st.sampled_from(["delivered", "failed", "delayed", "relayed", ""]),
    st.sampled_from("245"),
)
def test_only_a_report_that_says_delivered_proves_a_delivery(dropped: set[int], action: str, class_: str):
    lines = f"{ABOUT}\n{PERSON}".replace("failed", action).replace("5.1.1", f"{class_}.1.1").split("\n")
    fields = "\n".join(line for place, line in enumerate(lines) if place not in dropped)
    is_said = f"Action: {action}" in fields and action == "delivered"
    assert (ReceiptKind.DELIVERED in [kind for kind, _ in said(report(fields))]) == is_said


def test_the_address_in_the_envelope_counts_and_not_that_in_the_headers():
    raw = RawReceipt(
        receipt("email").provider, "LMTP", None, {ENVELOPE_RECIPIENT: "bounce@example.gov.vn"}, {}, bounce()
    )
    assert facts(raw, email_settings()) == ()


def mailed(came_to: str, method: str = "LMTP") -> RawReceipt:
    return RawReceipt(receipt("email").provider, method, None, {ENVELOPE_RECIPIENT: came_to}, {}, bounce("failed"))


def test_mail_is_genuine_by_the_token_in_its_address_alone():
    assert authentic(mailed(CAME_TO), email_settings())
    assert not authentic(mailed(CAME_TO.replace("bounce+0", "bounce+1")), email_settings())
    assert not authentic(mailed("thongbao@example.gov.vn"), email_settings())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_posts_a_token_over_http_needs_the_receipt_key_all_the_same(method: str):
    assert not authentic(mailed(CAME_TO, method), email_settings())


def test_what_the_envelope_and_the_report_say_must_agree():
    other = bounce_token(type(DELIVERY)(int=7), SECRET)
    fields = f"Original-Envelope-Id: {other}\n{ABOUT}\n{PERSON}"
    found: tuple[ReceiptFact, ...] = bounce_facts(report(fields), SECRET, CAME_TO)
    assert found == ()
