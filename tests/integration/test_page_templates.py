"""The wordings at the console: each with every sample as it would be sent, and what has changed since the last version."""

import re
from functools import partial
from html import unescape

import pytest

from notifier.domain.content import Content, ContentKind, EmailContent, InboxContent, SmsContent, ZaloContent
from notifier.domain.errors import TemplateFault
from notifier.domain.operators import OperatorRole
from notifier.domain.recipients import Locale
from notifier.rendering.samples import House, load, request
from notifier.routing.plan import sensitive
from notifier.settings import ROOT
from notifier.store import wordings
from notifier.web.pages.console.templates import READERS, _readers
from notifier.web.pages.console.words import EVENTS
from tests.support.intake import sample
from tests.support.pages import headers, look, operator_cookie
from tests.support.stack import post_event, settle

SAMPLES = load(ROOT / "templates")


FULL, *OTHERS = SAMPLES


async def test_a_viewer_finds_every_wording_in_every_channel_as_it_is_sent(client, app):
    """The texts of the page are those of the renderer; the first sample has every fact that any of them needs."""
    cookie = await operator_cookie(app, OperatorRole.VIEWER)
    for type_ in app.rules.rules:
        for reader in _readers(app, type_):
            await agree(client, app, cookie, type_, (reader, Locale.VI), FULL)
            for kind in ContentKind:
                found = written(app, SAMPLES[FULL], type_, (READERS[reader], Locale.VI), kind)
                assert not isinstance(found, TemplateFault), (type_, found)


@pytest.mark.parametrize("name", OTHERS)
async def test_each_sample_is_shown_in_the_language_of_its_reader_or_the_missing_fact_is_named(client, app, name):
    cookie = await operator_cookie(app)
    for type_ in ("hoso.yeu_cau_bo_sung", "hoso.xin_loi_gia_han", "bccc.da_gui"):
        await agree(client, app, cookie, type_, ("citizen", Locale.EN), name)


async def agree(client, app, cookie, type_, reader, name) -> None:
    """The page shows what the renderer writes."""
    path = f"/console/templates/{type_}?reader={reader[0]}&in={reader[1]}&sample={name}"
    status, html = await look(client, path, cookie)
    shown = " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())
    assert status == 200
    for kind in ContentKind:
        for text in told(app, SAMPLES[name], type_, (READERS[reader[0]], reader[1]), kind):
            assert " ".join(text.split()) in shown, (type_, reader, name, kind)


def told(app, each, type_, reader, kind) -> list[str]:
    """What the page has to hold of a message, or the fact for want of which there is none."""
    content = written(app, each, type_, reader, kind)
    match content:
        case InboxContent(title, body, _):
            return [title, body]
        case SmsContent():
            return [f"Số phần {content.parts} Bảng mã {'GSM 7-bit' if content.encoding == 'gsm7' else 'UCS-2'}"]
        case EmailContent(subject, text, _, _):
            return [subject, text]
        case ZaloContent():
            return [value for name, value in content.parameters.items() if name != "link"]
    return [content.fact]


def written(app, each, type_, reader, kind) -> Content | TemplateFault:
    settings = app.settings
    link = f"{settings.public_url}/t/{'x' * 22}"
    house = House(link, settings.hotline, settings.sender_name, partial(sensitive, rules=app.rules))
    try:
        return app.renderer.render(request(each, type_, reader, kind, house))
    except TemplateFault as fault:
        return fault


def test_every_type_of_event_has_a_name(app):
    assert set(app.rules.rules) == set(EVENTS)


async def test_the_mail_runs_nothing_and_fetches_nothing(client, app):
    cookie = await operator_cookie(app)
    async with client.get("/console/templates/hoso.xu_ly_xong/mail", headers=headers(cookie)) as answer:
        html, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert ("data:image/png" in html, "cid:" in html) == (True, False)
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox")


@pytest.mark.parametrize(
    "path",
    ["hoso.khac", "hoso.khac/mail", "hoso.xu_ly_xong?reader=x", "hoso.xu_ly_xong?in=fr", "hoso.xu_ly_xong?sample=x"],
)
async def test_what_there_is_not_is_not_found(client, app, path):
    assert (await look(client, f"/console/templates/{path}", await operator_cookie(app)))[0] == 404


@pytest.mark.usefixtures("sandbox")
async def test_what_was_sent_keeps_its_wording_and_a_change_shows_line_by_line(client, app, ground):
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await settle(app)
    template = "hoso.duoc_tiep_nhan/vi/citizen"
    async with app.pool.acquire() as connection:
        (kept,) = await wordings.versions(connection, template, ContentKind.INBOX)
        versions = {
            row["version"] for row in await connection.fetch("SELECT version FROM content WHERE kind = 'inbox'")
        }
        old = {(template, ContentKind.INBOX, "old"): kept.text.replace("\n", "\nDÒNG CŨ\n", 1)}
        await wordings.keep(connection, old, app.clock())
    assert kept.version in versions
    _, html = await look(client, "/console/templates/hoso.duoc_tiep_nhan?reader=citizen", await operator_cookie(app))
    assert "<del>- DÒNG CŨ</del>" in html
