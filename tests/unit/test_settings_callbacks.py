"""The settings of callbacks: what is refused, and in which words."""

import json
from typing import Any

import pytest

from notifier.domain.errors import SettingsError
from notifier.settings import Settings, load_settings
from workers.receivers import endpoints_of, receivers_of

SECRET = "whsec_" + "A" * 43 + "="
SOURCE = "mcdt.example.gov.vn"
URL = "https://mcdt.example.gov.vn/tb"


def settings(callback: dict[str, Any] | None, **more: str) -> Settings:
    source = {"secrets": [SECRET], **({} if callback is None else {"callback": callback})}
    return load_settings(
        {
            "NOTIFIER_CONFIG": "",
            "NOTIFIER_SECRET_KEY": "k" * 32,
            "NOTIFIER_PUBLIC_URL": "https://thongbao.example.gov.vn",
            "NOTIFIER_HOTLINES": '{"default": "1022"}',
            "NOTIFIER_DATABASE__URL": "postgresql://localhost/x",
            "NOTIFIER_REDIS__URL": "redis://localhost",
            "NOTIFIER_SOURCES": json.dumps({SOURCE: source}),
            **more,
        }
    )


def refusal(callback: dict[str, Any] | None, **more: str) -> str:
    with pytest.raises(SettingsError) as caught:
        receivers_of(settings(callback, **more))
    return str(caught.value)


def test_a_source_with_an_address_is_posted_to():
    made = settings({"url": URL, "secrets": [SECRET]})

    assert (list(receivers_of(made)), endpoints_of(made)[0].push) == ([SOURCE], True)


def test_a_source_with_an_empty_table_only_pulls():
    made = settings({})

    assert (receivers_of(made), endpoints_of(made)[0].push) == ({}, False)


def test_a_source_without_a_table_is_not_told():
    assert endpoints_of(settings(None)) == []


def test_an_address_without_a_secret_is_refused():
    assert "what is posted to `url` is signed" in refusal({"url": URL})


def test_plain_http_is_refused_in_production():
    said = refusal({"url": URL.replace("https", "http"), "secrets": [SECRET]})

    assert f'sources."{SOURCE}".callback.url is plain http' in said


def test_plain_http_is_fine_in_a_test():
    assert receivers_of(settings({"url": "http://127.0.0.1:1/", "secrets": [SECRET]}, NOTIFIER_ENVIRONMENT="test"))


@pytest.mark.parametrize("secret", ["geheim", "whsec_AAAA", "whsec_%%%"])
def test_a_secret_of_another_form_is_refused_without_quoting_it(secret: str):
    said = refusal({"url": URL, "secrets": [secret]})

    assert (f'sources."{SOURCE}".callback' in said, secret in said) == (True, False)


def test_a_password_in_the_address_is_refused_without_quoting_it():
    said = refusal({"url": "https://u:geheim@mcdt.example.gov.vn/", "secrets": [SECRET]})

    assert ("signature is what proves us" in said, "geheim" in said) == (True, False)


@pytest.mark.parametrize(
    "table", [{"types": []}, {"types": ["thongbao.x"]}, {"timeout_seconds": 31}, {"allow_private": ["10.0.0.1/8"]}]
)
def test_what_is_out_of_its_bounds_is_refused(table: dict[str, Any]):
    assert f"sources.{SOURCE}.callback.{next(iter(table))}" in refusal({"url": URL, "secrets": [SECRET], **table})


def token(**more: Any) -> dict[str, str]:
    return {"NOTIFIER_API_TOKENS": json.dumps({"reader": {"token": "t" * 24, "scopes": ["callbacks"], **more}})}


def test_a_reader_of_callbacks_names_its_source():
    assert "`source` is missing" in refusal({}, **token())


def test_a_reader_of_a_source_of_which_nothing_is_kept_is_refused():
    assert f'[sources."{SOURCE}".callback]' in refusal(None, **token(source=SOURCE))


def test_a_reader_of_a_source_that_is_told_is_fine():
    assert settings({}, **token(source=SOURCE)).api_tokens["reader"].source == SOURCE
