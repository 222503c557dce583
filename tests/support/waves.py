"""A past and a present of a dozen dossiers with the same officers, and all that routing leaves of them in a database."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from notifier.cli.playground import MINISTRY, PROVINCE
from notifier.domain.clock import VIETNAM
from notifier.domain.ids import EventId, SourceName
from notifier.domain.opaque import address_key
from notifier.domain.preferences import Preferences
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Locale
from notifier.domain.suppressions import SuppressionKind
from notifier.intake.accept import Accepted, understand
from notifier.intake.cloudevents import read_request
from notifier.store import preferences, suppressions
from notifier.store.pool import Connection
from tests.support.intake import STRUCTURED, event
from workers import steps
from workers.steps.intake import Post, new_intake, take_in
from workers.wiring import App

DOSSIERS = 12
STATES = {
    "hoso.yeu_cau_bo_sung": 5,
    "hoso.xu_ly_xong": 9,
    "hoso.da_tra_ket_qua": 10,
    "hoso.duoc_tiep_nhan": 2,
    "hoso.chuyen_buoc": 4,
    "hoso.dinh_chinh": 2,
}

ASKS_FOR_MORE = "hoso.yeu_cau_bo_sung"
ODD: list[Callable[[random.Random], dict[str, Any]]] = [
    lambda _: {},
    lambda chance: {"/data/HoSo/MaHoSoKhac": f"K-{chance.randrange(DOSSIERS)}"},
    lambda _: {"/data/TienDo/ThuTruong": ...},
    lambda chance: {"/data/TienDo/NguoiXuLyTiep/0/SoDienThoai": f"09120009{chance.randrange(100):02}"},
    lambda chance: {"/data/TienDo/NguoiXuLyTiep/0/Ma": f"moi.{chance.randrange(3)}"},
    lambda _: {},
]
"""What is not as in the sample: nobody, another code of the dossier, no head, somebody's number, somebody else."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"


def step(number: int, **changes: Any) -> dict[str, Any]:
    """A step of the dossier with this number, due on 27 November at 17:00."""
    return event(
        {
            "/id": f"step-{number}",
            "/seq": 4,
            "/data/HoSo/MaHoSo": f"H01.14-261125-{number:04}",
            "/data/HoSo/NgayHenTra": stamp(at(30, 17)),
            "/data/TienDo/NgayKetThucTheoQuyDinh": stamp(at(27, 17)),
            **{f"/{name}": value for name, value in changes.items()},
        },
        of="04",
    )


def later(chance: random.Random, number: int, seq: int, source: str = PROVINCE, type_: str = "") -> dict[str, Any]:
    """Something that happens to that dossier afterwards, perhaps with other officers or what was not known of them."""
    type_ = type_ or chance.choice(list(STATES))
    odd = chance.choice(ODD if type_ != ASKS_FOR_MORE else ODD[:2])
    return event(
        {
            "/id": f"{type_}-{number}-{seq}-{source}",
            "/source": source,
            "/type": type_,
            "/time": at(27, 8, 20).isoformat(),
            "/seq": seq,
            "/data/HoSo/MaHoSo": f"H01.14-261125-{number:04}",
            "/data/HoSo/TrangThaiHoSo": str(STATES[type_]),
            **odd(chance),
        },
        of="05" if type_ == ASKS_FOR_MORE else "04",
    )


async def take(app: App, *documents: dict[str, Any]) -> None:
    """Have them come in, each a moment after the one before."""
    door = new_intake(app)
    for number, document in enumerate(documents):
        profile, came = app.profiles[SourceName(document["source"])], app.clock() + timedelta(milliseconds=number)
        (item,) = understand(read_request(STRUCTURED, {}, {}, json.dumps(document).encode()), profile, came)
        assert isinstance(item, Accepted), item
        await take_in(door, Post(profile.name, [item], came))
    await door.close()


