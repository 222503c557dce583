"""The settings of the identity provider and of inboxes: what is refused, in which words, and what the doctor says."""

import json

import pytest

from notifier.cli.doctor import Level, _identity
from notifier.domain.clock import system_clock
from notifier.domain.errors import SettingsError
from notifier.settings import Settings, load_settings
from tests.support.issuer import identity, issuing

TABLE = {"issuer": "https://sso.example.gov.vn", "audience": ["notifier"], "citizen_claim": "so_dinh_danh"}


def settings(table: dict, **more: str) -> Settings:
    return load_settings(
        {
            "NOTIFIER_CONFIG": "",
            "NOTIFIER_SECRET_KEY": "k" * 32,
            "NOTIFIER_PUBLIC_URL": "https://thongbao.example.gov.vn",
            "NOTIFIER_HOTLINES": '{"default": "1022"}',
            "NOTIFIER_DATABASE__URL": "postgresql://localhost/x",
            "NOTIFIER_REDIS__URL": "redis://localhost",
            "NOTIFIER_IDENTITY": json.dumps(table),
            **more,
        }
    )


def test_a_provider_that_names_citizens_is_enough():
    assert settings(TABLE).identity.citizen_claim == "so_dinh_danh"


REFUSED = [
    ({"citizen_claim": None}, "`citizen_claim` or `officer_claim` is missing"),
    ({"issuer": "http://sso.example.gov.vn"}, "identity.issuer is plain http"),
    ({"issuer": "sso.example.gov.vn"}, "identity.issuer"),
    ({"audience": []}, "identity.audience"),
    ({"algorithms": ["none"]}, "identity.algorithms.0"),
    ({"algorithms": ["HS256"]}, "identity.algorithms.0"),
    ({"algorithms": []}, "identity.algorithms"),
    ({"leeway_seconds": 3600}, "identity.leeway_seconds"),
    ({"jwks_url": "http://sso.example.gov.vn/keys"}, "identity.jwks_url is plain http"),
    ({"token_url": "http://sso.example.gov.vn/token"}, "identity.token_url is plain http"),
    ({"scopes": ["profile"]}, "`openid` is missing"),
]


@pytest.mark.parametrize(("change", "text"), REFUSED)
def test_a_provider_that_could_not_be_trusted_is_refused(change, text):
    with pytest.raises(SettingsError) as caught:
        settings(TABLE | change)

    assert text in str(caught.value)


@pytest.mark.parametrize("origin", ["*", "portal.example.gov.vn", "https://portal.example.gov.vn/", "null"])
def test_only_origins_are_taken_as_origins(origin):
    with pytest.raises(SettingsError) as caught:
        settings(TABLE, NOTIFIER_INBOX__ALLOWED_ORIGINS=json.dumps([origin]))

    assert "is no origin" in str(caught.value)


async def test_the_doctor_says_whether_the_keys_can_be_read():
    async with issuing(system_clock) as issuer:
        made = settings(TABLE, NOTIFIER_ENVIRONMENT="test", NOTIFIER_IDENTITY=json.dumps(identity(issuer)))
        (sound,) = [finding async for finding in _identity(made)]
        issuer.is_down = True
        (broken,) = [finding async for finding in _identity(made)]

    assert (sound.level, broken.level) == (Level.OK, Level.WARNING)
    assert "identity.jwks_url" in broken.text


OPERATORS = {"issuer": "https://sso.example.gov.vn", "client_id": "console", "role_claim": "roles"}
OPERATORS_REFUSED = [
    ({"client_id": None}, "`client_id` is missing"),
    ({"issuer": "http://sso.example.gov.vn"}, "console.identity.issuer is plain http"),
    ({"makes_accounts": True, "role_claim": None}, "`role_claim` is missing"),
    ({"roles": {"boss": "king"}}, "console.identity.roles.boss"),
]


@pytest.mark.parametrize(("change", "text"), OPERATORS_REFUSED)
def test_a_provider_of_operators_that_could_not_be_trusted_is_refused(change, text):
    with pytest.raises(SettingsError) as caught:
        settings(TABLE, NOTIFIER_CONSOLE__IDENTITY=json.dumps(OPERATORS | change))
    assert text in str(caught.value)
