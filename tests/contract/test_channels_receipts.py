"""Receipts of every adapter through the real intake: proven, stored, understood, and told to the delivery once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from channels.registry import Limits, ProviderSetup, load
from notifier.domain.ids import ChannelName
from notifier.domain.receipts import RawReceipt
from notifier.store import receipts as store
from notifier.web.app import web_application
from tests.contract.channels_cases import REFERENCE, Receipts
from tests.contract.test_channels_contract import WITH_RECEIPTS, receipts_of
from tests.support.channels import DELIVERY
from workers import steps
from workers.wiring import App

each_adapter = pytest.mark.parametrize("adapter", WITH_RECEIPTS)


@dataclass
class Intake:
    """The service with one provider, and one message to a citizen that it carries."""

    app: App
    client: aiohttp.ClientSession
    receipts: Receipts

    async def take(self, raw: RawReceipt) -> int:
        """The status that the provider gets; what does not come by HTTP is stored as its connection stores it."""
        if raw is self.receipts.delivered and not self.receipts.is_called_back:
            async with self.app.pool.acquire() as connection:
                await store.store(connection, [raw], self.app.clock())
            return 200
        path = f"/v1/receipts/{raw.provider}" + (f"/{raw.key}" if raw.key else "")
        method = raw.method if raw.method in {"GET", "POST"} else "POST"
        async with self.client.request(method, path, params=raw.query, headers=raw.headers, data=raw.body) as answer:
            return answer.status

    async def understand(self) -> None:
        """What a worker does with everything stored."""
        async with self.app.pool.acquire() as connection:
            await connection.execute("UPDATE receipt SET due_at = $1 WHERE due_at IS NOT NULL", self.app.clock())
            ids = [row["id"] for row in await connection.fetch("SELECT id FROM receipt WHERE due_at IS NOT NULL")]
        await steps.receipts(self.app, ids)

    async def answered(self) -> None:
        """The provider's answer to our call arrives, with its reference."""
        reference = self.receipts.reference or REFERENCE
        async with self.app.pool.acquire() as connection:
            await connection.execute(
                "UPDATE delivery SET state = 'accepted', due_at = NULL, accepted_at = now(), reference = $1"
                " WHERE state = 'sending'",
                reference,
            )

    async def moves(self) -> list[str]:
        async with self.app.pool.acquire() as connection:
            return [row["to_state"] for row in await connection.fetch("SELECT to_state FROM audit ORDER BY seq")]

    async def kept(self) -> int:
        async with self.app.pool.acquire() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM receipt"))


@pytest.fixture
async def intake(app, adapter) -> AsyncIterator[Intake]:
    receipts = receipts_of(adapter)
    name, module = receipts.delivered.provider, load(adapter)
    capabilities = module.capabilities(receipts.settings)
    setup = ProviderSetup(name, ChannelName(name), adapter, module, receipts.settings, capabilities, Limits())
    made = replace(app, providers={name: setup})
    async with made.pool.acquire() as connection:
        await connection.execute(MESSAGE, DELIVERY, name, made.clock(), made.clock() + timedelta(days=1))
    server = TestServer(web_application(made), host="127.0.0.1", access_log=None)
    await server.start_server()
    async with aiohttp.ClientSession(base_url=str(server.make_url("/"))) as client:
        yield Intake(made, client, receipts)
    await server.close()


MESSAGE = """
WITH e AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint, warnings,
                       lane, state) VALUES ($1, 's', 'e', 'hoso.x', 'd', $3, $3, '', '[]', 'normal', 'routed')
), r AS (
    INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name)
    VALUES ($1, $1, 'citizen', 'citizen', 'vi', 'owner', 'Nguyễn Văn Mẫu')
)
INSERT INTO delivery (id, event_id, source, recipient_id, channel, provider, content_kind, position, rank, urgency,
                      state, due_at, expires_at, created_at, updated_at)
VALUES ($1, $1, 's', $1, $2, $2, 'sms', 'first', 0, 'normal', 'sending', $3, $4, $3, $3)
"""


@each_adapter
async def test_a_duplicate_receipt_moves_the_delivery_once(intake: Intake):
    await intake.answered()

    assert [await intake.take(intake.receipts.delivered) for _ in range(2)] == [200, 200]
    await intake.understand()

    assert (await intake.moves(), await intake.kept()) == (["delivered"], 2)


@each_adapter
async def test_an_early_receipt_counts_once_the_message_is_known(intake: Intake):
    await intake.take(intake.receipts.delivered)
    await intake.understand()
    await intake.answered()
    await intake.understand()

    assert await intake.moves() == ["delivered"]


@each_adapter
async def test_a_forged_receipt_is_refused_and_leaves_nothing(intake: Intake):
    await intake.answered()

    assert {await intake.take(raw) for raw in intake.receipts.forged} == {401}
    assert (await intake.moves(), await intake.kept()) == ([], 0)