async def waiting(app: App) -> list[EventId]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id FROM event WHERE state = 'received' ORDER BY received_at, dossier_code, type, seq"
        )
    return [row["id"] for row in rows]


async def live(app: App, seed: int) -> datetime:
    """Have dossiers begin, reminders made of some, and much come in since; answers the moment at which it is to be routed."""
    chance = random.Random(seed)
    past = replace(app, clock=lambda: at(25, 9))
    await take(past, *(step(number) for number in range(DOSSIERS)))
    await steps.route(past, await waiting(past))
    await _choices(app)
    for moment in (at(26, 17), at(27, 8, 1)):
        then = replace(app, clock=lambda moment=moment: moment)
        async with app.pool.acquire() as connection:
            await steps.fire(then, connection, moment)
        made = await waiting(then)
        await steps.route(then, chance.sample(made, len(made) // 2))
    came = []
    for number in range(DOSSIERS):
        came += [later(chance, number, seq) for seq in range(5, 5 + chance.randrange(3))]
        if chance.random() < 0.4:
            both = chance.choice(["hoso.xu_ly_xong", "hoso.yeu_cau_bo_sung"])
            came += [later(chance, number, 9, source, both) for source in (MINISTRY, PROVINCE)]
    await take(replace(app, clock=lambda: at(27, 8, 25)), *came)
    return at(27, 8, 26)


async def _choices(app: App) -> None:
    """One officer's mail bounces, one citizen reads English."""
    async with app.pool.acquire() as connection:
        mail = await connection.fetchrow(
            "SELECT d.id, r.email FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
            " WHERE r.audience = 'handler' AND d.channel = 'email' AND r.email IS NOT NULL ORDER BY r.ref LIMIT 1"
        )
        owner = await connection.fetchval("SELECT inbox_owner FROM recipient WHERE audience = 'citizen' LIMIT 1")
        if owner:
            await preferences.choose(connection, owner, Preferences(Locale.EN), actor="test", now=app.clock())
        if mail:
            key = (SuppressionKind.BOUNCED, address_key(app.secret, mail["email"]))
            reason = Reason(ReasonCode.RECIPIENT_BOUNCED, {"code": "550"})
            await suppressions.add(connection, key, mail["id"], reason, actor="test", now=app.clock(), code="550")


PICTURE = {
    "event": "SELECT id, state, agency, due_at, lease_owner FROM event ORDER BY id",
    "recipient": "SELECT event_id, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid, rest_from, rest_until"
    " FROM recipient ORDER BY event_id, audience, ref",
    "delivery": "SELECT d.event_id, d.source, r.audience, r.ref, d.channel, d.content_kind, d.position, d.rank, d.urgency,"
    " d.state, d.due_at, d.expires_at, d.desk, d.lease_owner FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
    " ORDER BY d.event_id, r.audience, r.ref, d.channel",
    "audit": "SELECT coalesce(a.event_id, d.event_id) AS event, r.audience, r.ref, d.channel, a.at, a.actor, a.from_state,"
    " a.to_state, a.reason, a.details FROM audit a LEFT JOIN delivery d ON d.id = a.delivery_id"
    " LEFT JOIN recipient r ON r.id = d.recipient_id ORDER BY 1, d.event_id NULLS FIRST, r.audience, r.ref, d.channel, a.seq",
    "timer": "SELECT source, dossier_code, type, basis, number, state, planned_for, due_at, valid_until, event_id FROM timer"
    " ORDER BY source, dossier_code, type, basis, number",
    "docket": "SELECT * FROM docket ORDER BY source, dossier_code",
    "desk": "SELECT * FROM desk ORDER BY owner",
    "told": "SELECT * FROM told ORDER BY dossier_code, status, day",
    "lookup": "SELECT * FROM lookup ORDER BY token_hash",
    "officer": "SELECT * FROM officer ORDER BY code",
    "agency": "SELECT * FROM agency ORDER BY code",
}


async def picture(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that routing leaves, without the ids that are made at random."""
    return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in PICTURE.items()}
