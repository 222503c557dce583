from dataclasses import replace
from datetime import UTC, time, timedelta

import pytest

from notifier.domain.deliveries import DeliveryState, PlannedDelivery
from notifier.domain.dossiers import Consent, Person
from notifier.domain.reasons import ReasonCode
from notifier.domain.recipients import Audience
from notifier.domain.suppressions import Bounce, Suppressions
from notifier.routing.context import Address, ChannelView
from notifier.routing.explain import explain
from notifier.routing.overtaking import Course
from notifier.routing.plan import Plan, plan, sensitive
from tests.support.overtaking import told as told_event
from tests.support.routing_events import (
    AUTHORISED,
    EMAIL,
    HANDLER,
    HEAD,
    OWNER,
    PORTAL,
    SMS,
    ZALO,
    a_context,
    an_event,
    local,
    shipped_rules,
)

RULES = shipped_rules()
NOBODY = Person("Trần Thị Ví Dụ")
S = DeliveryState


def planned(event=None, context=None, now=None) -> Plan:
    return plan(event or an_event(), RULES, context or a_context(), now or local(9, 30))


def told(decided: Plan, audience: Audience = Audience.CITIZEN) -> dict[str, PlannedDelivery]:
    (one,) = [one for one in decided.recipients if one.recipient.audience is audience]
    return {each.channel: each for each in one.deliveries}


def states(deliveries: dict[str, PlannedDelivery]) -> dict[str, DeliveryState]:
    return {channel: each.state for channel, each in deliveries.items()}


def codes(decided: Plan) -> list[ReasonCode]:
    return [note.code for note in decided.notes]


def test_all_send_channels_go_at_once_and_the_fallback_waits():
    assert states(told(planned())) == {PORTAL: S.PLANNED, ZALO: S.PLANNED, EMAIL: S.PLANNED, SMS: S.STANDBY}


def test_a_standby_is_due_at_its_deadline_so_that_it_cannot_be_forgotten():
    sms = told(planned())[SMS]
    assert sms.due_at == sms.expires_at


def test_a_standby_names_the_channels_it_waits_for():
    assert told(planned())[SMS].reason.values == {"after": "zalo, email"}


def test_all_times_of_a_plan_are_utc():
    assert {told(planned())[channel].expires_at.tzinfo for channel in (PORTAL, SMS)} == {UTC}


def test_the_authorised_person_is_told_in_place_of_the_owner():
    decided = planned(an_event(authorised=AUTHORISED))
    (citizen,) = [one.recipient for one in decided.recipients if one.recipient.audience is Audience.CITIZEN]
    assert (citizen.name, citizen.contact.phone) == (AUTHORISED.name, AUTHORISED.phone)


def test_an_authorised_person_without_contact_is_not_replaced_by_the_owner():
    decided = planned(an_event(authorised=NOBODY))
    assert states(told(decided)) == {PORTAL: S.PLANNED, ZALO: S.SUPPRESSED, EMAIL: S.SUPPRESSED, SMS: S.SUPPRESSED}


@pytest.mark.parametrize(
    ("channel", "consent"),
    [(ZALO, Consent(zalo=False)), (EMAIL, Consent(email=False)), (SMS, Consent(sms=False))],
)
def test_a_channel_that_the_dossier_declines_is_suppressed(channel, consent):
    assert told(planned(an_event(consent=consent)))[channel].reason.code is ReasonCode.NO_CONSENT


def test_consent_of_the_citizen_does_not_bind_the_staff():
    nothing = Consent(email=False, sms=False, zalo=False)
    assert told(planned(an_event(consent=nothing)), Audience.HANDLER)[ZALO].state is S.PLANNED


@pytest.mark.parametrize(
    ("channel", "lost", "code"),
    [
        (EMAIL, {"email": None}, ReasonCode.NO_EMAIL),
        (SMS, {"phone": None}, ReasonCode.NO_MOBILE),
        (SMS, {"phone": "+842963852000"}, ReasonCode.NO_MOBILE),
        (ZALO, {"phone": None, "zalo_uid": None}, ReasonCode.NO_ZALO_LINK),
    ],
)
def test_a_channel_without_its_address_is_suppressed_for_that_reason(channel, lost, code):
    assert told(planned(an_event(owner=replace(OWNER, **lost))))[channel].reason.code is code


def test_a_citizen_without_zalo_link_gets_zalo_by_mobile_number():
    assert told(planned(an_event(owner=replace(OWNER, zalo_uid=None))))[ZALO].state is S.PLANNED


