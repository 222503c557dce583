"""How often each message was taken: what the chaos harness believes when it counts losses and doubles.

A message is known by the key that its sender gave: the RequestId of an SMS, the tracking_id of a Zalo message by phone,
the Message-ID of a mail. A Zalo message to a user id carries none, so its key is made of its recipient and parameters.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web


class Ledger:
    """Two counts for each channel and key, and nothing of the message itself."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, list[int]]] = {}

    def took(self, channel: str, key: str) -> None:
        """The message goes out to the person."""
        self._of(channel, key)[0] += 1

    def dropped(self, channel: str, key: str) -> None:
        """A double was recognised by its key; nothing goes out."""
        self._of(channel, key)[1] += 1

    def as_json(self) -> dict[str, dict[str, list[int]]]:
        """Channel → key → how often it was taken, and how many doubles were dropped."""
        return self._counts

    def _of(self, channel: str, key: str) -> list[int]:
        return self._counts.setdefault(channel, {}).setdefault(key, [0, 0])


def keyless(to: str, parameters: Mapping[str, Any]) -> str:
    """The key of a message that its sender gave none."""
    text = json.dumps([to, parameters], ensure_ascii=False, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:32]


def routes(ledger: Ledger) -> list[web.RouteDef]:
    async def show(request: web.Request) -> web.Response:
        del request
        return web.json_response(ledger.as_json())

    return [web.get("/sandbox/ledger", show)]
