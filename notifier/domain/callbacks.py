"""What a dossier system is told of each notice that came from one of its events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ChannelName, DeliveryId, DossierCode, EventType, ExternalId, SourceName
from notifier.domain.reasons import Reason
from notifier.domain.recipients import Audience

CallbackId = NewType("CallbackId", UUID)


class CallbackType(StrEnum):
    SENT = "thongbao.da_gui"
    """The provider has taken the message."""
    ARRIVED = "thongbao.da_nhan"
    READ = "thongbao.da_doc"
    FAILED = "thongbao.that_bai"
    """It was refused for good, all attempts are used, it bounced, or its deadline passed."""


TELLS: Mapping[DeliveryState, CallbackType] = {
    DeliveryState.ACCEPTED: CallbackType.SENT,
    DeliveryState.DELIVERED: CallbackType.ARRIVED,
    DeliveryState.READ: CallbackType.READ,
    DeliveryState.FAILED: CallbackType.FAILED,
    DeliveryState.EXPIRED: CallbackType.FAILED,
}
"""Each move into one of these states is told once. Arrived implies sent, read implies both; nothing is told twice."""


class CallbackState(StrEnum):
    PENDING = "pending"
    """To be posted when due."""
    SENT = "sent"
    DEAD = "dead"
    """Every try is used. Posted again only when somebody asks for it."""
    SKIPPED = "skipped"
    """Never posted: the source only pulls."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One fact about one message. `seq` counts the facts of that message: 1, 2, 3, … without a gap."""

    id: CallbackId
    source: SourceName
    delivery_id: DeliveryId
    seq: int
    type: CallbackType
    delivery_state: DeliveryState
    occurred_at: datetime
    reason: Reason
    dossier_code: DossierCode
    event_id: ExternalId
    """The event of the source that the message tells of, by the source's own id."""
    event_type: EventType
    channel: ChannelName
    audience: Audience
