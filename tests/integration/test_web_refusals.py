"""Bad input at the door: each fault has its own problem, tells no personal data, and leaves nothing behind."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from notifier.cli.playground import MINISTRY, PROVINCE
from notifier.intake.problems import PROBLEMS
from notifier.settings import load_settings
from notifier.telemetry.logs import JsonLines
from notifier.web.app import serve
from tests.support.front_door import CLOUD_EVENT, bearer, post, problem
from tests.support.intake import event, sample
from tests.support.peers import closed_port
from tests.support.stack import signed
from tests.support.waiting import until
from workers.wiring import open_app

GOOD = json.dumps(sample("02"), ensure_ascii=False).encode()
MARK = "Zz9"
"""Stands in every personal value of the marked event."""


async def events_kept(app) -> int:
    async with app.pool.acquire() as connection:
        return await connection.fetchval("SELECT count(*) FROM event")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"webhook-signature": "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "invalid-signature"),
        ({"webhook-signature": ""}, "missing-signature"),
        ({"webhook-id": ""}, "missing-signature"),
        ({"webhook-timestamp": ""}, "missing-signature"),
        ({"webhook-id": "another"}, "invalid-signature"),
        ({"webhook-timestamp": "soon"}, "invalid-signature"),
    ],
)
async def test_a_signature_that_does_not_hold_is_refused(client, ground, app, change, code):
    answer = await post(client, ground, GOOD, headers=change)

    assert (await problem(answer))["code"] == code
    assert answer.headers["WWW-Authenticate"] == "Signature"
    assert await events_kept(app) == 0


@pytest.mark.parametrize("away", [timedelta(seconds=-301), timedelta(seconds=305)])
async def test_a_timestamp_too_far_from_our_clock_is_stale_in_both_directions(client, ground, app, away):
    answer = await post(client, ground, GOOD, headers=signed(ground, GOOD, at=app.clock() + away))

    assert (await problem(answer))["code"] == "stale-timestamp"


async def test_one_changed_byte_breaks_the_signature(client, ground):
    answer = await post(client, ground, GOOD.replace(b"0912000101", b"0912000102"), headers=signed(ground, GOOD))

    assert (await problem(answer))["code"] == "invalid-signature"


async def test_the_secret_of_one_source_does_not_sign_for_another(client, ground):
    answer = await post(client, ground, GOOD, headers=signed(ground, GOOD, source=MINISTRY))

    assert (await problem(answer))["code"] == "invalid-signature"


async def test_a_source_that_nobody_configured_is_unknown(client, ground):
    answer = await post(client, ground, json.dumps(event({"/source": "unknown.example.vn"})).encode())

    assert (await problem(answer))["code"] == "unknown-source"


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b'{"specversion": ', CLOUD_EVENT, "broken-json"),
        (b"\xff\xfe", CLOUD_EVENT, "not-utf8"),
        (b"", CLOUD_EVENT, "broken-json"),
        (b'{"seq": NaN}', CLOUD_EVENT, "broken-json"),
        (GOOD, "text/plain", "unsupported-media-type"),
        (GOOD, "application/cloudevents+xml", "unsupported-media-type"),
    ],
)
async def test_a_body_that_is_no_event_is_refused(client, ground, body, content_type, code):
    answer = await post(client, ground, body, content_type=content_type)

    assert (await problem(answer))["code"] == code


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"/id": ...}, "/id"),
        ({"/specversion": "0.3"}, "/specversion"),
        ({"/data/HoSo/MaHoSo": ""}, "/data/HoSo/MaHoSo"),
        ({"/data/HoSo/NgayHenTra": "mai"}, "/data/HoSo/NgayHenTra"),
        ({"/data/HoSo/TrangThaiHoSo": "99"}, "/data/HoSo/TrangThaiHoSo"),
        ({"/data/TienDo/NguoiXuLyTiep/0/HoTen": ["x"]}, "/data/TienDo/NguoiXuLyTiep/0/HoTen"),
        ({"/data/HoSo/ChuHoSo": "a\x00b"}, "/data/HoSo/ChuHoSo"),
    ],
)
async def test_a_fault_of_the_schema_is_named_by_its_pointer(client, ground, app, change, pointer):
    answer = await post(client, ground, json.dumps(event(change)).encode())

    document = await problem(answer)
    assert (document["code"], [error["pointer"] for error in document["errors"]]) == ("invalid-event", [pointer])
    assert await events_kept(app) == 0


async def test_an_announced_length_beyond_the_limit_is_refused_unread(web):
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")
    head, _, body = (await asyncio.wait_for(reader.readuntil(b"}"), 5)).partition(b"\r\n\r\n")
    writer.close()

    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body)["code"] == "body-too-large"


async def test_a_body_without_a_length_is_refused_once_it_passes_the_limit(client, ground):
    async def endless():
        for _ in range(40):
            yield b" " * 65_536

    async with client.post("/v1/events", data=endless(), headers={"Content-Type": CLOUD_EVENT}) as answer:
        assert (await problem(answer))["code"] == "body-too-large"


async def test_more_than_a_hundred_items_are_too_many(client, ground):
    batch = json.dumps([event({"/id": f"N-{n}"}) for n in range(101)]).encode()

    answer = await post(client, ground, batch, content_type="application/cloudevents-batch+json")

    assert (await problem(answer))["code"] == "batch-too-large"


async def test_a_body_that_is_not_in_its_own_encoding_is_the_senders_fault(client, ground):
    answer = await post(client, ground, GOOD, headers={"Content-Encoding": "gzip"})

    assert (await problem(answer))["code"] == "unreadable-body"


async def test_an_address_that_does_not_exist_is_not_echoed(client):
    async with client.get(f"/v1/people/{MARK}?phone={MARK}") as answer:
        document = await problem(answer)

    assert document["code"] == "not-found"
    assert MARK not in json.dumps(document)


async def test_a_wrong_method_is_told_which_ones_there_are(client):
    async with client.get("/v1/events") as answer:
        assert (await problem(answer))["code"] == "method-not-allowed"

    assert answer.headers["Allow"] == "POST"


async def test_a_problems_type_leads_to_a_page_that_explains_it(client, ground):
    document = await problem(await post(client, ground, GOOD, headers={"webhook-id": "another"}))

    assert document["type"].startswith(ground.web_url)
    async with client.get(document["type"].removeprefix(ground.web_url)) as page:
        assert PROBLEMS["invalid-signature"].remedy in await page.text()


PERSONAL = frozenset({"ChuHoSo", "SoDienThoai", "Email", "HoTen", "SoDinhDanh", "ZaloUserId", "TenTTHC", "NoiDungXuLy"})


def marked(value):
    """The same with MARK in every text that speaks of a person."""
    if isinstance(value, dict):
        return {
            key: f"{MARK} {item}" if key in PERSONAL and isinstance(item, str) else marked(item)
            for key, item in value.items()
        }
    return [marked(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "fault",
    [
        {"/data/HoSo/NgayHenTra": f"{MARK} mai"},
        {"/data/HoSo/SoDienThoai": {MARK: MARK}},
        {"/data/HoSo/DinhDanhCHS": f"{MARK} 000090000101"},
        {"/data/HoSo/TrangThaiHoSo": f"{MARK} 0912000101"},
        {"/id": [MARK]},
        {"/data/HoSo/ChuHoSo": f"{MARK}\x00"},
    ],
)
async def test_neither_a_refusal_nor_the_log_quotes_what_was_sent(client, ground, caplog, fault):
    with caplog.at_level(logging.DEBUG):
        answer = await post(client, ground, json.dumps(marked(event(fault))).encode())

    assert answer.status == 422
    assert MARK not in await answer.text()
    assert not [line for record in caplog.records if MARK in (line := JsonLines().format(record))]


async def test_a_fault_of_ours_is_logged_under_the_instance_that_the_sender_sees(client, ground, app, caplog):
    async with app.pool.acquire() as connection:
        await connection.execute("ALTER TABLE event_payload ADD CONSTRAINT never CHECK (document IS NULL)")

    with caplog.at_level(logging.ERROR):
        answer = await post(client, ground, json.dumps(marked(sample("02"))).encode())

    document = await problem(answer)
    (line,) = [JsonLines().format(record) for record in caplog.records if record.name == "notifier.web.problems"]
    assert (answer.status, document["code"]) == (500, "internal")
    assert json.loads(line)["request"] == document["instance"].removeprefix("urn:uuid:")
    assert "Traceback" not in await answer.text()
    assert MARK not in line


async def test_odd_bytes_in_a_credential_are_only_a_wrong_credential(client):
    headers = {"Authorization": b"Bearer \xff\xfe".decode("utf-8", "surrogateescape")}
    async with client.post("/v1/inbox/lookup", headers=headers, json={}) as answer:
        assert (await problem(answer))["code"] == "unauthorized"


@pytest.mark.parametrize("path", ["/v1/inbox/a%00b/messages", f"/v1/dossiers/{PROVINCE}/%00/timeline"])
async def test_a_name_that_nothing_can_have_is_not_found(client, ground, path):
    async with client.get(path, headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "not-found"


@asynccontextmanager
async def serving(ground, **web: str):
    """The web process' own server, with settings of `[web]` changed."""
    port = await closed_port()
    changed = {f"NOTIFIER_WEB__{name.upper()}": value for name, value in web.items()}
    settings = load_settings({**ground.environ, "NOTIFIER_WEB__PORT": str(port), **changed})
    async with open_app(settings, name="test") as app:
        stop = asyncio.Event()
        server = asyncio.create_task(serve(app, stop))
        try:
            yield port, app
        finally:
            stop.set()
            await server


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async def reached():
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return None

    return await until(reached, 10, "the server to listen")


HALF_A_REQUEST = (
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)


async def test_a_client_that_trickles_its_body_is_answered_and_cut_off(ground):
    async with serving(ground, body_timeout_seconds="0.1") as (port, _):
        reader, writer = await connected(port)
        writer.write(HALF_A_REQUEST)

        async def trickle():
            while True:
                writer.write(b" ")
                await asyncio.sleep(0.02)

        trickling, answer = asyncio.create_task(trickle()), bytearray()
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):  # what it still sends may meet a line that is cut already
                while chunk := await reader.read(65_536):
                    answer += chunk
        trickling.cancel()
        writer.close()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["code"] == "body-timeout"


async def test_a_client_that_hangs_up_in_the_middle_is_no_alarm_about_the_database(ground, caplog):
    async with serving(ground) as (port, _):
        _, writer = await connected(port)
        writer.write(HALF_A_REQUEST)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    assert "the database" not in caplog.text
