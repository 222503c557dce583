import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date
from typing import Any

import asyncpg
import click
from pydantic import SecretStr
from redis.exceptions import RedisError

from channels.registry import ProviderSetup
from notifier.cli.findings import Finding, Level
from notifier.cli.zalo_findings import account_findings
from notifier.domain.clock import VIETNAM
from notifier.domain.errors import NotifierError
from notifier.domain.ids import ChannelName
from notifier.reminders.calendar import PROVISIONAL, Calendars, missing_years
from notifier.rendering.renderer import Renderer
from notifier.settings import Environment, Issuer, Settings, load_settings
from notifier.store import calendar, endpoints
from notifier.store.pool import DATABASE_DOWN, open_pool
from notifier.store.revisions import newest_revision, schema_revision
from notifier.web.access.key_ring import KeyRing, KeysUnknownError
from workers.queues import connect
from workers.receivers import endpoints_of, receivers_of
from workers.wiring import ChannelSetup, channel_setups, clock_of, rules_of, source_profiles

CITIZEN_CHANNELS_LEAST = 3
DECEMBER = 12


_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red"}


@click.command("doctor")
@click.pass_context
def command(context: click.Context) -> None:
    """Say what is configured (secrets masked), what is wrong and what to type. Changes nothing, sends nothing.

    Exit code 0: everything needed works; 1: at least one fault.

    \b
    notifier doctor
    NOTIFIER_CONFIG=/etc/notifier.toml notifier doctor
    """
    try:
        settings = load_settings()
    except NotifierError as error:
        click.echo(_line(Finding(Level.FAULT, "settings", str(error))))
        context.exit(1)
    for line in understood(settings):
        click.echo(line)
    click.echo()
    findings = asyncio.run(examine(settings))
    for finding in findings:
        click.echo(_line(finding))
    faults = sum(finding.level is Level.FAULT for finding in findings)
    warnings = sum(finding.level is Level.WARNING for finding in findings)
    click.echo(f"\n{len(findings)} checks, {warnings} warnings, {faults} faults.")
    context.exit(1 if faults else 0)


def _line(finding: Finding) -> str:
    return f"{click.style(f'{finding.level.value:8}', fg=_COLOURS[finding.level])} {finding.about:12} {finding.text}"


def understood(settings: Settings) -> Iterator[str]:
    """The settings as they were understood, one `key = value` a line."""
    yield from _lines("", settings.model_dump())


