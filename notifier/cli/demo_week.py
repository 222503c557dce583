"""The week of an officer, for the demo: three dossiers on one desk, one of which runs late."""

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from notifier.cli.playground import PROVINCE, samples
from notifier.domain.clock import VIETNAM

_STEP_OF = "04-chuyen-buoc"
_DOSSIERS = (
    ("H01.14-261125-0101", "Đăng ký kết hôn", 2, 5),
    ("H01.14-261125-0102", "Cấp giấy phép xây dựng nhà ở riêng lẻ", 2, 7),
    ("H01.14-261125-0103", "Xác nhận tình trạng hôn nhân", 5, 8),
)
"""Code, procedure, days until the step and until the dossier are due."""


def week(now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of three dossiers that come to the same officer and head within a few minutes. Nobody works on them."""
    pattern = dict(samples())[_STEP_OF]
    for number, (code, procedure, step_days, due_days) in enumerate(_DOSSIERS):
        event = copy.deepcopy(pattern)
        at = now + timedelta(seconds=number)
        event |= {"id": f"demo-{number}", "time": at.isoformat(), "seq": 1, "source": PROVINCE}
        dossier, progress = event["data"]["HoSo"], event["data"]["TienDo"]
        dossier |= {
            "MaHoSo": code,
            "MaHoSoKhac": None,
            "TenTTHC": procedure,
            "NgayHenTra": _stamp(now, due_days),
            "NgayHenTraMoi": None,
        }
        progress |= {
            "NguoiXuLyTiep": [one for one in progress["NguoiXuLyTiep"] if one["ZaloUserId"]],
            "NgayKetThucTheoQuyDinh": _stamp(now, step_days),
        }
        yield f"demo-{code}", event


def _stamp(now: datetime, days: int) -> str:
    """The end of the working day so many days later, as dossier systems write times."""
    return f"{now.astimezone(VIETNAM) + timedelta(days=days):%Y%m%d}170000"
