"""The consent of an administrator: the link, what is pasted, the exchange of the code."""

from urllib.parse import parse_qs, urlsplit

import pytest

from channels.http import HttpClient
from channels.zalo_oauth import (
    Consent,
    Misled,
    RefreshRefused,
    RefreshUncertain,
    TokenPair,
    challenge_of,
    code_in,
    consent_url,
    exchange,
    new_consent,
)
from channels.zalo_settings import Settings
from tests.contract.channels_cases import zalo_settings
from tests.support.peers import HttpAnswer, HttpPeer, Silence, answer_json, running

CALLBACK = "https://thongbao.example.gov.vn/zalo"
CONSENT = Consent("state-1", "a" * 43)


def settings(url: str = "http://127.0.0.1:1", **more) -> Settings:
    return Settings.model_validate(zalo_settings(url, **more))


def test_the_challenge_is_the_one_of_rfc_7636():
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_link_asks_for_the_account_with_challenge_and_state():
    url = urlsplit(consent_url(settings("https://oauth.zaloapp.com"), CONSENT, CALLBACK))
    assert (url.netloc, url.path) == ("oauth.zaloapp.com", "/v4/oa/permission")
    assert parse_qs(url.query) == {
        "app_id": ["111"],
        "redirect_uri": [CALLBACK],
        "code_challenge": [challenge_of(CONSENT.verifier)],
        "state": ["state-1"],
    }


def test_each_consent_has_a_state_and_a_verifier_of_its_own():
    one, other = new_consent(settings()), new_consent(settings())
    assert (one.state != other.state, one.verifier != other.verifier, len(one.verifier or "")) == (True, True, 43)


def test_the_verifier_of_the_console_is_kept():
    assert new_consent(settings(code_verifier="k" * 43)).verifier == "k" * 43


def test_without_a_challenge_the_link_has_none():
    consent = new_consent(settings(pkce=False))
    assert "code_challenge" not in consent_url(settings(), consent, CALLBACK)


@pytest.mark.parametrize(
    "pasted",
    [
        f"{CALLBACK}?code=c-1&oa_id=222&state=state-1",
        f"  {CALLBACK}?state=state-1&code=c-1\n",
        "?code=c-1&state=state-1&oa_id=222",
        "c-1",
    ],
)
def test_the_code_is_found_in_what_was_pasted(pasted: str):
    assert code_in(pasted, CONSENT, "222") == "c-1"


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("", "nothing"),
        (f"{CALLBACK}?oa_id=222&state=state-1", "no code"),
        (f"{CALLBACK}?error=-14003&error_reason=no", "Zalo says no"),
        (f"{CALLBACK}?code=c-1&state=other", "another consent"),
        (f"{CALLBACK}?code=c-1", "another consent"),
        (f"{CALLBACK}?code=c-1&state=state-1&oa_id=999", "999"),
    ],
)
def test_what_does_not_answer_this_consent_is_told_why(pasted: str, why: str):
    misled = code_in(pasted, CONSENT, "222")
    assert isinstance(misled, Misled)
    assert why in misled.why


async def exchanged(answer: HttpAnswer | Silence):
    peer = HttpPeer(answer)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        try:
            return await exchange(http, settings(peer.url), "c-1", CONSENT), peer.requests
        finally:
            await http.close()


async def test_the_exchange_is_the_documented_request():
    pair, (request,) = await exchanged(answer_json({"access_token": "a", "refresh_token": "r", "expires_in": "90000"}))
    assert isinstance(pair, TokenPair)
    assert (request.path, request.headers["secret_key"]) == ("/v4/oa/access_token", "APPSECRET")
    assert request.form == {
        "code": "c-1",
        "app_id": "111",
        "grant_type": "authorization_code",
        "code_verifier": CONSENT.verifier,
    }


async def test_a_used_code_is_a_refusal_even_with_status_200():
    refused, _ = await exchanged(answer_json({"error_name": "Invalid authorization code", "error_reason": "used"}))
    assert refused == RefreshRefused("Invalid authorization code")


async def test_no_answer_may_have_used_the_code_up():
    uncertain, _ = await exchanged(Silence.DROP)
    assert uncertain == RefreshUncertain("lost", sent=True)


def test_a_consent_does_not_show_its_verifier():
    assert "aaaa" not in repr(CONSENT)
