"""What is posted: a structured CloudEvent about one message. Thin: codes and ids, never a name or an address."""

import json
from typing import Any

from notifier.domain.callbacks import Callback
from notifier.domain.clock import VIETNAM

MEDIA_TYPE = "application/cloudevents+json"


def document(callback: Callback, public_url: str) -> dict[str, Any]:
    """The event (CloudEvents 1.0.2). Its `id` is also the `webhook-id`; both stay the same over all tries."""
    at = callback.occurred_at.astimezone(VIETNAM).isoformat(timespec="milliseconds")
    return {
        "specversion": "1.0",
        "id": str(callback.id),
        "source": public_url,
        "type": callback.type.value,
        "subject": callback.dossier_code,
        "time": at,
        "datacontenttype": "application/json",
        "seq": callback.seq,
        "data": {
            "MaHoSo": callback.dossier_code,
            "SuKien": {"id": callback.event_id, "type": callback.event_type},
            "MaThongBao": str(callback.delivery_id),
            "Kenh": callback.channel,
            "NguoiNhan": callback.audience.value,
            "TrangThai": callback.delivery_state.value,
            "ThoiGian": at,
            "LyDo": {"Ma": callback.reason.code.value, "NoiDung": callback.reason.text("vi")},
        },
    }


def body(callback: Callback, public_url: str) -> bytes:
    """The bytes that are signed and sent: the same for every try."""
    return json.dumps(document(callback, public_url), ensure_ascii=False, separators=(",", ":")).encode()
