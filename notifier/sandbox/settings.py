"""Settings of the sandbox. It lives on the loopback interface only and never talks to anything else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from notifier.domain.errors import SettingsError


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address surely stays on this machine; any other name is not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class TemplateRule:
    """What the pretend Zalo knows of one template: `parameters` maps each name to its maximum length in characters."""

    title: str
    parameters: Mapping[str, int]
    optional: frozenset[str] = frozenset()
    """The parameters that may be missing."""
    button: str = ""
    """The words of the button; it opens the parameter that holds a web address."""
    status: str = "ENABLE"
    """As Zalo calls it: ENABLE, PENDING_REVIEW, REJECT, DISABLE or DELETE."""
    daily_quota: int | None = None
    by_phone_only: bool = False
    """It may not be sent by a person's id."""


@dataclass(frozen=True, slots=True)
class ZaloApp:
    """One app and the Official Account (OA) that granted it."""

    app_id: str
    app_secret: str = field(repr=False)
    oa_id: str
    oa_secret: str = field(repr=False)
    """Signs the webhook: shown beside the webhook settings of the console, not the app secret."""
    refresh_token: str = field(repr=False)
    """The first valid one; each can be used once."""
    redirect_uri: str = "https://notifier.example.gov.vn/zalo"
    """The callback address that the console holds: a consent leads there and nowhere else."""
    code_challenge: str | None = None
    """That the console holds; None: each consent brings its own."""
    provider: str = "zalo"
    """Under which name Notifier takes the webhook."""
    access_token_seconds: int = 90_000
    life_as_number: bool = False
    """Whether `expires_in` comes as a number instead of a text."""
    require_proof: bool = True
    """Whether every call must carry `appsecret_proof`."""
    daily_quota: int = 500_000
    balance: int | None = None
    """For so many messages by phone there is money; None: always."""
    development_quota: int = 100
    admins: frozenset[str] = frozenset()
    """Numbers (84…) that messages in development mode reach."""
    refuses_at_night: bool = False
    """Whether nothing is taken by phone from 22:00 to 06:00."""
    deduplicates: bool = False
    """Whether a second message with the same tracking_id is recognised; Zalo promises nothing."""
    gives_up: bool = False
    """Whether a webhook that stays silent is switched off until its address is saved anew."""
    rate_per_minute: int = 4_000
    """Calls to the OA host."""
    templates: Mapping[str, TemplateRule] = field(default_factory=dict)
    """By template id. An id that is not listed is accepted with any parameters."""


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """The account at each of the pretend gateways: their user names and passwords are the two keys."""

    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    brandname: str | None = None
    """The registered brandname; None takes any."""
    status_by_request_id: bool = False
    """Whether a message can be asked about by its RequestId too; the documents name the SMSID alone."""
    repeat_seconds: float = 0.0
    """For so long eSMS refuses the same text to the same number, as it does for its test brandname."""
    wordings: Mapping[str, str] = field(default_factory=dict)
    """Of the gateway that takes template ids: the id of each, and its registered wording with {1}, {2} …"""


@dataclass(frozen=True, slots=True)
class SmscAccount:
    """The account at the pretend SMSC, and how that one writes its receipts. The brandname is that of `SmsAccount`."""

    system_id: str
    password: str = field(repr=False)
    binds: int = 10
    """So many at once; one more is refused as already bound."""
    rate_per_second: float | None = None
    """Above it submits are throttled."""
    enquire_link_seconds: float = 30.0
    answers_in_hex: bool = True
    """The base of the ids in the answers to submits."""
    receipts_in_hex: bool = True
    """The base of the ids in the texts of receipts."""
    receipt_form: str = "both"
    """`text`, `parameters` or `both`."""
    dates_with_seconds: bool = False


