"""Builders for what arrives at the webhook, and the shortest way through intake."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from notifier.domain.events import DossierEvent
from notifier.domain.ids import EventId, EventType, SourceName
from notifier.intake.accept import Accepted, Refused, understand
from notifier.intake.cloudevents import read_request
from notifier.intake.codes import MINISTRY_2026, SourceProfile
from notifier.intake.translate import to_domain
from notifier.settings import ROOT

EVENTS = ROOT / "notifier" / "sandbox" / "events"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PROVINCE = SourceProfile(SourceName("mcdt.angiang.gov.vn"))
MINISTRY = SourceProfile(SourceName("hs.bo-mau.example.gov.vn"), subject_map=MINISTRY_2026)
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def sample(name: str) -> Any:
    """The sample event whose file name starts with `name`."""
    return json.loads(next(EVENTS.glob(f"{name}*.json")).read_text())


def event(changes: Mapping[str, Any] | None = None, *, of: str = "02") -> dict[str, Any]:
    """A sample event with other values at some JSON Pointers; `...` takes a field away."""
    document: dict[str, Any] = copy.deepcopy(sample(of))
    for place, value in (changes or {}).items():
        *way, last = place.strip("/").split("/")
        target: Any = document
        for step in way:
            target = target[int(step) if isinstance(target, list) else step]
        if value is ...:
            del target[last]
        else:
            target[last] = value
    return document


def take(
    body: Any,
    *,
    content_type: str = STRUCTURED,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    profile: SourceProfile = PROVINCE,
) -> list[Accepted | Refused]:
    """What intake makes of a request; `body` is bytes, or a value to be sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return understand(read_request(content_type, headers or {}, query or {}, raw), profile, NOW)


def accepted(body: Any, **request: Any) -> Accepted:
    (item,) = take(body, **request)
    assert isinstance(item, Accepted), item
    return item


def refused(body: Any, **request: Any) -> Refused:
    (item,) = take(body, **request)
    assert isinstance(item, Refused), item
    return item


def domain_event(item: Accepted, profile: SourceProfile = PROVINCE) -> DossierEvent:
    return to_domain(
        event_id=EventId(UUID(int=1)),
        source=profile.name,
        external_id=item.external_id,
        event_type=item.event_type or EventType("hoso.dong_bo"),
        occurred_at=item.occurred_at,
        received_at=NOW,
        seq=item.seq,
        document=item.document,
        profile=profile,
    )
