"""Messages that a dossier system is told of, and a dossier system that listens on a loopback socket."""

import base64
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any
from uuid import uuid4

from standardwebhooks import Webhook

from notifier.cli.playground import PROVINCE
from notifier.domain.callbacks import CallbackType
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DeliveryId
from notifier.domain.reasons import Reason, ReasonCode
from notifier.settings import Callback
from notifier.store import callbacks, deliveries, endpoints
from notifier.store.deliveries import Move
from notifier.store.endpoints import Endpoint
from tests.support.peers import HttpAnswer, HttpPeer, HttpRequest, Silence, running
from workers import steps
from workers.receivers import endpoints_of
from workers.steps import Tellings
from workers.wiring import App

D = DeliveryState
ALL = tuple(CallbackType)
NAME, PHONE = "Nguyễn Văn Mẫu", "+84912000777"
_numbers = count(1)


def new_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


async def listens(connection: Any, now: datetime, source: str = PROVINCE, *, push: bool = True, types=ALL) -> None:
    """From now on this source, and no other, is told."""
    await endpoints.configure(connection, [Endpoint(source, types, push)], now)


async def new_message(connection: Any, now: datetime, *, source: str = PROVINCE, state: str = "planned") -> DeliveryId:
    """A message to a citizen with a name and a phone, about a dossier of this source."""
    event, recipient, delivery, number = uuid4(), uuid4(), DeliveryId(uuid4()), next(_numbers)
    await connection.execute(
        "INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint,"
        " warnings, lane, state) VALUES ($1, $2, $3, 'hoso.duoc_tiep_nhan', $4, $5, $5, '', '[]', 'normal', 'routed')",
        event,
        source,
        f"evt-{number}",
        f"H01.14-261119-{number:04}",
        now,
    )
    await connection.execute(
        "INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name, phone)"
        " VALUES ($1, $2, 'citizen', 'citizen', 'vi', 'owner', $3, $4)",
        recipient,
        event,
        NAME,
        PHONE,
    )
    await connection.execute(
        "INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency,"
        " state, due_at, expires_at, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, 'zalo', 'zalo', 'first', 0, 'normal', $5, $6, $7, $6, $6)",
        delivery,
        event,
        source,
        recipient,
        state,
        now,
        now + timedelta(days=2),
    )
    return delivery


_UNFINISHED = {D.STANDBY, D.PLANNED, D.HELD, D.SENDING}


async def go(connection: Any, id_: DeliveryId, path: Sequence[DeliveryState], now: datetime) -> None:
    """Move a message from the first of these states to the last, one after the other."""
    for before, after in pairwise(path):
        due_at = now if after in _UNFINISHED else None
        reason = Reason(ReasonCode.REFUSED if after is D.FAILED else ReasonCode.PROVIDER_ACCEPTED, {"code": "-227"})
        assert await deliveries.move(connection, [Move(id_, before, after, due_at, reason)], actor="test", now=now)


async def told(connection: Any, id_: DeliveryId) -> list[tuple[int, str]]:
    """(seq, type) of all that is kept about a message."""
    rows = await connection.fetch("SELECT seq, type FROM callback WHERE delivery_id = $1 ORDER BY seq", id_)
    return [(row["seq"], row["type"]) for row in rows]


@dataclass
class Listener:
    """A dossier system that is told, and the worker that tells it."""

    app: App
    peer: HttpPeer
    secrets: list[str]
    tellings: Tellings

    async def message(self, *path: DeliveryState) -> DeliveryId:
        """A new message that has gone this way."""
        async with self.app.pool.acquire() as connection:
            id_ = await new_message(connection, self.app.clock())
            await go(connection, id_, (D.PLANNED, D.SENDING, *path), self.app.clock())
        return id_

    async def work(self) -> int:
        """Ring for what is due and post it; how many that were."""
        async with self.app.pool.acquire() as connection:
            due = await callbacks.take(connection, self.app.name, self.app.clock())
        await steps.callbacks(self.app, self.tellings, due)
        await self.tellings.calls.finish()
        return len(due)

    async def make_due(self) -> None:
        """Let everything that waits be due now."""
        async with self.app.pool.acquire() as connection:
            await connection.execute("UPDATE callback SET due_at = $1 WHERE state = 'pending'", self.app.clock())

    async def rows(self) -> list[Any]:
        return list(await self.app.pool.fetch("SELECT * FROM callback ORDER BY place"))

    def verified(self, request: HttpRequest, secret: str | None = None) -> dict[str, Any]:
        """The event of a request, as the official library reads it. Raises if the signature does not fit."""
        event: dict[str, Any] = Webhook(secret or self.secrets[0]).verify(request.body, request.headers)
        return event

    @property
    def events(self) -> list[dict[str, Any]]:
        return [self.verified(request) for request in self.peer.requests]


@asynccontextmanager
async def listener(app: App, *answers: HttpAnswer | Silence, **settings: Any) -> AsyncIterator[Listener]:
    """`PROVINCE` is told at an address that gives these answers."""
    peer, secrets = HttpPeer(*(answers or (HttpAnswer(204),))), [new_secret(), new_secret()]
    async with running(peer):
        table = {"url": f"{peer.url}/tb", "secrets": secrets, "allow_private": ["127.0.0.0/8"], **settings}
        source = app.settings.sources[PROVINCE]
        app.settings.sources[PROVINCE] = source.model_copy(update={"callback": Callback.model_validate(table)})
        async with app.pool.acquire() as connection:
            await endpoints.configure(connection, endpoints_of(app.settings), app.clock())
        tellings = Tellings(app)
        yield Listener(app, peer, secrets, tellings)
        await tellings.finish()
