"""How the pretend providers are told to misbehave: rules, first match wins, and the table of behaviours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from notifier.domain.errors import SettingsError
from notifier.sandbox.messages import same_address

EMAIL, SMS, ZALO, PORTAL = "email", "sms", "zalo", "portal"
CHANNELS = frozenset({EMAIL, SMS, ZALO, PORTAL})
STATUS = "status"
"""The match of a rule for the questions about messages, where SMS and Zalo can be asked."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a named behaviour does on which channels; `args` are the arguments that it reads beside `receipt_seconds`."""

    does: str
    channels: frozenset[str] = CHANNELS
    args: tuple[str, ...] = ()


_MAIL, _SMS, _HTTP = frozenset({EMAIL}), frozenset({SMS}), frozenset({SMS, ZALO, PORTAL})
_OR_A_QUESTION = "; `match` status: to questions about messages (SMS, Zalo)"
BEHAVIOURS: dict[str, Behaviour] = {
    "accept": Behaviour("takes and delivers the message; on Zalo and in the portal the person reads it as well"),
    "refuse": Behaviour(
        "refuses it. Mail: at RCPT with `reply` (550 5.1.1 …). SMS: with CodeResult or ERROR `code` (99), Kannel with "
        "HTTP `status` (400), SMPP with command_status `status` (11). Zalo: with `error` and `message` (-118). Portal: "
        "with HTTP `status` (404)",
        args=("reply", "code", "error", "message", "status"),
    ),
    "refuse_sender": Behaviour("refuses at MAIL with `reply`; `match` is the sender or *", _MAIL, ("reply",)),
    "refuse_data": Behaviour("refuses the command DATA with `reply` (451 4.3.0 …)", _MAIL, ("reply",)),
    "refuse_content": Behaviour("refuses after DATA with `reply` (554 5.6.0 …)", _MAIL, ("reply",)),
    "hang": Behaviour(f"takes nothing and stays silent for `seconds`{_OR_A_QUESTION}", args=("seconds",)),
    "accept_then_hang": Behaviour("takes the message and stays silent for `seconds`", args=("seconds",)),
    "drop": Behaviour("takes nothing and cuts the connection after DATA", _MAIL),
    "drop_at_rcpt": Behaviour("cuts the connection at RCPT", _MAIL),
    "accept_then_drop": Behaviour("takes the message and cuts the connection before its 250", _MAIL),
    "drop_after_reply": Behaviour("takes the message, answers 250 and cuts the connection", _MAIL),
    "slow": Behaviour("takes the message and lets its answer drip for `seconds`", args=("seconds",)),
    "server_error": Behaviour(f"takes nothing; answers HTTP `status` (503){_OR_A_QUESTION}", _HTTP, ("status",)),
    "throttle": Behaviour(
        f"takes nothing; answers HTTP 429 with Retry-After `seconds` (1){_OR_A_QUESTION}", _HTTP, ("seconds",)
    ),
    "html": Behaviour(f"takes nothing; answers HTTP 200 with a page instead of JSON{_OR_A_QUESTION}", _HTTP),
    "no_code": Behaviour("takes nothing; the reply holds no CodeResult. SMPP: takes it, the answer has no id", _SMS),
    "wait_approval": Behaviour("eSMS: reports that it waits for approval and to be sent, before all else", _SMS),
    "no_request_id": Behaviour("eSMS: its reports name the message by SMSID alone, RequestId is empty", _SMS),
    "refuse_bind": Behaviour(
        "SMPP: refuses the bind with `status` (13); `match` is the system_id or *", _SMS, ("status",)
    ),
    "cut": Behaviour("SMPP: takes nothing and cuts the connection", _SMS),
    "accept_then_cut": Behaviour("SMPP: takes the message and cuts the connection before its answer", _SMS),
    "odd_receipt": Behaviour(
        "SMPP: receipts in the `form` text, parameters or both; the last with `stat` and `err`",
        _SMS,
        ("form", "stat", "err"),
    ),
    "error_but_sent": Behaviour("answers error -100 although the message goes out", frozenset({ZALO})),
    "lose_token_reply": Behaviour(
        "rotates the tokens and answers HTTP 504; `match` is * or the word oauth", frozenset({ZALO})
    ),
    "fail": Behaviour(
        "takes it and reports failure. Mail: a bounce with `status` (5.1.1) and `diagnostic`. SMS: 0 sent, 1 failed; "
        "SMPP: UNDELIV with `err` (0A1)",
        frozenset({EMAIL, SMS, PORTAL}),
        ("status", "diagnostic", "err"),
    ),
    "delay_then_fail": Behaviour("two bounces, Action delayed, then failed", _MAIL, ("status", "diagnostic")),
    "relayed": Behaviour("reports that it was relayed to a system that will not report (Action relayed)", _MAIL),
    "expanded": Behaviour("reports that it became two addresses (Action expanded); one of them took it", _MAIL),
    "plain_bounce": Behaviour("a bounce in words alone, without a report that a program could read", _MAIL),
    "out_of_office": Behaviour("delivers it; the person's program answers that they are away", _MAIL),
    "zero_receipt": Behaviour("takes it; the report says finished with 0 sent and 0 failed; SMPP: UNKNOWN", _SMS),
    "no_receipt": Behaviour("takes it and never reports"),
    "not_read": Behaviour("delivers it, and the person never opens it", frozenset({ZALO, PORTAL})),
    "duplicate_receipt": Behaviour("sends every report twice"),
    "reversed_receipts": Behaviour("sends the last report first", _HTTP),
    "receipt_first": Behaviour("reports before it answers the send", _HTTP),
    "forged_receipt": Behaviour("somebody without the secret reports the message before its provider does"),
    "reserialised": Behaviour("signs its webhooks and then writes them anew, so that nothing fits", frozenset({ZALO})),
    "wrong_signature": Behaviour("signs its webhooks with a wrong secret", frozenset({ZALO, PORTAL})),
}
"""Every behaviour, in the words of `GET /sandbox/script`. `receipt_seconds` in `args` sets the wait before the reports."""


