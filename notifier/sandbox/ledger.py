"""How often each message was taken: what the chaos harness believes when it counts losses and doubles.

A message is known by the key that its sender gave: the RequestId of an SMS, the tracking_id of a Zalo message by phone,
the Message-ID of a mail. A Zalo message to a user id carries none, so its key is made of its recipient and parameters.
Beside the counts stands when it was first taken: what it took from the dossier system to here.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from notifier.domain.clock import Clock


@dataclass(slots=True)
class _Entry:
    first: datetime
    taken: int = 0
    dropped: int = 0


class Ledger:
    """Two counts and a time for each channel and key, and nothing of the message itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, dict[str, _Entry]] = {}

    def took(self, channel: str, key: str) -> None:
        """The message goes out to the person."""
        self._of(channel, key).taken += 1

    def dropped(self, channel: str, key: str) -> None:
        """A double was recognised by its key; nothing goes out."""
        self._of(channel, key).dropped += 1

    def as_json(self) -> dict[str, dict[str, tuple[int, int, str]]]:
        """Channel → key → how often it was taken, how many doubles were dropped, and when it first came."""
        return {
            channel: {key: (each.taken, each.dropped, each.first.isoformat()) for key, each in entries.items()}
            for channel, entries in self._entries.items()
        }

    def _of(self, channel: str, key: str) -> _Entry:
        entries = self._entries.setdefault(channel, {})
        if key not in entries:
            entries[key] = _Entry(self._clock())
        return entries[key]


def keyless(to: str, parameters: Mapping[str, Any]) -> str:
    """The key of a message that its sender gave none."""
    text = json.dumps([to, parameters], ensure_ascii=False, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:32]


def routes(ledger: Ledger) -> list[web.RouteDef]:
    async def show(request: web.Request) -> web.Response:
        del request
        return web.json_response(ledger.as_json())

    return [web.get("/sandbox/ledger", show)]