def test_an_officer_without_zalo_link_gets_the_first_fallback_at_once():
    decided = told(planned(an_event(handlers=(replace(HANDLER, zalo_uid=None),))), Audience.HANDLER)
    assert states(decided) == {PORTAL: S.PLANNED, ZALO: S.SUPPRESSED, SMS: S.PLANNED, EMAIL: S.STANDBY}
    assert decided[SMS].reason.text() == "dùng kênh dự phòng vì zalo không đến được"


def test_an_officer_gets_zalo_by_mobile_number_where_the_channel_allows_it():
    by_phone = a_context(zalo=ChannelView(Address.ZALO, staff_by_phone=True))
    event = an_event(handlers=(replace(HANDLER, zalo_uid=None),))
    assert told(planned(event, by_phone), Audience.HANDLER)[ZALO].state is S.PLANNED


def test_a_fallback_that_cannot_be_used_is_passed_over():
    handler = replace(HANDLER, zalo_uid=None, phone=None)
    decided = told(planned(an_event(handlers=(handler,))), Audience.HANDLER)
    assert states(decided) == {PORTAL: S.PLANNED, ZALO: S.SUPPRESSED, SMS: S.SUPPRESSED, EMAIL: S.PLANNED}


def test_a_channel_that_is_switched_off_is_suppressed_for_that_reason():
    assert told(planned(context=a_context(without=(ZALO,))))[ZALO].reason.code is ReasonCode.CHANNEL_OFF


def test_a_linked_source_leaves_the_citizen_only_the_inbox():
    decided = told(planned(an_event(linked_source="LTKS")))
    assert states(decided) == {PORTAL: S.PLANNED, ZALO: S.SUPPRESSED, EMAIL: S.SUPPRESSED, SMS: S.SUPPRESSED}
    assert decided[ZALO].reason.code is ReasonCode.LINKED_SOURCE


def test_a_linked_source_does_not_speak_to_the_staff():
    assert told(planned(an_event(linked_source="LTKS")), Audience.HANDLER)[ZALO].state is S.PLANNED


def test_an_apology_is_sent_whatever_the_linked_source():
    assert told(planned(an_event("hoso.xin_loi_gia_han", linked_source="LTKS")))[ZALO].state is S.PLANNED


def test_in_progress_is_told_the_first_time_only():
    decided = planned(an_event("hoso.dang_xu_ly"), a_context(course=Course(told_before=True)))
    assert {each.reason.code for each in told(decided).values()} == {ReasonCode.STATUS_REPEATED}


def test_other_statuses_are_told_every_time():
    assert told(planned(context=a_context(course=Course(told_before=True))))[ZALO].state is S.PLANNED


OVERTAKEN = a_context(course=Course(overtaken_by="hoso.xu_ly_xong"))


def test_a_status_that_comes_after_a_later_one_tells_the_citizen_nothing_not_even_in_the_inbox():
    decided = told(planned(context=OVERTAKEN))
    assert states(decided) == {PORTAL: S.SUPERSEDED, ZALO: S.SUPERSEDED, EMAIL: S.SUPERSEDED, SMS: S.SUPERSEDED}
    assert decided[ZALO].reason.text() == "sự kiện đến sau trạng thái mới hơn (hoso.xu_ly_xong)"


def test_the_staff_are_told_of_a_status_that_comes_too_late():
    assert told(planned(context=OVERTAKEN), Audience.HANDLER)[ZALO].state is S.PLANNED


def test_what_another_system_has_told_is_not_told_again():
    decided = told(planned(context=a_context(told_by="hs.bo-mau.example.gov.vn")))
    assert {(each.state, each.reason.code) for each in decided.values()} == {(S.SUPPRESSED, ReasonCode.TOLD_BY_OTHER)}
    assert decided[PORTAL].reason.values == {"source": "hs.bo-mau.example.gov.vn"}


def test_the_staff_of_every_system_are_told():
    decided = planned(context=a_context(told_by="hs.bo-mau.example.gov.vn"))
    assert told(decided, Audience.HEAD)[ZALO].state is S.PLANNED


def held_for_correction(now):
    until = now + timedelta(minutes=3)
    return told(planned(context=a_context(course=Course(hold_until=until)), now=now))


def test_a_status_that_may_be_corrected_waits_on_every_channel_and_in_the_inbox():
    decided = held_for_correction(local(9, 30))
    assert states(decided) == {PORTAL: S.HELD, ZALO: S.HELD, EMAIL: S.HELD, SMS: S.STANDBY}
    assert {decided[channel].due_at for channel in (PORTAL, ZALO, EMAIL)} == {local(9, 33)}
    assert decided[PORTAL].reason.text() == (
        "trạng thái vừa được sửa hoặc khác thường, chờ đến 09:33:00 19/11 phòng khi sửa lại"
    )


