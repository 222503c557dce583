"""Headers in Vietnamese survive the way to the reader, word for word."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from channels.email_message import Sender, Skeleton
from notifier.domain.content import EmailContent
from notifier.domain.ids import DeliveryId

WORDS = st.sampled_from(
    ["Đề", "nghị", "bổ", "sung", "hồ", "sơ", "H01.14-261118-0039", "trước", "17:00", "(30/11)", "Mẫu"]
)


def composed(subject: str, sender: str) -> bytes:
    return Skeleton(Sender("thongbao@example.gov.vn", sender)).filled(
        EmailContent(subject, "văn bản", "<p>văn bản</p>"),
        delivery_id=DeliveryId(UUID(int=1)),
        message_id="<1@example.gov.vn>",
        to="le.thu@example.vn",
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


@given(st.lists(WORDS, min_size=1, max_size=30), st.lists(WORDS, min_size=1, max_size=12))
def test_no_space_is_lost_where_a_header_is_folded(subject: list[str], sender: list[str]):
    raw = composed(" ".join(subject), " ".join(sender))
    read = message_from_bytes(raw, policy=policy.compat32)
    assert str(make_header(decode_header(read["Subject"]))) == " ".join(subject)
    assert str(make_header(decode_header(read["From"]))) == " ".join(sender) + " <thongbao@example.gov.vn>"


@given(st.lists(WORDS, min_size=1, max_size=30))
def test_every_header_line_is_short_ascii(subject: list[str]):
    head = composed(" ".join(subject), "Hành chính công").split(b"\r\n\r\n")[0]
    assert all(len(line) <= 78 and line.isascii() for line in head.split(b"\r\n"))


def test_a_line_break_in_a_subject_starts_no_header():
    read = message_from_bytes(composed("Hồ sơ\r\nBcc: ai.do@example.vn", "Mẫu"), policy=policy.default)
    assert read["Bcc"] is None
