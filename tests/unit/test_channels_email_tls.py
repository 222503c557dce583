"""Each TLS policy against a mail server that really speaks TLS, and what happens where it cannot be trusted."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop

from channels.email_smtp import Settings, SmtpChannel
from channels.registry import parse_channel
from notifier.domain.errors import SettingsError
from notifier.domain.ids import ChannelName
from notifier.domain.outcomes import Accepted, Outcome, Throttled
from notifier.sandbox.app import Sandbox
from notifier.sandbox.app import running as sandbox_running
from notifier.sandbox.settings import MailServer
from tests.contract.channels_cases import email_settings
from tests.support.certificates import Authority
from tests.support.channels import EMAIL, message
from tests.support.sandbox import sandbox_settings

LOGIN = ("notifier", "mật khẩu")
ENCRYPTED = ["opportunistic", "starttls", "tls"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Path:
    return authority.certificate("127.0.0.1")


@asynccontextmanager
async def mail_server(**changes):
    async with sandbox_running(sandbox_settings(mail=MailServer(**changes))) as sandbox:
        yield sandbox


async def send(sandbox: Sandbox, tls: str, **settings) -> Outcome:
    port = sandbox.smtps_port if tls == "tls" else sandbox.smtp_port
    table = email_settings(port or sandbox.smtp_port, tls=tls, timeout_seconds=5, **settings)
    channel = SmtpChannel(Settings.model_validate(table.model_dump()))
    try:
        return await channel.send(message(EMAIL))
    finally:
        await channel.close()


async def send_and_part(sandbox: Sandbox, tls: str, **settings) -> Outcome:
    outcome = await send(sandbox, tls, **settings)
    await asyncio.sleep(0.1)  # uvloop must not be closed while TLS says farewell, and nothing tells when it has
    return outcome


@pytest.mark.parametrize("tls", ["none", *ENCRYPTED])
async def test_mail_goes_out_under_each_policy(tls: str, authority: Authority, certificate: Path):
    async with mail_server(certificate=certificate) as sandbox:
        outcome = await send(sandbox, tls, ca_file=authority.file)
        assert (isinstance(outcome, Accepted), len(sandbox.messages)) == (True, 1)


@pytest.mark.parametrize("tls", ["none", *ENCRYPTED])
async def test_mail_goes_out_from_the_loop_that_workers_run(tls: str, authority: Authority, certificate: Path):
    async with mail_server(certificate=certificate) as sandbox:
        outcome = await asyncio.to_thread(lambda: uvloop.run(send_and_part(sandbox, tls, ca_file=authority.file)))
        assert (isinstance(outcome, Accepted), len(sandbox.messages)) == (True, 1)


@pytest.mark.parametrize("tls", ENCRYPTED)
async def test_a_log_in_goes_over_the_encrypted_connection(tls: str, authority: Authority, certificate: Path):
    async with mail_server(certificate=certificate, login=LOGIN) as sandbox:
        outcome = await send(sandbox, tls, ca_file=authority.file, username=LOGIN[0], password=LOGIN[1])
        assert (isinstance(outcome, Accepted), len(sandbox.messages)) == (True, 1)


async def test_a_wrong_password_is_our_own_fault(authority: Authority, certificate: Path):
    async with mail_server(certificate=certificate, login=LOGIN) as sandbox:
        outcome = await send(sandbox, "starttls", ca_file=authority.file, username=LOGIN[0], password="x")
        assert (outcome, sandbox.messages) == (Throttled("5.7.8", "config"), [])


@pytest.mark.parametrize("tls", ENCRYPTED)
async def test_a_certificate_for_another_name_gets_no_mail(tls: str, authority: Authority):
    async with mail_server(certificate=authority.certificate("khac.example.vn")) as sandbox:
        outcome = await send(sandbox, tls, ca_file=authority.file)
        assert (outcome, sandbox.messages) == (Throttled("tls_name", "config"), [])


@pytest.mark.parametrize("tls", ENCRYPTED)
async def test_a_certificate_of_an_unknown_authority_gets_no_mail(tls: str, certificate: Path):
    async with mail_server(certificate=certificate) as sandbox:
        assert (await send(sandbox, tls), sandbox.messages) == (Throttled("tls_untrusted", "config"), [])


@pytest.mark.parametrize("tls", ENCRYPTED)
async def test_a_certificate_that_has_expired_gets_no_mail(tls: str, authority: Authority, tmp_path: Path):
    other = Authority(tmp_path, "Another authority")
    async with mail_server(certificate=other.certificate("127.0.0.1", valid=timedelta(days=1))) as sandbox:
        outcome = await send(sandbox, tls, ca_file=other.file)
        assert (outcome, sandbox.messages) == (Throttled("tls_expired", "config"), [])


async def test_what_must_be_encrypted_is_not_sent_to_a_relay_that_cannot():
    async with mail_server() as sandbox:
        assert (await send(sandbox, "starttls"), sandbox.messages) == (Throttled("not_supported", "config"), [])


async def test_what_may_be_plain_is_sent_to_a_relay_that_cannot_encrypt():
    async with mail_server() as sandbox:
        assert isinstance(await send(sandbox, "opportunistic"), Accepted)


async def test_no_password_crosses_a_plain_connection():
    async with mail_server(login=LOGIN) as sandbox:
        outcome = await send(sandbox, "opportunistic", username=LOGIN[0], password=LOGIN[1])
        assert (outcome, sandbox.messages) == (Throttled("login_needs_tls", "config"), [])


@pytest.mark.parametrize("tls", ["none", "opportunistic"])
async def test_a_password_may_cross_a_plain_connection_where_that_is_allowed(tls: str):
    async with mail_server(login=LOGIN) as sandbox:
        plain = {"username": LOGIN[0], "password": LOGIN[1], "allow_plain_login": True}
        assert isinstance(await send(sandbox, tls, **plain), Accepted)


def test_a_password_over_plain_text_is_a_fault_of_the_settings():
    table = email_settings().model_dump() | {"adapter": "email_smtp", "username": "u", "password": "p"}
    with pytest.raises(SettingsError, match=r'channels\.email: `tls` is "none", so `password` could be read'):
        parse_channel(ChannelName("email"), {name: value for name, value in table.items() if value is not None})


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_file_of_authorities_that_cannot_be_used_stops_the_start(tmp_path: Path, content: bytes | None):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="ca_file"):
        SmtpChannel(Settings.model_validate(email_settings(tls="starttls", ca_file=file).model_dump()))
