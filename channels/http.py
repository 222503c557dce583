"""The one client for calls out: every call has a deadline, a size cap and an address guard, and no redirect is followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """What the peer answered: `headers` have lower-case names, `body` is at most the size cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoReplyKind(StrEnum):
    NOT_SENT = "not_sent"
    """The request surely did not reach the peer: no connection, or a forbidden address."""
    UNCERTAIN = "uncertain"
    """The request may have been taken: time-out or loss after it left, or an answer past the size cap."""


@dataclass(frozen=True, slots=True)
class NoReply:
    kind: NoReplyKind
    code: str
    """`connect`, `timeout`, `lost`, `too_large`, `forbidden_address`."""


class HttpClient(Protocol):
    async def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float,
    ) -> Reply | NoReply: ...

    async def close(self) -> None: ...
