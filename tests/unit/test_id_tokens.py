"""What a provider hands over for a code: which ID tokens prove somebody, and which do not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from notifier.cli.demo import START
from notifier.settings import ConsoleIdentity
from notifier.web.access.provider import Declined, Journey, Provider
from notifier.web.problems import ProblemError
from tests.support.issuer import Issuer
from tests.support.sandbox import serving

CLIENT = "console"


class Peer:
    """A provider that gives whatever token it is told to, and the client that asks it."""

    def __init__(self) -> None:
        self.issuer = Issuer(lambda: START)
        self.answer: Any = {}
        self.status = 200
        self.asked: dict[str, Any] = {}

    def is_at(self, url: str) -> None:
        self.issuer.url = url
        self.issuer.discovery = {"authorization_endpoint": f"{url}/authorize", "token_endpoint": f"{url}/token"}
        settings = ConsoleIdentity.model_validate({"issuer": url, "client_id": CLIENT, "client_secret": "a b:c"})
        self.client = Provider(settings, self.issuer.clock, b"s" * 32, "http://127.0.0.1/console/oidc")

    async def give(self, request: web.Request) -> web.Response:
        self.asked = {**await request.post(), "Authorization": request.headers.get("Authorization")}
        return web.json_response(self.answer, status=self.status)

    async def begin(self) -> tuple[dict[str, str], str]:
        """What was asked of the browser, and its cookie."""
        address, cookie = await self.client.begin("/console/account")
        return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}, cookie

    async def finish(self, **claims: Any) -> tuple[dict[str, Any], Journey]:
        """The end of a sign-in whose token has these claims; `...` leaves one out."""
        asked, cookie = await self.begin()
        head = claims.pop("head", {"typ": "JWT"})
        key = claims.pop("key", None)
        said = {"aud": CLIENT, "nonce": asked["nonce"], **claims}
        self.answer = {"id_token": self.issuer.token(head=head, key=key, **said)}
        return await self.client.finish({"code": "c", "state": asked["state"]}, cookie)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    made, application = Peer(), web.Application()
    application.router.add_get("/{path:.*}", made.issuer.answer)
    application.router.add_post("/token", made.give)
    async with serving(application) as url:
        made.is_at(url)
        yield made
        await made.client.close()


async def test_a_good_token_says_who_it_is_and_leads_where_it_was_wanted(peer):
    claims, journey = await peer.finish()
    assert (claims["sub"], journey.leads_to) == ("3f1c", "/console/account")


async def test_the_code_is_redeemed_with_the_verifier_of_its_challenge_and_the_clients_secret(peer):
    await peer.finish()
    assert len(peer.asked["code_verifier"]) == 43
    assert (peer.asked["grant_type"], peer.asked["code"]) == ("authorization_code", "c")
    assert peer.asked["Authorization"] == "Basic Y29uc29sZTphJTIwYiUzQWM="


BAD = [
    {"nonce": "another"},
    {"nonce": ...},
    {"nonce": 7},
    {"sub": ...},
    {"sub": ""},
    {"aud": "another"},
    {"aud": ["another"]},
    {"aud": [CLIENT, "another"], "azp": "another"},
    {"iss": "https://evil.example"},
    {"exp": int((START - timedelta(minutes=2)).timestamp())},
    {"exp": ...},
    {"iat": int((START + timedelta(minutes=2)).timestamp())},
    {"head": {"typ": "at+jwt"}},
    {"head": {"typ": "JWT", "kid": "unknown"}},
    {"key": ec.generate_private_key(ec.SECP256R1())},
]


@pytest.mark.parametrize("change", BAD, ids=",".join)
async def test_a_token_that_does_not_prove_it_is_declined(peer, change):
    with pytest.raises(Declined):
        await peer.finish(**change)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_the_tokens_head_chooses_no_weaker_algorithm(peer, algorithm):
    asked, cookie = await peer.begin()
    said = peer.issuer.claims(aud=CLIENT, nonce=asked["nonce"])
    peer.answer = {"id_token": jwt.encode(said, None if algorithm == "none" else "k" * 32, algorithm)}
    with pytest.raises(Declined):
        await peer.client.finish({"code": "c", "state": asked["state"]}, cookie)


@pytest.mark.parametrize("answer", [{}, {"id_token": 7}, {"id_token": ""}, [], {"error": "invalid_grant"}])
async def test_an_answer_without_a_token_is_declined(peer, answer):
    asked, cookie = await peer.begin()
    peer.answer = answer
    with pytest.raises(Declined):
        await peer.client.finish({"code": "c", "state": asked["state"]}, cookie)


async def test_a_provider_that_fails_is_not_taken_for_a_refusal(peer):
    asked, cookie = await peer.begin()
    peer.status = 503
    with pytest.raises(ProblemError, match="does not answer"):
        await peer.client.finish({"code": "c", "state": asked["state"]}, cookie)


async def test_codes_are_redeemed_at_the_issuers_host_alone(peer):
    peer.issuer.discovery["token_endpoint"] = "http://127.0.0.2:9/token"
    asked, cookie = await peer.begin()
    with pytest.raises(ProblemError):
        await peer.client.finish({"code": "c", "state": asked["state"]}, cookie)
