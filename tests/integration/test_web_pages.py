"""What the web process shows: the timeline, the look-up page, health, metrics, its description, and safe headers."""

import json
import re
from datetime import timedelta

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from notifier.domain.clock import move_clock
from notifier.web.app import SECURITY_HEADERS
from notifier.web.pages.files import address_of_file
from notifier.web.pages.routes import PAGES
from notifier.web.routes import ROUTES
from tests.support.front_door import bearer, get, problem, quick
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle

STORY = "/v1/dossiers/mcdt.angiang.gov.vn/H01.14-261119-0042/timeline"
PERSONAL = [
    "Nguyễn Văn Mẫu",
    "0912000101",
    "+84912000101",
    "nguyen.mau@example.vn",
    "000090000101",
    "9990000000000000101",
    "Võ Văn Mẫu",
    "0912000902",
    "Lý Thị Ví Dụ",
]
PROCEDURE = "Đăng ký thành lập hộ kinh doanh"


@pytest.fixture
async def ground(ground):
    return quick(ground)


@pytest.fixture
async def told(client, ground, app, sandbox) -> None:
    """The sample event, sent on every channel and confirmed."""
    await post_event(client, ground, sample("02"))
    await settle(app, states={"planned", "sending"})
    await becomes(app, "citizen", "zalo", "read")
    await becomes(app, "citizen", "email", "delivered")


async def link(sandbox) -> str:
    """The path of the look-up link in the citizen's mail."""
    (mail,) = (message for message in sandbox.messages if message.channel == "email")
    found = re.search(r"/t/[\w-]{16}", json.dumps(mail.content))
    assert found is not None
    return found[0]


async def test_the_timeline_tells_every_move_in_order_with_its_reason(told, client, ground):
    story = await get(client, ground, STORY)

    (event,) = story["events"]
    moves = {(d["ref"], d["channel"]): [move["to"] for move in d["moves"]] for d in event["deliveries"]}
    assert moves["citizen", "zalo"][:3] == ["planned", "sending", "accepted"]
    assert moves["citizen", "zalo"][-1] == "read"
    assert moves["citizen", "sms"] == ["standby", "cancelled"]
    numbers = [move["seq"] for d in event["deliveries"] for move in d["moves"]] + [n["seq"] for n in event["notes"]]
    assert len(set(numbers)) == len(numbers)
    assert all(move["text"] for d in event["deliveries"] for move in d["moves"])


@pytest.mark.parametrize("locale", ["vi", "en"])
async def test_the_timeline_has_no_personal_data(told, client, ground, locale):
    story = json.dumps(await get(client, ground, STORY, locale=locale), ensure_ascii=False)

    assert [each for each in [*PERSONAL, PROCEDURE] if each in story] == []


