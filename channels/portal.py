"""The portal inbox: our own channel. Storing the message is its delivery, so there is no provider and no receipt."""

from pydantic import BaseModel, ConfigDict

from channels.base import AddressKind, Capabilities, Message, Ports, carried
from notifier.domain.content import ContentKind, InboxContent
from notifier.domain.outcomes import Accepted
from notifier.domain.receipts import RawReceipt, ReceiptFact


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def capabilities(_settings: Settings) -> Capabilities:
    return Capabilities(
        content=ContentKind.INBOX,
        address=AddressKind.INBOX,
        accepted_is_delivered=True,
        proves_reading=True,
        deduplicates=True,
        quiet=True,
    )


async def connect(_settings: Settings, ports: Ports) -> "PortalChannel":
    return PortalChannel(ports)


class PortalChannel:
    """Stores through the port, once per delivery; a fault of our database passes through as the exception it is."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def send(self, message: Message) -> Accepted:
        content = carried(message, InboxContent)
        return Accepted(await self._ports.store_in_inbox(message.delivery_id, message.contact, content))

    async def close(self) -> None:
        """Nothing is held open."""


def authentic(_raw: RawReceipt, _settings: Settings) -> bool:
    """Nobody calls us back about our own inbox."""
    return False


def facts(_raw: RawReceipt, _settings: Settings) -> tuple[ReceiptFact, ...]:
    return ()
