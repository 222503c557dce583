"""What the pretend providers took: every message with its state, and the stream of what happened to them."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any


class State(StrEnum):
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Captured:
    """One message as its provider holds it. `to` is a phone as 0…, a Zalo user id or a mail address."""

    id: int
    channel: str
    to: str
    at: datetime
    content: dict[str, Any]
    state: State
    reference: str
    """The provider's own id of the message."""
    tracking_id: str | None
    """The sender's id of the message: ENVID, RequestId, tracking_id."""
    raw: bytes = b""
    """A mail exactly as it came over the wire."""

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "channel": self.channel,
            "to": self.to,
            "at": self.at.isoformat(),
            "state": self.state,
            "reference": self.reference,
            "tracking_id": self.tracking_id,
            "content": self.content,
        }


@dataclass(frozen=True, slots=True)
class News:
    """One line of the stream: something happened to a message, or to the portal inbox of a person."""

    seq: int
    kind: str
    """`message` or `portal`."""
    data: dict[str, Any]


def same_address(address: str) -> str:
    """One spelling per address: phones as 0…, mail in lower case, everything else as it is."""
    address = address.strip()
    if "@" in address:
        return address.lower()
    digits = address.removeprefix("+")
    if digits.isdecimal() and digits.startswith("84") and len(digits) in (11, 12):
        return "0" + digits[2:]
    return address


class Messages:
    """All messages since the start, the oldest forgotten beyond `keep`, and a stream that can be replayed."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._count = 0
        self._held: dict[int, Captured] = {}
        self._news: deque[News] = deque(maxlen=keep)
        self._changed = asyncio.Event()
        self.seq = 0
        """The number of the latest news."""
        self.closed = False

    def all(self) -> list[Captured]:
        """Every message held, in the order of their arrival, each in its present state."""
        return list(self._held.values())

    def find(self, message_id: int) -> Captured | None:
        return self._held.get(message_id)

    def add(
        self,
        *,
        channel: str,
        to: str,
        at: datetime,
        content: dict[str, Any],
        reference: str,
        tracking_id: str | None,
        raw: bytes = b"",
    ) -> Captured:
        self._count += 1
        message = Captured(
            id=self._count,
            channel=channel,
            to=same_address(to),
            at=at,
            content=content,
            state=State.ACCEPTED,
            reference=reference,
            tracking_id=tracking_id,
            raw=raw,
        )
        self._held[message.id] = message
        if len(self._held) > self._keep:
            del self._held[next(iter(self._held))]
        self._publish("message", message.as_json())
        return message

    def move(self, message: Captured, state: State) -> None:
        """Show the message in a new state; does nothing for one that is forgotten."""
        held = self._held.get(message.id)
        if held is not None and held.state is not state:
            self._held[held.id] = moved = replace(held, state=state)
            self._publish("message", moved.as_json())

    def inbox_changed(self, person: int) -> None:
        """Tell the stream that the portal inbox of a person of the settings changed."""
        self._publish("portal", {"person": person})

    async def news(self, after: int, *, seconds: float) -> list[News]:
        """What happened after number `after`, waiting up to `seconds` for something; then the list is empty."""
        changed = self._changed
        if self.seq == after and not self.closed:
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), seconds)
        fresh = list(takewhile(lambda news: news.seq > after, reversed(self._news)))
        return fresh[::-1]

    def close(self) -> None:
        """End every stream."""
        self.closed = True
        self._changed.set()

    def _publish(self, kind: str, data: dict[str, Any]) -> None:
        self.seq += 1
        self._news.append(News(self.seq, kind, data))
        self._changed.set()
        self._changed = asyncio.Event()
