from datetime import timedelta

import pytest

from notifier.domain.deliveries import Urgency
from notifier.domain.errors import RulesError
from notifier.domain.recipients import Audience
from notifier.routing.rules import load_rules
from tests.support.routing_events import CHANNELS, RULES_FILE, shipped_rules

SHIPPED = RULES_FILE.read_text(encoding="utf-8")
CATALOGUE = {
    "han.sap_qua_tiep_nhan",
    "han.qua_tiep_nhan",
    "han.buoc_sap_den",
    "han.buoc_qua",
    "han.hoso_sap_den",
    "han.can_xin_loi",
    "han.hoso_qua",
    "han.bo_sung_sap_het",
    "han.phi_chua_nop",
    "han.chua_nhan_ket_qua",
    "nhac.tong_hop",
    "hoso.moi_dang_ky",
    "hoso.duoc_tiep_nhan",
    "hoso.khong_tiep_nhan",
    "hoso.dang_xu_ly",
    "hoso.chuyen_buoc",
    "hoso.yeu_cau_bo_sung",
    "hoso.da_bo_sung",
    "hoso.yeu_cau_nvtc",
    "hoso.da_thanh_toan",
    "hoso.rut_ho_so",
    "hoso.dung_xu_ly",
    "hoso.xu_ly_xong",
    "hoso.da_tra_ket_qua",
    "hoso.xin_loi_gia_han",
    "hoso.doi_ngay_hen_tra",
    "hoso.dinh_chinh",
    *(f"bccc.{name}" for name in ("da_gui", "dang_phat", "da_phat", "chuyen_hoan")),
    *(f"lichhen.{name}" for name in ("dat", "doi", "huy", "nhac")),
}


def faults_of(*changes: tuple[str, str]) -> str:
    text = SHIPPED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(RulesError) as caught:
        load_rules(text, "rules.toml", CHANNELS)
    return str(caught.value)