@dataclass(frozen=True, slots=True)
class Act:
    """What to do with one message."""

    name: str = "accept"
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Rule:
    channel: str
    match: str
    left: int | None
    act: Act


class Script:
    """The rules in force. Rules are asked in the order in which they came; the first that fits is used."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(self, document: Any) -> None:
        """Add rules: `[{"channel", "match", "times", "behave", "args"}]`. Raises `SettingsError` and adds none."""
        if not isinstance(document, list):
            raise SettingsError("A sandbox script is a list of rules.")
        self._rules.extend([_rule(at, item) for at, item in enumerate(document)])

    def clear(self) -> None:
        self._rules.clear()

    def rules(self) -> list[dict[str, Any]]:
        return [
            {"channel": r.channel, "match": r.match, "times": r.left, "behave": r.act.name, "args": dict(r.act.args)}
            for r in self._rules
        ]

    def take(self, channel: str, *addresses: str, only: Collection[str] = (), never: Collection[str] = ()) -> Act:
        """The behaviour for a message to any of the addresses; using a rule spends one of its times.

        `only` and `never` narrow the behaviours that make sense at this point of the conversation.
        """
        wanted = {"*", *(same_address(address) for address in addresses)}
        for rule in self._rules:
            name = rule.act.name
            fits = rule.channel == channel and rule.match in wanted
            if fits and name not in never and (not only or name in only):
                return self._spend(rule)
        return Act()

    def _spend(self, rule: _Rule) -> Act:
        if rule.left is not None:
            rule.left -= 1
            if rule.left == 0:
                self._rules.remove(rule)
        return rule.act


def _rule(at: int, item: Any) -> _Rule:
    def wrong(what: str) -> SettingsError:
        return SettingsError(f"Rule {at} of the sandbox script: {what}")

    if not isinstance(item, dict):
        raise wrong("an object is expected.")
    unknown = sorted(set(item) - {"channel", "match", "times", "behave", "args"})
    if unknown:
        raise wrong(f'"{unknown[0]}" is not known; channel, match, times, behave and args are.')
    channel, name = item.get("channel"), item.get("behave")
    match, times, args = item.get("match", "*"), item.get("times"), item.get("args", {})
    if channel not in CHANNELS:
        raise wrong(f"channel is {channel!r}; one of {', '.join(sorted(CHANNELS))} is expected.")
    behaviour = BEHAVIOURS.get(name) if isinstance(name, str) else None
    if behaviour is None or channel not in behaviour.channels:
        known = sorted(each for each, what in BEHAVIOURS.items() if channel in what.channels)
        raise wrong(f"behave is {name!r}; {channel} knows {', '.join(known)}.")
    if not isinstance(match, str) or not (times is None or (type(times) is int and times > 0)):
        raise wrong("match is an address or *, times a positive number or null.")
    allowed = {"receipt_seconds", *behaviour.args}
    if not isinstance(args, dict) or set(args) - allowed:
        raise wrong(f"args of {name} may hold {', '.join(sorted(allowed))}.")
    return _Rule(channel, same_address(match), times, Act(str(name), args))
