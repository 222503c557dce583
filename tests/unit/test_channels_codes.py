"""Our tables of codes against the providers' lists (checked 2026-09 and 2026-11), written down here a second time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import smtp_codes
from channels.faults import Fault
from channels.http import Reply
from channels.sms_esms import ACCEPTED, CODES, DUPLICATE, outcome_of_reply
from channels.smtp_codes import Phase, classify
from channels.zalo_codes import ACCOUNT_AUTH, ACCOUNT_CODES, PHONE_AUTH, PHONE_CODES, fault_of
from notifier.domain.outcomes import Unknown

AUTH = "auth"

ZALO_BY_PHONE = {
    Fault.AMBIGUOUS: "-100",
    Fault.RECIPIENT: "-108 -110 -114 -118 -119 -134 -139 -140 -141",
    Fault.TEMPLATE: "-109 -1091 -111 -112 -1121 -1122 -1123 -1124 -113 -1131 -1132 -116 -130 -131 -132 -146"
    " -148 -149 -1491 -150 -151 -152 -153 -158 -159",
    Fault.CONFIG: "-101 -102 -103 -104 -105 -106 -107 -117 -120 -1201 -1202 -121 -122 -123 -1241 -125 -127 -128 -129"
    " -142 -143 -135 -1351 -136 -137 -1381 -138 -145 -161 -162",
    Fault.QUOTA: "-115 -126 -1441 -160",
    Fault.DAY: "-144",
    Fault.OWN_DAY: "-147 -1471 -1472",
    Fault.NIGHT: "-133",
    AUTH: "-124",
}
ZALO_BY_ACCOUNT = {
    Fault.AMBIGUOUS: "-100",
    Fault.TRANSIENT: "-200",
    Fault.RECIPIENT: "-213 -217 -227 -230 -232 -244",
    Fault.TEMPLATE: "-201 -210 -233 -235 -248 -249",
    Fault.CONFIG: "-204 -205 -209 -212 -219 -221 -223 -224 -240 -242 -320",
    Fault.QUOTA: "-32 -321",
    Fault.DAY: "-211",
    Fault.OWN_DAY: "-218",
    Fault.NIGHT: "-234",
    AUTH: "-216 -220",
}
ESMS = {
    Fault.RECIPIENT: "99 108 177",
    Fault.CONFIG: "101 102 104 107 110 120 140 204 210 300 301 687 789 790 791 799",
    Fault.QUOTA: "103",
    Fault.TEMPLATE: "146",
    "taken": "100 124",
}
SMTP = {
    (550, "5.1.1"): {Fault.RECIPIENT},
    (550, "5.1.2"): {Fault.RECIPIENT},
    (553, "5.1.3"): {Fault.RECIPIENT},
    (550, "5.1.6"): {Fault.RECIPIENT},
    (550, "5.1.10"): {Fault.RECIPIENT},
    (550, "5.2.1"): {Fault.RECIPIENT},
    (550, "5.1.7"): {Fault.CONFIG},
    (550, "5.1.8"): {Fault.CONFIG},
    (550, "5.2.4"): {Fault.RECIPIENT},
    (550, "5.3.0"): {Fault.CONFIG},
    (550, "5.4.1"): {Fault.RECIPIENT},
    (554, "5.4.4"): {Fault.RECIPIENT},
    (553, "5.6.7"): {Fault.RECIPIENT},
    (550, "5.6.9"): {Fault.RECIPIENT},
    (452, "4.3.1"): {Fault.TRANSIENT},
    (450, "4.4.1"): {Fault.TRANSIENT},
    (552, "5.2.2"): {Fault.TRANSIENT},
    (452, "4.2.2"): {Fault.TRANSIENT},
    (552, "5.2.3"): {Fault.CONFIG},
    (552, "5.3.4"): {Fault.CONFIG},
    (503, "5.5.1"): {Fault.CONFIG},
    (554, "5.6.0"): {Fault.CONFIG},
    (550, "5.7.1"): {Fault.CONFIG},
    (550, "5.7.26"): {Fault.CONFIG},
    (550, "5.7.515"): {Fault.CONFIG},
    (450, "4.7.1"): {Fault.TRANSIENT, Fault.QUOTA},
    (421, ""): {Fault.TRANSIENT, Fault.QUOTA},
    (450, ""): {Fault.TRANSIENT, Fault.QUOTA},
    (451, ""): {Fault.TRANSIENT, Fault.QUOTA},
    (452, ""): {Fault.TRANSIENT, Fault.QUOTA},
    (452, "4.5.3"): {Fault.QUOTA},
    (421, "4.7.0"): {Fault.QUOTA},
    (550, ""): {Fault.RECIPIENT},
    (553, ""): {Fault.RECIPIENT},
    (554, ""): {Fault.CONFIG},
}


def by_code(groups: dict[str, str]) -> dict[str, str]:
    return {code: str(fault) for fault, codes in groups.items() for code in codes.split()}


def test_the_codes_of_zalos_phone_channel_are_sorted_as_listed():
    ours = {str(code): str(fault) for code, fault in PHONE_CODES.items()} | {str(code): AUTH for code in PHONE_AUTH}
    assert ours == by_code(ZALO_BY_PHONE)


def test_the_codes_of_zalos_account_channel_are_sorted_as_listed():
    both = {code: fault_of(ACCOUNT_CODES, code, "Error") for code in (-32, -223)}
    ours = {str(code): str(fault) for code, fault in (ACCOUNT_CODES | both).items()}
    assert ours | {str(code): AUTH for code in ACCOUNT_AUTH} == by_code(ZALO_BY_ACCOUNT)


def test_the_codes_of_esms_are_sorted_as_listed():
    ours = {code: str(fault) for code, fault in CODES.items()} | dict.fromkeys((ACCEPTED, DUPLICATE), "taken")
    assert ours == by_code(ESMS)


@pytest.mark.parametrize(("signal", "faults"), SMTP.items())
def test_the_refusals_of_smtp_are_sorted_as_listed(signal: tuple[int, str], faults: set[Fault]):
    basic, enhanced = signal
    assert classify(basic, f"{enhanced} said the peer".strip(), Phase.RCPT)[0] in faults


def test_only_a_code_about_the_address_itself_is_remembered_of_it():
    remembered = {enhanced for _, enhanced in SMTP if enhanced in smtp_codes.NO_SUCH_ADDRESS}
    assert remembered == {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
    assert {classify(550, code, phase)[0] for code in remembered for phase in (Phase.RCPT, Phase.DATA)} == {
        Fault.RECIPIENT
    }


def test_every_enhanced_code_that_we_know_is_listed():
    listed = {enhanced for _, enhanced in SMTP}
    families = {enhanced.rpartition(".")[0] for enhanced in listed}
    assert set(smtp_codes.ENHANCED) <= listed
    assert set(smtp_codes.ENHANCED_FAMILIES) <= families


@given(st.integers(-2000, 1000), st.sampled_from([PHONE_CODES, ACCOUNT_CODES]), st.text())
def test_a_code_of_zalo_that_no_list_explains_may_mean_that_it_was_taken(code: int, codes: dict, message: str):
    listed = by_code(ZALO_BY_PHONE if codes is PHONE_CODES else ZALO_BY_ACCOUNT)
    if str(code) not in listed:
        assert fault_of(codes, code, message) is Fault.AMBIGUOUS


@given(st.integers(0, 999))
def test_a_code_of_esms_that_no_list_explains_may_mean_that_it_was_taken(code: int):
    outcome = outcome_of_reply(Reply(200, {}, f'{{"CodeResult": "{code}"}}'.encode()), "key")
    assert isinstance(outcome, Unknown) == (str(code) not in by_code(ESMS))


@given(st.integers(200, 399))
def test_a_reply_to_the_data_that_is_no_refusal_may_mean_that_it_was_taken(basic: int):
    assert classify(basic, "what?", Phase.DATA)[0] is Fault.AMBIGUOUS


@pytest.mark.parametrize(
    ("code", "text", "fault"),
    [
        (-32, "OA exceeded the rate limit", Fault.QUOTA),
        (-32, "App was not granted this permission", Fault.CONFIG),
        (-32, "", Fault.QUOTA),
        (-223, "Vượt hạn mức bài viết", Fault.QUOTA),
        (-223, "OA chưa cấp quyền cho ứng dụng", Fault.CONFIG),
        (-223, "None", Fault.CONFIG),
    ],
)
def test_a_code_with_two_meanings_is_told_by_its_text_else_by_the_likelier(code: int, text: str, fault: Fault):
    assert fault_of(ACCOUNT_CODES, code, text) is fault
