"""SMS through a gateway of VNPT's kind, which takes no text but the id of a registered template and its parameters.

There is no public document; the form is that of published integrations (checked 2026-11): one POST of JSON, `RQST` in
and `RPLY` out, ERROR 0 is success. The meaning of every other code, and whether REQID is a duplicate key, stand in the
contract, so they are settings; what is not set is ambiguous. There is no report: being taken is the last that is known.

Which template? The settings hold each wording as it is registered, with {1}, {2} … for its parameters; a text goes out
under the first wording that it fits. So what a person reads is always what was rendered, or nothing is sent at all.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, SecretStr

from channels.base import AddressKind, Capabilities, Message, Ports, carried
from channels.faults import Fault, outcome_of, outcome_of_silence
from channels.http import NoReply, Reply, json_object, retry_after
from channels.sms_sender import SmsClass, SmsSettings, number_for, sender_of
from notifier.domain.content import ContentKind, SmsContent, SmsEncoding
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.receipts import RawReceipt, ReceiptFact

ACCEPTED = "0"
LONGEST_CODE = 20
_HOLE = re.compile(r"\{(\d+)\}")


def _wording(text: str) -> str:
    numbers = _HOLE.findall(text)
    if sorted(map(int, numbers)) != list(range(1, len(numbers) + 1)):
        raise ValueError("a wording with its parameters numbered {1}, {2} and so on, each once")
    if re.search(r"\}\{", text):
        raise ValueError("a wording with words between its parameters")
    return text


class Settings(SmsSettings):
    url: HttpUrl
    agent_id: str
    api_user: str
    api_password: SecretStr
    username: str
    contract_id: str
    labels: dict[str, str]
    """Brandname → the number (LABELID) that the gateway gave it."""
    templates: dict[str, Annotated[str, AfterValidator(_wording)]]
    """The gateway's id of a template → its wording as registered, with {1}, {2} … for the parameters."""
    codes: dict[str, Fault] = Field(default_factory=dict)
    """ERROR → what it means, by the contract."""
    deduplicates: bool = False
    """The gateway drops a REQID that it knows: have it confirmed first."""
    class_codes: dict[SmsClass, str] = Field(default={SmsClass.CARE: "1", SmsClass.ADVERTISING: "2"})
    """The CONTRACTTYPEID of each class."""
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0


def capabilities(settings: Settings) -> Capabilities:
    return Capabilities(content=ContentKind.SMS, address=AddressKind.PHONE, deduplicates=settings.deduplicates)


async def connect(settings: Settings, ports: Ports) -> "VnptChannel":
    return VnptChannel(settings, ports)


class VnptChannel:
    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._http = ports.http
        self._wordings = [(id_, pattern_of(text)) for id_, text in settings.templates.items()]

    async def send(self, message: Message) -> Outcome:
        settings, content = self._settings, carried(message, SmsContent)
        phone = number_for(message, content, settings)
        if not isinstance(phone, str):
            return phone
        found = next(((id_, fit) for id_, pattern in self._wordings if (fit := pattern.fullmatch(content.text))), None)
        if found is None:
            return outcome_of(Fault.TEMPLATE, "no_template")
        sender = sender_of(settings, message)
        label, kind = settings.labels.get(sender.brandname), settings.class_codes.get(sender.message_class)
        if label is None or kind is None:
            return outcome_of(Fault.CONFIG, "no_label" if label is None else "no_class")
        request = {
            "name": "send_sms_list",
            "REQID": message.idempotency_key,
            "LABELID": label,
            "CONTRACTTYPEID": kind,
            "CONTRACTID": settings.contract_id,
            "TEMPLATEID": found[0],
            "PARAMS": [{"NUM": name[1:], "CONTENT": value} for name, value in _in_order(found[1])],
            "SCHEDULETIME": "",
            "MOBILELIST": phone,
            "ISTELCOSUB": "0",
            "AGENTID": settings.agent_id,
            "APIUSER": settings.api_user,
            "APIPASS": settings.api_password.get_secret_value(),
            "USERNAME": settings.username,
            "DATACODING": "8" if content.encoding is SmsEncoding.UCS2 else "0",
        }
        reply = await self._http.request(
            "POST", str(settings.url), json={"RQST": request}, timeout_seconds=settings.timeout_seconds
        )
        return outcome_of_reply(reply, message.idempotency_key, settings)

    async def close(self) -> None:
        """Nothing of its own is held open: the HTTP client belongs to whoever opened it."""


def pattern_of(wording: str) -> re.Pattern[str]:
    """Matches the texts that the wording makes; each parameter is a group p1, p2 …, as short as it can be."""
    pieces = _HOLE.split(wording)
    return re.compile(
        "".join(f"(?P<p{piece}>.+?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)), re.DOTALL
    )


def outcome_of_reply(reply: Reply | NoReply, request_id: str, settings: Settings) -> Outcome:
    if isinstance(reply, NoReply):
        return outcome_of_silence(reply)
    if reply.status == 429:  # noqa: PLR2004 - Too Many Requests
        return outcome_of(Fault.QUOTA, "http_429", retry_after(reply))
    if reply.status >= 400:  # noqa: PLR2004 - it does not say so by its HTTP status
        return outcome_of(Fault.AMBIGUOUS, f"http_{reply.status}")
    body = json_object(reply.body)
    answer = body.get("RPLY") if body else None
    if not isinstance(answer, dict) or "ERROR" not in answer:
        return outcome_of(Fault.AMBIGUOUS, "garbled")
    code = str(answer["ERROR"])[:LONGEST_CODE]
    if code == ACCEPTED:
        return Accepted(request_id)
    return outcome_of(settings.codes.get(code, Fault.AMBIGUOUS), code)


def authentic(_raw: RawReceipt, _settings: Settings) -> bool:
    """It makes no callbacks."""
    return False


def facts(_raw: RawReceipt, _settings: Settings) -> tuple[ReceiptFact, ...]:
    return ()


def _in_order(fit: re.Match[str]) -> Iterator[tuple[str, str]]:
    return iter(sorted(fit.groupdict().items(), key=lambda item: int(item[0][1:])))
