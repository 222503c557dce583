"""What the page of a notice says of ways, calls, callbacks, messages and moves: texts in the reader's language.

Unless they are asked for in full, texts are shown without names, contacts and tokens.
"""

import email
import email.policy
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from channels.meanings import meaning
from notifier.audit.dead import masked
from notifier.audit.scrub import SHOWN_MOST, scrubbed, scrubbed_values
from notifier.audit.timeline import AuditRow
from notifier.audit.verdict import Way, verdict
from notifier.audit.verdict_words import channel_word, clock, exact_clock, in_order, next_on, sentence
from notifier.domain.content import ContentKind
from notifier.domain.ids import DeliveryId, ProviderName
from notifier.domain.labels import state_label
from notifier.domain.recipients import Locale
from notifier.store.evidence import Call, Callback, Reveal, Said
from notifier.store.notices import Notice
from notifier.web.pages.console.event_names import event_name
from notifier.web.pages.console.shown import (
    address_of_dossier,
    address_of_notice,
    person,
    pick,
    verdict_facts,
    way_facts,
)

OUTCOMES: Mapping[str | None, tuple[str, str]] = {
    "accepted": ("đã nhận", "taken"),
    "throttled": ("yêu cầu chậm lại", "asked us to slow down"),
    "transient": ("lỗi tạm thời", "passing fault"),
    "permanent": ("từ chối hẳn", "refused for good"),
    "unknown": ("không rõ", "not known"),
    "not_called": ("chưa gọi", "not called"),
    None: ("chưa có trả lời", "no answer yet"),
}
_LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("Tiêu đề", "Title"),
    "subject": ("Tiêu đề", "Subject"),
    "body": ("Nội dung", "Text"),
    "text": ("Nội dung", "Text"),
    "link": ("Đường dẫn", "Link"),
    "template": ("Mẫu", "Template"),
    "parameters": ("Tham số", "Parameters"),
    "encoding": ("Bảng mã", "Encoding"),
    "parts": ("Số phần tin", "Parts"),
}
_REPORT = b"message/delivery-status"
_SHORT = timedelta(seconds=10)


def head(notice: Notice, ways: Sequence[Way], locale: Locale, *, full: bool) -> dict[str, Any]:
    """Who and what, and the answer."""
    found = verdict(ways)
    return {
        "notice": notice,
        "address": address_of_notice(notice.id),
        "dossier_address": address_of_dossier(notice.source, notice.dossier),
        "name": event_name(notice.type, locale),
        "person": person(notice, locale, full=full),
        "verdict": verdict_facts(found, locale),
        "sentence": sentence(found, locale),
    }


def ways(ways: Sequence[Way], adapters: Mapping[ProviderName, str], locale: Locale) -> list[dict[str, Any]]:
    return [
        {
            **way_facts(way, locale),
            "since": clock(way.since),
            "why": masked(way.reason.text(locale)) if way.reason else "–",
            "meaning": _meaning(
                adapters, way.provider, way.reason.values.get("code") if way.reason else None, None, locale
            ),
            "next": next_on(way, locale),
        }
        for way in in_order(ways)
    ]


def calls(
    calls: Sequence[Call],
    ways: Sequence[Way],
    adapters: Mapping[ProviderName, str],
    names: Collection[str],
    locale: Locale,
) -> list[dict[str, Any]]:
    channel = _channels(ways, locale)
    return [
        {
            "channel": channel[call.delivery_id],
            "provider": call.provider,
            "number": call.number,
            "at": exact_clock(call.started_at),
            "took": _took(call.finished_at - call.started_at) if call.finished_at else "–",
            "outcome": pick(OUTCOMES[call.outcome], locale),
            "code": call.code,
            "meaning": None
            if call.outcome == "accepted"
            else _meaning(adapters, call.provider, call.code, call.words, locale),
            "answer": _answer(call, names, locale),
        }
        for call in calls
    ]


def callbacks(
    found: Sequence[Callback], ways: Sequence[Way], names: Collection[str], locale: Locale
) -> list[dict[str, Any]]:
    channel = _channels(ways, locale)
    return [
        {
            "channel": channel[each.delivery_id],
            "provider": each.provider,
            "at": exact_clock(each.received_at),
            "text": _callback_text(each, names),
        }
        for each in found
    ]


