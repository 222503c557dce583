"""What the request handlers find in their application."""

from aiohttp import web

from notifier.web.live import InboxWatch
from workers.wiring import App

APP = web.AppKey("app", App)
WATCH = web.AppKey("watch", InboxWatch)
