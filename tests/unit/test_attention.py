"""What needs a human, as a table: one thing that is not as it should be, and how it is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from notifier.delivery.gate import Circuit, ProviderState, Punctuality
from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, DossierCode, EventType, ExternalId, ProviderName, SourceName
from notifier.domain.reach import EVERYWHERE, reach_from
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.accounts import AccountRecord
from notifier.store.endpoints import EndpointState
from notifier.store.gaps import Gap
from notifier.store.now import Noted, Processes
from notifier.store.pauses import Kind, Pause
from notifier.store.providers import Standing
from notifier.store.traffic import Waiting
from notifier.store.untold import Lack
from notifier.web.pages.console.attention import findings
from notifier.web.pages.console.finding import Weight
from notifier.web.pages.console.snapshot import Grant, Snapshot

AT = datetime(2026, 11, 25, 3, tzinfo=UTC)
AGO = AT - timedelta(hours=1)
NONE = Noted(0, None)
ESMS, ZALO = ProviderName("esms"), ProviderName("zalo")
SOURCE = SourceName("its.example.gov.vn")
CALLS = dict.fromkeys(("accepted", "throttled", "transient", "permanent", "unknown", "proven", "late"), 0)
STATE = ProviderState(ESMS, ChannelName("sms"), Circuit.CLOSED, AT)
STANDING = Standing(STATE, AGO, None, 0, None, None, None, None, CALLS)
GRANT = Grant(ZALO, AT, None, AT + timedelta(days=90), AccountRecord(is_verified=True))
WELL = Snapshot(
    at=AT,
    within=EVERYWHERE,
    waiting=[Waiting("delivery", Urgency.NORMAL, SOURCE, 3, AT - timedelta(seconds=5))],
    standings=[STANDING],
    accepted_last={ESMS: AT},
    receipts={ESMS: Punctuality(100, 3)},
    grants=[GRANT],
    pauses=[],
    processes=Processes(["w1"], "d1"),
    workers=dict.fromkeys(Urgency, 1),
    dead=NONE,
    stuck=NONE,
    orphaned=NONE,
    unread=NONE,
    untold=dict.fromkeys(Lack, NONE),
    gaps=[],
    unheard=[],
    years_missing=[],
    endpoints=[EndpointState(SOURCE, True, None, None, None, 0, None)],
)
GAP = Gap(SOURCE, DossierCode("D-1"), 2, 3, AGO, 4, EventType("t"), ExternalId("x"), (), None)

OTHERS = replace(GAP, dossier_code=DossierCode("D-2"))


def standing(circuit: Circuit = Circuit.CLOSED, reason: ReasonCode | None = None, **more: object) -> list[Standing]:
    state = replace(STATE, circuit=circuit, until=AT + timedelta(seconds=5), trips=3)
    return [replace(STANDING, state=state, reason=reason and Reason(reason), **more)]


def waits(lane: Urgency, kind: str = "delivery") -> list[Waiting]:
    return [Waiting(kind, lane, SOURCE, 7, AGO)]


def account(**known: object) -> list[Grant]:
    return [replace(GRANT, account=AccountRecord(**known))]


def untold(lack: Lack) -> dict[Lack, Noted]:
    return {**WELL.untold, lack: Noted(4, AGO)}


STOP, WAIT = Weight.STOP, Weight.WAIT
PAUSED = Pause(Kind.SOURCE, SOURCE, AGO, "operator:lan", "đối soát")
TABLE = {
    "redis away": ({"workers": None}, STOP, "Redis", None),
    "no worker": ({"workers": {**WELL.workers, Urgency.BULK: 0}}, STOP, "không gấp", None),
    "no dispatcher": ({"processes": Processes(["w1"], None)}, STOP, "điều phối", None),
    "urgent waits": ({"waiting": waits(Urgency.URGENT)}, STOP, "7 việc chờ quá lâu", AGO),
    "bulk waits": ({"waiting": waits(Urgency.BULK)}, WAIT, "7 việc chờ quá lâu", AGO),
    "paused provider": ({"standings": standing(Circuit.PAUSED)}, WAIT, "esms đang tạm dừng", AGO),
    "quota used up": (
        {"standings": standing(Circuit.OPEN, ReasonCode.PROVIDER_DAY_SPENT)}, STOP, "hết số tin trong ngày", AGO),
    "open for long": ({"standings": standing(Circuit.OPEN), "accepted_last": {ESMS: AGO}}, STOP, "không nhận tin", AGO),
    "probed for long": ({"standings": standing(Circuit.HALF_OPEN), "accepted_last": {}}, STOP, "không nhận tin", AGO),
    "quota nearly used up": (
        {"standings": standing(remaining=4, daily=100, remaining_at=AGO)}, WAIT, "chỉ còn 4/100", AGO),
    "late receipts": ({"receipts": {ESMS: Punctuality(100, 60)}}, WAIT, "60/100", None),
    "unread receipts": ({"unread": Noted(9, AGO)}, WAIT, "9 biên nhận chờ đọc", AGO),
    "receipts of nothing": ({"orphaned": Noted(2, AGO)}, WAIT, "không khớp tin nào", AGO),
    "no grant": ({"grants": [replace(GRANT, rotated_at=None, ends_at=None)]}, STOP, "chưa được cấp quyền", None),
    "lost grant": ({"grants": [replace(GRANT, rotated_at=AGO, lost="-14019")]}, STOP, "mất quyền", AGO),
    "grant ends": ({"grants": [replace(GRANT, ends_at=AT + timedelta(days=3))]}, WAIT, "hết hạn", None),
    "not verified": ({"grants": account(is_verified=False)}, STOP, "chưa xác thực", None),
    "package ends": ({"grants": account(package_until=date(2026, 12, 1))}, WAIT, "01/12/2026", None),
    "paused source": ({"pauses": [PAUSED]}, WAIT, "đang tạm dừng: sự kiện chờ", AGO),
    "paused channel": ({"pauses": [replace(PAUSED, kind=Kind.CHANNEL, name="sms")]}, WAIT, "Kênh sms", AGO),
    "dead letters": ({"dead": Noted(5, AGO)}, STOP, "5 tin không gửi được", AGO),
    "stuck events": ({"stuck": Noted(1, AGO)}, STOP, "1 sự kiện không đọc được", AGO),
    "nobody to be told": ({"untold": untold(Lack.RECIPIENT)}, WAIT, "4 sự kiện hôm nay không nêu", AGO),
    "no contact": ({"untold": untold(Lack.CONTACT)}, WAIT, "4 sự kiện hôm nay có người không liên hệ được", AGO),
    "silent source": ({"unheard": [SOURCE]}, WAIT, "im lặng", None),
    "gaps": ({"gaps": [GAP, replace(GAP, first=7), OTHERS]}, WAIT, "thiếu sự kiện ở 2 hồ sơ", AGO),
    "nobody listens": (
        {"endpoints": [EndpointState(SOURCE, True, None, AGO, "410", 6, AGO)]}, WAIT, "6 đang chờ", AGO),
    "calendar of this year": ({"years_missing": [2026]}, STOP, "năm 2026", None),
    "calendar of next year": ({"years_missing": [2027]}, WAIT, "năm 2027", None),
}  # fmt: skip


def test_where_all_is_well_nothing_needs_a_human():
    assert findings(WELL) == []


@pytest.mark.parametrize("name", list(TABLE))
def test_what_is_not_as_it_should_be_is_told_with_its_weight_and_since_when(name):
    changes, weight, words, since = TABLE[name]
    (found,) = findings(replace(WELL, **changes))
    assert (found.weight, words in found.what[0], found.since) == (weight, True, since), found
    assert all([*found.what, *found.todo])


def test_events_of_a_paused_source_wait_without_another_word():
    (only,) = findings(replace(WELL, pauses=[PAUSED], waiting=waits(Urgency.URGENT, "event")))
    assert "tạm dừng" in only.what[0]


def test_who_sees_some_agencies_is_told_that_the_province_is_slow_without_its_numbers():
    """Nothing of theirs waits, but it would, behind what is everybody's."""
    others = [Waiting("delivery", Urgency.URGENT, SOURCE, 0, AGO)]
    endpoint = EndpointState(SOURCE, True, None, AGO, "410", 987, AGO)
    mine = replace(
        WELL, within=reach_from({}, ["H01.14"]), waiting=others, unread=Noted(987, AGO), endpoints=[endpoint]
    )
    found = findings(mine)
    assert [each.since for each in found] == [AGO, AGO, AGO]
    assert "của toàn tỉnh chậm" in found[0].what[0]
    assert not [text for each in found for text in (*each.what, *each.todo) if "987" in text or text.startswith("0")]


def test_a_provider_that_opened_a_moment_ago_is_left_to_itself():
    assert findings(replace(WELL, standings=standing(Circuit.OPEN))) == []


def test_the_worst_comes_first_and_then_the_oldest():
    older = AGO - timedelta(hours=1)
    found = findings(replace(WELL, unread=Noted(1, older), stuck=Noted(1, AGO), dead=Noted(1, older)))
    assert [(each.weight, each.since) for each in found] == [(STOP, older), (STOP, AGO), (WAIT, older)]
