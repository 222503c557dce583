"""What each adapter brings to the contract suite: how its provider looks in every scenario, and its receipts.

A new adapter in the registry fails the suite by name until it has its `Case`: here, or as `CASE` in a file of its own
beside this one, `cases_NAME.py`, which is found by itself.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from pydantic import BaseModel

from channels.base import Askable, Channel
from channels.bounce_token import bounce_token
from channels.http import HttpClient
from channels.registry import load
from channels.smpp.pdu import Command, Pdu, ShortMessage, encode
from notifier.domain.answers import Answer
from notifier.domain.content import Content
from notifier.domain.outcomes import Outcome
from notifier.domain.receipts import RawReceipt
from tests.support.channels import DELIVERY, EMAIL, INBOX, SMS, ZALO, Inbox, message, ports, question, receipt
from tests.support.peers import (
    HttpAnswer,
    HttpPeer,
    Silence,
    SmppPeer,
    SmtpPeer,
    answer_json,
    closed_port,
    patience,
    running,
)


class Scenario(StrEnum):
    ACCEPTED = "accepted"
    THROTTLED = "throttled"
    REFUSED = "refused for good"
    DOWN = "provider down"
    NO_ANSWER = "no answer after the message left"
    GARBAGE = "garbage"


class Asked(StrEnum):
    """What a provider can do when it is asked what became of a message that it took as `REFERENCE`."""

    ARRIVED = "arrived"
    UNDER_WAY = "under way"
    NOT_KNOWN = "not known"
    GIVEN_UP = "given up"
    DOWN = "provider down"
    NO_ANSWER = "no answer"
    GARBAGE = "garbage"
    REFUSED_TOKEN = "arrived, but the first token is refused"


REFERENCE = "provider-1"


@dataclass(frozen=True)
class Receipts:
    """`delivered` must be authentic and say that DELIVERY arrived; none of `forged` may be authentic."""

    settings: BaseModel
    delivered: RawReceipt
    forged: tuple[RawReceipt, ...]
    reference: str | None = None
    """By which `delivered` names it, where a provider's receipts know its own id alone."""
    is_called_back: bool = True
    """False: receipts come over a connection of the adapter's own, and no callback is authentic."""


