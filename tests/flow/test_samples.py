"""Each sample event through the real processes: exactly which messages arrive where for whom, and the story of it."""

import copy
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from notifier.cli.playground import PROVINCE, samples
from tests.support.system import MessageKey, System

SAMPLES = dict(samples())
ZALO = {
    "status": "Thông báo trạng thái hồ sơ cho công dân, tổ chức",
    "supplement": "Yêu cầu bổ sung giấy tờ",
    "result": "Mời nhận kết quả giải quyết hồ sơ",
    "apology": "Xin lỗi và hẹn lại ngày trả kết quả",
    "reminder": "Nhắc việc cho cán bộ và thủ trưởng đơn vị",
}
UID = "9990000000000000{}"

MESSAGES: dict[str, list[tuple[str, str, str]]] = {
    "01-moi-dang-ky": [
        ("email", "nguyen.mau@example.vn", "Hồ sơ H01.14-261119-0042 đã được nộp, đang chờ tiếp nhận"),
        ("zalo", UID.format(101), ZALO["status"]),
        ("zalo", UID.format(901), ZALO["reminder"]),
        ("zalo", UID.format(904), ZALO["reminder"]),
    ],
    "02-duoc-tiep-nhan": [
        ("email", "nguyen.mau@example.vn", "Hồ sơ H01.14-261119-0042 đã được tiếp nhận"),
        ("zalo", UID.format(101), ZALO["status"]),
        ("zalo", UID.format(902), ZALO["reminder"]),
        ("zalo", UID.format(904), ZALO["reminder"]),
    ],
    "03-khong-tiep-nhan": [
        ("sms", "0912000202", "Ho so H01.27-261118-0113 khong duoc tiep nhan. Xin xem ly do va huong dan. <link>"),
        ("zalo", "0912000202", ZALO["status"]),
    ],
    "04-chuyen-buoc": [
        (
            "sms",
            "0912000903",
            (
                "Nhac viec: ho so H01.14-261119-0042 da chuyen buoc: Lanh dao phong duyet ho so. "
                "Han 11:30 23/11/2026. <link>"
            ),
        ),
        ("zalo", UID.format(909), ZALO["reminder"]),
        ("zalo", UID.format(904), ZALO["reminder"]),
    ],
    "05-yeu-cau-bo-sung": [
        ("email", "le.thu@example.vn", "Hồ sơ H01.14-261118-0039 cần bổ sung giấy tờ"),
        (
            "sms",
            "0912000303",
            "Ho so H01.14-261118-0039 can bo sung giay to, han 17:00 30/11/2026. Xin xem chi tiet. <link>",
        ),
        ("zalo", "0912000303", ZALO["supplement"]),
    ],
    "06-yeu-cau-nvtc": [
        ("email", "dinh.phi@example.vn", "Hồ sơ G09.20-20261118-0091234: cần nộp 1.200.000 đ"),
        (
            "sms",
            "0912000404",
            "Ho so G09.20-20261118-0091234 can nop 1.200.000 dong de duoc giai quyet tiep. <link>",
        ),
    ],
    "07-dung-xu-ly": [
        ("email", "vanphong.mauvidu@example.vn", "Hồ sơ H01.05-261118-0031 đã dừng giải quyết"),
        ("sms", "0912000505", "Ho so H01.05-261118-0031 da dung giai quyet. Xin xem ly do va huong dan. <link>"),
        ("zalo", "0912000505", ZALO["status"]),
        ("zalo", UID.format(905), ZALO["reminder"]),
    ],
    "08-xu-ly-xong": [
        ("email", "nguyen.mau@example.vn", "Hồ sơ H01.14-261119-0042 đã có kết quả"),
        (
            "sms",
            "0912000101",
            "Ho so H01.14-261119-0042 da co ket qua. Moi nhan tai TT hanh chinh cong xa Binh Mau. <link>",
        ),
        ("zalo", UID.format(101), ZALO["result"]),
        ("zalo", UID.format(901), ZALO["reminder"]),
        ("zalo", UID.format(904), ZALO["reminder"]),
    ],
    "09-da-tra-ket-qua": [
        ("email", "nguyen.mau@example.vn", "Hồ sơ H01.14-261119-0042: đã trả kết quả"),
    ],
    "10-xin-loi-gia-han": [
        ("email", "phan.cho@example.vn", "Xin lỗi về hồ sơ H01.05-261112-0018, hẹn lại 17:00 04/12/2026"),
        (
            "sms",
            "0912000606",
            "Ho so H01.05-261112-0018 chua the tra dung hen, xin loi Ong/Ba. Hen lai 17:00 04/12/2026. <link>",
        ),
        ("zalo", "0912000606", ZALO["apology"]),
        ("zalo", UID.format(905), ZALO["reminder"]),
    ],
    "11-uy-quyen": [
        ("email", "uy.quyen@example.vn", "Hồ sơ H01.14-261123-0007 đã có kết quả"),
        (
            "sms",
            "0912000712",
            "Ho so H01.14-261123-0007 da co ket qua. Buu chinh se phat den dia chi da dang ky. <link>",
        ),
        ("zalo", "0912000712", ZALO["result"]),
        ("zalo", UID.format(901), ZALO["reminder"]),
        ("zalo", UID.format(904), ZALO["reminder"]),
    ],
    "12-khong-lien-he": [
        ("sms", "0912000907", "Nhac viec: ho so H01.27-261123-0021 da tiep nhan, can xu ly. <link>"),
        ("zalo", UID.format(908), ZALO["reminder"]),
    ],
    "13-dongbohosomc-array": [
        ("zalo", "0912000801", ZALO["status"]),
        ("sms", "0912000802", "Ho so H01.27-261119-0117 can bo sung giay to. Xin xem chi tiet. <link>"),
        ("zalo", "0912000802", ZALO["supplement"]),
        ("email", "htx.mau@example.vn", "Hồ sơ H01.05-261117-0009 đã có kết quả"),
    ],
}
"""Written from the samples and the rules, and read over by a person: what must arrive, and nothing else."""

