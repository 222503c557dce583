"""The page of phones and mailboxes, the script and the stream, read over a socket."""

import json
import re
from email.message import EmailMessage

import aiohttp
import aiosmtplib
import pytest

from notifier.domain.errors import SettingsError
from notifier.sandbox.app import running
from notifier.sandbox.settings import Person
from tests.support.sandbox import sandbox_settings
from tests.support.waiting import until

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
MAU = Person("Nguyễn Văn Mẫu", phone="+84912000101", email="nguyen.mau@example.vn", zalo_uid="9990000000000000101")


@pytest.fixture
async def sandbox():
    async with running(sandbox_settings(people=(MAU,))) as started:
        yield started


@pytest.fixture
async def http(sandbox):
    async with aiohttp.ClientSession(sandbox.http_url) as session:
        yield session


async def text(http, path):
    reply = await http.get(path)
    assert reply.status == 200, path
    return await reply.text()


async def sms(http, content="Ho so da duoc tiep nhan.", phone="0912000101"):
    fields = {"ApiKey": "sms-key", "SecretKey": "sms-secret", "Brandname": "VIDU", "SmsType": "2"}
    path = "/esms/MainService.svc/json/SendMultipleMessage_V4_post_json/"
    await http.post(path, json=fields | {"Phone": phone, "Content": content})


async def mail(sandbox, *, subject="Hồ sơ đã được tiếp nhận", html='<p>Kính gửi</p><img src="cid:qr">', to=MAU.email):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "thongbao@example.gov.vn", to, subject
    message.set_content("Kính gửi ông Mẫu")
    message.add_alternative(html, subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG-picture", "image", "png", cid="<qr>")
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False) as client:
        await client.sendmail("b.1@example.vn", [to], message.as_bytes())


async def test_a_message_is_on_the_page_without_any_script_running(http):
    await sms(http)
    assert "Ho so da duoc tiep nhan." in await text(http, "/")


async def test_the_addresses_of_one_person_share_one_card(sandbox, http):
    await sms(http)
    await mail(sandbox)
    page = await text(http, "/")
    assert re.findall(r'<article class="person" id="(\w+)"', page) == ["p0"]


async def test_an_unknown_address_gets_its_own_card(http):
    await sms(http, phone="0912000199")
    page = await text(http, "/")
    assert len(re.findall(r'<article class="person"', page)) == 2


@pytest.mark.parametrize("hostile", [HOSTILE, '"><script>alert(1)</script>', "{{ 7*7 }}"])
async def test_hostile_text_in_an_sms_stays_text(http, hostile):
    await sms(http, hostile)
    page = await text(http, "/")
    assert ("<script>alert" in page, "onerror=alert(2)>" in page, 'class="bubble">49' in page) == (False, False, False)


async def test_hostile_text_in_a_subject_stays_text(sandbox, http):
    await mail(sandbox, subject=HOSTILE)
    pages = await text(http, "/") + await text(http, "/mail/1")
    assert "<script>alert" not in pages


async def test_a_page_may_only_run_its_own_script(http):
    policy = (await http.get("/")).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


async def test_the_page_holds_no_inline_script_or_style(http):
    await sms(http)
    page = await text(http, "/")
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page) == []


async def test_the_content_of_a_mail_is_a_document_that_may_run_nothing(sandbox, http):
    await mail(sandbox, html=f"<p>{HOSTILE}</p>")
    policy = (await http.get("/mail/1/body")).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script" not in policy


async def test_the_qr_picture_of_a_mail_is_shown(sandbox, http):
    await mail(sandbox)
    body = await text(http, "/mail/1/body")
    source = re.search(r'<img src="([^"]+)"', body)[1]
    assert await (await http.get(source)).read() == b"\x89PNG-picture"


async def test_the_original_of_a_mail_can_be_read(sandbox, http):
    await mail(sandbox)
    assert "Subject: =?utf-8?" in await text(http, "/mail/1/raw")


@pytest.mark.parametrize("path", ["/mail/9", "/mail/9/body", "/mail/9/qr.png", "/nguoi/x1", "/cong/0", "/cong/7"])
async def test_what_does_not_exist_is_not_found(http, path):
    assert (await http.get(path)).status == 404


async def test_messages_can_be_asked_by_channel_and_address(sandbox, http):
    await sms(http)
    await sms(http, phone="0912000199")
    await mail(sandbox)
    found = json.loads(await text(http, "/sandbox/messages?channel=sms&to=%2B84912000101"))["messages"]
    assert [(each["channel"], each["to"]) for each in found] == [("sms", "0912000101")]


