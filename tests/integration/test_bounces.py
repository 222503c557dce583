"""The listener for mail that comes back: LMTP and SMTP over a socket, its token, its promises, and what follows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from channels.bounce_token import bounce_token
from notifier.domain.ids import DeliveryId
from notifier.settings import Bounces, load_settings
from notifier.web.bounces import listening
from tests.contract.channels_cases import bounce
from tests.integration.test_delivery_faults import script
from tests.support.front_door import Cable
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle
from workers.wiring import App, open_app

pytestmark = pytest.mark.late_receipts
EMAIL = "nguyen.mau@example.vn"


@asynccontextmanager
async def listener(app: App, **changes) -> AsyncIterator[int]:
    settings = app.settings.model_copy(update={"bounces": Bounces(port=0, **changes)})
    async with listening(replace(app, settings=settings)) as port:
        yield port


def address(app: App, delivery: UUID, secret: bytes | None = None) -> str:
    secret = secret or app.settings.channels["email"]["bounce_secret"].encode()
    return f"bounce+{bounce_token(DeliveryId(delivery), secret)}@example.gov.vn"


async def dialogue(port: int, *lines: str, body: bytes = b"") -> list[str]:
    """What is answered from the greeting to the end; `body` is sent after DATA."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    if body:
        writer.write(body.replace(b"\n", b"\r\n") + b"\r\n.\r\n")
    writer.write(b"QUIT\r\n")
    said = (await asyncio.wait_for(reader.read(), 10)).decode().splitlines()
    writer.close()
    return [line for line in said if line[3:4] == " "]


def lmtp(*recipients: str, hello: str = "LHLO mx.example.vn") -> list[str]:
    return [hello, "MAIL FROM:<>", *(f"RCPT TO:<{each}>" for each in recipients), "DATA"]


async def kept(app: App) -> list[tuple[str, str, str, str]]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT provider, method, query ->> 'rcpt' AS came_to, state FROM receipt ORDER BY id"
        )
    return [tuple(row) for row in rows]


@pytest.fixture
async def delivery(client, ground, app, sandbox) -> UUID:
    """The citizen's mail, taken by the relay, which says nothing more."""
    await script(sandbox, "email", "*", "no_receipt")
    await post_event(client, ground, sample("02"))
    await settle(app, states={"planned", "sending"})
    async with app.pool.acquire() as connection:
        return await connection.fetchval(
            "SELECT d.id FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
            " WHERE d.channel = 'email' AND r.ref = 'citizen'"
        )


async def test_a_bounce_is_kept_before_it_is_acknowledged_and_moves_the_delivery(app, delivery):
    to = address(app, delivery)
    async with listener(app) as port:
        said = await dialogue(port, *lmtp(to), body=bounce("failed", "5.1.1", token="nobody"))
    assert [line[:3] for line in said] == ["220", "250", "250", "250", "354", "250", "221"]
    assert await kept(app) == [("email", "LMTP", to, "stored")]
    await becomes(app, "citizen", "email", "failed")
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT code FROM suppression") == "5.1.1"


async def test_the_same_over_smtp(app, delivery):
    to = address(app, delivery)
    async with listener(app, protocol="smtp") as port:
        said = await dialogue(port, *lmtp(to, hello="EHLO mx"), body=bounce("failed", "5.1.1", token="nobody"))
    assert said[-2] == "250 2.0.0 Kept"
    await becomes(app, "citizen", "email", "failed")


async def test_an_address_without_our_token_is_refused_and_nothing_is_kept(app, delivery):
    forged = [address(app, delivery, b"another secret"), "thongbao@example.gov.vn", "postmaster@example.gov.vn"]
    async with listener(app) as port:
        said = await dialogue(port, *lmtp(*forged)[:-1])
    assert [line[:9] for line in said[3:-1]] == ["550 5.1.1"] * 3
    assert await kept(app) == []


async def test_what_the_report_itself_claims_names_no_other_delivery(app, delivery):
    other = DeliveryId(UUID(int=7))
    async with listener(app) as port:
        await dialogue(port, *lmtp(address(app, other)), body=bounce("failed", "5.1.1"))
    await settle(app, states=set())
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT state FROM delivery WHERE id = $1", delivery) == "accepted"


async def test_an_out_of_office_note_is_kept_and_moves_nothing(app, delivery):
    note = f"From: {EMAIL}\nSubject: Vắng mặt\nAuto-Submitted: auto-replied\n\nTuần sau tôi về.\n".encode()
    async with listener(app) as port:
        await dialogue(port, *lmtp(address(app, delivery)), body=note)
    await settle(app, states=set())
    assert [state for *_, state in await kept(app)] == ["applied"]
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT state FROM delivery WHERE id = $1", delivery) == "accepted"


async def test_each_recipient_has_its_own_answer_in_lmtp(app, delivery):
    recipients = [address(app, delivery), address(app, UUID(int=7))]
    async with listener(app) as port:
        said = await dialogue(port, *lmtp(*recipients), body=bounce())
    assert said[-3:-1] == ["250 2.0.0 Kept", "250 2.0.0 Kept"]
    assert [came_to for _, _, came_to, _ in await kept(app)] == recipients


async def test_without_the_database_the_mail_system_is_asked_to_come_again(ground, new_database, redis_url):
    cable = Cable(new_database)
    await cable.plug()
    settings = load_settings({**ground.environ, "NOTIFIER_DATABASE__URL": cable.url})
    async with open_app(settings, name="bounces") as app, listener(app) as port:
        await cable.pull()
        said = await dialogue(port, *lmtp(address(app, UUID(int=7))), body=bounce())
    assert said[-2].startswith("451 4.3.0")


async def test_mail_that_is_too_large_for_a_report_is_refused(app, delivery):
    async with listener(app, max_bytes=16_384) as port:
        said = await dialogue(port, *lmtp(address(app, delivery)), body=b"x" * 70 + b"\n" + (b"y" * 70 + b"\n") * 400)
    assert said[-2].startswith("552")
    assert await kept(app) == []


async def test_one_connection_too_many_is_asked_to_come_later(app):
    async with listener(app, max_connections=1) as port:
        _, first = await asyncio.open_connection("127.0.0.1", port)
        assert await dialogue(port) == ["421 4.3.2 Too many connections, try again later"]
        first.close()
