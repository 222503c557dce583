"""One browser for all tests of a worker, and the address of the web process of each test."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from tests.support.browser import chromium


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest.fixture
def address(web: TestServer) -> str:
    """Where the web process of the test is."""
    return f"http://localhost:{web.port}"
