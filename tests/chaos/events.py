"""Invented dossiers: real sample events with people of their own, each in exactly one event."""

import copy
import random
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from notifier.cli.playground import samples
from tests.support.rules import rules_at_once

SHAPES = (
    "02-duoc-tiep-nhan",
    "01-moi-dang-ky",
    "05-yeu-cau-bo-sung",
    "04-chuyen-buoc",
    "08-xu-ly-xong",
    "09-da-tra-ket-qua",
)
"""Sample events whose rules together use every channel and every lane."""

Promise = tuple[str, str]
"""Audience and channel of one delivery that a 202 promises."""


@dataclass(frozen=True, slots=True)
class Invented:
    """`id` is its idempotency key, `promised` how many deliveries per audience and channel its rule asks for."""

    id: str
    source: str
    document: dict[str, Any]
    promised: Counter[Promise]


def chaos_rules() -> str:
    """The rules of the product with little patience: what is tried again is tried soon, and often.

    What is bulk goes by day like all else, so that its lane has work; what waits for its hour is not under fire.
    """
    lines = []
    for line in rules_at_once().splitlines():
        name = line.partition(" = ")[0]
        patient = {"retry_base_seconds": "1", "retry_cap_seconds": "8", "attempts": "40"}.get(name)
        lines.append(f"{name} = {patient}" if patient else line.replace(", next_morning = true", ""))
    return "\n".join(lines) + "\n"


class Inventor:
    """Makes the events of a run. The same seed makes the same events."""

    def __init__(self, seed: int, run: str, *, first: int = 1) -> None:
        self._random = random.Random(f"{seed} events")
        self._run = run
        self._number = first - 1
        self._rules = tomllib.loads(chaos_rules())["rules"]
        shapes = dict(samples())
        self._shapes = [shapes[name] for name in SHAPES]

    def event(self) -> Invented:
        return self.like(self._random.choice(self._shapes))

    def like(self, shape: dict[str, Any], *, by_phone: bool = False) -> Invented:
        """An event of this shape with people and a dossier of its own. `by_phone`: the citizen has no Zalo user id."""
        self._number += 1
        document = copy.deepcopy(shape)
        document["id"] = f"chaos-{self._run}-{self._number:06d}"
        dossier = document["data"]["HoSo"]
        dossier["MaHoSo"] = f"H01.14-261125-{self._number:06d}"
        dossier["MaHoSoKhac"] = None
        self._people(dossier, document["data"]["TienDo"])
        if by_phone:
            dossier["ZaloUserId"] = None
        return Invented(document["id"], document["source"], document, self._promised(document))

    def _people(self, dossier: dict[str, Any], progress: dict[str, Any]) -> None:
        number = self._number
        dossier |= {
            "SoDienThoai": f"0912000{number % 1000:03d}",
            "Email": f"cong-dan-{number}@example.vn",
            "ZaloUserId": self._random.choice([f"9991{number:015d}", None]),
            "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": f"0000{number:08d}"}],
        }
        for role, part in enumerate(("NguoiXuLyTiep", "ThuTruong"), start=2):
            for at, officer in enumerate(progress.get(part) or ()):
                officer |= {
                    "Ma": f"cb.{number}.{role}{at}",
                    "SoDienThoai": f"0912000{(number + role) % 1000:03d}",
                    "Email": f"can-bo-{number}-{role}{at}@example.vn",
                    "ZaloUserId": f"999{role}{at}{number:014d}",
                }

    def _promised(self, document: dict[str, Any]) -> Counter[Promise]:
        progress = document["data"]["TienDo"]
        people = {
            "citizen": 1,
            "handler": len(progress.get("NguoiXuLyTiep") or ()),
            "head": len(progress.get("ThuTruong") or ()),
        }
        promised: Counter[Promise] = Counter()
        for tell in self._rules[document["type"]]["tell"]:
            for channel in [*tell["send"], *tell.get("fallback", [])]:
                promised[tell["to"], channel] += people[tell["to"]]
        return +promised