SENT = ["planned", "sending", "accepted", "delivered"]
STORED = ["planned", "sending", "delivered"]
NEEDLESS = ["standby", "cancelled"]
REFUSED = ["suppressed"]
MORNING = ["held", *SENT[1:]]

STORIES: dict[str, dict[tuple[str, str], list[str]]] = {
    "02-duoc-tiep-nhan": {
        ("citizen", "portal"): STORED,
        ("citizen", "zalo"): SENT,
        ("citizen", "email"): SENT,
        ("citizen", "sms"): NEEDLESS,
        **{
            (officer, channel): moves
            for officer in ("vv.mau", "lt.vidu")
            for channel, moves in (("portal", STORED), ("zalo", SENT), ("sms", NEEDLESS), ("email", NEEDLESS))
        },
    },
    "03-khong-tiep-nhan": {
        ("citizen", "portal"): STORED,
        ("citizen", "zalo"): SENT,
        ("citizen", "sms"): SENT,
        ("citizen", "email"): REFUSED,
    },
    "04-chuyen-buoc": {
        ("hv.kiem", "portal"): STORED,
        ("hv.kiem", "zalo"): REFUSED,
        ("hv.kiem", "sms"): SENT,
        ("hv.kiem", "email"): NEEDLESS,
        **{
            (officer, channel): moves
            for officer in ("pv.pho", "lt.vidu")
            for channel, moves in (("portal", STORED), ("zalo", SENT), ("sms", NEEDLESS), ("email", NEEDLESS))
        },
    },
    "06-yeu-cau-nvtc": {
        ("citizen", "portal"): STORED,
        ("citizen", "zalo"): REFUSED,
        ("citizen", "sms"): SENT,
        ("citizen", "email"): SENT,
    },
    "09-da-tra-ket-qua": {("citizen", "portal"): STORED, ("citizen", "email"): MORNING},
    "12-khong-lien-he": {
        ("citizen", "portal"): STORED,
        ("citizen", "zalo"): REFUSED,
        ("citizen", "email"): REFUSED,
        ("citizen", "sms"): REFUSED,
        ("tv.phuong", "portal"): STORED,
        ("tv.phuong", "zalo"): SENT,
        ("tv.phuong", "sms"): NEEDLESS,
        ("tv.phuong", "email"): NEEDLESS,
        ("nt.phuong", "portal"): STORED,
        ("nt.phuong", "zalo"): REFUSED,
        ("nt.phuong", "sms"): SENT,
        ("nt.phuong", "email"): NEEDLESS,
    },
}


def codes(sample: str) -> list[str]:
    body = SAMPLES[sample]
    return [record["MaHoSo"] for record in (body if isinstance(body, list) else [body["data"]["HoSo"]])]


def source(sample: str) -> str:
    return PROVINCE if isinstance(SAMPLES[sample], list) else SAMPLES[sample]["source"]


@dataclass(frozen=True, slots=True)
class Outcome:
    answer: dict[str, Any]
    messages: Counter[MessageKey]


@pytest.fixture(scope="module")
async def outcomes(system: System) -> dict[str, Outcome]:
    """What came of each sample. They are told in their order: several speak of one dossier and overtake each other."""
    found = {}
    for sample in sorted(SAMPLES):
        before = await system.messages()
        answer = await system.post(sample)
        await system.settled(*codes(sample))
        arrived = {number: message for number, message in (await system.messages()).items() if number not in before}
        found[sample] = Outcome(answer, Counter(arrived.values()))
    return found


@pytest.mark.parametrize("sample", sorted(SAMPLES))
async def test_a_sample_event_becomes_exactly_its_messages_and_a_whole_story(
    system: System, outcomes: dict[str, Outcome], sample: str
):
    assert outcomes[sample].messages == Counter(MESSAGES[sample])

    for event_id, code in zip(outcomes[sample].answer["ids"], codes(sample), strict=True):
        story = await system.story(source(sample), code)
        told = next(event for event in story["events"] if event["id"] == event_id)
        assert told["notes"][0]["code"] == "event.received"
        moves = paths(told)
        assert all(moves.values()), "every delivery has its moves"
        if sample in STORIES:
            assert moves == STORIES[sample]


def paths(event: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    """(person, channel) → the states a delivery went through; that a Zalo message is read later is no matter here."""
    return {
        (delivery["ref"], delivery["channel"]): [move["to"] for move in delivery["moves"] if move["to"] != "read"]
        for delivery in event["deliveries"]
    }


async def test_a_repeat_sends_nothing_again(system: System):
    event = copy.deepcopy(SAMPLES["03-khong-tiep-nhan"])
    event["id"], event["data"]["HoSo"]["MaHoSo"] = "repeat-1", "H01.27-261118-9113"
    first = await system.post("repeated", event)
    await system.settled("H01.27-261118-9113")
    before = await system.messages()
    repeat = await system.post("repeated", event)
    await system.settled("H01.27-261118-9113")
    assert repeat == {**first, "message": repeat["message"], "duplicate": True}
    assert await system.messages() == before
