"""The events of a run: each about a dossier and a citizen of its own, made so fast that making them is not what is measured.

By the rules of the product `URGENT` tells the citizen in the portal inbox, by Zalo, SMS and mail, and nobody else: four
messages. `BULK` tells the citizen in the inbox and by mail: two.
"""

import copy
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.cli.playground import PROVINCE, samples
from notifier.domain.clock import VIETNAM
from notifier.settings import ROOT


@dataclass(frozen=True, slots=True)
class Kind:
    """`channels` are those that one event of this kind is told by, once each."""

    name: str
    sample: str
    channels: tuple[str, ...]

    @property
    def outward(self) -> tuple[str, ...]:
        """The channels that lead to a provider."""
        return tuple(channel for channel in self.channels if channel != "portal")

    @property
    def receipted(self) -> tuple[str, ...]:
        """The channels whose providers tell what became of a message."""
        return tuple(channel for channel in self.channels if channel in {"sms", "zalo"})


URGENT = Kind("urgent", "05-yeu-cau-bo-sung", ("portal", "zalo", "sms", "email"))
BULK = Kind("bulk", "09-da-tra-ket-qua", ("portal", "email"))
KINDS = {kind.name: kind for kind in (URGENT, BULK)}

SOURCE = PROVINCE
CODE = "H01.14-261125-"
"""How the code of every dossier of a run begins; the number of its event follows."""
NUMBER_IN_TEXT = re.compile(rb"H01\.14-261125-(\d{7})")
NUMBER_IN_ADDRESS = re.compile(rb"<cong-dan-(\d{7})@")
_HOURS = re.compile(r'(?:urgent|normal|bulk) = (?:\{ opens|"working")')
_NUMBER, _PHONE = "@@NUMBER", "@@P"


class Inventor:
    """Makes events of one kind as the bytes that are posted. Every other citizen has linked their Zalo account."""

    def __init__(self, kind: Kind, now: datetime) -> None:
        sample = dict(samples())[kind.sample]
        self._bodies = tuple(
            json.dumps(_prepared(sample, now, linked=linked), ensure_ascii=False).encode() for linked in (False, True)
        )

    def body(self, number: int) -> bytes:
        """The event of this number: the same number gives the same bytes."""
        body = self._bodies[number % 2].replace(_NUMBER.encode(), b"%07d" % number)
        return body.replace(_PHONE.encode(), b"%03d" % (number % 1000))


def event_id(number: int) -> str:
    """Its idempotency key."""
    return f"bench-{number:07d}"


def _prepared(sample: dict[str, Any], now: datetime, *, linked: bool) -> dict[str, Any]:
    """The sample as if it happened now, marks in the place of what differs from event to event."""
    document = copy.deepcopy(sample)
    document |= {"id": f"bench-{_NUMBER}", "source": SOURCE, "time": now.isoformat(timespec="seconds"), "seq": 1}
    dossier, local = document["data"]["HoSo"], now.astimezone(VIETNAM)
    dossier |= {
        "MaHoSo": f"{CODE}{_NUMBER}",
        "MaHoSoKhac": None,
        "SoDienThoai": f"0912000{_PHONE}",
        "Email": f"cong-dan-{_NUMBER}@example.vn",
        "ZaloUserId": f"99910000000{_NUMBER}" if linked else None,
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": f"00000{_NUMBER}"}],
        "NgayNopHoSo": _written(local - timedelta(days=8)),
        "NgayTiepNhan": _written(local - timedelta(days=7)),
        "NgayHenTra": _written(local + timedelta(days=30)),
    }
    progress = document["data"]["TienDo"]
    progress |= {"ThoiDiemXuLy": _written(local), "NgayBatDau": _written(local - timedelta(days=6))}
    if progress.get("NgayKetThucTheoQuyDinh"):
        progress["NgayKetThucTheoQuyDinh"] = _written(local + timedelta(days=20))
    if asked := document["data"].get("BoSung"):
        asked["ThoiHanBoSung"] = _written(local + timedelta(days=25))
    return document


def _written(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S")


def rules_at_any_hour() -> str:
    """The rules of the product without the hours of the day: nothing waits for the morning."""
    lines = (ROOT / "rules.toml").read_text(encoding="utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if not _HOURS.match(line))