def test_the_staff_do_not_wait_for_a_correction():
    waiting = a_context(course=Course(hold_until=local(9, 33)))
    assert told(planned(context=waiting), Audience.HANDLER)[PORTAL].state is S.PLANNED


@pytest.mark.parametrize(
    ("now", "until", "code"),
    [
        (local(6, 58), local(7, 1), ReasonCode.CORRECTION_HOLD),
        (local(6, 50), local(7), ReasonCode.QUIET_HOURS),
        (local(20, 58), local(7, day=20), ReasonCode.QUIET_HOURS),
    ],
)
def test_of_a_hold_and_quiet_hours_the_later_counts_and_says_why(now, until, code):
    zalo = held_for_correction(now)[ZALO]
    assert (zalo.due_at, zalo.reason.code) == (until, code)


def test_of_a_hold_and_the_next_morning_the_later_counts():
    context = a_context(course=Course(hold_until=local(10, 3)))
    zalo = told(planned(an_event("hoso.dang_xu_ly"), context, local(10)))[ZALO]
    assert (zalo.due_at, zalo.reason.code) == (local(7, 30, day=20), ReasonCode.NEXT_MORNING)


def test_a_message_with_a_fallback_behind_it_must_be_handed_over_in_time():
    zalo, sms = (told(planned())[channel] for channel in (ZALO, SMS))
    assert (zalo.expires_at, sms.expires_at) == (local(13, 30), local(9, 30, day=21))


def test_the_time_for_handing_over_counts_from_when_it_is_due():
    assert told(planned(now=local(21, 40)))[ZALO].expires_at == local(11, day=20)


def test_a_message_with_no_fallback_behind_it_has_until_its_deadline():
    no_sms = an_event(consent=Consent(sms=False))
    assert told(planned(no_sms))[ZALO].expires_at == local(9, 30, day=21)


def test_a_fallback_that_is_first_of_all_has_less_time_while_another_stands_behind_it():
    decided = told(planned(an_event(handlers=(replace(HANDLER, zalo_uid=None),))), Audience.HANDLER)
    assert (decided[SMS].expires_at, decided[EMAIL].expires_at) == (local(10, 30), local(9, 30, day=21))


def test_the_inbox_has_until_its_deadline():
    assert told(planned())[PORTAL].expires_at == local(9, 30, day=21)


def test_an_urgent_notice_at_night_waits_for_seven_in_the_morning():
    zalo = told(planned(now=local(21, 40)))[ZALO]
    assert (zalo.state, zalo.due_at) == (S.HELD, local(7, day=20))
    assert zalo.reason.text() == "giờ yên tĩnh, chờ đến 07:00 20/11"


def test_the_portal_is_written_at_night_too():
    assert told(planned(now=local(23)))[PORTAL].state is S.PLANNED


def test_staff_are_told_at_any_hour_in_which_the_channel_works():
    assert told(planned(now=local(21, 40)), Audience.HEAD)[ZALO].state is S.PLANNED


def test_a_message_outside_the_hours_of_its_channel_waits_for_them():
    zalo = told(planned(now=local(23)), Audience.HEAD)[ZALO]
    assert (zalo.state, zalo.due_at, zalo.reason.code) == (S.HELD, local(6, 5, day=20), ReasonCode.CHANNEL_WINDOW)


def test_a_message_waits_until_person_and_channel_are_both_open():
    late = a_context(zalo=ChannelView(Address.ZALO, window=(time(9), time(12))))
    assert told(planned(context=late, now=local(22)))[ZALO].due_at == local(9, day=20)


def test_a_message_for_which_hours_never_meet_waits_for_its_deadline():
    night = a_context(zalo=ChannelView(Address.ZALO, window=(time(22), time(5))))
    zalo = told(planned(context=night))[ZALO]
    assert (zalo.state, zalo.due_at) == (S.HELD, zalo.expires_at)


def test_a_bulk_notice_waits_for_the_next_morning():
    zalo = told(planned(an_event("hoso.dang_xu_ly"), now=local(10)))[ZALO]
    assert (zalo.due_at, zalo.reason.code) == (local(7, 30, day=20), ReasonCode.NEXT_MORNING)


def test_a_bulk_notice_before_dawn_goes_the_same_morning():
    assert told(planned(an_event("hoso.dang_xu_ly"), now=local(3)))[ZALO].due_at == local(7, 30)


def test_an_appointment_reminder_is_useless_once_the_appointment_has_begun():
    event = an_event("lichhen.nhac", appointment_at=local(14))
    assert told(planned(event))[SMS].expires_at == local(14)


def test_an_officer_who_is_handler_and_head_is_told_once():
    decided = planned(an_event("hoso.chuyen_buoc", handlers=(HANDLER, HEAD), heads=(HEAD, HEAD)))
    assert [one.recipient.ref for one in decided.recipients] == ["vv.mau", "lt.vidu"]


