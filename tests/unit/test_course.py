"""Where a dossier stands on its way, and whose part of its story is whose."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifier.domain.dossiers import Status
from notifier.domain.ids import DeliveryId, DossierCode, EventId, EventType, ExternalId
from notifier.domain.masks import masked_email, masked_phone
from notifier.store.events import ClaimedEvent
from notifier.store.inbox import InboxMessage
from notifier.web.pages.citizen.inbox import by_dossier
from notifier.web.pages.citizen.story import appointment, asking, own_part, story_of, with_details
from notifier.web.pages.course import standing
from tests.support.intake import NOW, PROVINCE, event
from workers.steps.understanding import all_understood


def claimed(number: int, changes: dict | None = None, *, of: str = "02") -> ClaimedEvent:
    document = event({"/seq": number, **(changes or {})}, of=of)
    at = NOW + timedelta(minutes=number)
    return ClaimedEvent(
        id=EventId(UUID(int=number)),
        source=PROVINCE.name,
        external_id=ExternalId(str(number)),
        type=EventType(document["type"]),
        occurred_at=at,
        received_at=at,
        seq=number,
        document=document["data"],
        details=None,
    )


def told_story(*events: ClaimedEvent):
    story = story_of(all_understood(with_details(events), {PROVINCE.name: PROVINCE}))
    assert story is not None
    return story


def marks(status: Status | None, *, taken_in: bool = False) -> str:
    """First letters: done, here, ahead, never."""
    return "".join(stage.mark[0] for stage in standing(status, taken_in=taken_in).stages)


@pytest.mark.parametrize(
    ("status", "taken_in", "line"),
    [
        (None, False, "haaa"),
        (Status.NEW, False, "haaa"),
        (Status.ACCEPTED, True, "haaa"),
        (Status.PROCESSING, True, "dhaa"),
        (Status.STOPPED, True, "dhaa"),
        (Status.DONE, True, "ddha"),
        (Status.RETURNED, True, "dddh"),
        (Status.SUPPLEMENT_REQUESTED, False, "haaa"),
        (Status.SUPPLEMENT_REQUESTED, True, "dhaa"),
        (Status.PAYMENT_REQUESTED, True, "dhaa"),
        (Status.REFUSED, False, "hnnn"),
        (Status.WITHDRAWN, False, "hnnn"),
        (Status.WITHDRAWN, True, "dhnn"),
    ],
)
def test_every_status_has_its_place_on_the_line(status, taken_in, line):
    assert marks(status, taken_in=taken_in) == line


@pytest.mark.parametrize("status", [None, *Status])
def test_every_status_is_said_in_both_languages(status):
    stands = standing(status, taken_in=True)
    assert all(text.strip() for words in (stands.name, stands.meaning) for text in words)


@pytest.mark.parametrize(
    ("told", "mine"),
    [
        ((True, True, True), (1, 2, 3)),
        ((True, False, True), (1, 3)),
        ((True, False, None), (1,)),
        ((True, None, False), (1, 2)),
        ((None, True, None), (1, 2, 3)),
        ((False, None, True), (3,)),
        ((False, False, None), ()),
    ],
)
def test_what_follows_somebody_elses_notice_is_theirs_until_one_is_told_again(told, mine):
    events = [claimed(number) for number in (1, 2, 3)]
    whose = {each.id: by for each, by in zip(events, told, strict=True)}
    assert tuple(int(each.id) for each in own_part(events, whose)) == mine


def test_an_event_that_is_not_routed_yet_is_nobodys():
    assert own_part([claimed(1)], {}) == []


def test_a_short_progress_record_keeps_what_was_known_of_the_dossier():
    short = {"/data/HoSo": {"MaHoSo": "H01.14-261119-0042", "TrangThaiHoSo": "4"}, "/type": "hoso.dang_xu_ly"}
    story = told_story(claimed(1), claimed(2, short))
    assert (story.last.dossier.procedure_name, story.docket.status) == (
        "Đăng ký thành lập hộ kinh doanh",
        Status.PROCESSING,
    )


def test_papers_are_asked_for_only_as_long_as_the_dossier_waits_for_them():
    waiting, going_on = claimed(1, of="05"), claimed(2, {"/type": "hoso.da_bo_sung", "/data/HoSo/TrangThaiHoSo": "4"})
    asked = asking(told_story(waiting))
    assert asked is not None
    assert asked.supplement is not None
    assert asking(told_story(waiting, going_on)) is None


def test_an_appointment_is_shown_until_it_is_over_or_called_off():
    slot = {"/type": "lichhen.dat", "/data/LichHen": {"ThoiGianHen": "2026-11-24T08:00:00+07:00", "SoPhieu": "A12"}}
    booked = claimed(1, slot)
    assert appointment(told_story(booked), NOW) is not None
    assert appointment(told_story(booked), NOW + timedelta(days=3)) is None
    assert appointment(told_story(booked, claimed(2, {"/type": "lichhen.huy"})), NOW) is None


def test_the_inbox_puts_unread_dossiers_first_and_then_the_newest():
    messages = [
        message(1, "A", unread=True),
        message(2, "B"),
        message(3, "A"),
        message(4, "C"),
        message(5, "D", unread=True),
    ]
    assert [[(each.dossier_code, each.seq) for each in group] for group in by_dossier(messages)] == [
        [("D", 5)],
        [("A", 1), ("A", 3)],
        [("C", 4)],
        [("B", 2)],
    ]


def message(seq: int, code: str, *, unread: bool = False) -> InboxMessage:
    id_, read_at = DeliveryId(UUID(int=seq)), None if unread else NOW
    return InboxMessage(seq, id_, "t", "b", None, PROVINCE.name, DossierCode(code), NOW, read_at, None)


def test_a_contact_is_shown_by_its_ends():
    assert (masked_phone("+84912000101"), masked_email("nguyen.mau@example.vn")) == (
        "+84 9•• ••• 101",
        "n•••@example.vn",
    )
