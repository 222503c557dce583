"""A person at a browser without scripts, over plain HTTP: cookies are kept, forms are sent as the page made them."""

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

import aiohttp
import pyotp

from notifier.domain.ids import uuid7
from notifier.domain.operators import Operator, OperatorId, OperatorRole
from notifier.store import operator_accounts
from notifier.store.operator_accounts import Act
from notifier.web.access.set_up_links import new_link
from workers.wiring import App

PASSWORD = "bốn con mèo ngồi"
_HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">')


@dataclass
class Visitor:
    """`at` is the address of the page that is open, `html` what it says, `status` how it was answered."""

    client: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)
    at: str = ""
    html: str = ""
    status: int = 0
    leads_to: str | None = None

    async def open(self, address: str, *, follow: bool = True) -> "Visitor":
        await self._ask("GET", address, None, {})
        return await self._followed() if follow else self

    async def send(
        self, path: str, form: dict[str, str], *, follow: bool = True, headers: dict[str, str] | None = None
    ) -> "Visitor":
        """Post a form, with the hidden fields of the page that is open."""
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(self.html)}
        await self._ask("POST", path, {**hidden, **form}, headers or {})
        return await self._followed() if follow else self

    async def _followed(self) -> "Visitor":
        for _ in range(10):
            if self.leads_to is None:
                return self
            await self._ask("GET", urljoin(self.at, self.leads_to), None, {})
        raise AssertionError(f"led in circles: {self.at}")

    async def _ask(self, method: str, address: str, form: dict[str, str] | None, headers: dict[str, str]) -> None:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        async with self.client.request(method, address, data=form, headers=sent, allow_redirects=False) as answer:
            for name, morsel in answer.cookies.items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
            self.at, self.status, self.html = str(answer.url), answer.status, await answer.text()
            self.leads_to = answer.headers.get("Location")

    @property
    def path(self) -> str:
        parts = urlsplit(self.at)
        return parts.path + (f"?{parts.query}" if parts.query else "")


async def account_link(
    app: App, login: str = "lan", role: OperatorRole = OperatorRole.OPERATOR, *agencies: str, name: str = "Lê Thị Ví Dụ"
) -> str:
    """The path of the set-up link of a new local account."""
    act = Act("cli:test", "thử", app.clock())
    who = Operator(OperatorId(uuid7(act.now)), login, name, role, agencies)
    async with app.pool.acquire() as connection:
        assert await operator_accounts.add(connection, who, act)
        return urlsplit(await new_link(connection, "http://x", who.id, act.now)).path


async def begun(client: aiohttp.ClientSession, link: str) -> Visitor:
    """Somebody who has opened this set-up link and begun."""
    visitor = await Visitor(client).open(link)
    return await visitor.send(link, {})


def secret_on(html: str) -> str:
    """The key that the set-up page shows for typing."""
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", html)
    assert found
    return found[1].replace(" ", "")


def code_of(app: App, secret: str) -> str:
    """What the authenticator app shows now."""
    return pyotp.TOTP(secret).at(app.clock())


async def set_up(client: aiohttp.ClientSession, app: App, login: str = "lan", **how: object) -> tuple[Visitor, str]:
    """Somebody who has just set their new account up, signed in by that, and the secret of their second factor."""
    visitor = await begun(client, await account_link(app, login, **how))  # type: ignore[arg-type]
    secret = secret_on(visitor.html)
    form = {"password": PASSWORD, "again": PASSWORD, "code": code_of(app, secret)}
    await visitor.send("/console/set-up", form, follow=False)
    assert visitor.status == 303, visitor.html
    return visitor, secret