def messages(
    said: Mapping[DeliveryId, Said], ways: Sequence[Way], names: Collection[str] | None, locale: Locale
) -> list[dict[str, Any]]:
    """What was said on each way. `names` are left out, with all else that is personal; None: exactly as it was said."""
    return [
        {
            "channel": channel_word(way, locale),
            "template": said[way.id].template,
            "version": said[way.id].version,
            "at": clock(said[way.id].at),
            "parts": [
                (pick(_LABELS[key], locale), text if names is None else scrubbed(text, names))
                for key, text in _parts(said[way.id])
            ],
        }
        for way in in_order(ways)
        if way.id in said
    ]


def timeline(rows: Sequence[AuditRow], ways: Sequence[Way], locale: Locale) -> list[dict[str, Any]]:
    """Every decision in its order, each with its reason."""
    words = {way.channel: channel_word(way, locale) for way in ways}
    return [
        {
            "at": exact_clock(row.at),
            "channel": words.get(row.channel, row.channel) if row.channel else None,
            "told": ": ".join(
                part
                for part in (state_label(row.to_state, locale) if row.to_state else "", masked(row.reason.text(locale)))
                if part
            ),
            "detail": masked(row.detail) if row.detail else None,
            "actor": row.actor,
        }
        for row in rows
    ]


def reveals(found: Sequence[Reveal], locale: Locale) -> list[dict[str, str]]:
    return [{"at": exact_clock(each.at), "actor": each.actor, "text": each.reason.text(locale)} for each in found]


def _channels(ways: Sequence[Way], locale: Locale) -> dict[DeliveryId, str]:
    return {way.id: channel_word(way, locale) for way in ways}


def _meaning(
    adapters: Mapping[ProviderName, str],
    provider: ProviderName | None,
    code: str | None,
    words: str | None,
    locale: Locale,
) -> str | None:
    return meaning(adapters.get(provider, ""), code, words, locale) if provider else None


def _took(length: timedelta) -> str:
    return f"{length / timedelta(milliseconds=1):.0f} ms" if length < _SHORT else f"{length.total_seconds():.0f} s"


def _answer(call: Call, names: Collection[str], locale: Locale) -> str:
    """What the provider said, and under which reference it knows the message; the reference is no secret."""
    lines = [f"{pick(('mã của nhà cung cấp', 'reference'), locale)}: {call.reference}"] if call.reference else []
    lines += [scrubbed(call.words, names)] if call.words else []
    if call.parts:
        cost = f", {call.cost} đ" if call.cost is not None else ""
        lines.append(f"{call.parts} {pick(('phần tin', 'parts'), locale)}{cost}")
    return "\n".join(lines)


def _callback_text(callback: Callback, names: Collection[str]) -> str:
    if _REPORT in callback.body:
        return scrubbed(_status_of(callback.body), names)[:SHOWN_MOST]
    values = "\n".join(f"{name}: {value}" for name, value in scrubbed_values(callback.query, names).items())
    body = scrubbed(callback.body.decode("utf-8", "replace"), names)[:SHOWN_MOST]
    return "\n".join(part for part in (f"{callback.method}", values, body) if part)


def _status_of(body: bytes) -> str:
    """The part of a bounce that is its report (RFC 3464): the rest repeats the message."""
    for part in email.message_from_bytes(body, policy=email.policy.default).walk():
        if part.get_content_type() == _REPORT.decode():
            return "\n\n".join(str(each).strip() for each in part.get_payload())
    return "–"


def _parts(said: Said) -> list[tuple[str, str]]:
    """What was said, part by part; of a mail the plain text, which says the same as its HTML."""
    body = said.body
    if said.kind is ContentKind.ZALO:
        listed = "\n".join(f"{name}: {value}" for name, value in body["parameters"].items())
        given = {"template": body["template"], "parameters": listed, "text": body["text"]}
    else:
        given = {name: body.get(name) for name in ("title", "subject", "body", "text", "link", "encoding", "parts")}
    return [(name, str(value)) for name, value in given.items() if value]