def test_officers_without_a_code_get_a_number_as_reference():
    nameless = (replace(HANDLER, code=None), replace(HEAD, code=None))
    decided = planned(an_event("hoso.chuyen_buoc", handlers=nameless))
    assert [one.recipient.ref for one in decided.recipients] == ["handler-1", "handler-2", "lt.vidu"]


def test_an_audience_that_the_event_does_not_name_is_noted():
    decided = planned(an_event("hoso.chuyen_buoc", handlers=()))
    assert [note.text() for note in decided.notes] == ["sự kiện không nêu người nhận (người xử lý)"]


def test_a_citizen_without_usable_contact_is_noted():
    decided = planned(an_event(owner=NOBODY))
    assert codes(decided) == [ReasonCode.EVENT_NO_CONTACT]


def test_a_citizen_who_declines_every_channel_is_not_reported_as_out_of_reach():
    assert codes(planned(an_event(consent=Consent(email=False, sms=False, zalo=False)))) == []


def test_an_event_without_a_rule_is_noted_and_tells_nobody():
    decided = planned(an_event("hoso.la_lam"))
    assert (decided.recipients, codes(decided)) == ((), [ReasonCode.EVENT_NO_RULE])


@pytest.mark.parametrize(
    "dossier",
    [
        {"procedure_code": "1.001776"},
        {"procedure_code": "1.001776.000.00.00.H01"},
        {"procedure_name": "Cấp Phiếu Lý lịch tư pháp cho công dân"},
        {"field_name": "Bảo trợ xã hội", "procedure_name": None},
    ],
)
def test_a_procedure_is_sensitive_by_its_code_or_by_a_word_of_its_name_or_field(dossier):
    assert sensitive(an_event(**dossier), RULES)


def test_an_ordinary_procedure_is_not_sensitive():
    assert not sensitive(an_event(), RULES)


def test_the_explanation_names_each_channel_with_its_state_and_reason():
    text = "\n".join(explain(planned(now=local(21, 40)), an_event(), "vi"))
    assert "công dân:\n  portal  sẽ gửi        21:40 19/11  theo quy tắc hoso.duoc_tiep_nhan" in text


def test_the_explanation_of_an_overtaken_status_stays_in_columns():
    lines = explain(planned(context=OVERTAKEN), an_event(), "vi")
    assert (
        "  portal  đã có trạng thái mới hơn               sự kiện đến sau trạng thái mới hơn (hoso.xu_ly_xong)" in lines
    )


def test_the_explanation_names_what_is_overtaken():
    overtakes = Course(overtakes=(told_event("hoso.duoc_tiep_nhan", 2),))
    lines = explain(planned(), an_event("hoso.xu_ly_xong"), "en", overtakes)
    assert "! overtakes hoso.duoc_tiep_nhan: what was not sent of it to the citizen is not sent any more" in lines


def test_the_explanation_names_no_person():
    text = "\n".join(explain(planned(), an_event(), "en"))
    assert not [word for word in (OWNER.name, HANDLER.name, "0912", "912000", "@") if word in text]


# What stands against mail


def suppressing(**known):
    return replace(a_context(), suppressions=Suppressions(**known))


def test_an_address_that_does_not_exist_gets_no_mail_and_its_fallback_does_not_wait_for_it():
    gone = {OWNER.email: Bounce(local(8, 0), "5.1.1")}
    deliveries = told(planned(context=suppressing(bounced=gone)))
    assert deliveries[EMAIL].state is S.SUPPRESSED
    assert deliveries[EMAIL].reason.code is ReasonCode.ADDRESS_BOUNCED
    assert deliveries[EMAIL].reason.values["code"] == "5.1.1"


def test_officers_are_not_written_to_at_an_address_that_does_not_exist_either():
    gone = {HANDLER.email: Bounce(local(8, 0), "5.1.1")}
    assert told(planned(context=suppressing(bounced=gone)), Audience.HANDLER)[EMAIL].state is S.SUPPRESSED


def test_who_has_stopped_bulk_mail_gets_none_and_all_other_mail():
    inbox = told_recipient(planned()).contact.inbox
    context = suppressing(stopped=frozenset({inbox}))
    bulk = told(planned(an_event("hoso.da_tra_ket_qua"), context))[EMAIL]
    assert (bulk.state, bulk.reason.code) == (S.SUPPRESSED, ReasonCode.MAIL_STOPPED)
    assert told(planned(context=context))[EMAIL].state is S.PLANNED


def told_recipient(decided: Plan):
    return next(one.recipient for one in decided.recipients if one.recipient.audience is Audience.CITIZEN)
