"""The receivers of callbacks as they are configured: one for each source that has an address."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from notifier.domain.callbacks import CallbackType
from notifier.domain.errors import SettingsError
from notifier.domain.ids import SourceName
from notifier.intake.signature import parse_secret
from notifier.settings import Callback, Settings
from notifier.store.endpoints import Endpoint
from workers.outbound import Outbound

MOST_CALLS = 16
"""At once from one process to one receiver."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where one source is told; each of `keys` signs. `client` belongs to it alone."""

    source: SourceName
    url: str
    keys: tuple[bytes, ...] = field(repr=False)
    types: tuple[CallbackType, ...]
    timeout_seconds: float
    client: Outbound
    turn: asyncio.Semaphore


def receivers_of(settings: Settings) -> dict[SourceName, Receiver]:
    """The receivers by source. Raises `SettingsError`, which never quotes a secret."""
    return {
        source: _receiver(source, str(callback.url), callback)
        for source, callback in _configured(settings).items()
        if callback.url is not None
    }


def endpoints_of(settings: Settings) -> list[Endpoint]:
    """What the database is to know: every source that is told, also those that only pull."""
    return [
        Endpoint(source, callback.types, callback.url is not None) for source, callback in _configured(settings).items()
    ]


def _configured(settings: Settings) -> Mapping[SourceName, Callback]:
    return {SourceName(name): source.callback for name, source in settings.sources.items() if source.callback}


def _receiver(source: SourceName, url: str, callback: Callback) -> Receiver:
    try:
        keys = tuple(parse_secret(secret.get_secret_value()) for secret in callback.secrets)
    except ValueError as error:
        raise SettingsError(f'sources."{source}".callback: {error}', code="NOTIFIER-CFG-005") from None
    client = Outbound(callback.allow_private, most=MOST_CALLS)
    return Receiver(source, url, keys, callback.types, callback.timeout_seconds, client, asyncio.Semaphore(MOST_CALLS))
