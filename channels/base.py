"""The port: what every channel adapter is, and what it is given. Read this before writing one.

An adapter is one module with four names (`ChannelModule`), entered by one line in `registry.py`:

- `Settings`      a frozen pydantic model, unknown keys refused, units in the names;
- `capabilities`  what the channel carries, needs and proves;
- `connect`       opens it; what it returns has `send` and `close` (`Channel`), and `ask` where it can be asked;
- `authentic` and `facts`, the two halves of reading a callback.

`send` builds one request, calls once, and answers one of the five outcomes. No retry, no logging, no clock and
no database in it: those belong to the delivery engine. The exceptions are two plain refusals before the message is
taken: of a token (refresh once, call once more), and of one form of a message that the provider takes in another.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, SecretStr

from channels.http import HttpClient
from notifier.domain.answers import Answer
from notifier.domain.approved import ApprovedTemplate
from notifier.domain.clock import Clock, system_clock
from notifier.domain.content import Content, ContentKind, EmailContent, InboxContent, SmsContent, ZaloContent
from notifier.domain.ids import DeliveryId, ProviderName
from notifier.domain.outcomes import Outcome
from notifier.domain.receipts import RawReceipt, ReceiptFact
from notifier.domain.recipients import Contact


class AddressKind(StrEnum):
    """Which part of a contact the channel needs."""

    INBOX = "inbox"
    EMAIL = "email"
    PHONE = "phone"
    ZALO = "zalo"
    """The person's id at our Official Account; for citizens a mobile number will do."""


class Asks(StrEnum):
    """By what a provider can be asked what became of a message."""

    NOTHING = "nothing"
    REFERENCE = "reference"
    """Its own id of the message, so not about a call without an answer."""
    KEY = "key"
    """Our idempotency key too."""


class Quota(StrEnum):
    """What of a provider's own runs out."""

    NONE = "none"
    DAILY = "daily"
    """So many messages a day."""
    BALANCE = "balance"
    """Money that was paid in before."""


class Cost(StrEnum):
    NOTHING = "nothing"
    MESSAGE = "message"
    PART = "part"
    """Each segment of a long text."""