async def test_the_stream_replays_what_happened_before(sandbox, http):
    await sms(http)
    await until(lambda: sandbox.messages[0].state == "delivered", 5, "the delivery")
    async with http.get("/sandbox/stream") as stream:
        seen = [await stream.content.readuntil(b"\n\n") for _ in range(2)]
    states = [json.loads(re.search(r"data: (.*)", event.decode())[1])["state"] for event in seen]
    assert states == ["accepted", "delivered"]


async def test_the_stream_goes_on_after_the_last_event_seen(sandbox, http):
    await sms(http)
    await until(lambda: sandbox.messages[0].state == "delivered", 5, "the delivery")
    async with http.get("/sandbox/stream", headers={"Last-Event-ID": "1"}) as stream:
        event = await stream.content.readuntil(b"\n\n")
    assert event.startswith(b"id: 2\nevent: message\n")


async def test_the_stream_names_the_card_that_changed(http):
    async with http.get("/sandbox/stream") as stream:
        await sms(http)
        event = await stream.content.readuntil(b"\n\n")
    assert json.loads(re.search(r"data: (.*)", event.decode())[1])["card"] == "p0"


async def test_a_stream_older_than_a_restart_starts_over(http):
    await sms(http)
    async with http.get("/sandbox/stream", headers={"Last-Event-ID": "900"}) as stream:
        assert (await stream.content.readuntil(b"\n\n")).startswith(b"id: 1\n")


async def test_an_open_stream_ends_with_the_sandbox():
    async with aiohttp.ClientSession() as session:
        async with running(sandbox_settings()) as sandbox:
            stream = await session.get(f"{sandbox.http_url}/sandbox/stream")
        assert b"event:" not in await stream.content.read()


@pytest.mark.parametrize(
    "rule",
    [
        {"channel": "fax", "behave": "refuse"},
        {"channel": "sms", "behave": "explode"},
        {"channel": "sms", "behave": "wrong_signature"},
        {"channel": "sms", "behave": "refuse", "times": 0},
        {"channel": "sms", "behave": "refuse", "args": {"colour": "red"}},
        {"channel": "sms", "behave": "refuse", "when": "now"},
        "refuse everything",
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(http, rule):
    reply = await http.post("/sandbox/script", json=[rule])
    assert (reply.status, "Rule 0" in (await reply.json())["detail"]) == (422, True)


async def test_a_rule_is_used_as_often_as_it_says(sandbox, http):
    await http.post("/sandbox/script", json=[{"channel": "sms", "behave": "refuse", "times": 2}])
    for _ in range(3):
        await sms(http)
    assert len(sandbox.messages) == 1


async def test_dropping_the_script_brings_the_friendly_world_back(sandbox, http):
    await http.post("/sandbox/script", json=[{"channel": "sms", "behave": "refuse"}])
    await http.delete("/sandbox/script")
    await sms(http)
    assert len(sandbox.messages) == 1


async def test_a_script_file_is_in_force_from_the_start(tmp_path):
    file = tmp_path / "script.json"
    file.write_text('[{"channel": "sms", "behave": "refuse"}]')
    async with running(sandbox_settings(script_file=file)) as sandbox, aiohttp.ClientSession(sandbox.http_url) as http:
        await sms(http)
        assert sandbox.messages == []


@pytest.mark.parametrize(
    "change", [{"host": "192.0.2.7"}, {"host": "mail.example.vn"}, {"notifier_url": "http://10.0.0.1"}]
)
def test_a_host_that_is_not_loopback_is_refused(change):
    with pytest.raises(SettingsError, match=f"sandbox.{next(iter(change))}"):
        sandbox_settings(**change)


async def test_a_foreign_name_for_this_host_is_refused(http):
    assert (await http.get("/", headers={"Host": "evil.example.vn"})).status == 403


async def test_a_form_of_another_site_is_refused(http):
    reply = await http.post("/sandbox/script", json=[], headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status == 403


async def test_on_the_page_a_person_can_turn_to_the_official_account(http):
    page = await text(http, "/")
    paths = re.findall(r'formaction="([^"]+)"', page)
    answers = [await http.post(path, headers={"Accept": "text/html"}, allow_redirects=False) for path in paths]
    assert [(answer.status, answer.headers["Location"]) for answer in answers] == [(303, "/")] * 3
