"""Apprise as a library, its throttles off: the same four sends to the same sinks. No event comes in, no state is kept.

`python -m bench.apprise_peer SPEC` in the environment of the peers; the answer is JSON. The HTTP providers are reached
by its JSON plugin, which carries our fields beside its own; several events are under way in threads.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import apprise
from apprise.plugins.base import NotifyBase
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.email.base import NotifyEmail

THREADS = 8
CODE = "H01.14-261125-"

for plugin in (NotifyBase, NotifyJSON, NotifyEmail):
    plugin.request_rate_per_sec = 0


def send(number: int, http: str, smtp_port: int) -> bool:
    """Tell one citizen by four ways; whether all took it."""
    code = f"{CODE}{number:07d}"
    mail = {"from": "thongbao@example.gov.vn", "to": f"cong-dan-{number:07d}@example.vn", "mode": "insecure"}
    sms = {"RequestId": f"{number}", "Phone": f"0912000{number % 1000:03d}", "Brandname": "TINHMAU", "SmsType": "2"}
    ways = apprise.Apprise()
    ways.add(f"mailto://127.0.0.1:{smtp_port}/?{urlencode(mail | {'smtp': '127.0.0.1', 'format': 'html'})}")
    ways.add(_json(http, "esms/MainService.svc/json/SendMultipleMessage_V4_post_json/", sms))
    ways.add(_json(http, "zalo/openapi/v3.0/oa/message/template", {"user_id": f"999{number}", "template_id": "410002"}))
    ways.add(_json(http, "portal", {"owner": f"0000{number:07d}"}))
    body = (
        f"<p>Kính gửi quý vị,</p><p>UBND xã Bình Mẫu đề nghị bổ sung hồ sơ {code} (Đăng ký lại khai sinh): Tờ khai đăng"
        " ký lại khai sinh có chữ ký; Bản sao giấy tờ có thông tin khai sinh trước đây.</p>"
    )
    return bool(ways.notify(body=body, title=f"Hồ sơ {code}: yêu cầu bổ sung"))


def _json(http: str, path: str, fields: dict[str, str]) -> str:
    return f"json://{http}/{path}?{urlencode({f':{name}': value for name, value in fields.items()})}"


def main(spec: dict[str, Any]) -> dict[str, Any]:
    numbers = range(spec["first"], spec["first"] + spec["events"])
    began, used = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        done = list(pool.map(lambda number: send(number, spec["http"], spec["smtp_port"]), numbers))
    return {
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - used,
        "failed": done.count(False),
        "version": apprise.__version__,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
