"""The web page that shows what citizens and officers see: phones, mailboxes and the portal's inbox."""

import asyncio
import re
import zlib
from dataclasses import replace
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from notifier.domain.clock import VIETNAM
from notifier.sandbox import mail
from notifier.sandbox.cards import Card, all_cards, one_card
from notifier.sandbox.messages import Captured
from notifier.sandbox.parts import Parts
from notifier.sandbox.portal import Portal
from notifier.sandbox.script import EMAIL

_HERE = Path(__file__).parent
_BANNERS = 6
"""How many banner colours the style sheet has."""

_LABELS = {
    "ten": "Họ tên",
    "ma_ho_so": "Mã hồ sơ",
    "thu_tuc": "Thủ tục",
    "trang_thai": "Trạng thái",
    "ngay": "Ngày",
    "han": "Thời hạn",
    "noi_dung": "Nội dung",
    "noi_nhan": "Nơi nhận",
    "so_tien": "Số tiền",
    "so_ho_so": "Số hồ sơ",
    "so_qua_han": "Quá hạn",
    "gap_nhat": "Gấp nhất",
    "ly_do": "Lý do",
    "hen_tra_cu": "Hẹn trả cũ",
    "hen_tra_moi": "Hẹn trả mới",
}
"""The fixed words beside a parameter on a Zalo card. Zalo keeps them in the approved template, so no call carries them."""

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def _web_link(text: str | None) -> str | None:
    """The text if it is a web address that may be offered for a click."""
    return text if text and text.startswith(("https://", "http://")) else None


def _environment() -> Environment:
    pages = Environment(
        loader=FileSystemLoader(_HERE / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.filters["label"] = lambda name: _LABELS.get(name) or name.replace("_", " ").capitalize()
    pages.filters["clock"] = lambda at: at.astimezone(VIETNAM).strftime("%H:%M")
    pages.filters["day"] = lambda at: at.astimezone(VIETNAM).strftime("%H:%M ngày %d/%m/%Y")
    pages.filters["banner"] = lambda template: zlib.crc32(template.encode()) % _BANNERS
    pages.filters["web_link"] = _web_link
    return pages


class Screens:
    """The pages and the fragments that keep them live."""

    def __init__(self, parts: Parts, portal: Portal) -> None:
        self._parts = parts
        self._portal = portal
        self._pages = _environment()

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self.overview),
            web.get("/nguoi/{key}", self.card),
            web.get("/mail/{id:\\d+}", self.mail),
            web.get("/mail/{id:\\d+}/body", self.mail_body),
            web.get("/mail/{id:\\d+}/raw", self.mail_raw),
            web.get("/mail/{id:\\d+}/{name}.png", self.mail_picture),
            web.get("/cong/{person:\\d+}", self.inbox),
            web.get("/cong/{person:\\d+}/hop-thu", self.inbox_list),
            web.post("/cong/{person:\\d+}/messages/{id}/read", self.mark_read),
            web.static("/static", _HERE / "static"),
        ]

    async def overview(self, request: web.Request) -> web.Response:
        del request
        seq = self._parts.messages.seq
        cards = await asyncio.gather(*map(self._with_inbox, all_cards(self._parts.settings, self._parts.messages)))
        return self._page("overview.html", cards=cards, seq=seq)

    async def card(self, request: web.Request) -> web.Response:
        card = one_card(self._parts.settings, self._parts.messages, request.match_info["key"])
        if card is None:
            raise web.HTTPNotFound
        return self._page("card.html", card=await self._with_inbox(card))

    async def mail(self, request: web.Request) -> web.Response:
        return self._page("mail.html", mail=self._mail(request))

    async def mail_body(self, request: web.Request) -> web.Response:
        """The HTML part as its own document, which may run nothing and load only its pictures."""
        message = self._mail(request)
        html = message.content["html"] or ""
        for name in message.content["pictures"]:
            html = html.replace(f"cid:{name}", f"/mail/{message.id}/{name}.png")
        html = re.sub(r"(<head[^>]*>)", r'\1<base target="_blank">', html, count=1, flags=re.IGNORECASE)
        return web.Response(text=html, content_type="text/html", headers=_headers(_MAIL_POLICY))

    async def mail_raw(self, request: web.Request) -> web.Response:
        headers = {**_headers(_PAGE_POLICY), "Content-Type": "text/plain; charset=utf-8"}
        return web.Response(body=self._mail(request).raw, headers=headers)

    async def mail_picture(self, request: web.Request) -> web.Response:
        picture = mail.pictures(mail.parse(self._mail(request).raw)).get(request.match_info["name"])
        if picture is None:
            raise web.HTTPNotFound
        return web.Response(body=picture, content_type="image/png", headers=_headers(_MAIL_POLICY))

    async def inbox(self, request: web.Request) -> web.Response:
        return await self._inbox_page(request, "portal.html")

    async def inbox_list(self, request: web.Request) -> web.Response:
        return await self._inbox_page(request, "inbox.html")

    async def mark_read(self, request: web.Request) -> web.Response:
        card = self._person(request)
        await self._portal.mark_read(int(card.key[1:]), request.match_info["id"])
        raise web.HTTPSeeOther(f"/cong/{card.key[1:]}")

    async def _inbox_page(self, request: web.Request, page: str) -> web.Response:
        seq = self._parts.messages.seq
        return self._page(page, card=await self._with_inbox(self._person(request)), seq=seq)

    def _person(self, request: web.Request) -> Card:
        card = one_card(self._parts.settings, self._parts.messages, "p" + request.match_info["person"])
        if card is None or card.person is None:
            raise web.HTTPNotFound
        return card

    def _mail(self, request: web.Request) -> Captured:
        message = self._parts.messages.find(int(request.match_info["id"]))
        if message is None or message.channel != EMAIL:
            raise web.HTTPNotFound
        return message

    async def _with_inbox(self, card: Card) -> Card:
        return card if card.person is None else replace(card, inbox=await self._portal.read(card.person))

    def _page(self, name: str, **values: object) -> web.Response:
        text = self._pages.get_template(name).render(values)
        return web.Response(text=text, content_type="text/html", headers=_headers(_PAGE_POLICY))


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