USUAL_COST = {
    ContentKind.INBOX: Cost.NOTHING,
    ContentKind.EMAIL: Cost.NOTHING,
    ContentKind.SMS: Cost.PART,
    ContentKind.ZALO: Cost.MESSAGE,
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    content: ContentKind
    address: AddressKind
    accepted_is_delivered: bool = False
    """Taking the message is its delivery: the portal inbox."""
    proves_delivery: bool = False
    """A receipt of delivery can be expected; where not, `accepted` is the last word."""
    proves_reading: bool = False
    """A receipt says that the person has seen it."""
    deduplicates: bool = False
    """A second call with the same idempotency key makes no second message."""
    quiet: bool = False
    """Disturbs nobody, so quiet hours do not apply."""
    window: tuple[time, time] | None = None
    """Local hours in which the provider takes messages; None means always."""
    asks: Asks = Asks.NOTHING
    calls_at_once: int | None = None
    """How many calls of one process the adapter can work on; more would only wait in it while their time runs out."""
    rate_per_second: float | None = None
    """What the provider is known to bear, over all our workers; `rate_per_second` in the settings overrides it."""
    quota: Quota = Quota.NONE
    """What of the provider's own can run out; `daily_quota` in the settings is ours."""
    cost: Cost | None = None
    """What is paid for; None: as usual for this kind of content."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to hand over. `idempotency_key` is 32 hex digits, the same over all attempts of a delivery.

    `created_at` never changes between attempts, so that a mail's Date does not either.
    """

    delivery_id: DeliveryId
    idempotency_key: str
    contact: Contact
    content: Content
    created_at: datetime
    staff: bool = False
    """To an officer: gateways have a class of message of their own for that (ĐH)."""
    agency: str | None = None
    """The code of the unit whose message it is, which may send under a name of its own."""
    stop_link: str | None = None
    """Where one POST ends mail of this kind to this person (RFC 8058). Notices that must be given have none."""


@dataclass(frozen=True, slots=True)
class Question:
    """What became of this message? `reference` is the provider's id of it, None where its answer never came."""

    delivery_id: DeliveryId
    idempotency_key: str
    reference: str | None
    contact: Contact


class Channel(Protocol):
    async def send(self, message: Message) -> Outcome: ...

    async def close(self) -> None: ...


class Askable(Channel, Protocol):
    """A channel whose capabilities say that it can be asked."""

    async def ask(self, question: Question) -> Answer: ...


class TokenSource(Protocol):
    """Where an adapter gets the access token that it must not keep."""

    async def current(self) -> str:
        """The valid access token. Raises `TokenLost` when the grant is gone."""
        ...

    async def refused(self, token: str) -> str:
        """The provider refused `token`: answers a newer one. Raises `TokenLost`."""
        ...


class Relations(Protocol):
    """What is known of people's relations to an account of ours, from what the provider told. No call raises."""

    async def since_interaction(self, account: str, person: str) -> timedelta | None:
        """How long ago the person last turned to the account; None if that does not count any more, or is not known."""
        ...

    async def refused(self, account: str, person: str, *, follows: bool | None) -> None:
        """The provider says that what was known is over; `follows` is False where it says that too, else None."""
        ...

    async def declined(self, account: str, address: str, kind: str, within: timedelta) -> bool:
        """Whether the person said, so lately, that they want no messages of this kind, or none at all."""
        ...

    async def declines(self, account: str, address: str, kind: str | None) -> None:
        """The provider says that the person wants no messages of this kind; with None, no messages at all."""
        ...


class Approvals(Protocol):
    """What a provider has approved of ours, as it last told. Does not raise."""

    async def template(self, account: str, id_: str) -> ApprovedTemplate | None:
        """The template of this id; None where nothing is known of it."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What an adapter may use of the world."""

    provider: ProviderName
    """Under which name the adapter was configured; callbacks come in under it."""
    http: HttpClient
    clock: Clock = field(default=system_clock, kw_only=True)
    """For signatures that name their moment, and for nothing else."""
    tokens: TokenSource
    store_in_inbox: Callable[[DeliveryId, Contact, InboxContent], Awaitable[str]]
    """Stores once per delivery; answers the reference of the stored message."""
    public_url: str
    """Where providers reach us, without a slash at the end."""
    relations: Relations
    approvals: Approvals
    store_receipt: Callable[[RawReceipt], Awaitable[None]]
    """Keeps what a provider tells over a connection of the adapter's own, as the web endpoint keeps a callback.

    It is committed when this answers. Raises what the database raises: then the provider must not be told OK.
    """
    stays: bool = False
    """This process goes on, so a connection may be opened for what providers have to tell; a command ends soon."""


class ChannelModule(Protocol):
    """What a module named in the registry offers."""

    Settings: type[BaseModel]

    def capabilities(self, settings: Any) -> Capabilities: ...

    async def connect(self, settings: Any, ports: Ports) -> Channel: ...

    def authentic(self, raw: RawReceipt, settings: Any) -> bool:
        """Whether the callback proves that it comes from the provider. Constant time. Never raises."""
        ...

    def facts(self, raw: RawReceipt, settings: Any) -> tuple[ReceiptFact, ...]:
        """What a stored callback says; an odd one says nothing. Never raises."""
        ...


def callback_url(ports: Ports, key: str | None = None) -> str:
    """The address that a provider is told to call with its receipts."""
    base = f"{ports.public_url}/v1/receipts/{ports.provider}"
    return f"{base}/{key}" if key else base


_C = TypeVar("_C", InboxContent, EmailContent, SmsContent, ZaloContent)


def carried(message: Message, kind: type[_C]) -> _C:
    """The content, of the kind that the channel's capabilities name. Another kind is our own fault: TypeError."""
    if not isinstance(message.content, kind):
        raise TypeError(f"the channel carries {kind.__name__}, the message holds {type(message.content).__name__}")
    return message.content


def has_key(raw: RawReceipt, key: SecretStr) -> bool:
    """Whether a callback came to the address that ends in this key, which only its provider knows. Constant time."""
    return hmac.compare_digest((raw.key or "").encode("utf-8", "replace"), key.get_secret_value().encode())


def delivery_named(text: object) -> DeliveryId | None:
    """The delivery whose idempotency key a provider hands back; None for anything that is not one of ours."""
    if isinstance(text, str) and re.fullmatch(r"[0-9a-fA-F]{32}", text):
        return DeliveryId(UUID(hex=text))
    return None
