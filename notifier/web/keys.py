"""What the request handlers find in their application."""

import asyncio

from aiohttp import web

from notifier.web.live import InboxWatch
from workers.wiring import App

APP = web.AppKey("app", App)
WATCH = web.AppKey("watch", InboxWatch)
REPORTING = web.AppKey("reporting", asyncio.Lock)
"""Held while a report is made."""
