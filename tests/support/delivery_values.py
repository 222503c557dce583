"""Builders for deliveries and policies."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import Delivery, DeliveryState, Position, Urgency
from notifier.domain.ids import ChannelName, DeliveryId, EventId, ProviderName, RecipientId
from notifier.domain.steps import SendPolicy

NOW = datetime(2026, 11, 19, 3, 0, tzinfo=UTC)
"""Ten in the morning in Vietnam."""
POLICY = SendPolicy(
    retry_base=timedelta(seconds=10),
    retry_cap=timedelta(minutes=15),
    attempts=3,
    receipt_wait=timedelta(hours=4),
)
KINDS = {
    "portal": ContentKind.INBOX,
    "zalo": ContentKind.ZALO,
    "sms": ContentKind.SMS,
    "email": ContentKind.EMAIL,
    "smpp": ContentKind.SMS,
}
IDS = {name: DeliveryId(UUID(int=number)) for number, name in enumerate(KINDS, start=1)}


def a_delivery(
    state: DeliveryState = DeliveryState.SENDING,
    *,
    channel: str = "zalo",
    rank: int = 0,
    due_at: datetime | None = NOW,
    expires_at: datetime = NOW + timedelta(hours=48),
    attempts: int = 0,
    asks: int = 0,
) -> Delivery:
    """A delivery that has been called for has a provider, of the channel's name."""
    called = state not in {DeliveryState.STANDBY, DeliveryState.PLANNED, DeliveryState.HELD, DeliveryState.SUPPRESSED}
    return Delivery(
        id=IDS[channel],
        event_id=EventId(UUID(int=7)),
        recipient_id=RecipientId(UUID(int=8)),
        channel=ChannelName(channel),
        content_kind=KINDS[channel],
        position=Position.FALLBACK if rank else Position.FIRST,
        rank=rank,
        state=state,
        due_at=due_at,
        expires_at=expires_at,
        urgency=Urgency.URGENT,
        attempts=attempts,
        created_at=NOW,
        provider=ProviderName(channel) if called else None,
        asks=asks,
    )
