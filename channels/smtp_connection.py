"""How a connection to a relay is opened: with which TLS, what is checked, and how we log in.

| policy        | on the wire                                            | where the relay has no TLS |
| ------------- | ------------------------------------------------------ | -------------------------- |
| none          | plain text                                             | that is what was asked for |
| opportunistic | STARTTLS where the relay offers it                     | plain text, without log-in |
| starttls      | STARTTLS (RFC 3207)                                    | no mail                    |
| tls           | TLS from the first byte (RFC 8314)                     | no mail                    |

Wherever TLS is spoken, the certificate and the host's name in it are checked.
"""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from aiosmtplib import SMTP, SMTPException

from notifier.domain.errors import SettingsError


class TlsPolicy(StrEnum):
    NONE = "none"
    OPPORTUNISTIC = "opportunistic"
    STARTTLS = "starttls"
    TLS = "tls"


class PlainLoginError(SMTPException):
    """The password would have crossed the network for all to read."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Where a relay is, and how it is spoken to. Without `context` its certificate is checked by the system's CAs."""

    host: str
    port: int
    tls: TlsPolicy
    local_hostname: str
    timeout_seconds: float
    username: str | None = None
    password: str = field(default="", repr=False)
    allow_plain_login: bool = False
    context: ssl.SSLContext | None = None


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Checks certificates by the CAs of a file, else by the system's. Raises `SettingsError`."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"ca_file {ca_file} cannot be used as certificates in PEM: {error}") from None


async def open_connection(relay: Relay) -> SMTP:
    """A connection that has said EHLO and has logged in, if there is a username. Raises what aiosmtplib raises."""
    smtp = SMTP(
        hostname=relay.host,
        port=relay.port,
        local_hostname=relay.local_hostname,
        timeout=relay.timeout_seconds,
        use_tls=relay.tls is TlsPolicy.TLS,
        start_tls={TlsPolicy.STARTTLS: True, TlsPolicy.OPPORTUNISTIC: None}.get(relay.tls, False),
        tls_context=relay.context,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
        await _log_in(smtp, relay)
    except BaseException:
        smtp.close()
        raise
    return smtp


async def _log_in(smtp: SMTP, relay: Relay) -> None:
    if relay.username is None:
        return
    if smtp.get_transport_info("sslcontext") is None and not relay.allow_plain_login:
        raise PlainLoginError("the connection is not encrypted")
    await smtp.login(relay.username, relay.password)


def tls_fault(failure: BaseException) -> str | None:
    """The code of a failure of TLS, however deep it lies; None for any other failure."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return VERIFY_CODES.get(cause.verify_code, "tls_untrusted")
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__
    return None


VERIFY_CODES: dict[int, str] = {10: "tls_expired", 62: "tls_name", 64: "tls_name"}
"""OpenSSL's X509_V_ERR_ numbers: expired; another host name; another address. All others: nobody we trust."""
