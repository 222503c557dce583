"""Dead letters without a database: what may be said about them, what speaks against a retry, what is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifier.audit.dead import (
    OF_KIND,
    Filters,
    Group,
    Kind,
    Letter,
    fault_of_name,
    fault_of_why,
    identifier,
    masked,
    moment,
)
from notifier.audit.dead_advice import ADVICE, KEPT, Advice, Kept, Ways, advice, advice_text, objection
from notifier.audit.dead_report import WIDTH, group_lines, item_lines
from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
WAYS = Ways(channels={"zalo", "sms"}, providers={"zalo", "esms"}, deduplicating={"esms"})
REFUSED = Reason(ReasonCode.REFUSED, {"code": "-118"})
LETTER = Letter(
    id=UUID("01980000-0000-7000-8000-000000000042"),
    event_id=UUID("01980000-0000-7000-8000-000000000001"),
    state=DeliveryState.FAILED,
    channel="zalo",
    provider="zalo",
    urgency=Urgency.URGENT,
    calls=1,
    at=NOW - timedelta(hours=1),
    created_at=NOW - timedelta(hours=2),
    expires_at=NOW,
    source="mcdt.angiang.gov.vn",
    external_id="01M832ZSD0EYM4VVH1YFNFX1DT",
    agency="H01.14",
    dossier="H01.14-261118-0039",
    type="hoso.yeu_cau_bo_sung",
    audience=Audience.CITIZEN,
    ref="citizen",
    reason=REFUSED,
    code="-118",
    words="recipient",
    called_at=NOW - timedelta(hours=1),
    uncertain=False,
    reached=None,
)
UNKNOWN = {"state": DeliveryState.UNKNOWN, "reason": Reason(ReasonCode.OUTCOME_UNKNOWN, {"code": "deadline"})}
LOST = {"reason": Reason(ReasonCode.RECEIPT_FAILED, {"code": "5"}), "channel": "sms", "provider": "esms"}


def objection_to(changes: dict[str, Any], *, reached_too: bool = False, until: datetime = NOW + timedelta(hours=48)):
    return objection(replace(LETTER, **changes), WAYS, until, NOW, reached_too=reached_too)


@pytest.mark.parametrize(
    ("changes", "against"),
    [
        ({}, None),
        ({"reached": "sms"}, Kept.REACHED),
        ({"under_way": "sms"}, Kept.UNDER_WAY),
        ({"overtaken": True}, Kept.OVERTAKEN),
        ({"channel": "email"}, Kept.CHANNEL_OFF),
        ({"provider": "gone"}, None),
        ({**UNKNOWN}, None),
        ({**UNKNOWN, "provider": "gone"}, Kept.CHANNEL_OFF),
        ({**LOST}, Kept.REMEMBERED),
        ({**LOST, "called_at": NOW - timedelta(hours=24)}, None),
        ({**LOST, "provider": "zalo"}, None),
    ],
)
def test_what_speaks_against_a_retry(changes, against):
    assert objection_to(changes) is against


@pytest.mark.parametrize("changes", [{"reached": "sms"}, {"under_way": "sms"}])
def test_an_operator_may_insist_where_another_way_reaches_the_person(changes):
    assert objection_to(changes, reached_too=True) is None


def test_an_operator_may_not_insist_on_what_a_later_status_has_overtaken():
    assert objection_to({"overtaken": True}, reached_too=True) is Kept.OVERTAKEN


def test_a_deadline_that_has_passed_already_speaks_against_a_retry():
    assert objection_to({}, until=NOW) is Kept.TOO_LATE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        (UNKNOWN, True),
        ({"uncertain": True, "reason": Reason(ReasonCode.BUDGET_SPENT, {"attempts": "6"})}, True),
        ({"uncertain": True, "reason": LOST["reason"]}, False),
    ],
)
def test_a_call_without_an_answer_may_have_been_taken_until_the_loss_is_proven(changes, expected):
    assert replace(LETTER, **changes).may_be_taken is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Advice.REFUSED),
        ({"overtaken": True, "reached": "sms"}, Advice.OVERTAKEN),
        ({"reached": "sms", **UNKNOWN}, Advice.REACHED),
        (UNKNOWN, Advice.MAY_ARRIVE_TWICE),
        ({**UNKNOWN, "provider": "esms"}, Advice.DROPS_DOUBLES),
        ({"state": DeliveryState.EXPIRED, "reason": Reason(ReasonCode.DEADLINE_PASSED)}, Advice.EXPIRED),
        ({"reason": Reason(ReasonCode.TEMPLATE_FAULT, {"template": "x", "fact": "y"})}, Advice.TEMPLATE),
        ({"reason": Reason(ReasonCode.BUDGET_SPENT, {"attempts": "6"})}, Advice.BUDGET),
    ],
)
def test_the_advice_names_the_most_important_thing_first(changes, expected):
    assert advice(replace(LETTER, **changes), WAYS.deduplicating) is expected


@pytest.mark.parametrize("each", list(Advice))
def test_every_advice_can_be_said_in_both_languages(each):
    assert all("{}" not in text and text.format(provider="zalo", reached="sms") for text in ADVICE[each])


def test_every_reason_to_keep_a_letter_can_be_said():
    assert set(KEPT) == set(Kept)


def test_the_advice_for_an_unknown_letter_warns_of_the_second_copy():
    unknown = replace(LETTER, **UNKNOWN)

    assert advice_text(unknown, (), "en") == "zalo may have sent it; a retry may arrive twice."


@pytest.mark.parametrize(
    "why",
    [
        "gọi 0912000303",
        "gọi +84 912 000 303",
        "gọi 0912.000.303 nhé",
        "thư của le.thu@example.vn",
        "số định danh 000085000303",
        "căn cước 123456789",
        "",
        "   ",
        "x" * 201,
    ],
)
def test_a_reason_with_personal_data_or_without_sense_is_refused(why):
    assert fault_of_why(why)


@pytest.mark.parametrize("why", ["hạn mức đã nâng", "vé hỗ trợ 20261125-7", "hồ sơ H01.14-261118-0039", "sau 15:30"])
def test_a_reason_that_names_nobody_is_taken(why):
    assert fault_of_why(why) is None


@pytest.mark.parametrize(("name", "is_taken"), [("an.ops", True), ("trực-ca_2", True), ("an@example.vn", False), ("", False), ("a b", False), ("0912000303", False)])  # fmt: skip
def test_an_operators_name_is_short_and_no_address(name, is_taken):
    assert (fault_of_name(name) is None) is is_taken


def test_masking_leaves_codes_of_dossiers_and_errors():
    text = "-118 H01.14-261118-0039 0912000303 le.thu@example.vn 9990000000000000101"

    assert masked(text) == "-118 H01.14-261118-0039 *** *** ***"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-25", "2026-11-25T00:00:00+07:00"),
        ("2026-11-25T08:00", "2026-11-25T08:00:00+07:00"),
        ("2026-11-25T08:00:00Z", "2026-11-25T08:00:00+00:00"),
    ],
)
def test_a_time_without_a_zone_is_vietnamese(text, expected):
    at = moment(text)

    assert at is not None
    assert at.isoformat() == expected


@pytest.mark.parametrize("text", ["", "hôm qua", "25/11/2026", "0001-01-01", "9999-12-31"])
def test_a_text_that_is_no_time_is_none(text):
    assert moment(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("17", 17), (str(LETTER.id), LETTER.id), ("", None), ("1" * 19, None), ("zalo", None), ("-1", None)],
)
def test_an_id_is_a_uuid_or_digits(text, expected):
    assert identifier(text) == expected


def test_only_the_filters_that_ask_for_something_are_named():
    filters = Filters(state=DeliveryState.FAILED, since=NOW, unreached=True, dossier="0912000303")

    assert filters.named() == {
        "state": "failed",
        "dossier": "***",
        "since": "2026-11-25T09:30:00+00:00",
        "unreached": "true",
    }


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_filtered_by_time(kind):
    assert {"since", "until"} <= OF_KIND[kind]


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_a_table_of_counts_fits_the_width(locale):
    long = Reason(
        ReasonCode.TEMPLATE_FAULT, {"fact": "ngay_hen_tra", "template": "hoso.yeu_cau_bo_sung/vi/citizen.jinja"}
    )
    groups = [
        Group(DeliveryState.EXPIRED, "zalo", "zalo", Reason(ReasonCode.DEADLINE_PASSED), "-144", "quota", 41_200, 398),
        Group(DeliveryState.FAILED, "sms", "second-gateway", long, None, "word " * 30, 1, 0),
    ]

    lines = list(group_lines(groups, locale))

    assert max(map(len, lines)) <= WIDTH
    assert "41200" in lines[1]


def test_a_letter_is_told_in_four_lines():
    assert list(item_lines(LETTER, (), "en")) == [
        "01980000-0000-7000-8000-000000000042  failed · zalo · citizen · 15:30:00 25/11/2026",
        "    dossier H01.14-261118-0039 · hoso.yeu_cau_bo_sung · mcdt.angiang.gov.vn · H01.14",
        "    refused for good (-118) [zalo: “recipient”]",
        "    → A retry helps only once the cause is mended; if the address is wrong, drop it.",
    ]
