"""Kannel from Debian as a real peer: our adapter asks its sendsms, its SMPP driver binds to our SMSC, its reports come home.

Two programs that others wrote stand between our adapter and our simulator, so neither is proven by itself alone.
"""

import asyncio
import shutil
import socket
from contextlib import asynccontextmanager

import aiohttp
import pytest

from channels.http import HttpClient
from channels.registry import load
from notifier.domain.ids import ProviderName
from notifier.domain.outcomes import Accepted
from notifier.domain.receipts import RawReceipt, ReceiptKind
from notifier.rendering.text import sms
from notifier.sandbox.app import running
from notifier.sandbox.settings import SmscAccount
from tests.contract.channels_cases import kannel_settings
from tests.support.channels import DELIVERY, message, ports
from tests.support.sandbox import listening, sandbox_settings
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(
    not (shutil.which("bearerbox") and shutil.which("smsbox")),
    reason="Kannel is not on the PATH; on Debian: apt install kannel (its services need not run)",
)

CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal
log-level = 1

group = smsc
smsc = smpp
smsc-id = sandbox
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = tb
smsc-password = secret
system-type = ""
enquire-link-interval = 1
source-addr-ton = 5
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-level = 1

group = sendsms-user
username = tb
password = pw
max-messages = 5
concatenation = true

group = sms-service
keyword = default
text = "-"
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@asynccontextmanager
async def program(name: str, configuration: str):
    process = await asyncio.create_subprocess_exec(
        name, "-v", "4", configuration, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@pytest.fixture
async def kannel(tmp_path):
    """Kannel, bound to the SMSC of a sandbox; where its sendsms is, and that sandbox."""
    admin, boxes, sendsms = (free_port() for _ in range(3))
    async with running(sandbox_settings(smsc=SmscAccount("tb", "secret"))) as sandbox:
        file = tmp_path / "kannel.conf"
        file.write_text(CONFIGURATION.format(admin=admin, boxes=boxes, sendsms=sendsms, smpp=sandbox.smpp_port))
        async with program("bearerbox", str(file)):
            await until(lambda: answers(boxes), 10, "bearerbox")
            async with program("smsbox", str(file)), aiohttp.ClientSession() as http:
                await until(lambda: answers(sendsms), 10, "smsbox")

                async def is_bound() -> bool:
                    async with http.get(f"http://127.0.0.1:{admin}/status.txt?password=admin") as status:
                        return "(online" in await status.text()

                await until(is_bound, 10, "the bind of Kannel's driver")
                yield f"http://127.0.0.1:{sendsms}", sandbox


@pytest.mark.parametrize(
    "content",
    [sms("Ho so {H01.14-261119-0042} da duoc tiep nhan"), sms("Hồ sơ đã được tiếp nhận, hẹn trả kết quả. " * 4)],
    ids=["one part", "three accented parts"],
)
async def test_a_message_goes_through_kannel_to_the_phone_and_its_report_comes_home(kannel, content):
    url, sandbox = kannel
    settings = kannel_settings(url, brandname="VIDU", timeout_seconds=5)
    async with listening() as notifier:
        http = HttpClient(frozenset({url.removeprefix("http://")}))
        channel = await load("sms_kannel").connect(settings, ports(http, public_url=notifier.url))
        try:
            assert await channel.send(message(content)) == Accepted(DELIVERY.hex)
            await until(lambda: [call for call in notifier.calls if call.query["event"] == "1"], 10, "the report")
        finally:
            await http.close()
    (captured,) = sandbox.messages
    assert captured.content["text"] == content.text
    (call,) = notifier.calls
    raw = RawReceipt(ProviderName("sms"), call.method, call.path.rpartition("/")[2], call.query, {}, call.body)
    assert load("sms_kannel").authentic(raw, settings)
    (fact,) = load("sms_kannel").facts(raw, settings)
    assert (fact.kind, fact.delivery_id, fact.code) == (ReceiptKind.DELIVERED, DELIVERY, "delivrd")