def _lines(prefix: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _lines(f"{prefix}.{key}" if prefix else str(key), item)
    else:
        yield f"{prefix} = {_shown(prefix, value)}"


_SECRET_WORDS = ("secret", "token", "password", "key", "verifier")


def _shown(key: str, value: Any) -> str:
    last = key.rsplit(".", 1)[-1]
    if isinstance(value, SecretStr) or any(word in last for word in _SECRET_WORDS):
        return "********"
    if isinstance(value, list) and any(isinstance(item, SecretStr) for item in value):
        return f"{len(value)} × ********"
    if isinstance(value, frozenset | set | tuple):
        return ", ".join(sorted(str(item) for item in value))
    return str(value)


async def examine(settings: Settings) -> list[Finding]:
    """Everything that can be found out without changing or sending anything."""
    findings, setups = examine_configuration(settings)
    findings += [finding async for finding in _identity(settings)]
    findings += [finding async for finding in _database(settings, setups)]
    return findings + await asyncio.to_thread(lambda: list(_redis(settings)))


def examine_configuration(settings: Settings) -> tuple[list[Finding], Mapping[ChannelName, ChannelSetup]]:
    """What the settings, rules and templates say by themselves, and the channels if they can be used."""
    findings = [*_safely("sources", _sources(settings)), *_safely("channels", _channels(settings))]
    try:
        setups = channel_setups(settings)
    except NotifierError:
        return findings, {}
    return findings + _safely("rules", _rules(settings, setups)), setups


def _safely(about: str, part: Iterator[Finding]) -> list[Finding]:
    """What a part finds; the fault that it raises is a finding as well."""
    findings: list[Finding] = []
    try:
        findings.extend(part)
    except NotifierError as error:
        findings.append(Finding(Level.FAULT, about, str(error)))
    except OSError as error:
        findings.append(Finding(Level.FAULT, about, f"{error.strerror}: {error.filename}"))
    return findings


def _sources(settings: Settings) -> Iterator[Finding]:
    profiles = source_profiles(settings)
    if not profiles:
        yield Finding(
            Level.WARNING, "sources", 'no dossier system may post yet: write [sources."its.name"] with its secrets'
        )
    for name, profile in profiles.items():
        yield Finding(Level.OK, "sources", f"{name}, {len(profile.secrets)} secret(s)")
    receivers = receivers_of(settings)
    for endpoint in endpoints_of(settings):
        receiver = receivers.get(endpoint.source)
        way = f"posted to {receiver.url}, {len(receiver.keys)} secret(s)" if receiver else "pulled only"
        yield Finding(Level.OK, "callbacks", f"{endpoint.source}, {way}: {', '.join(endpoint.types)}")


def _channels(settings: Settings) -> Iterator[Finding]:
    setups = channel_setups(settings)
    for name, setup in setups.items():
        carriers = ", then ".join(_carrier(provider) for provider in setup.providers)
        yield Finding(Level.OK, "channels", f"{name} by {carriers}")
    if len(setups) < CITIZEN_CHANNELS_LEAST:
        yield Finding(
            Level.WARNING,
            "channels",
            f"{len(setups)} channel(s); the plans ask for at least {CITIZEN_CHANNELS_LEAST} ways: add [channels.…]",
        )


def _carrier(provider: ProviderSetup) -> str:
    """A provider in a few words: its name where it has one of its own, and what limits it."""
    name = provider.adapter if str(provider.name) == provider.channel else f"{provider.name} ({provider.adapter})"
    rate = provider.limits.rate_per_second or provider.capabilities.rate_per_second
    limits = [f"{rate:g} a second"] if rate else []
    limits += [f"{provider.limits.daily_quota} a day"] if provider.limits.daily_quota else []
    return f"{name}, at most {' and '.join(limits)}" if limits else name


def _rules(settings: Settings, setups: Mapping[ChannelName, ChannelSetup]) -> Iterator[Finding]:
    """Rules, and a wording for everybody whom they name."""
    rules = rules_of(settings, setups)
    yield Finding(Level.OK, "rules", f"{len(rules.rules)} event types in {settings.rules_file.name}")
    named = {channel for rule in rules.rules.values() for tell in rule.tell for channel in (*tell.send, *tell.fallback)}
    for channel in sorted(named - set(setups)):
        yield Finding(
            Level.WARNING, "rules", f"{channel} is named by rules but not switched on: add [channels.{channel}]"
        )
    renderer = Renderer(settings.templates_dir)
    readers = [(event_type, tell.to) for event_type, rule in rules.rules.items() for tell in rule.tell]
    for event_type, audience in readers:
        renderer.check(event_type, audience)
    yield Finding(Level.OK, "templates", f"wordings for {len(readers)} audiences of {len(rules.rules)} event types")


async def _database(settings: Settings, setups: Mapping[ChannelName, ChannelSetup]) -> AsyncIterator[Finding]:
    try:
        pool = await open_pool(settings.database.url.get_secret_value(), size=1, name="notifier-doctor")
    except (*DATABASE_DOWN, asyncpg.PostgresError) as error:
        yield Finding(Level.FAULT, "database", f"cannot be reached ({type(error).__name__}): check database.url")
        return
    async with pool, pool.acquire() as connection:
        yield Finding(Level.OK, "database", f"PostgreSQL {connection.get_server_version().major}")
        found, expected = await schema_revision(connection), newest_revision()
        if found != expected:
            yield Finding(
                Level.FAULT, "database", f"schema is at {found}, {expected} is expected: run `notifier migrate`"
            )
            return
        yield Finding(Level.OK, "database", f"schema {found}")
        for state in await endpoints.endpoints(connection):
            if state.disabled_at:
                yield Finding(
                    Level.WARNING,
                    "callbacks",
                    f"{state.source} answered {state.reason} and is not posted to, {state.pending} wait: once it listens "
                    f"again, run `notifier callbacks enable {state.source}`",
                )
        today = clock_of(settings)().astimezone(VIETNAM).date()
        for finding in calendar_findings(await calendar.read(connection), today):
            yield finding
        async for finding in account_findings(connection, setups.values(), settings):
            yield finding


def calendar_findings(calendars: Calendars, today: date) -> Iterator[Finding]:
    """Whether working time can be counted this year and, from 1 December on, the next."""
    years, soon = calendars.years(), today.year + (today.month == DECEMBER)
    missing = missing_years(years, today)
    for year in missing:
        level = Level.FAULT if year == today.year else Level.WARNING
        yield Finding(
            level, "calendar", f"the days off of {year} are missing: enter them with `notifier calendar import`"
        )
    guessed = [day for day in calendars.days if day.date.year == soon and day.note.startswith(PROVISIONAL)]
    if guessed and today.month == DECEMBER:
        yield Finding(
            Level.WARNING,
            "calendar",
            f"{len(guessed)} days of {soon} are not announced yet: see `notifier calendar list {soon}`, then enter "
            "what was announced with `notifier calendar add`",
        )
    if not missing:
        yield Finding(Level.OK, "calendar", f"days off are kept for {', '.join(map(str, sorted(years)))}")


async def _identity(settings: Settings) -> AsyncIterator[Finding]:
    """Whether the keys of the identity providers can be read."""
    providers: tuple[tuple[str, Issuer | None, str], ...] = (
        ("identity", settings.identity, "access tokens open no inbox and nobody signs in to theirs"),
        ("console.identity", settings.console.identity, "no operator can sign in by it"),
    )
    for name, provider, effect in providers:
        if provider is None:
            continue
        keys = KeyRing(provider, clock_of(settings))
        try:
            await keys.key(None)
            yield Finding(Level.OK, name, f"the keys of {provider.issuer} can be read")
        except KeysUnknownError:
            yield Finding(
                Level.WARNING,
                name,
                f"the keys of {provider.issuer} cannot be read, so {effect}: check {name}.issuer, and {name}.jwks_url "
                "where its keys are on another host",
            )
        finally:
            await keys.close()


def _redis(settings: Settings) -> Iterator[Finding]:
    client = connect(settings.redis.url.get_secret_value())
    try:
        info = client.info()
        version = str(info["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) < (6, 2):
            yield Finding(Level.FAULT, "redis", f"version {version}; 6.2 or newer is needed (BLMOVE)")
        else:
            yield Finding(Level.OK, "redis", f"version {version}")
        level = Level.WARNING if settings.environment is Environment.PRODUCTION else Level.OK
        if not info["aof_enabled"]:
            yield Finding(level, "redis", "AOF is off: set `appendonly yes`, or a restart costs seconds of delay")
        if info["maxmemory_policy"] != "noeviction":
            yield Finding(level, "redis", f"maxmemory-policy is {info['maxmemory_policy']}: set `noeviction`")
    except RedisError as error:
        yield Finding(
            Level.FAULT,
            "redis",
            f"cannot be reached ({type(error).__name__}): check redis.url; events are kept meanwhile",
        )
    finally:
        client.close()
