"""Where the parts are put together: from the settings to one `App` that steps, web and dispatcher use."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels import registry, zalo
from channels.base import Capabilities, Channel, ChannelModule, Ports
from channels.http import HttpClient
from notifier.domain.clock import Clock, shifted_clock, system_clock
from notifier.domain.content import InboxContent
from notifier.domain.dossiers import Status, SubjectKind
from notifier.domain.errors import SettingsError
from notifier.domain.ids import ChannelName, DeliveryId, SourceName
from notifier.domain.recipients import Contact
from notifier.intake.codes import DIALECTS, SourceProfile
from notifier.intake.signature import parse_secret
from notifier.rendering.renderer import Renderer
from notifier.routing.rules import Rules, load_rules
from notifier.settings import Settings
from notifier.store import inbox
from notifier.store.pool import Pool, open_pool
from workers.queues import Bell
from workers.tokens import NoTokens, ZaloTokens


@dataclass(frozen=True, slots=True)
class ChannelSetup:
    """A configured channel, not yet connected: enough to route to it and to read its callbacks."""

    name: ChannelName
    adapter: str
    module: ChannelModule
    settings: Any
    capabilities: Capabilities


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
    pool: Pool
    bell: Bell
    tokens: ZaloTokens | NoTokens
    channels: Mapping[ChannelName, Channel]


def clock_of(settings: Settings) -> Clock:
    return system_clock if settings.clock_file is None else shifted_clock(settings.clock_file)


def channel_setups(settings: Settings) -> dict[ChannelName, ChannelSetup]:
    """The configured channels; the portal inbox is always among them. Raises `SettingsError`."""
    tables = {"portal": {"adapter": "portal"}, **settings.channels}
    setups = {}
    for name, table in tables.items():
        channel = ChannelName(name)
        module, its_settings = registry.parse_settings(channel, table)
        setups[channel] = ChannelSetup(
            channel, table["adapter"], module, its_settings, module.capabilities(its_settings)
        )
    return setups


def rules_of(settings: Settings, setups: Mapping[ChannelName, ChannelSetup]) -> Rules:
    """The routing rules. Raises `RulesError`. A rule may name every channel that has an adapter of its kind."""
    known = set(setups) | {ChannelName(name) for name in ("portal", "zalo", "sms", "email")}
    return load_rules(settings.rules_file.read_text(encoding="utf-8"), settings.rules_file.name, known)


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
async def open_app(settings: Settings, *, name: str) -> AsyncIterator[App]:
    """Open pool, bell and channels; `name` is this process in leases and in the audit trail."""
    setups = channel_setups(settings)
    clock = clock_of(settings)
    async with AsyncExitStack() as stack:
        pool = await open_pool(
            settings.database.url.get_secret_value(),
            size=settings.database.pool_size,
            statement_timeout_seconds=settings.database.statement_timeout_seconds,
            name=f"notifier-{name}"[:63],
        )
        stack.push_async_callback(pool.close)
        bell = Bell(settings.redis.url.get_secret_value(), settings.redis.prefix)
        stack.push_async_callback(bell.close)
        http = HttpClient(frozenset().union(*(registry.addresses(setup.settings) for setup in setups.values())))
        stack.push_async_callback(http.close)
        tokens = _tokens(setups, pool, http, clock, name)
        ports = Ports(
            http=http,
            tokens=tokens,
            store_in_inbox=partial(_store_in_inbox, pool, clock),
            public_url=settings.public_url,
        )
        channels = {}
        for channel, setup in setups.items():
            channels[channel] = await setup.module.connect(setup.settings, ports)
            stack.push_async_callback(channels[channel].close)
        yield App(
            name=name,
            settings=settings,
            clock=clock,
            secret=settings.secret_key.get_secret_value().encode(),
            rules=rules_of(settings, setups),
            renderer=Renderer(settings.templates_dir),
            profiles=source_profiles(settings),
            setups=setups,
            pool=pool,
            bell=bell,
            tokens=tokens,
            channels=channels,
        )


def _tokens(
    setups: Mapping[ChannelName, ChannelSetup], pool: Pool, http: HttpClient, clock: Clock, name: str
) -> ZaloTokens | NoTokens:
    for setup in setups.values():
        if isinstance(setup.settings, zalo.Settings):
            return ZaloTokens(pool, http, setup.settings, clock, name)
    return NoTokens()


async def _store_in_inbox(
    pool: Pool, clock: Clock, delivery_id: DeliveryId, contact: Contact, content: InboxContent
) -> str:
    async with pool.acquire() as connection:
        return str(await inbox.store(connection, delivery_id, contact.inbox, content, clock()))