@dataclass(frozen=True)
class Asking:
    ask: Callable[[Asked], Awaitable[Answer]]
    impossible: dict[Asked, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    settings: BaseModel
    send: Callable[[Scenario], Awaitable[Outcome]]
    receipts: Receipts | None
    impossible: dict[Scenario, str] = field(default_factory=dict)
    """Scenarios that cannot happen on this channel, each with its reason."""
    asking: Asking | None = None
    """Needed where the capabilities say that the provider can be asked."""


async def send_by(adapter: str, settings: BaseModel, content: Content, address: str = "") -> Outcome:
    """The outcome of one message through the adapter, which may call `address` over HTTP and nothing else."""
    http = HttpClient(frozenset({address}))
    channel: Channel = await load(adapter).connect(settings, ports(http))
    try:
        return await channel.send(message(content))
    finally:
        await channel.close()
        await http.close()


def over_http(
    adapter: str, settings: Callable[[str], BaseModel], content: Content, answers: dict[Scenario, HttpAnswer | Silence]
) -> Callable[[Scenario], Awaitable[Outcome]]:
    """`send` of a provider that is called over HTTP: its `answers`, and how `settings` are made from its address."""

    async def send(scenario: Scenario) -> Outcome:
        if scenario is Scenario.DOWN:
            address = f"127.0.0.1:{await closed_port()}"
            return await send_by(adapter, settings(f"http://{address}"), content, address)
        peer = HttpPeer(answers[scenario])
        async with running(peer):
            return await send_by(adapter, settings(peer.url), content, peer.address)

    return send


def asked_over_http(
    adapter: str, settings: Callable[[str], BaseModel], answers: dict[Asked, tuple[HttpAnswer | Silence, ...]]
) -> Callable[[Asked], Awaitable[Answer]]:
    """`ask` of a provider that is called over HTTP: one answer or several, one after the other."""

    async def put(url: str, address: str) -> Answer:
        http = HttpClient(frozenset({address}))
        channel = cast(Askable, await load(adapter).connect(settings(url), ports(http)))
        try:
            return await channel.ask(question(REFERENCE))
        finally:
            await channel.close()
            await http.close()

    async def ask(asked: Asked) -> Answer:
        if asked is Asked.DOWN:
            address = f"127.0.0.1:{await closed_port()}"
            return await put(f"http://{address}", address)
        peer = HttpPeer(*answers[asked])
        async with running(peer):
            return await put(peer.url, peer.address)

    return ask


_send, _over_http, _asked_over_http = send_by, over_http, asked_over_http


def esms_settings(url: str = "http://127.0.0.1:1", **more: Any) -> BaseModel:
    table = {"base_url": url, "api_key": "ak", "secret_key": "sk", "brandname": "TTHC", "receipt_key": "rk"}
    return load("sms_esms").Settings.model_validate({**table, "timeout_seconds": patience(), **more})


ESMS_ANSWERS: dict[Scenario, HttpAnswer | Silence] = {
    Scenario.ACCEPTED: answer_json({"CodeResult": "100", "CountRegenerate": 0, "SMSID": "sms-1"}),
    Scenario.THROTTLED: answer_json({"CodeResult": "103", "ErrorMessage": "balance"}),
    Scenario.REFUSED: answer_json({"CodeResult": "108", "ErrorMessage": "phone"}),
    Scenario.NO_ANSWER: Silence.DROP,
    Scenario.GARBAGE: HttpAnswer(200, b"<html>Bad gateway</html>"),
}


def smpp_settings(port: int = 1, **more: Any) -> BaseModel:
    table = {"host": "127.0.0.1", "port": port, "tls": "none", "system_id": "tb", "password": "secret"}
    return load("sms_smpp").Settings.model_validate(
        {**table, "brandname": "TTHC", "timeout_seconds": patience(), **more}
    )


SMPP_ANSWERS: dict[Scenario, int | bytes | Silence] = {
    Scenario.ACCEPTED: 0,
    Scenario.THROTTLED: 0x58,
    Scenario.REFUSED: 0x0B,
    Scenario.NO_ANSWER: Silence.DROP,
    Scenario.GARBAGE: b"<html>Bad gateway</html>",
}


async def _submit(scenario: Scenario) -> Outcome:
    if scenario is Scenario.DOWN:
        return await _send("sms_smpp", smpp_settings(await closed_port()), SMS, "")
    peer = SmppPeer(SMPP_ANSWERS[scenario])
    async with running(peer):
        return await _send("sms_smpp", smpp_settings(peer.port), SMS, "")


def smpp_receipt(
    text: bytes, *parameters: tuple[int, bytes], esm_class: int = 0x04, method: str = "SMPP"
) -> RawReceipt:
    body = ShortMessage(esm_class=esm_class, source="84912000123", dest="TTHC", text=text, parameters=parameters)
    return receipt("sms", method=method, body=encode(Pdu(Command.DELIVER_SM, 7, body)))


DELIVRD = (
    b"id:M1 sub:001 dlvrd:001 submit date:2611200830 done date:2611200831 stat:DELIVRD err:000 text:Ho so 000.00.01"
)


def kannel_settings(url: str = "http://127.0.0.1:1", **more: Any) -> BaseModel:
    table = {"url": f"{url}/cgi-bin/sendsms", "username": "tb", "password": "pw", "receipt_key": "rk"}
    return load("sms_kannel").Settings.model_validate(
        {**table, "brandname": "TTHC", "timeout_seconds": patience(), **more}
    )


KANNEL_ANSWERS: dict[Scenario, HttpAnswer | Silence] = {
    Scenario.ACCEPTED: HttpAnswer(202, b"0: Accepted for delivery"),
    Scenario.THROTTLED: HttpAnswer(403, b"Authorization failed for sendsms"),
    Scenario.REFUSED: HttpAnswer(400, b"Missing receiver number, rejected"),
    Scenario.NO_ANSWER: Silence.DROP,
    Scenario.GARBAGE: HttpAnswer(200, b"<html>Bad gateway</html>"),
}
_KANNEL_QUERY = {"id": DELIVERY.hex, "event": "1", "answer": DELIVRD.decode(), "foreign": "M1"}


def vnpt_settings(url: str = "http://127.0.0.1:1", **more: Any) -> BaseModel:
    table = {
        "url": f"{url}/smsmarketing/api",
        "agent_id": "12",
        "api_user": "tb",
        "api_password": "pw",
        "username": "tb_tthc",
        "contract_id": "34",
        "labels": {"TTHC": "56", "DIEU HANH": "57"},
        "templates": {"900": "Ho so {1} da duoc tiep nhan", "901": "Ho so {1}: {2}. Han {3}."},
        "codes": {"9": "quota", "13": "recipient"},
        "brandname": "TTHC",
    }
    return load("sms_vnpt").Settings.model_validate({**table, "timeout_seconds": patience(), **more})


def vnpt_reply(error: object, text: str = "x") -> HttpAnswer:
    return answer_json({"RPLY": {"name": "send_sms_list", "ERROR": error, "ERROR_DESC": text}})


VNPT_ANSWERS: dict[Scenario, HttpAnswer | Silence] = {
    Scenario.ACCEPTED: vnpt_reply("0", "success"),
    Scenario.THROTTLED: vnpt_reply("9"),
    Scenario.REFUSED: vnpt_reply("13"),
    Scenario.NO_ANSWER: Silence.DROP,
    Scenario.GARBAGE: HttpAnswer(200, b"<html>Bad gateway</html>"),
}


def esms_status(status: object, succeeded: object = 0, failed: object = 0, **more: Any) -> HttpAnswer:
    counts = {"SendStatus": status, "SendSuccess": succeeded, "SendFailed": failed}
    return answer_json({"CodeResponse": "100", "SMSID": REFERENCE, **counts, **more})


ESMS_ASKED: dict[Asked, tuple[HttpAnswer | Silence, ...]] = {
    Asked.ARRIVED: (esms_status(5, 1, 0),),
    Asked.UNDER_WAY: (esms_status(7),),
    Asked.NOT_KNOWN: (answer_json({"CodeResponse": "105", "SMSID": REFERENCE}),),
    Asked.GIVEN_UP: (esms_status(5, 0, 1),),
    Asked.NO_ANSWER: (Silence.DROP,),
    Asked.GARBAGE: (HttpAnswer(200, b"<html>Bad gateway</html>"),),
}
_ESMS_QUERY = {"requestid": DELIVERY.hex, "smsid": "sms-1", "sendstatus": "5", "sendsuccess": "1", "sendfailed": "0"}


def zalo_settings(url: str = "http://127.0.0.1:1", **more: Any) -> BaseModel:
    table = {
        "oauth_url": url,
        "business_url": url,
        "openapi_url": url,
        "app_id": "111",
        "oa_id": "222",
        "app_secret": "APPSECRET",
        "oa_secret": "OASECRET",
        "templates": {"hoso_tiep_nhan": "10001"},
        "timeout_seconds": patience(),
    }
    return load("zalo").Settings.model_validate({**table, **more})


ZALO_ANSWERS: dict[Scenario, HttpAnswer | Silence] = {
    Scenario.ACCEPTED: answer_json({"error": 0, "message": "Success", "data": {"msg_id": "zalo-1", "sent_time": "1"}}),
    Scenario.THROTTLED: answer_json({"error": -144, "message": "daily limit", "data": None}),
    Scenario.REFUSED: answer_json({"error": -118, "message": "Zalo account not existed", "data": None}),
    Scenario.NO_ANSWER: Silence.DROP,
    Scenario.GARBAGE: HttpAnswer(200, b"<html>Bad gateway</html>"),
}


def zalo_status(status: object) -> HttpAnswer:
    return answer_json({"error": 0, "message": "Success", "data": {"status": status, "delivery_time": "1763602199000"}})


ZALO_ASKED: dict[Asked, tuple[HttpAnswer | Silence, ...]] = {
    Asked.ARRIVED: (zalo_status(1),),
    Asked.UNDER_WAY: (zalo_status(0),),
    Asked.NOT_KNOWN: (zalo_status(-1),),
    Asked.NO_ANSWER: (Silence.DROP,),
    Asked.GARBAGE: (HttpAnswer(200, b"<html>Bad gateway</html>"),),
    Asked.REFUSED_TOKEN: (answer_json({"error": -124, "message": "Access token is invalid"}), zalo_status(1)),
}


def zalo_webhook(event: dict[str, Any], oa_secret: bytes = b"OASECRET") -> RawReceipt:
    body = json.dumps({"app_id": "111", "timestamp": "1763602200000", **event}).encode()
    mac = hashlib.sha256(b"111" + body + b"1763602200000" + oa_secret).hexdigest()
    return receipt("zalo", headers={"x-zevent-signature": f"mac={mac}"}, body=body)


_ZALO_DELIVERED = {
    "event_name": "user_received_message",
    "message": {"msg_id": "zalo-1", "tracking_id": DELIVERY.hex, "delivery_time": "1763602199000"},
}


def email_settings(port: int = 1, **more: Any) -> BaseModel:
    table = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "local_hostname": "tb.example.gov.vn",
        "sender_address": "hoso@example.gov.vn",
        "sender_name": "Trung tâm Phục vụ hành chính công",
        "bounce_secret": "bounce-secret",
        "receipt_key": "rk",
        "timeout_seconds": patience(),
    }
    return load("email_smtp").Settings.model_validate({**table, **more})


