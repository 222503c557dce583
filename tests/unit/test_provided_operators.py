"""What a token of the identity provider says of an operator: login, role and agencies, or nothing."""

import pytest

from notifier.domain.operators import Operator, OperatorRole, PasswordFault, fault_of_password
from notifier.settings import ConsoleIdentity
from notifier.web.access.provided import agencies_in, login_in, role_in
from notifier.web.access.sealing import seal, unseal

SETTINGS = ConsoleIdentity.model_validate(
    {
        "issuer": "https://sso.example.gov.vn",
        "client_id": "console",
        "role_claim": "access.roles",
        "agencies_claim": "units",
        "roles": {"nd-admin": "administrator", "nd-op": "operator", "nd-view": "viewer"},
    }
)


@pytest.mark.parametrize(
    ("value", "role"),
    [
        ("nd-op", OperatorRole.OPERATOR),
        (["nd-view", "nd-op"], OperatorRole.OPERATOR),
        (["other", "nd-view"], OperatorRole.VIEWER),
        ("nd-view,nd-admin", OperatorRole.ADMINISTRATOR),
        ("administrator", None),
        ([], None),
        ([["nd-admin"]], None),
        ({"nd-admin": 1}, None),
        (None, None),
    ],
)
def test_the_strongest_role_that_is_agreed_counts(value, role):
    assert role_in({"access": {"roles": value}}, SETTINGS) is role


@pytest.mark.parametrize(
    ("claims", "agencies"),
    [
        ({"units": ["H01.14", "000.00.16.H01"]}, ("H01.14", "H01.16")),
        ({"units": "H01.14"}, ("H01.14",)),
        ({"units": "*"}, ()),
        ({"units": []}, None),
        ({"units": ""}, None),
        ({}, None),
    ],
)
def test_silence_about_agencies_never_means_the_whole_province(claims, agencies):
    assert agencies_in(claims, SETTINGS) == agencies


@pytest.mark.parametrize(
    ("said", "login"), [("Lan.Vi-Du", "lan.vi-du"), ("lan@example.vn", None), ("a b", None), (7, None), ("", None)]
)
def test_a_login_can_stand_in_the_audit_trail(said, login):
    assert login_in({"preferred_username": said}, SETTINGS) == login


@pytest.mark.parametrize(
    ("mine", "theirs", "covered"),
    [
        ((), (), True),
        ((), ("H01.14",), True),
        (("H01.14",), ("H01.14.02",), True),
        (("H01.14",), ("H01.14", "H01.15"), False),
        (("H01.14",), ("H01",), False),
        (("H01.14",), ("H01.140",), False),
        (("H01.14",), (), False),
    ],
)
def test_an_administrator_of_some_agencies_covers_those_below_and_never_the_province(mine, theirs, covered):
    assert Operator(None, "x", "x", OperatorRole.ADMINISTRATOR, mine).covers(theirs) is covered


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("bốn con mèo ngồi", None),
        ("x" * 11, PasswordFault.SHORT),
        ("xy" * 101, PasswordFault.LONG),
        ("mật khẩu của DO THI VI DU", PasswordFault.GUESSABLE),
        ("vidu-vidu-lan.v-2026", PasswordFault.GUESSABLE),
        ("............", PasswordFault.GUESSABLE),
    ],
)
def test_a_password_is_long_and_holds_neither_login_nor_name(password, fault):
    assert fault_of_password(password, "lan.v", "Đỗ Thị Ví Dụ") is fault


def test_what_is_sealed_opens_for_its_purpose_alone():
    sealed = seal(b"s" * 32, "one", "ŝecret")
    assert unseal(b"s" * 32, "one", sealed) == "ŝecret"
    assert unseal(b"s" * 32, "other", sealed) is None
    assert unseal(b"t" * 32, "one", sealed) is None
    assert unseal(b"s" * 32, "one", sealed[:20] + ("B" if sealed[20] == "A" else "A") + sealed[21:]) is None
