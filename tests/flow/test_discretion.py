"""Names and addresses stay where they belong: not in logs, not in Redis, not in metrics, not in the timeline."""

import copy
import json

import aiohttp
from redis import Redis

from notifier.settings import load_settings
from tests.flow.test_samples import SAMPLES
from tests.support.system import System
from tests.support.waiting import until

CODE = "H01.14-261118-8001"
PERSONAL = ["Lê Văn Kín Đáo", "kin.dao@example.vn", "912000888", "000085000888"]


def discreet_event() -> dict:
    event = copy.deepcopy(SAMPLES["05-yeu-cau-bo-sung"])
    event["id"] = "discretion-1"
    event["data"]["HoSo"] |= {
        "MaHoSo": CODE,
        "ChuHoSo": PERSONAL[0],
        "Email": PERSONAL[1],
        "SoDienThoai": f"0{PERSONAL[2]}",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": PERSONAL[3]}],
    }
    return event


async def test_a_person_is_named_in_no_log_metric_queue_or_timeline(system: System):
    await system.post("discreet", discreet_event())
    await system.settled(CODE)

    redis = Redis.from_url(load_settings(system.ground.environ).redis.url.get_secret_value())
    places = {log.name: log.read_text(encoding="utf-8") for log in system.ground.directory.glob("*.log")}
    assert {"web.log", "dispatcher.log", "worker-urgent.log"} <= set(places)
    async with aiohttp.ClientSession() as session, session.get(f"{system.ground.web_url}/metrics") as answer:
        places["metrics"] = await answer.text()
    places["queue"] = str([redis.dump(key) for key in redis.scan_iter()])
    places["timeline"] = json.dumps(await system.story("mcdt.angiang.gov.vn", CODE), ensure_ascii=False)

    found = {(place, person) for place, text in places.items() for person in PERSONAL if person in text}
    assert not found
    assert CODE not in places["metrics"]


async def test_what_the_processes_log_is_json_a_line(system: System):
    def lines() -> list[str]:
        logs = system.ground.directory.glob("w*.log")
        return [line for log in logs for line in log.read_text(encoding="utf-8").splitlines()]

    await until(lines, 20, "the processes to log something")
    assert all("message" in json.loads(line) for line in lines())