EMAIL_SCRIPTS: dict[Scenario, dict[str, Any]] = {
    Scenario.ACCEPTED: {},
    Scenario.THROTTLED: {"RCPT": "421 4.7.0 too many, slow down"},
    Scenario.REFUSED: {"RCPT": "550 5.1.1 no such user"},
    Scenario.NO_ANSWER: {"BODY": Silence.DROP},
    Scenario.GARBAGE: {"BODY": "%&$ what?"},
}


async def _send_mail(scenario: Scenario) -> Outcome:
    if scenario is Scenario.DOWN:
        return await _send("email_smtp", email_settings(await closed_port()), EMAIL, "")
    peer = SmtpPeer(EMAIL_SCRIPTS[scenario])
    async with running(peer):
        return await _send("email_smtp", email_settings(peer.port), EMAIL, "")


def bounce(action: str = "delivered", status: str = "2.0.0", *, token: str | None = None, envelope: str = "") -> bytes:
    token = bounce_token(DELIVERY, b"bounce-secret") if token is None else token
    return f"""From: MAILER-DAEMON@mx.example.vn
To: bounce+{token}@example.gov.vn
Date: Fri, 20 Nov 2026 09:00:00 +0700
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

This is the mail system.
--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.vn
{envelope}Arrival-Date: Fri, 20 Nov 2026 08:59:00 +0700

Final-Recipient: rfc822; binh@dan.example.vn
Action: {action}
Status: {status}
Last-Attempt-Date: Fri, 20 Nov 2026 08:59:30 +0700
Diagnostic-Code: smtp; 250 said the peer

--b1--
""".encode()


