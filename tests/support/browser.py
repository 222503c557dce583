"""A real browser: headless Chromium, driven by Playwright, with everything it complains about kept.

Playwright's own Chromium is used where there is one, else the system's. Without any the tests are skipped, with the
command that brings one.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
SERIOUS = {"serious", "critical"}
HOW = "no Chromium: install the system's package `chromium`, or run `./dev run playwright install chromium`"


@dataclass(slots=True)
class Window:
    """One browser profile with one tab. What its console and its network said against us is in `complaints`."""

    tab: Page
    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str) -> Page:
        await self.tab.goto(self.address + path)
        return self.tab

    async def axe(self) -> list[str]:
        """The serious findings of axe-core on the page that is open, each with where it is."""
        found = await Axe().run(self.tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        return [
            f"{each['id']}: {node['html'][:200]}"
            for each in found.response["violations"]
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium of this test."""
    async with async_playwright() as playwright:
        path = executable(playwright)
        if path is None:
            pytest.skip(HOW)
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


def executable(playwright: Playwright) -> str | None:
    own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


@asynccontextmanager
async def window(
    browser: Browser, address: str, cookie: dict[str, str] | None = None, **profile: object
) -> AsyncIterator[Window]:
    """A new profile at `address`; `profile` as Playwright's `new_context` takes it (viewport, color_scheme, …)."""
    context = await browser.new_context(**{"viewport": DESK, "locale": "vi-VN", **profile})  # type: ignore[arg-type]
    if cookie:
        await context.add_cookies(
            [
                {"name": name, "value": value, "url": address.replace("http://", "https://"), "secure": True}
                for name, value in cookie.items()
            ]
        )
    made = Window(await context.new_page(), context, address)
    made.tab.on(
        "console", lambda said: made.complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    made.tab.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    await context.close()
