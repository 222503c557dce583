"""What the coverage report counts: reminders, their reasons, officers, agencies."""

from dataclasses import replace

import pytest

from notifier.domain.deliveries import DeliveryState
from notifier.domain.directory import Agency, Officer, by_every_code
from notifier.domain.reasons import ReasonCode
from notifier.reminders.reports import coverage_sheets
from notifier.reminders.reports.coverage import MISSES, Fact, Miss, Owed, Steps, is_covered, missed
from notifier.reminders.reports.sheets import Sheet, clean, share
from notifier.reminders.reports.units import Agencies
from tests.support.report_cells import AGENCIES, AN, cells, total

_D = DeliveryState


# Percentages and texts


@pytest.mark.parametrize(
    ("part", "whole", "percent"), [(1, 3, 33.3), (2, 3, 66.6), (9999, 10_000, 99.9), (5, 5, 100.0), (0, 0, None)]
)
def test_a_share_is_rounded_down_so_that_only_all_is_a_hundred_percent(part, whole, percent):
    assert share(part, whole) == percent


def test_a_cell_holds_nothing_that_moves_the_cursor_or_turns_the_line():
    assert clean("UBND\x1b[2J xã\u202e\r\nMẫu\x00") == "UBND [2J xã   Mẫu"


# Coverage


@pytest.mark.parametrize("state", [_D.DELIVERED, _D.READ])
def test_a_reminder_is_covered_once_zalo_says_that_it_arrived_or_was_read(state):
    assert is_covered(Fact(state))


@pytest.mark.parametrize(
    ("state", "reason", "miss"),
    [
        (None, None, Miss.NOT_BY_RULE),
        (_D.SUPPRESSED, ReasonCode.NO_ZALO_LINK, Miss.NO_LINK),
        (_D.SUPPRESSED, ReasonCode.CHANNEL_OFF, Miss.CHANNEL_OFF),
        (_D.SUPPRESSED, ReasonCode.LINKED_SOURCE, Miss.SUPPRESSED),
        (_D.STANDBY, None, Miss.WAITING),
        (_D.PLANNED, None, Miss.WAITING),
        (_D.HELD, None, Miss.WAITING),
        (_D.SENDING, None, Miss.WAITING),
        (_D.ACCEPTED, None, Miss.NO_RECEIPT),
        (_D.UNKNOWN, None, Miss.UNKNOWN),
        (_D.FAILED, ReasonCode.REFUSED, Miss.REFUSED),
        (_D.EXPIRED, None, Miss.EXPIRED),
        (_D.CANCELLED, ReasonCode.FALLBACK_NOT_NEEDED, Miss.ELSEWHERE),
        (_D.CANCELLED, ReasonCode.REMINDER_OUTDATED, Miss.CANCELLED),
        (_D.CANCELLED, ReasonCode.OPERATOR_DROP, Miss.CANCELLED),
        (_D.SUPERSEDED, ReasonCode.LATER_STATUS, Miss.OVERTAKEN),
    ],
)
def test_a_reminder_that_is_missing_has_one_reason(state, reason, miss):
    assert missed(Fact(state, reason)) is miss


def test_every_state_is_covered_or_has_a_reason_that_can_be_read():
    assert all(is_covered(Fact(state)) or MISSES[missed(Fact(state))] for state in DeliveryState)


LINK = Fact(_D.SUPPRESSED, ReasonCode.NO_ZALO_LINK, instead="sms")


def coverage(*owed: Owed, steps: tuple[Steps, ...] = (), officers: tuple[Officer, ...] = ()) -> dict[str, Sheet]:
    by_type = [replace(each, agency=None, officer="") for each in owed]
    made = coverage_sheets.sheets(owed, by_type, steps, AGENCIES, {each.code: each for each in officers})
    return {sheet.name: sheet for sheet in made}


def owed(fact: Fact, count: int = 1, *, agency="H01.14", officer="an", type="hoso.chuyen_buoc") -> Owed:  # noqa: A002
    return Owed(fact, count, agency, officer, type)


def test_an_agency_is_one_row_whichever_of_its_codes_events_use():
    found = coverage(owed(Fact(_D.READ), 3), owed(LINK, 1, agency="000.14.00.H01"))

    assert cells(found["agencies"], "agency", "agency_name", "owed", "covered", "covered_percent", "missed") == [
        ("H01.14", "UBND xã Bình Mẫu", 4, 3, 75.0, 1)
    ]


