"""What the request handlers find in their application."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from notifier.web.access.key_ring import KeyRing
from notifier.web.live import InboxWatch
from workers.steps import Intake
from workers.wiring import App

APP = web.AppKey("app", App)
INTAKE: web.AppKey[Intake] = web.AppKey("intake")
WATCH = web.AppKey("watch", InboxWatch)
KEYS: web.AppKey[KeyRing | None] = web.AppKey("keys")
"""Those of the identity provider, where one is configured."""
HASHING = web.AppKey("hashing", asyncio.Semaphore)
"""Held while a password is hashed: strangers who try many leave the other cores alone."""
REPORTING = web.AppKey("reporting", asyncio.Lock)
"""Held while a report is made."""
PROBLEM_PAGE: web.AppKey[Callable[[web.Request, str, str], web.Response]] = web.AppKey("problem_page")
"""Tells people of a problem: its code and detail."""
PEOPLE = ("/console", "/hop-thu")
"""Under these addresses people look at pages; everywhere else programs ask."""
