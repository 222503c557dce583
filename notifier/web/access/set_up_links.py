"""Links by which operators set up their account: opened once, within a day."""

import secrets
from datetime import datetime, timedelta

from notifier.domain.opaque import token_hash
from notifier.domain.operators import OperatorId
from notifier.store import set_ups
from notifier.store.pool import Connection

SET_UP = "/console/set-up"
LINK_LIVES = timedelta(hours=24)
BROWSER_LIVES = timedelta(minutes=30)
"""How long the browser that opened the link has."""


async def new_link(connection: Connection, public_url: str, who: OperatorId, now: datetime) -> str:
    """The address to hand to this operator; it is shown once and kept nowhere."""
    token = secrets.token_urlsafe(32)
    await set_ups.offer(connection, who, token_hash(token), now + LINK_LIVES)
    return f"{public_url}{SET_UP}/{token}"
