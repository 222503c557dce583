"""Identifiers are types, so that one kind can never be passed for another."""

import os
from datetime import datetime
from typing import NamedTuple, NewType
from uuid import UUID

EventId = NewType("EventId", UUID)
RecipientId = NewType("RecipientId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
AttemptId = NewType("AttemptId", UUID)
ReceiptId = NewType("ReceiptId", int)

SourceName = NewType("SourceName", str)
"""The CloudEvents `source` of a dossier system, for example `mcdt.angiang.gov.vn`."""
ExternalId = NewType("ExternalId", str)
"""The CloudEvents `id`: unique within its source, the idempotency key of an event."""
EventType = NewType("EventType", str)
"""A name of the event catalogue, for example `hoso.duoc_tiep_nhan`."""
DossierCode = NewType("DossierCode", str)
"""MaHoSo as the source wrote it. Unique only together with its source."""
NO_DOSSIER = DossierCode("-")
"""Of an event of ours that tells of several."""
ChannelName = NewType("ChannelName", str)
"""What a rule names: `portal`, `zalo`, `sms`, `email`. One or more providers serve each."""
ProviderName = NewType("ProviderName", str)
"""Who carries a channel's messages. A channel with one provider gives it its own name."""
InboxOwner = NewType("InboxOwner", str)
"""The opaque key of one person's inbox; says nothing about the person."""


class DossierKey(NamedTuple):
    """What names a dossier: its source and the code that it has there."""

    source: SourceName
    code: DossierCode


def first_uuid7(at: datetime) -> UUID:
    """No id that was made from this moment on is smaller."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


def uuid7(at: datetime) -> UUID:
    """A new id that sorts by time (RFC 9562, version 7): 48 bits of milliseconds, 74 random bits."""
    milliseconds = int(at.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=value)