async def test_a_dossier_nobody_told_of_has_no_timeline(client, ground):
    async with client.get("/v1/dossiers/mcdt.angiang.gov.vn/none/timeline", headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "not-found"


async def test_a_dossier_is_found_however_its_code_is_composed(client, ground, app):
    document = sample("02")
    document["data"]["HoSo"]["MaHoSo"] = "HỒ-1"
    await post_event(client, ground, document)

    story = await get(client, ground, "/v1/dossiers/mcdt.angiang.gov.vn/H\u00d4\u0300-1/timeline")

    assert story["dossier_code"] == "HỒ-1"


async def test_the_timeline_needs_a_token(client):
    async with client.get(STORY) as answer:
        assert (await problem(answer))["code"] == "unauthorized"


async def test_the_link_in_a_message_opens_the_state_of_the_dossier(told, client, sandbox):
    async with client.get(await link(sandbox)) as answer:
        page = await answer.text()

    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "H01.14-261119-0042" in page
    assert "0296 3956 000" in page


async def test_the_look_up_page_says_neither_whose_dossier_it_is_nor_what_about(told, client, sandbox):
    async with client.get(await link(sandbox)) as answer:
        page = await answer.text()

    assert [each for each in [*PERSONAL, PROCEDURE, "mcdt.angiang"] if each in page] == []


async def test_the_look_up_page_says_in_english_too_where_on_its_way_the_dossier_is(told, client, sandbox):
    async with client.get(f"{await link(sandbox)}?lang=en") as answer:
        page = await answer.text()

    assert page.index('aria-current="step"') < page.index("Taken in") < page.index("Being processed")
    assert [each for each in ("Tiếp nhận", "Cập nhật", "Cần hỏi") if each in page] == []


async def test_the_look_up_page_is_not_indexed_and_runs_nothing(told, client, sandbox):
    async with client.get(await link(sandbox)) as answer:
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "<script" not in await answer.text()


async def test_an_expired_link_opens_nothing_and_says_what_to_do(told, client, ground, app, sandbox):
    path = await link(sandbox)
    move_clock(ground.clock_file, app.clock() + timedelta(days=app.settings.lookup_days, minutes=1))

    async with client.get(path) as answer:
        page = await answer.text()

    assert (answer.status, answer.content_type) == (404, "text/html")
    assert "H01.14-261119-0042" not in page
    assert "Liên kết đã hết hạn hoặc không đúng" in page


@pytest.mark.parametrize("garbage", ["x", "A" * 16, "A" * 5000, "%00", "%F0%9F%98%80", "..%2f..%2fetc"])
async def test_a_link_that_nobody_sent_opens_the_same_page(client, garbage):
    async with client.get(f"/t/{garbage}") as answer:
        page = await answer.text()

    assert (answer.status, answer.content_type) == (404, "text/html")
    assert "Không mở được liên kết này" in page


async def test_the_styles_of_the_page_are_served(client):
    async with client.get(address_of_file("base.css")) as answer:
        assert (answer.status, answer.content_type) == (200, "text/css")
        assert "immutable" in answer.headers["Cache-Control"]


async def test_a_ready_service_says_so(client):
    async with client.get("/readyz") as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {"ready": True, "reasons": {"database": "ok", "redis": "ok"}},
        )


async def test_a_schema_that_is_behind_makes_the_service_unready(client, app):
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '0000'")

    async with client.get("/readyz") as answer:
        reasons = (await answer.json())["reasons"]

    assert answer.status == 503
    assert re.fullmatch(r"schema is 0000, \w+ is expected: migrate", reasons["database"])


async def samples_of_metrics(client) -> dict[tuple[str, frozenset[str]], float]:
    """(name, values of its labels) → value."""
    async with client.get("/metrics") as answer:
        text = await answer.text()
    return {
        (each.name, frozenset(each.labels.values())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


async def test_metrics_count_what_came_in_and_what_is_unfinished(client, ground):
    source = "mcdt.angiang.gov.vn"
    before = await samples_of_metrics(client)
    for _ in range(2):
        await post_event(client, ground, sample("02"))
    after = await samples_of_metrics(client)

    def more(result: str) -> float:
        key = ("notifier_events_total", frozenset({source, result}))
        return after[key] - before.get(key, 0)

    assert (more("accepted"), more("duplicate")) == (1, 1)
    assert after["notifier_unfinished_rows", frozenset({"event"})] == 1


async def test_metrics_have_no_personal_data(told, client):
    async with client.get("/metrics") as answer:
        text = await answer.text()

    assert [each for each in [*PERSONAL, "H01.14-261119-0042"] if each in text] == []


async def test_an_unknown_address_makes_no_new_metric(client):
    for number in range(3):
        async with client.get(f"/unknown/{number}") as answer:
            assert answer.status == 404

    assert not [key for key in await samples_of_metrics(client) if any("unknown/" in label for label in key[1])]


async def test_the_description_is_valid_openapi(client):
    async with client.get("/openapi.json") as answer:
        document = await answer.json()

    OpenAPIV31SpecValidator(document).validate()


ADDRESSES = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/problems/not-found"),
    ("GET", "/problems/none"),
    ("GET", "/t/x"),
    ("GET", "/static/base.css"),
    ("GET", "/nowhere"),
    ("PUT", "/v1/events"),
    ("POST", "/v1/events"),
    ("POST", "/v1/receipts/zalo"),
    ("POST", "/v1/inbox/lookup"),
]


async def test_every_answer_carries_the_security_headers(client):
    for method, path in ADDRESSES:
        async with client.request(method, path) as answer:
            assert [name for name in SECURITY_HEADERS if name not in answer.headers] == [], path


async def test_every_address_of_the_table_is_served(web):
    served = {
        (route.method, route.resource.canonical) for route in web.app.router.routes() if route.resource is not None
    }

    assert served == {(route.method, route.path) for route in (*ROUTES, *PAGES)}