@dataclass(frozen=True, slots=True)
class MailServer:
    """What the pretend mail server offers in EHLO, and where its patience ends."""

    extensions: frozenset[str] = frozenset({"SIZE", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING", "ENHANCEDSTATUSCODES"})
    certificate: Path | None = None
    """Certificate and key in one PEM file: with it STARTTLS is offered, and a second port speaks TLS at once."""
    login: tuple[str, str] | None = field(default=None, repr=False)
    """Name and password without which no mail is taken. It asks for them in plain text too: clients must be careful."""
    most_connections: int | None = None
    """More get 421 4.3.2 in the place of a greeting."""
    domain_rate: int | None = None
    """Mails a second to one receiving domain; more get 421 4.7.0."""


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the pretend world takes, in seconds; a pair is a range to draw from."""

    receipt_seconds: tuple[float, float] = (0.3, 1.5)
    """From the accepted message to the report of its delivery."""
    read_seconds: tuple[float, float] = (0.8, 3.0)
    """From the delivery to the person's reading it (Zalo)."""
    retry_seconds: tuple[float, ...] = (0.5, 1.5, 3.0, 6.0, 12.0)
    """Between the tries of a callback; Zalo's own ladder is 30 s, 5, 15, 30 min, 1 h."""
    answer_seconds: tuple[float, float] = (0.0, 0.0)
    """From a message to the provider's answer; half of it passes before the message is taken."""
    hang_seconds: float = 60.0
    """How long a scripted silence lasts."""
    fresh_seconds: float = 2.0
    """How long an SMS cannot be asked about after it was taken."""
    portal_seconds: float = 2.0
    """Between tries to reach Notifier's inbox API."""


@dataclass(frozen=True, slots=True)
class PortalAccess:
    """The provincial portal's key to Notifier's inbox API."""

    api_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushAccount:
    """Notifier's account at a portal that keeps its inboxes itself; both secrets are `whsec_…`."""

    secret: str = field(repr=False)
    receipt_secret: str = field(repr=False)
    """Signs the portal's receipts."""


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person whose addresses belong on one card. `lookup` is what the portal asks the inbox API with."""

    name: str
    phone: str | None = None
    email: str | None = None
    zalo_uid: str | None = None
    lookup: Mapping[str, Any] | None = None
    role: str = ""
    has_zalo: bool = True
    """Whether a Zalo account belongs to the phone."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody whom the pretend identity provider knows. `claims` go into the ID token as they are."""

    name: str
    role: str
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """Pages that sign people in at the pretend identity provider, and who may be chosen there."""

    secret: str = field(repr=False)
    redirect_uri: str
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Everything the sandbox needs. Port 0 means a free one. Raises `SettingsError` for a host that is not loopback."""

    notifier_url: str
    """Where Notifier's web process answers, without a slash at the end; receipts go there."""
    zalo: ZaloApp
    sms: SmsAccount
    email_receipt_key: str = field(repr=False)
    """The secret last part of the address that bounces are posted to."""
    host: str = "127.0.0.1"
    http_port: int = 0
    smtp_port: int = 0
    smsc: SmscAccount | None = None
    """Without it nobody listens for SMPP."""
    smpp_port: int = 0
    delays: Delays = Delays()
    mail: MailServer = MailServer()
    portal: PortalAccess | None = None
    portal_push: PushAccount | None = None
    """Switches on the portal's own notification API."""
    people: tuple[Person, ...] = ()
    clients: Mapping[str, Client] = field(default_factory=dict)
    """By client id: those of the identity provider, which listens under /sso."""
    messages_kept: int = 20_000
    """How many messages the page and the API can show; older ones are forgotten."""
    script_file: Path | None = None
    """Rules to start with, as JSON: the body that `POST /sandbox/script` takes."""

    def __post_init__(self) -> None:
        found = {"host": self.host, "notifier_url": urlsplit(self.notifier_url).hostname}
        for key, host in found.items():
            if not is_loopback(host):
                raise SettingsError(
                    f'sandbox.{key} is "{getattr(self, key)}"; the sandbox pretends to be other people\'s services '
                    "and may only use this machine's loopback address. Write 127.0.0.1 as its host."
                )