def test_an_officer_is_one_row_however_events_spell_the_code():
    found = coverage(owed(Fact(_D.READ), 3, officer="An"), owed(LINK, 1), officers=(AN,))

    assert cells(found["officers"], "officer", "officer_name", "owed", "main_reason") == [
        ("an", "Trần Văn An", 4, "Cán bộ chưa liên kết Zalo")
    ]


def test_steps_and_our_own_reminders_are_summed_apart():
    found = coverage(owed(Fact(_D.READ), 3), owed(LINK, 1, type="han.buoc_qua"))

    assert cells(found["summary"], "group", "owed", "covered", "covered_percent") == [
        ("Bước xử lý hồ sơ", 3, 3, 100.0),
        ("Nhắc hạn", 1, 0, 0.0),
    ]
    assert total(found["summary"], "owed", "covered", "covered_percent") == (4, 3, 75.0)


def test_a_reason_says_which_other_channels_reached_the_officers():
    refused = Fact(_D.FAILED, ReasonCode.REFUSED, "-118", instead="sms")
    found = coverage(owed(refused, 2), owed(replace(refused, instead="email"), 1), owed(LINK, 1))

    assert cells(found["reasons"], "reason", "code", "missed", "missed_percent", "instead", "channels") == [
        ("Zalo không gửi được", "-118", 3, 75.0, 3, "sms: 2, email: 1"),
        ("Cán bộ chưa liên kết Zalo", "", 1, 25.0, 1, "sms: 1"),
    ]


def test_officers_whom_zalo_never_reached_are_listed_with_those_who_have_no_link():
    silent = Officer("binh", "Lê Bình", unit="H01.27")
    reached = Officer("chi", "Võ Chi", unit="H01.27")
    found = coverage(
        owed(Fact(_D.FAILED, ReasonCode.REFUSED, "-118"), 2),
        owed(Fact(_D.READ), officer="chi"),
        owed(LINK, officer="dung"),
        officers=(AN, silent, reached),
    )

    assert cells(found["unreached"], "officer", "linked", "owed", "main_reason") == [
        ("an", "có", 2, "Zalo không gửi được"),
        ("dung", "không có trong danh bạ", 1, "Cán bộ chưa liên kết Zalo"),
        ("binh", "chưa", 0, ""),
    ]


def test_officers_without_a_code_are_not_taken_for_one_of_that_name():
    found = coverage(owed(LINK, officer="handler-1"), owed(LINK, officer="head-2"), officers=())

    assert cells(found["officers"], "officer", "officer_name", "owed") == [("", "(không có mã)", 2)]


def test_a_step_that_names_no_officer_is_shown_beside_the_figure():
    steps = (
        Steps("H01.14", "hoso.chuyen_buoc", 3, 2),
        Steps("H01.14", "hoso.da_tra_ket_qua", 0, 5),
        Steps("H01.14", "han.buoc_qua", 1, 4),
    )
    found = coverage(owed(Fact(_D.READ), 3), steps=steps)

    assert cells(found["agencies"], "steps", "untold", "owed") == [(4, 2, 3)]


def test_an_empty_period_has_no_percentage():
    found = coverage()

    assert total(found["summary"], "owed", "covered_percent") == (0, None)
    assert found["agencies"].rows == ()


# Agencies


def test_an_agency_is_asked_for_with_all_below_it_by_any_of_its_codes():
    known = Agencies(
        by_every_code(
            [
                Agency("H01.14", "Xã", ("000.14.00.H01",)),
                Agency("H01.14.02", "Một cửa", parent="000.14.00.H01"),
                Agency("H01.14.03", "Kho", ("K3",)),
                Agency("H01.15", "Xã khác", parent="H01"),
            ]
        )
    )

    assert known.below("000.14.00.H01") == {"H01.14", "000.14.00.H01", "H01.14.02", "H01.14.03", "K3"}


def test_agencies_that_name_each_other_as_parents_end_somewhere():
    known = Agencies(by_every_code([Agency("A.1", "A", parent="B.1"), Agency("B.1", "B", parent="A.1")]))

    assert known.below("A.1") == {"A.1", "B.1"}
    assert Agencies({}).below("H01.14") == {"H01.14"}
