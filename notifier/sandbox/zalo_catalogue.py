"""The pretend Zalo's templates and volumes: what may be sent, how often, and what it tells of both when it is asked.

Zalo documentation, "Lấy danh sách template", "Lấy thông tin chi tiết template", "Lấy thông tin quota", checked 2026-09.
"""

from collections import Counter
from datetime import date, time
from typing import Any

from aiohttp import web

from notifier.domain.clock import VIETNAM
from notifier.sandbox import zalo_events
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import Act
from notifier.sandbox.settings import TemplateRule
from notifier.sandbox.zalo_errors import PHONE_ERRORS, ErrorTable, Fault

ENABLED, DISABLED, DELETED = "ENABLE", "DISABLE", "DELETE"
STATUSES = (ENABLED, "PENDING_REVIEW", "REJECT", DISABLED, DELETED)
_NUMBERS = {"1": ENABLED, "2": "PENDING_REVIEW", "3": "REJECT", "4": DISABLED}
"""The filter of the list."""
_PAGE = 100
_MORNING, _EVENING = time(6), time(22)


class Templates:
    """What the pretend Zalo holds, and what it has let through today."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._app = parts.settings.zalo
        self._status = {id_: rule.status for id_, rule in self._app.templates.items()}
        self.daily = self._app.daily_quota
        self.balance = self._app.balance
        self._today: date | None = None
        self._used = 0
        self._used_of: Counter[str] = Counter()
        self._tried_out = 0

    @property
    def remaining(self) -> int:
        self._turn_the_day()
        return max(0, self.daily - self._used)

    def rule(self, id_: object) -> TemplateRule | None:
        return self._app.templates.get(str(id_))

    def status(self, id_: str) -> str:
        return self._status.get(id_, ENABLED)

    async def becomes(self, id_: str, status: str, reason: str) -> None:
        """Somebody at Zalo changes what a template is; Notifier hears of it."""
        before, self._status[id_] = self.status(id_), status
        event = {
            "event_name": "change_template_status",
            "oa_id": self._app.oa_id,
            "template_id": id_,
            "status": {"prev_status": before, "new_status": status},
            "reason": reason,
        }
        await zalo_events.announce(self._parts, event, Act())

    async def may_send(self, daily: int) -> None:
        """Zalo changes how many messages a day it takes; Notifier hears of it."""
        before, self.daily = self.daily, daily
        quota = {"prev_value": str(before), "new_value": str(daily)}
        event = {"event_name": "change_oa_daily_quota", "oaId": self._app.oa_id, "quota": quota}
        await zalo_events.announce(self._parts, event, Act())

    async def save_address(self) -> None:
        await zalo_events.save_address(self._parts)

    def fault(self, body: dict[str, Any], errors: ErrorTable, *, is_admin: bool) -> Fault | None:
        """Why a template message is refused: its template, its data, its mode, the hour, the volumes; in this order."""
        wrong = self._wrong_template(body, errors)
        if wrong is not None or errors is not PHONE_ERRORS:
            return wrong or (Fault(errors.out_of_quota) if self.remaining <= 0 else None)
        if (mode := body.get("sending_mode")) not in (None, "1"):
            return Fault(-162 if mode == "3" else -161)
        if body.get("mode") == "development":
            if not is_admin:
                return Fault(-127)
            return Fault(-126) if self._tried_out >= self._app.development_quota else None
        now = self._parts.clock().astimezone(VIETNAM).time()
        if self._app.refuses_at_night and not _MORNING <= now < _EVENING:
            return Fault(-133)
        return self._volume_fault(str(body.get("template_id")))

    def took(self, body: dict[str, Any]) -> None:
        """Count a message that goes out."""
        self._turn_the_day()
        if body.get("mode") == "development":
            self._tried_out += 1
            return
        self._used += 1
        self._used_of[str(body.get("template_id"))] += 1
        if self.balance is not None:
            self.balance -= 1

    def _volume_fault(self, id_: str) -> Fault | None:
        if self.balance is not None and self.balance <= 0:
            return Fault(-115)
        if self.remaining <= 0:
            return Fault(-144)
        rule = self.rule(id_)
        if rule is not None and rule.daily_quota is not None and self._used_of[id_] >= rule.daily_quota:
            return Fault(-147)
        return None

    def _turn_the_day(self) -> None:
        today = self._parts.clock().astimezone(VIETNAM).date()
        if today != self._today:
            self._today, self._used = today, 0
            self._used_of.clear()

    def _wrong_template(self, body: dict[str, Any], errors: ErrorTable) -> Fault | None:
        template, data = body.get("template_id"), body.get("template_data")
        if not isinstance(template, str) or not template:
            return Fault(errors.unknown_template, "template_id is invalid")
        if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
            return Fault(errors.bad_format, "template_data is invalid")
        rule = self.rule(template)
        if rule is None:
            return None
        if (status := self.status(template)) != ENABLED:
            code = {DISABLED: errors.disabled, DELETED: errors.unknown_template}.get(status, errors.not_approved)
            return Fault(code, f"template_id is {status}")
        if errors is not PHONE_ERRORS and rule.by_phone_only:
            return Fault(-249)
        for name, longest in rule.parameters.items():
            if not data.get(name) and name not in rule.optional:
                return Fault(errors.missing_parameter, f"template_data is missing {name}")
            if len(data.get(name, "")) > longest:
                return Fault(errors.too_long, f"{name} is longer than {longest}")
        return None

    def row(self, id_: str, *, fully: bool) -> dict[str, Any]:
        """A template as the list shows it; `fully` as its own page does."""
        rule = self._app.templates[id_]
        row: dict[str, Any] = {
            "templateId": int(id_) if id_.isdecimal() else id_,
            "templateName": rule.title,
            "status": self.status(id_),
            "templateQuality": "HIGH",
        }
        if not fully:
            return row
        params = [
            {
                "name": name,
                "require": name not in rule.optional,
                "type": "STRING",
                "maxLength": longest,
                "minLength": 1,
                "acceptNull": name in rule.optional,
            }
            for name, longest in rule.parameters.items()
        ]
        button = {"type": 1, "title": rule.button, "content": "https://example.gov.vn"}
        more = {"templateTag": "TRANSACTION", "timeout": 7_200_000, "price_sdt": "300", "price_uid": "200"}
        return {**row, **more, "listParams": params, "listButtons": [button] if rule.button else []}

    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = _NUMBERS.get(query.get("status", ""))
        offset, limit = int(query.get("offset") or 0), min(_PAGE, int(query.get("limit") or _PAGE))
        held = [id_ for id_ in self._app.templates if self.status(id_) != DELETED]
        found = [id_ for id_ in held if wanted is None or self.status(id_) == wanted]
        return [self.row(id_, fully=False) for id_ in found[offset : offset + limit]]


def routes(templates: Templates) -> list[web.RouteDef]:
    async def change(request: web.Request) -> web.Response:
        """For the tests and the page: `POST /sandbox/zalo/templates/{id}/{status}`."""
        status = request.match_info["status"]
        if status not in STATUSES:
            raise web.HTTPNotFound
        await templates.becomes(request.match_info["id"], status, request.query.get("reason", ""))
        return web.Response(status=204)

    async def limit(request: web.Request) -> web.Response:
        await templates.may_send(int(request.match_info["daily"]))
        return web.Response(status=204)

    async def save(request: web.Request) -> web.Response:
        del request
        await templates.save_address()
        return web.Response(status=204)

    return [
        web.post("/sandbox/zalo/templates/{id}/{status}", change),
        web.post("/sandbox/zalo/webhook", save),
        web.post("/sandbox/zalo/quota/{daily:\\d+}", limit),
    ]
