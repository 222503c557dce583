"""Messages, contacts and ports for tests of channel adapters."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from channels.base import Message, Ports, Question
from channels.http import HttpClient
from notifier.domain.approved import ApprovedTemplate
from notifier.domain.content import Content, EmailContent, InboxContent, SmsContent, SmsEncoding, ZaloContent
from notifier.domain.errors import TokenLost
from notifier.domain.ids import DeliveryId, InboxOwner, ProviderName
from notifier.domain.receipts import RawReceipt
from notifier.domain.recipients import Contact

DELIVERY = DeliveryId(UUID("01890a5d-ac96-774b-bcce-b302099a8057"))
CONTACT = Contact(InboxOwner("in_7c1"), phone="+84912000123", email="binh@dan.example.vn")
CREATED_AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)

INBOX = InboxContent("Hồ sơ đã được tiếp nhận", "Hồ sơ 000.00.01.H01 đã được tiếp nhận.")
EMAIL = EmailContent(
    "Hồ sơ đã được tiếp nhận", "Kính gửi ông Bình,\n\n.dòng đầu", "<p>Kính gửi ông Bình</p>", b"\x89PNG"
)
SMS = SmsContent("Ho so 000.00.01.H01 da duoc tiep nhan", SmsEncoding.GSM7, 1)
ZALO = ZaloContent("hoso_tiep_nhan", {"ma_ho_so": "000.00.01.H01", "ho_ten": "Nguyễn Văn Bình"})


def message(content: Content, *, contact: Contact = CONTACT, staff: bool = False, **more: str | None) -> Message:
    return Message(DELIVERY, DELIVERY.hex, contact, content, CREATED_AT, staff, **more)


def question(reference: str | None, *, contact: Contact = CONTACT) -> Question:
    return Question(DELIVERY, DELIVERY.hex, reference, contact)


@dataclass
class Tokens:
    """A token source with a list of tokens: each refusal moves on to the next, and after the last the grant is gone."""

    tokens: list[str] = field(default_factory=lambda: ["token-1", "token-2"])
    refusals: list[str] = field(default_factory=list)

    async def current(self) -> str:
        if not self.tokens:
            raise TokenLost("no grant")
        return self.tokens[0]

    async def refused(self, token: str) -> str:
        self.refusals.append(token)
        self.tokens = [other for other in self.tokens if other != token]
        return await self.current()


@dataclass
class Inbox:
    """Keeps what is stored, once per delivery."""

    stored: dict[DeliveryId, InboxContent] = field(default_factory=dict)
    is_down: bool = False

    async def store(self, delivery_id: DeliveryId, _contact: Contact, content: InboxContent) -> str:
        if self.is_down:
            raise ConnectionError("the database is down")
        self.stored.setdefault(delivery_id, content)
        return f"inbox-{delivery_id.hex}"


@dataclass
class Relations:
    """`since` is what is known of everybody; refusals are (account, person, follows)."""

    since: timedelta | None = None
    refusals: list[tuple[str, str, bool | None]] = field(default_factory=list)
    declined_by: list[tuple[str, str, str | None]] = field(default_factory=list)

    async def since_interaction(self, _account: str, _person: str) -> timedelta | None:
        return self.since

    async def refused(self, account: str, person: str, *, follows: bool | None) -> None:
        self.refusals.append((account, person, follows))

    async def declined(self, account: str, address: str, kind: str, _within: timedelta) -> bool:
        return any((account, address, each) in self.declined_by for each in (kind, None))

    async def declines(self, account: str, address: str, kind: str | None) -> None:
        self.declined_by.append((account, address, kind))


@dataclass
class Approvals:
    """What the provider has approved, by its id."""

    templates: dict[str, ApprovedTemplate] = field(default_factory=dict)

    async def template(self, _account: str, id_: str) -> ApprovedTemplate | None:
        return self.templates.get(id_)


@dataclass
class Stored:
    """Keeps what comes over a connection of an adapter's own; fails as often as `faults` says first."""

    receipts: list[RawReceipt] = field(default_factory=list)
    faults: int = 0

    async def store(self, raw: RawReceipt) -> None:
        if self.faults:
            self.faults -= 1
            raise ConnectionError("the database is down")
        self.receipts.append(raw)


def ports(
    http: HttpClient,
    *,
    tokens: Tokens | None = None,
    inbox: Inbox | None = None,
    relations: Relations | None = None,
    approvals: Approvals | None = None,
    stored: Stored | None = None,
    stays: bool = False,
    provider: str = "sms",
    public_url: str = "https://tb.example.gov.vn",
) -> Ports:
    return Ports(
        ProviderName(provider),
        http,
        tokens or Tokens(),
        (inbox or Inbox()).store,
        public_url,
        relations or Relations(),
        approvals or Approvals(),
        (stored or Stored()).store,
        stays,
    )


def receipt(
    channel: str,
    *,
    method: str = "POST",
    key: str | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> RawReceipt:
    return RawReceipt(ProviderName(channel), method, key, query or {}, headers or {}, body)