def line_with(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_the_shipped_rules_cover_the_catalogue():
    assert set(shipped_rules().rules) == CATALOGUE


def test_every_notice_to_a_citizen_is_first_written_to_the_portal():
    told = [each for rule in shipped_rules().rules.values() for each in rule.tell if each.to is Audience.CITIZEN]
    assert {each.send[0] for each in told} == {"portal"}


def test_staff_are_told_by_zalo_before_any_channel_that_costs():
    told = [each for rule in shipped_rules().rules.values() for each in rule.tell if each.to.is_staff]
    free = [next(channel for channel in each.send if channel != "portal") for each in told]
    assert set(free) == {"zalo"}


def test_only_what_endangers_a_legal_deadline_goes_to_staff_by_zalo_and_sms_at_once():
    rules = shipped_rules().rules
    by_sms = {name for name, rule in rules.items() for each in rule.tell if each.to.is_staff and "sms" in each.send}
    assert by_sms == {"han.qua_tiep_nhan", "han.can_xin_loi"}


def test_nothing_urgent_but_reminders_waits_for_others():
    told = [(name, rule.urgency, each) for name, rule in shipped_rules().rules.items() for each in rule.tell]
    waiting = {name for name, urgency, each in told if each.gather and (each.urgency or urgency) is Urgency.URGENT}
    assert {name.partition(".")[0] for name in waiting} == {"han"}


def test_each_step_is_told_to_the_handlers_and_the_head():
    assert [each.to for each in shipped_rules().rules["hoso.chuyen_buoc"].tell] == [Audience.HANDLER, Audience.HEAD]


def test_an_apology_a_new_date_and_a_step_are_on_no_track():
    rules = shipped_rules().rules
    assert {name for name, rule in rules.items() if rule.track is None and name.startswith("hoso.")} == {
        "hoso.xin_loi_gia_han",
        "hoso.doi_ngay_hen_tra",
        "hoso.chuyen_buoc",
    }


def test_a_channel_without_a_handover_wait_has_four_hours():
    rules = shipped_rules()
    assert [rules.handover_wait(channel) for channel in ("zalo", "sms")] == [timedelta(hours=4), timedelta(hours=1)]


def test_an_event_is_routed_as_soon_as_its_most_urgent_audience_asks():
    assert shipped_rules().lane("hoso.dang_xu_ly") is Urgency.NORMAL


def test_an_event_without_a_rule_is_routed_as_a_normal_one():
    assert shipped_rules().lane("hoso.la_lam") is Urgency.NORMAL


def test_a_channel_without_a_table_has_the_default_patience():
    rules = shipped_rules()
    assert rules.policy("fax") == rules.channels["default"].as_policy()


def test_a_file_that_is_not_toml_is_refused_with_the_line():
    with pytest.raises(RulesError, match=r"NOTIFIER-RUL-002: my\.toml is not TOML: .*line 1"):
        load_rules("a = = 1", "my.toml", CHANNELS)


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ('"zalo", "email"]', '"zallo", "email"]', "send[1]", 'is "zallo"; a channel is expected (email, portal'),
        (
            'to = "handler"',
            'to = "handlr"',
            ".to",
            "is \"handlr\"; 'citizen', 'handler', 'head' or 'director' is expected",
        ),
        ('fallback = ["sms"]', 'fallback = ["zalo"]', ".fallback", "zalo stands twice"),
        ('send = ["portal", "email"]', "send = []", ".send", "at least one entry is expected"),
        ('send = ["portal", "email"]', 'send = "email"', ".send", 'is "email"; a list is expected'),
        ('opens = "07:00"', 'opens = "7h"', "hours.citizen.urgent.opens", 'a local time like "07:30" is expected'),
        ('closes = "21:00"', 'closes = "06:00"', "hours.citizen.urgent.closes", "a time after opens (07:00)"),
        ("urgent = 48", "urgent = 0", "deadline_hours.urgent", "is 0; a whole number from 1 on is expected"),
        ("attempts = 20", 'attempts = "20"', "channels.portal.attempts", 'is "20"; a whole number is expected'),
        ("retry_cap_seconds = 60\n", "retry_cap_seconds = 0\n", "retry_cap_seconds", "from 1 on"),
        ("first_time_only = true", "firsttime = true", 'rules."hoso.dang_xu_ly".firsttime', "is not a key"),
        ("first_time_only = true", 'first_time_only = "yes"', "first_time_only", "true or false is expected"),
        ("[channels.sms]", "[channels.fax]", "channels", "not for fax"),
        ("[channels.default]", "[channels.zalo2]", "channels", "not for zalo2"),
        ('urgency = "bulk"\n', "", 'rules."hoso.da_tra_ket_qua".urgency', "is missing"),
        ('[rules."bccc.da_gui"]', '[rules."BCCC"]', "rules.BCCC", "a name like hoso.rut_ho_so is expected"),
        ("receipt_wait_minutes = 480", "receipt_wait_minutes = 2880", "the file", "shorter than every deadline (48 h)"),
        ("handover_wait_minutes = 60", "handover_wait_minutes = 2400", "the file", "the longest are 2880 minutes"),
        (
            "handover_wait_minutes = 60",
            "handover_wait_minutes = 0",
            "sms.handover_wait_minutes",
            "from 1 on is expected",
        ),
        ("hold_minutes = 3", "hold_minutes = -1", "corrections.hold_minutes", "is -1; a whole number from 0 on is"),
        (
            'track = "post"',
            'track = "parcel"',
            ".track",
            "is \"parcel\"; 'status', 'appointment' or 'post' is expected",
        ),
    ],
)
def test_a_fault_is_named_with_its_key_and_what_is_expected(old: str, new: str, key: str, expected: str):
    told = faults_of((old, new))
    assert key in told
    assert expected in told


def test_a_fault_is_named_with_its_line():
    told = faults_of(('to = "head"', 'to = "boss"'))
    changed = SHIPPED.replace('to = "head"', 'to = "boss"', 1)
    assert f"rules.toml, line {line_with(changed, 'boss')}:" in told


def test_all_faults_are_named_at_once():
    told = faults_of(("urgent = 48", "urgent = 0"), ('to = "head"', 'to = "boss"'), ("attempts = 20", "attemps = 20"))
    assert len(told.splitlines()) == 1 + 4  # the misspelt key is unknown, and the right one is missing


def test_a_list_is_not_called_too_short_because_its_entry_is_at_fault():
    assert (
        len(faults_of(('{ to = "citizen", send = ["portal", "zalo", "sms"] }', '{ to = "x", send = [] }')).splitlines())
        == 3
    )


def test_one_audience_cannot_stand_in_a_rule_twice():
    assert "head stands twice" in faults_of(('to = "handler"', 'to = "head"'))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "progress"\n', ""),
        ('kind = "progress"\n', 'kind = "news"\n'),
        ('[rules."hoso.chuyen_buoc"]\n', '[rules."hoso.chuyen_buoc"]\nkind = "progress"\n'),
    ],
)
def test_every_notice_to_citizens_has_a_kind_that_exists_and_no_other_has(old: str, new: str):
    assert "a kind (required, progress, visits, reminders) is expected" in faults_of((old, new))
