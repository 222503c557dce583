"""The provincial portal: shows people the inbox that Notifier keeps for them, by Notifier's own API."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp

from notifier.sandbox.messages import Messages
from notifier.sandbox.settings import Person, SandboxSettings

_TIMEOUT = aiohttp.ClientTimeout(total=2)
_NOTHING = (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError)
"""What a Notifier that is down, or answers oddly, looks like from here."""


@dataclass(frozen=True, slots=True)
class InboxMessage:
    id: str
    title: str
    body: str
    link: str | None
    dossier_code: str | None
    created_at: datetime
    read: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """One person's inbox: unread messages first, then the newest first."""

    messages: tuple[InboxMessage, ...]
    unread: int


class Portal:
    """The client of the inbox API. Every call answers None where Notifier cannot be reached."""

    def __init__(self, settings: SandboxSettings, session: aiohttp.ClientSession, messages: Messages) -> None:
        self._settings = settings
        self._session = session
        self._messages = messages
        self._inboxes: dict[int, str] = {}

    async def read(self, person: int) -> Inbox | None:
        """The inbox of a person of the settings."""
        try:
            inbox = await self._inbox_of(person)
            reply = await self._call("GET", f"/v1/inbox/{inbox}/messages", params={"limit": "50"})
            found = [_message(item) for item in reply["messages"]]
            found.sort(key=lambda message: message.created_at, reverse=True)
            found.sort(key=lambda message: message.read)
            return Inbox(tuple(found), int(reply["unread"]))
        except _NOTHING:
            return None

    async def mark_read(self, person: int, message_id: str) -> bool:
        """Whether Notifier took it."""
        try:
            inbox = await self._inbox_of(person)
            await self._call("POST", f"/v1/inbox/{inbox}/messages/{quote(message_id, safe='')}/read")
        except _NOTHING:
            return False
        self._messages.inbox_changed(person)
        return True

    async def watch(self, person: int) -> None:
        """Tell the sandbox's stream of every message that reaches the inbox. Runs until it is cancelled."""
        while True:
            with suppress(*_NOTHING):
                inbox = await self._inbox_of(person)
                await self._follow(person, f"/v1/inbox/{inbox}/stream")
            await asyncio.sleep(self._settings.delays.portal_seconds)

    async def _follow(self, person: int, path: str) -> None:
        forever = aiohttp.ClientTimeout(total=None, sock_connect=2)
        async with self._session.get(self._url(path), headers=self._headers(), timeout=forever) as reply:
            if not reply.ok:
                return
            self._messages.inbox_changed(person)
            async for line in reply.content:
                if line.startswith(b"data:"):
                    self._messages.inbox_changed(person)
        self._messages.inbox_changed(person)

    async def _inbox_of(self, person: int) -> str:
        if person not in self._inboxes:
            lookup = _lookup(self._settings.people[person])
            reply = await self._call("POST", "/v1/inbox/lookup", json=lookup)
            self._inboxes[person] = quote(str(reply["inbox"]), safe="")
        return self._inboxes[person]

    async def _call(self, method: str, path: str, **sent: Any) -> Any:
        async with self._session.request(
            method, self._url(path), headers=self._headers(), timeout=_TIMEOUT, raise_for_status=True, **sent
        ) as reply:
            return await reply.json() if reply.content_type == "application/json" else None

    def _url(self, path: str) -> str:
        return f"{self._settings.notifier_url}{path}"

    def _headers(self) -> dict[str, str]:
        access = self._settings.portal
        return {"Authorization": f"Bearer {access.api_token}"} if access else {}


def _lookup(person: Person) -> dict[str, str]:
    return dict(person.lookup or {})


def _message(item: Any) -> InboxMessage:
    return InboxMessage(
        id=str(item["id"]),
        title=str(item["title"]),
        body=str(item["body"]),
        link=item.get("link"),
        dossier_code=item.get("dossier_code"),
        created_at=datetime.fromisoformat(item["created_at"]),
        read=item.get("read_at") is not None,
    )