async def _store(scenario: Scenario) -> Outcome:
    assert scenario is Scenario.ACCEPTED
    module, http = load("portal"), HttpClient(frozenset())
    channel = await module.connect(module.Settings(), ports(http, inbox=Inbox()))
    return await channel.send(message(INBOX))


_NO_PROVIDER = "the inbox is our own table: there is no provider that could do this"

CASES: dict[str, Case] = {
    "portal": Case(
        load("portal").Settings(),
        _store,
        None,
        {scenario: _NO_PROVIDER for scenario in Scenario if scenario is not Scenario.ACCEPTED},
    ),
    "email_smtp": Case(
        email_settings(),
        _send_mail,
        Receipts(
            email_settings(),
            receipt("email", key="rk", body=bounce()),
            (receipt("email", key="rx", body=bounce()), receipt("email", body=bounce())),
        ),
    ),
    "sms_esms": Case(
        esms_settings(),
        _over_http("sms_esms", esms_settings, SMS, ESMS_ANSWERS),
        Receipts(
            esms_settings(),
            receipt("sms", method="GET", key="rk", query=_ESMS_QUERY),
            (receipt("sms", method="GET", key="rx", query=_ESMS_QUERY), receipt("sms", query=_ESMS_QUERY)),
        ),
        asking=Asking(
            _asked_over_http("sms_esms", esms_settings, ESMS_ASKED),
            {Asked.REFUSED_TOKEN: "the keys of an account do not expire"},
        ),
    ),
    "sms_smpp": Case(
        smpp_settings(),
        _submit,
        Receipts(
            smpp_settings(),
            smpp_receipt(DELIVRD),
            (smpp_receipt(DELIVRD), receipt("sms", body=smpp_receipt(DELIVRD).body)),
            reference="m1",
            is_called_back=False,
        ),
    ),
    "sms_kannel": Case(
        kannel_settings(),
        _over_http("sms_kannel", kannel_settings, SMS, KANNEL_ANSWERS),
        Receipts(
            kannel_settings(),
            receipt("sms", method="GET", key="rk", query=_KANNEL_QUERY),
            (receipt("sms", method="GET", key="rx", query=_KANNEL_QUERY), receipt("sms", query=_KANNEL_QUERY)),
        ),
    ),
    "sms_vnpt": Case(vnpt_settings(), _over_http("sms_vnpt", vnpt_settings, SMS, VNPT_ANSWERS), None),
    "zalo": Case(
        zalo_settings(),
        _over_http("zalo", zalo_settings, ZALO, ZALO_ANSWERS),
        Receipts(
            zalo_settings(),
            zalo_webhook(_ZALO_DELIVERED),
            (zalo_webhook(_ZALO_DELIVERED, b"ANOTHER"), receipt("zalo", body=zalo_webhook(_ZALO_DELIVERED).body)),
        ),
        asking=Asking(
            _asked_over_http("zalo", zalo_settings, ZALO_ASKED),
            {Asked.GIVEN_UP: "Zalo names no such status"},
        ),
    ),
}
