"""The quick form of a mail says exactly what the standard library's form says."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from channels.email_message import Sender, Skeleton
from notifier.domain.content import EmailContent
from notifier.domain.ids import DeliveryId
from tests.support.mail import composed, read

VIETNAMESE = "Đề nghị bổ sung hồ sơ trước 17:00, <b>(30/11)</b>; “ký” = =?utf-8?q?lừa?= \t\n\r\r\n."
TEXT = st.text(st.one_of(st.sampled_from(VIETNAMESE), st.characters(exclude_categories=("Cs", "Cc"))), max_size=80)
WORDS = st.lists(
    st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30), min_size=1, max_size=9
)
SUBJECTS = WORDS.map(" ".join)
SENDERS = st.builds(
    Sender,
    st.just("thongbao@example.gov.vn"),
    st.text("AaĐđệ ,.\"'()0", min_size=1, max_size=99).map(str.split).filter(bool).map(" ".join),
    st.sampled_from([None, "motcua@example.gov.vn"]),
)
CONTENTS = st.builds(EmailContent, SUBJECTS, TEXT, TEXT, st.one_of(st.none(), st.binary(min_size=1, max_size=200)))
MOMENTS = st.integers(0, 10**9).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@given(CONTENTS, SENDERS, st.uuids(), MOMENTS, st.sampled_from([None, "https://tb.example.gov.vn/u/abc"]))
def test_the_quick_form_reads_as_the_standard_librarys_form(
    content: EmailContent, sender: Sender, delivery: UUID, at: datetime, stop_link: str | None
):
    said = {"message_id": f"<{delivery.hex}@example.gov.vn>", "to": "le.thu@example.vn", "created_at": at}
    quick = Skeleton(sender).filled(content, delivery_id=DeliveryId(delivery), stop_link=stop_link, **said)
    assert read(quick) == read(composed(content, sender=sender, stop_link=stop_link, **said))


@given(CONTENTS, SENDERS, st.uuids())
def test_every_line_is_short_ascii_and_ends_as_mail_lines_do(content: EmailContent, sender: Sender, delivery: UUID):
    raw = Skeleton(sender).filled(
        content,
        delivery_id=DeliveryId(delivery),
        message_id="<1@example.gov.vn>",
        to="le.thu@example.vn",
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert all(len(line) <= 78 for line in lines)
    assert not any(b"\n" in line or b"\r" in line for line in lines)
