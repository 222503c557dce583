"""Access tokens of an identity provider that really issues them: which count, and what is told about the others."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from notifier.cli.demo import START
from notifier.domain.opaque import inbox_owner
from notifier.settings import Identity
from notifier.web.access.bearer import Bearer, is_signed_token, read_token
from notifier.web.access.key_ring import FRESH, PAUSE, KeyRing
from notifier.web.problems import ProblemError
from tests.support.issuer import NUMBER, Issuer, identity, issuing, public_rsa_key, public_rsa_pem

SECRET = b"s" * 32
MINUTE = timedelta(minutes=1)


class Time:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def issuer(time) -> AsyncIterator[Issuer]:
    async with issuing(time) as made:
        yield made


class Door:
    """Reads tokens as the web process does, with keys that it keeps."""

    def __init__(self, issuer: Issuer, time: Time, **changes: Any) -> None:
        self.settings = Identity.model_validate(identity(issuer, **changes))
        self.keys = KeyRing(self.settings, time)
        self._time = time

    async def read(self, token: str) -> Bearer:
        return await read_token(token, self.settings, self.keys, SECRET, self._time())

    async def refusal(self, token: str) -> str:
        """The code of the problem."""
        with pytest.raises(ProblemError) as caught:
            await self.read(token)
        assert token not in caught.value.detail
        return caught.value.code


@pytest.fixture
async def door(issuer, time) -> AsyncIterator[Door]:
    made = Door(issuer, time)
    yield made
    await made.keys.close()


@pytest.fixture
async def door_with(issuer, time) -> AsyncIterator[Any]:
    made: list[Door] = []

    def make(**changes: Any) -> Door:
        made.append(Door(issuer, time, **changes))
        return made[-1]

    yield make
    for each in made:
        await each.keys.close()


async def test_a_good_token_opens_the_inbox_of_the_personal_number_in_it(issuer, door):
    bearer = await door.read(issuer.token())

    assert (bearer.citizen, bearer.officer) == (inbox_owner(SECRET, "personal_number", NUMBER), None)


async def test_an_officer_is_known_by_the_code_in_the_token_in_any_spelling(issuer, door):
    bearer = await door.read(issuer.token(so_dinh_danh=..., ma_can_bo=" VV.Mau "))

    assert (bearer.citizen, bearer.officer) == (None, inbox_owner(SECRET, "staff", "vv.mau"))


async def test_what_a_token_opens_ends_with_it(issuer, door, time):
    bearer = await door.read(issuer.token(exp=int((time() + MINUTE).timestamp())))

    assert bearer.until == (time() + 2 * MINUTE).replace(microsecond=0)


async def test_the_subject_can_be_the_personal_number(issuer, door_with):
    bearer = await door_with(citizen_claim="sub").read(issuer.token(sub=NUMBER, so_dinh_danh=...))

    assert bearer.citizen == inbox_owner(SECRET, "personal_number", NUMBER)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_one_rsa_key_without_an_algorithm_serves_those_of_its_kind(issuer, door, algorithm):
    issuer.others = [public_rsa_key()]

    assert (await door.read(issuer.rsa_token(algorithm))).citizen


async def test_a_key_that_names_its_algorithm_serves_no_other(issuer, door):
    issuer.others = [{**public_rsa_key(), "alg": "RS256"}]

    assert await door.refusal(issuer.rsa_token("PS256")) == "token-invalid"


def unsigned(issuer: Issuer) -> str:
    parts = ({"alg": "none", "typ": "at+jwt", "kid": "k1"}, issuer.claims())
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".AA"


async def test_an_unsigned_token_is_refused(issuer, door):
    assert await door.refusal(unsigned(issuer)) == "token-invalid"


async def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused(issuer, door, monkeypatch):
    monkeypatch.setattr("jwt.algorithms.is_pem_format", lambda _: False)  # a forger's library does not mind
    issuer.others = [public_rsa_key()]
    forged = jwt.encode(issuer.claims(), public_rsa_pem(), "HS256", {"kid": "rsa", "typ": "at+jwt"})

    assert await door.refusal(forged) == "token-invalid"


async def test_a_shared_secret_among_the_keys_proves_nothing(issuer, door):
    secret = b"k" * 32
    issuer.others = [{"kty": "oct", "kid": "oct", "k": base64.urlsafe_b64encode(secret).decode().rstrip("=")}]

    assert await door.refusal(issuer.token(head={"kid": "oct", "alg": "HS256"}, key=secret)) == "token-invalid"


async def test_a_signature_of_somebody_else_is_refused(issuer, door):
    assert await door.refusal(issuer.token(key=ec.generate_private_key(ec.SECP256R1()))) == "token-invalid"


async def test_a_token_that_was_changed_is_refused(issuer, door):
    head, _, signature = issuer.token().split(".")
    claims = base64.urlsafe_b64encode(json.dumps(issuer.claims(so_dinh_danh="000090000102")).encode()).decode()

    assert await door.refusal(f"{head}.{claims.rstrip('=')}.{signature}") == "token-invalid"


async def test_a_short_rsa_key_proves_nothing(issuer, door):
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that it is too short is the point
    issuer.others = [{**RSAAlgorithm.to_jwk(short.public_key(), as_dict=True), "kid": "short"}]

    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = issuer.token(head={"kid": "short"}, key=short)

    assert await door.refusal(token) == "token-invalid"


async def test_a_head_that_says_what_must_be_understood_is_refused(issuer, door):
    assert await door.refusal(issuer.token(head={"crit": ["exp"], "exp": 1})) == "token-invalid"


async def test_a_key_that_the_token_brings_along_proves_nothing(issuer, door):
    own = ec.generate_private_key(ec.SECP256R1())
    brought = jwt.algorithms.ECAlgorithm.to_jwk(own.public_key(), as_dict=True)
    token = issuer.token(head={"jwk": brought, "jku": "http://127.0.0.1:9/keys"}, key=own)

    assert await door.refusal(token) == "token-invalid"


async def test_a_token_that_is_too_long_is_refused_unread(issuer, door):
    assert await door.refusal(issuer.token(padding="x" * 8000)) == "token-invalid"
    assert issuer.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://sso.example.vn"},
        {"iss": ...},
        {"aud": "portal"},
        {"aud": ["a", "b"]},
        {"aud": ...},
        {"aud": {}},
    ],
)
async def test_a_token_of_another_issuer_or_for_somebody_else_is_refused(issuer, door, changes):
    assert await door.refusal(issuer.token(**changes)) == "token-not-for-us"


async def test_one_of_several_audiences_is_enough(issuer, door):
    assert (await door.read(issuer.token(aud=["portal", "notifier"]))).citizen


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt"])
async def test_a_token_of_another_kind_is_refused(issuer, door, kind):
    assert await door.refusal(issuer.token(head={"typ": kind})) == "token-not-for-us"


@pytest.mark.parametrize("kind", ["application/at+jwt", "JWT", "AT+JWT"])
async def test_the_kind_may_be_spelled_as_the_standard_allows(issuer, door, kind):
    assert (await door.read(issuer.token(head={"typ": kind}))).citizen


@pytest.mark.parametrize(("claim", "code"), [("exp", "token-expired"), ("nbf", "token-early"), ("iat", "token-early")])
async def test_a_token_counts_within_the_leeway_and_not_beyond(issuer, door, time, claim, code):
    sign = -1 if claim == "exp" else 1

    def at(seconds: int) -> str:
        return issuer.token(**{claim: int(time().timestamp()) + sign * seconds})

    assert (await door.read(at(58))).citizen
    assert await door.refusal(at(62)) == code


@pytest.mark.parametrize("moment", [..., "soon", True, float("inf"), 10**30, []])
async def test_a_token_without_an_end_is_refused(issuer, door, moment):
    assert await door.refusal(issuer.token(exp=moment)) == "token-invalid"


@pytest.mark.parametrize("value", [..., "", "12345", "00009000010a", 90000101, None])
async def test_a_token_that_names_nobody_is_refused(issuer, door, value):
    assert await door.refusal(issuer.token(so_dinh_danh=value)) == "token-names-nobody"


@pytest.mark.parametrize("claims", [{"scope": "openid hop-thu"}, {"scp": ["hop-thu"]}])
async def test_the_required_scope_is_found_in_either_form(issuer, door_with, claims):
    assert (await door_with(required_scope="hop-thu").read(issuer.token(**claims))).citizen


@pytest.mark.parametrize("claims", [{}, {"scope": "hop-thu-khac"}, {"scope": 7}])
async def test_without_the_required_scope_a_token_is_forbidden(issuer, door_with, claims):
    assert await door_with(required_scope="hop-thu").refusal(issuer.token(**claims)) == "forbidden"


# Keys


async def test_keys_are_read_once_for_many_tokens(issuer, door):
    for _ in range(3):
        await door.read(issuer.token())

    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_a_rotated_key_is_fetched_when_the_first_token_names_it(issuer, door, time):
    await door.read(issuer.token())
    issuer.rotate("k2")
    time.now += PAUSE

    assert (await door.read(issuer.token())).citizen


async def test_invented_keys_are_asked_about_only_now_and_then(issuer, door, time):
    await door.read(issuer.token())
    for number in range(5):
        assert await door.refusal(issuer.token(head={"kid": f"invented-{number}"})) == "token-invalid"
    assert len(issuer.asked) == 2
    time.now += PAUSE
    await door.refusal(issuer.token(head={"kid": "invented"}))

    assert len(issuer.asked) == 4


async def test_old_keys_go_on_while_the_provider_is_down(issuer, door, time):
    await door.read(issuer.token())
    issuer.is_down = True
    time.now += FRESH

    assert (await door.read(issuer.token())).citizen
    assert len(issuer.asked) == 3


async def test_an_empty_answer_does_not_replace_good_keys(issuer, door, time):
    token = issuer.token(exp=int((time() + timedelta(days=1)).timestamp()))
    await door.read(token)
    issuer.keys = {}
    time.now += FRESH

    assert (await door.read(token)).citizen


async def test_a_key_that_the_provider_withdrew_is_forgotten(issuer, door, time):
    stolen = issuer.token(exp=int((time() + timedelta(days=1)).timestamp()))
    await door.read(stolen)
    issuer.rotate("k2")
    time.now += FRESH

    assert await door.refusal(stolen) == "token-invalid"


async def test_without_keys_nobody_is_let_in_and_a_later_try_may_work(issuer, door, time):
    issuer.is_down = True
    assert await door.refusal(issuer.token()) == "identity-unavailable"
    issuer.is_down = False
    assert await door.refusal(issuer.token()) == "identity-unavailable"
    time.now += PAUSE

    assert (await door.read(issuer.token())).citizen


async def test_keys_on_another_host_than_the_issuers_are_not_fetched(issuer, door, time):
    async with issuing(time) as other:
        issuer.discovery = {"jwks_uri": f"{other.url}/keys"}
        assert await door.refusal(issuer.token()) == "identity-unavailable"

        assert other.asked == []


async def test_keys_on_another_host_that_the_settings_name_are_fetched(issuer, door_with, time):
    async with issuing(time) as other:
        other.keys = issuer.keys

        assert (await door_with(jwks_url=f"{other.url}/certs").read(issuer.token())).citizen
        assert (issuer.asked, other.asked) == ([], ["/certs"])


async def test_a_discovery_that_speaks_of_another_issuer_is_not_believed(issuer, door):
    issuer.discovery = {"issuer": "https://sso.example.vn"}

    assert await door.refusal(issuer.token()) == "identity-unavailable"


async def test_a_token_without_a_key_id_means_the_only_key(issuer, door):
    assert (await door.read(issuer.token(head={"kid": ...}))).citizen


async def test_a_token_without_a_key_id_means_nothing_where_there_are_two(issuer, door):
    issuer.others = [public_rsa_key()]

    assert await door.refusal(issuer.token(head={"kid": ...})) == "token-invalid"


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c.d", "a.b.c d", "a..c", "ă.b.c"])
def test_what_has_not_the_form_of_a_token_is_none(text):
    assert not is_signed_token(text)
