"""Where the parts are put together: from the settings to one `App` that steps, web and dispatcher use."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from channels import registry
from channels.base import Capabilities, Channel, Ports
from channels.http import HttpClient
from channels.registry import ProviderSetup
from notifier.domain.clock import Clock, shifted_clock, system_clock
from notifier.domain.content import InboxContent
from notifier.domain.dossiers import Status, SubjectKind
from notifier.domain.errors import SettingsError
from notifier.domain.ids import ChannelName, DeliveryId, ProviderName, SourceName
from notifier.domain.receipts import RawReceipt
from notifier.domain.recipients import Contact
from notifier.intake.codes import DIALECTS, SourceProfile
from notifier.intake.signature import parse_secret
from notifier.rendering.renderer import Renderer
from notifier.routing.rules import Rules, load_rules
from notifier.settings import Settings
from notifier.store import inbox, receipts
from notifier.store.due import Kind
from notifier.store.inbox import Notice
from notifier.store.pool import Pool, concerns_all, connection_name, open_pool
from notifier.telemetry.marks import Mark, pass_by
from notifier.telemetry.metrics import RECEIPTS
from workers.accounts import Accounts, ZaloApprovals, open_accounts
from workers.batching import Batches
from workers.calendars import Shelf
from workers.gate import Gate
from workers.heartbeat import Heartbeat
from workers.queues import RECEIPT_LANE, Bell
from workers.relations import ZaloRelations
from workers.tokens import NoTokens


@dataclass(frozen=True, slots=True)
class ChannelSetup:
    """A configured channel and who carries it, the preferred provider first."""

    name: ChannelName
    providers: tuple[ProviderSetup, ...]

    @property
    def capabilities(self) -> Capabilities:
        """What routing may count on: the providers of a channel carry the same messages."""
        return self.providers[0].capabilities


@dataclass(frozen=True, slots=True)
class App:
    """Everything that a front door or a step needs. Open it with `open_app`."""

    name: str
    settings: Settings
    clock: Clock
    secret: bytes
    rules: Rules
    renderer: Renderer
    profiles: Mapping[SourceName, SourceProfile]
    setups: Mapping[ChannelName, ChannelSetup]
    providers: Mapping[ProviderName, ProviderSetup]
    pool: Pool
    bell: Bell
    accounts: Accounts
    gate: Gate
    heartbeat: Heartbeat
    calendars: Shelf
    receipts: Batches[RawReceipt, None]
    """Keep what a provider reports and ring for it, however it came. It is committed when they answer."""
    connections: Mapping[ProviderName, Channel]


def clock_of(settings: Settings) -> Clock:
    return system_clock if settings.clock_file is None else shifted_clock(settings.clock_file)


def channel_setups(settings: Settings) -> dict[ChannelName, ChannelSetup]:
    """The configured channels; the portal inbox is always among them. Raises `SettingsError`."""
    tables = {"portal": {"adapter": "portal"}, **settings.channels}
    setups = {
        ChannelName(name): ChannelSetup(ChannelName(name), registry.parse_channel(ChannelName(name), table))
        for name, table in tables.items()
    }
    providers_of(setups)
    return setups


def providers_of(setups: Mapping[ChannelName, ChannelSetup]) -> dict[ProviderName, ProviderSetup]:
    """All providers by name. Raises `SettingsError` where two have the same."""
    providers: dict[ProviderName, ProviderSetup] = {}
    for each in (provider for setup in setups.values() for provider in setup.providers):
        if each.name in providers:
            raise SettingsError(f"two providers are called {each.name}: their callbacks could not be told apart.")
        providers[each.name] = each
    return providers


def rules_of(settings: Settings, setups: Mapping[ChannelName, ChannelSetup]) -> Rules:
    """The routing rules. Raises `RulesError`."""
    text = settings.rules_file.read_text(encoding="utf-8")
    return load_rules(text, settings.rules_file.name, nameable(setups))


def nameable(setups: Mapping[ChannelName, ChannelSetup]) -> set[ChannelName]:
    """A rule may name every channel that has an adapter of its kind."""
    return set(setups) | {ChannelName(name) for name in ("portal", "zalo", "sms", "email")}


def source_profiles(settings: Settings) -> dict[SourceName, SourceProfile]:
    """The dossier systems that may post. Raises `SettingsError`, which never quotes a secret."""
    profiles = {}
    for name, source in settings.sources.items():
        try:
            profiles[SourceName(name)] = SourceProfile(
                name=SourceName(name),
                secrets=tuple(parse_secret(secret.get_secret_value()) for secret in source.secrets),
                status_map={word: Status(number) for word, number in source.status_map.items()},
                subject_map={
                    **DIALECTS[source.dialect],
                    **{word: SubjectKind(kind) for word, kind in source.subject_map.items()},
                },
            )
        except ValueError as error:
            raise SettingsError(f'sources."{name}": {error}', code="NOTIFIER-CFG-005") from None
    return profiles


@asynccontextmanager
async def open_app(settings: Settings, *, name: str, stays: bool = False) -> AsyncIterator[App]:
    """Open pool, bell and channels; `name` is this process in leases and in the audit trail.

    `stays`: it works on deliveries until it is told to end, so its channels may keep connections that bring receipts.
    """
    setups = channel_setups(settings)
    providers = providers_of(setups)
    clock = clock_of(settings)
    async with AsyncExitStack() as stack:
        pool = await open_pool(
            settings.database.url.get_secret_value(),
            size=settings.database.pool_size,
            statement_timeout_seconds=settings.database.statement_timeout_seconds,
            idle_timeout_seconds=settings.database.idle_timeout_seconds,
            name=connection_name(name),
            plans_once=stays,
        )
        stack.push_async_callback(pool.close)
        bell = Bell(settings.redis.url.get_secret_value(), settings.redis.prefix)
        stack.push_async_callback(bell.close)
        http = HttpClient(frozenset().union(*(registry.addresses(each.settings) for each in providers.values())))
        stack.push_async_callback(http.close)
        secret = settings.secret_key.get_secret_value().encode()
        accounts = open_accounts(providers, pool, http, clock, name)
        relations, approvals, without = ZaloRelations(pool, clock, secret), ZaloApprovals(pool), NoTokens()
        kept, notices = _receipt_batches(pool, bell, clock), _notice_batches(pool, clock)
        stack.push_async_callback(kept.close)
        stack.push_async_callback(notices.close)
        connections = {}
        for provider, setup in providers.items():
            ports = Ports(
                provider=provider,
                http=http,
                clock=clock,
                tokens=accounts[provider].tokens if provider in accounts else without,
                store_in_inbox=partial(_store_in_inbox, notices),
                public_url=settings.public_url,
                relations=relations,
                approvals=approvals,
                store_receipt=kept.do,
                stays=stays,
            )
            connections[provider] = await setup.module.connect(setup.settings, ports)
            stack.push_async_callback(connections[provider].close)
        yield App(
            name=name,
            settings=settings,
            clock=clock,
            secret=secret,
            rules=rules_of(settings, setups),
            renderer=Renderer(settings.templates_dir),
            profiles=source_profiles(settings),
            setups=setups,
            providers=providers,
            pool=pool,
            bell=bell,
            accounts=accounts,
            gate=Gate(pool, [setup.providers for setup in setups.values()], name),
            heartbeat=Heartbeat(pool, name),
            calendars=Shelf(),
            receipts=kept,
            connections=connections,
        )


MOST_RECEIPTS = 256
USUAL_BYTES = 4096
"""Of one callback. A body so many times as large counts as so many callbacks more."""
MOST_NOTICES = 128


def _receipt_batches(pool: Pool, bell: Bell, clock: Clock) -> Batches[RawReceipt, None]:
    def weight(raw: RawReceipt) -> int:
        return 1 + len(raw.body) // USUAL_BYTES

    keep = partial(_store_receipts, pool, bell, clock)
    return Batches(keep, most=MOST_RECEIPTS, weigh=weight, concerns_all=concerns_all)


async def _store_receipts(pool: Pool, bell: Bell, clock: Clock, raws: Sequence[RawReceipt]) -> list[None]:
    async with pool.acquire() as connection:
        await receipts.store(connection, raws, clock())
    pass_by(Mark.CALLBACK_STORED)
    bell.ring(Kind.RECEIPT, RECEIPT_LANE)
    for raw in raws:
        RECEIPTS.labels(raw.provider, "stored").inc()
    return [None] * len(raws)


def _notice_batches(pool: Pool, clock: Clock) -> Batches[Notice, int]:
    return Batches(partial(_store_notices, pool, clock), most=MOST_NOTICES, concerns_all=concerns_all)


async def _store_notices(pool: Pool, clock: Clock, notices: Sequence[Notice]) -> list[int]:
    async with pool.acquire() as connection:
        numbers = await inbox.store(connection, notices, clock())
        await inbox.tell(connection, *(each.owner for each in notices))
    return [numbers[each.delivery_id] for each in notices]


async def _store_in_inbox(
    notices: Batches[Notice, int], delivery_id: DeliveryId, contact: Contact, content: InboxContent
) -> str:
    return str(await notices.do(Notice(delivery_id, contact.inbox, content)))
