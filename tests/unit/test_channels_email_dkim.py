"""Signatures, checked by dkimpy: somebody else's code."""

from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from channels.dkim import Signer, load_signer
from notifier.domain.errors import SettingsError
from tests.support.channels import CREATED_AT, EMAIL, message
from tests.support.mail_sent import sent

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STOP = "https://tb.example.gov.vn/u/abc"


def pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "dkim.pem"
    file.write_bytes(pem(KEY))
    return file


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    record = "v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1])
    return record.encode() if name == b"nov26._domainkey.example.gov.vn." else None


def verifies(mail: bytes) -> bool:
    return dkim.verify(mail, dnsfunc=dns)


def keys(file: Path) -> dict:
    return {"example.gov.vn": {"selector": "nov26", "key_file": file}}


@pytest.mark.parametrize("stop_link", [None, STOP])
async def test_an_independent_verifier_accepts_what_was_sent(key_file: Path, stop_link: str | None):
    (mail,) = await sent(message(EMAIL, stop_link=stop_link), dkim=keys(key_file))
    assert verifies(mail.data)


@given(st.binary().map(lambda body: body.replace(b"\r", b"").replace(b"\n", b"\r\n")), st.text("aĐ \t", max_size=30))
def test_any_body_and_any_spacing_of_headers_verifies(body: bytes, words: str):
    head = f"From: <a@example.gov.vn>\r\nSubject:{words} x\r\n\ty\r\nTo: b@example.vn\r\n\r\n".encode()
    assert verifies(Signer("example.gov.vn", "nov26", KEY).signed(head + body, CREATED_AT))


async def test_both_unsubscribe_headers_are_signed(key_file: Path):
    (mail,) = await sent(message(EMAIL, stop_link=STOP), dkim=keys(key_file))
    assert not verifies(mail.data.replace(b"/u/abc", b"/u/xyz"))
    assert not verifies(mail.data.replace(b"One-Click", b"Two-Click"))


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Date", "Reply-To"])
async def test_nobody_can_add_a_header_that_a_reader_sees(key_file: Path, name: str):
    (mail,) = await sent(message(EMAIL), dkim=keys(key_file))
    assert not verifies(f"{name}: ai.do@example.vn\r\n".encode() + mail.data)


async def test_every_attempt_has_the_same_signature(key_file: Path):
    first, second = await sent(message(EMAIL), message(EMAIL), dkim=keys(key_file))
    assert first.data == second.data


async def test_a_sender_below_the_domain_is_signed_by_its_key(key_file: Path):
    agencies = {"H01.14": {"sender_address": "motcua@so.example.gov.vn"}}
    (mail,) = await sent(message(EMAIL, agency="H01.14"), dkim=keys(key_file), agencies=agencies)
    assert verifies(mail.data)


async def test_a_sender_of_another_domain_is_not_signed(key_file: Path):
    agencies = {"H01.14": {"sender_address": "motcua@khac.example.vn"}}
    (mail,) = await sent(message(EMAIL, agency="H01.14"), dkim=keys(key_file), agencies=agencies)
    assert b"DKIM-Signature" not in mail.data


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"no key",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 - that is the point
    ],
    ids=["missing", "no key", "another kind", "too short"],
)
def test_a_key_that_cannot_be_used_stops_the_start(tmp_path: Path, content: bytes | None):
    file = tmp_path / "dkim.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"the DKIM key of example\.gov\.vn"):
        load_signer("example.gov.vn", "nov26", file)
