"""The cases of the portal's own notification API."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from channels.registry import load
from notifier.domain.receipts import RawReceipt
from notifier.intake.signature import parse_secret, sign
from tests.contract.channels_cases import Case, Receipts, Scenario, over_http
from tests.support.channels import DELIVERY, INBOX, receipt
from tests.support.peers import HttpAnswer, Silence, answer_json, patience

OURS, THEIRS, STRANGE = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"t", b"s"))
AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def settings(url: str = "http://127.0.0.1:1", **more: Any) -> BaseModel:
    table = {
        "notify_url": f"{url}/thong-bao",
        "secrets": [OURS],
        "receipt_secrets": [THEIRS],
        "confirms_delivery": True,
    }
    return load("portal_push").Settings.model_validate({**table, "timeout_seconds": patience(), **more})


ANSWERS: dict[Scenario, HttpAnswer | Silence] = {
    Scenario.ACCEPTED: answer_json({"id": "notice-1"}, 201),
    Scenario.THROTTLED: answer_json({"code": "slow-down"}, 429, {"Retry-After": "7"}),
    Scenario.REFUSED: answer_json({"code": "unknown-person"}, 404),
    Scenario.NO_ANSWER: Silence.DROP,
    Scenario.GARBAGE: HttpAnswer(200, b"<html>Bad gateway</html>"),
}


def told(type_: str = "thongbao.da_nhan", secret: str = THEIRS, **data: Any) -> RawReceipt:
    """A receipt of the portal, signed with `secret`."""
    event = {"type": type_, "timestamp": AT.isoformat(), "data": {"id": DELIVERY.hex, **data}}
    body = json.dumps(event).encode()
    return receipt("portal", headers=sign(parse_secret(secret), "r1", AT, body), body=body)


def unsigned() -> RawReceipt:
    return receipt("portal", body=told().body)


CASE = Case(
    settings(),
    over_http("portal_push", settings, INBOX, ANSWERS),
    Receipts(settings(), told(), (told(secret=STRANGE), told(secret=OURS), unsigned())),
)
