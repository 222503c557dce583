"""Did this person get this notice? The answer for every way a delivery can stand, in both languages."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from notifier.audit.verdict import ANSWERS, Answer, Standing, Way, standing, verdict
from notifier.audit.verdict_words import NEXT, SENTENCES, in_order, next_on, sentence
from notifier.domain.content import ContentKind
from notifier.domain.deliveries import DeliveryState, Position
from notifier.domain.ids import ChannelName, DeliveryId, ProviderName
from notifier.domain.reasons import Reason, ReasonCode
from tests.support.events import local

SINCE, DUE, EXPIRES = local(19, 9, 30), local(19, 10, 30), local(21, 17)
STATE, STANDING = DeliveryState, Standing


def way(state: DeliveryState, channel: str = "zalo", kind: ContentKind = ContentKind.ZALO, **other) -> Way:
    made = Way(
        id=DeliveryId(UUID(int=1)),
        channel=ChannelName(channel),
        kind=kind,
        position=Position.FIRST,
        rank=0,
        state=state,
        since=SINCE,
        due_at=None,
        expires_at=EXPIRES,
        provider=ProviderName("zalo-tinh"),
        proves=True,
    )
    return replace(made, **other)


def inbox(state: DeliveryState) -> Way:
    return way(state, "portal", ContentKind.INBOX, provider=ProviderName("portal"))


REFUSED = Reason(ReasonCode.REFUSED, {"code": "-118"})
QUIET = Reason(ReasonCode.QUIET_HOURS, {"until": "07:00 20/11/2026"})
CASES = {
    STANDING.READ: (way(STATE.READ), "Có. Người nhận đã xem thông báo qua Zalo lúc 09:30 19/11/2026."),
    STANDING.DELIVERED: (way(STATE.DELIVERED), "Có. Thông báo đã đến qua Zalo lúc 09:30 19/11/2026; chưa biết đã xem hay chưa."),
    STANDING.TAKEN: (
        way(STATE.ACCEPTED, proves=False),
        "Có, theo những gì biết được. Đã giao cho zalo-tinh lúc 09:30 19/11/2026; Zalo ở đây không có biên nhận.",
    ),
    STANDING.AWAITED: (
        way(STATE.ACCEPTED, due_at=DUE),
        "Chưa rõ, đang chờ. zalo-tinh đã nhận thông báo (Zalo) lúc 09:30 19/11/2026; chờ biên nhận đến 10:30 19/11/2026.",
    ),
    STANDING.ASKING: (
        way(STATE.UNKNOWN, due_at=DUE),
        "Chưa rõ, đang chờ. Không biết zalo-tinh đã nhận thông báo (Zalo) hay chưa; kiểm tra lại lúc 10:30 19/11/2026.",
    ),
    STANDING.SENDING: (
        way(STATE.SENDING, due_at=DUE),
        "Chưa. Thông báo đang được gửi qua Zalo, từ 09:30 19/11/2026.",
    ),
    STANDING.PLANNED: (
        way(STATE.PLANNED, due_at=DUE),
        "Chưa. Thông báo sẽ được gửi qua Zalo lúc 10:30 19/11/2026.",
    ),
    STANDING.HELD: (
        way(STATE.HELD, due_at=DUE, reason=QUIET),
        "Chưa. Thông báo sẽ được gửi qua Zalo lúc 10:30 19/11/2026: giờ yên tĩnh, chờ đến 07:00 20/11/2026.",
    ),
    STANDING.STANDBY: (
        way(STATE.STANDBY, due_at=DUE, reason=Reason(ReasonCode.FALLBACK_WAITS, {"after": "zalo"})),
        "Chưa. Zalo là kênh dự phòng: chỉ gửi nếu zalo không đến được.",
    ),
    STANDING.UNPROVEN: (
        way(STATE.ACCEPTED),
        "Không chắc. zalo-tinh đã nhận thông báo (Zalo), nhưng không có biên nhận nào đến.",
    ),
    STANDING.UNKNOWN: (
        way(STATE.UNKNOWN),
        "Không chắc. Không biết zalo-tinh đã nhận thông báo (Zalo) hay chưa, và không hỏi thêm được.",
    ),
    STANDING.IN_INBOX: (
        inbox(STATE.DELIVERED),
        "Không chắc. Thông báo nằm trong hộp thư trên Cổng từ 09:30 19/11/2026, chưa được mở; không kênh nào khác báo được.",
    ),
    STANDING.OVERTAKEN: (
        way(STATE.SUPERSEDED, reason=Reason(ReasonCode.GATHERED, {"count": "3"})),
        "Không gửi nữa: đã gộp 3 việc vào một tin.",
    ),
    STANDING.FAILED: (way(STATE.FAILED, reason=REFUSED), "Không. Zalo không gửi được: nhà cung cấp từ chối hẳn (-118)."),
    STANDING.EXPIRED: (
        way(STATE.EXPIRED, reason=Reason(ReasonCode.DEADLINE_PASSED)),
        "Không. Zalo: quá hạn gửi, tin không còn giá trị.",
    ),
    STANDING.CANCELLED: (
        way(STATE.CANCELLED, reason=Reason(ReasonCode.OPERATOR_DROP, {"by": "an", "why": "trùng"})),
        "Không. Zalo đã hủy: an cho dừng: trùng.",
    ),
    STANDING.SUPPRESSED: (
        way(STATE.SUPPRESSED, reason=Reason(ReasonCode.NO_CONSENT)),
        "Không. Zalo không được dùng: hồ sơ không đồng ý nhận qua kênh này.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("expected", list(CASES))
def test_each_standing_has_its_sentence(expected: Standing):
    one, said = CASES[expected]
    found = verdict([one])
    assert (found.standing, sentence(found, "vi")) == (expected, said)


def test_who_has_no_way_is_told_so():
    assert sentence(verdict([]), "vi") == "Không. Không có cách nào để báo cho người này."


def test_every_case_is_tested():
    assert {*CASES, Standing.NOBODY} == set(Standing) == set(SENTENCES) == set(ANSWERS)


@pytest.mark.parametrize("expected", list(CASES))
def test_the_answer_begins_as_it_is_meant(expected: Standing):
    one, _ = CASES[expected]
    begins = {
        Answer.YES: ("Yes",),
        Answer.WAIT: ("Not yet", "Not known yet"),
        Answer.UNSURE: ("Not certain",),
        Answer.NEEDLESS: ("Not sent any more",),
        Answer.NO: ("No.",),
    }
    assert sentence(verdict([one]), "en").startswith(begins[ANSWERS[expected]])


@pytest.mark.parametrize("state", list(DeliveryState))
@pytest.mark.parametrize("due", [None, DUE])
@pytest.mark.parametrize("proves", [True, False])
def test_no_sentence_lacks_a_value(state, due, proves):
    one = way(state, due_at=due, proves=proves, reason=REFUSED)
    assert "{" not in sentence(verdict([one]), "vi") + sentence(verdict([one]), "en") + (next_on(one, "vi") or "")


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ([way(STATE.FAILED, reason=REFUSED), way(STATE.DELIVERED, "sms", ContentKind.SMS)], Standing.DELIVERED),
        ([way(STATE.CANCELLED, "sms"), way(STATE.READ)], Standing.READ),
        ([way(STATE.FAILED, reason=REFUSED), way(STATE.STANDBY, "sms")], Standing.STANDBY),
        ([way(STATE.FAILED, reason=REFUSED), inbox(STATE.DELIVERED)], Standing.IN_INBOX),
        ([way(STATE.FAILED, reason=REFUSED), inbox(STATE.READ)], Standing.READ),
        ([way(STATE.ACCEPTED, due_at=DUE), inbox(STATE.DELIVERED)], Standing.AWAITED),
        ([way(STATE.UNKNOWN), inbox(STATE.DELIVERED)], Standing.UNKNOWN),
        ([way(STATE.SUPPRESSED), way(STATE.FAILED, "sms")], Standing.FAILED),
    ],
)
def test_the_best_that_is_known_is_the_answer(ways, expected):
    assert verdict(ways).standing is expected


def test_a_yes_needs_no_more_words():
    assert "hộp thư" not in sentence(verdict([way(STATE.READ), inbox(STATE.DELIVERED)]), "vi")


def test_a_notice_under_way_that_lies_in_the_inbox_too_says_both():
    found = verdict([way(STATE.ACCEPTED, due_at=DUE), inbox(STATE.DELIVERED)])
    assert sentence(found, "vi").endswith("Thông báo cũng nằm trong hộp thư trên Cổng, chưa được mở.")


@pytest.mark.parametrize("expected", list(CASES))
def test_what_comes_next_is_said_of_what_is_not_over(expected: Standing):
    one, _ = CASES[expected]
    assert (next_on(one, "vi") is not None) == (
        expected in {*NEXT, Standing.FAILED, Standing.EXPIRED, Standing.UNKNOWN}
    )


def test_a_fallback_says_when_its_turn_is():
    one = way(STATE.STANDBY, position=Position.FALLBACK, rank=2)
    assert next_on(one, "vi") == "Dự phòng thứ 2: chỉ gửi nếu các kênh trước không đến được, trước 17:00 21/11/2026."


def test_fallbacks_come_last_in_their_order():
    first, second = (
        way(STATE.STANDBY, name, position=Position.FALLBACK, rank=rank) for name, rank in (("a", 2), ("b", 1))
    )
    assert [each.channel for each in in_order([first, second, way(STATE.READ)])] == ["zalo", "b", "a"]


def test_a_way_stands_by_its_own_state_whenever_it_is_asked():
    assert standing(way(STATE.READ, since=SINCE + timedelta(days=9))) is Standing.READ
