"""Dead letters as an operator reads them: as JSON-able values, and as lines of at most 100 columns.

Free of personal data, like everything that they are made of.
"""

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from notifier.audit.dead import Call, Group, Item, Letter, OrphanReceipt, StuckEvent, masked
from notifier.audit.dead_advice import KEPT, Kept, advice, advice_text
from notifier.domain.clock import VIETNAM
from notifier.domain.ids import ProviderName
from notifier.domain.labels import audience_label, state_label
from notifier.domain.receipts import ReceiptFact

WIDTH = 100
WORDS: Mapping[str, tuple[str, str]] = {
    "letters": ("TIN", "LETTERS"),
    "unreached": ("CHƯA ĐẾN", "UNREACHED"),
    "state": ("TRẠNG THÁI", "STATE"),
    "way": ("QUA", "BY"),
    "code": ("MÃ", "CODE"),
    "why": ("LÝ DO", "REASON"),
    "dossier": ("hồ sơ {dossier}", "dossier {dossier}"),
    "event": ("sự kiện {id}", "event {id}"),
    "receipt": ("biên nhận của {provider}, {method}", "receipt of {provider}, {method}"),
    "orphaned": (
        "đã đọc {readings} lần, không có tin nào mang mã mà nó nêu",
        "read {readings} times; no message has the id that it names",
    ),
    "call": ("Lần gọi {number} qua {provider}: {outcome}", "Call {number} by {provider}: {outcome}"),
    "unanswered": ("không có trả lời", "never answered"),
    "reference": ("mã của nhà cung cấp {reference}", "provider's reference {reference}"),
}


def word(key: str, locale: str, **values: object) -> str:
    return WORDS[key][0 if locale == "vi" else 1].format(**values)


def group_json(group: Group, locale: str) -> dict[str, Any]:
    return {
        "letters": group.letters,
        "unreached": group.unreached,
        "state": group.state.value,
        "channel": group.channel,
        "provider": group.provider,
        "reason": group.reason.code.value,
        "reason_text": group.reason.text(locale),
        "code": group.code,
        "provider_words": group.words,
    }


def item_json(item: Item, deduplicating: Collection[ProviderName], locale: str) -> dict[str, Any]:
    """One dead letter of any kind; times are local."""
    match item:
        case Letter():
            return _letter_json(item, deduplicating, locale)
        case StuckEvent():
            return {
                "id": str(item.id),
                "kind": "event",
                "at": local(item.at),
                "reason": item.reason.code.value,
                "reason_text": item.reason.text(locale),
                **_event_json(item),
            }
        case OrphanReceipt():
            return {
                "id": str(item.id),
                "kind": "receipt",
                "at": local(item.at),
                "provider": item.provider,
                "method": item.method,
                "readings": item.readings,
            }


def _letter_json(letter: Letter, deduplicating: Collection[ProviderName], locale: str) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "kind": "delivery",
        "at": local(letter.at),
        "state": letter.state.value,
        "channel": letter.channel,
        "provider": letter.provider,
        "audience": letter.audience.value,
        "ref": letter.ref,
        "urgency": letter.urgency.value,
        "reason": letter.reason.code.value,
        "reason_text": letter.reason.text(locale),
        "code": letter.code,
        "provider_words": letter.words,
        "calls": letter.calls,
        "created_at": local(letter.created_at),
        "expires_at": local(letter.expires_at),
        "reached_by": letter.reached,
        "under_way_by": letter.under_way,
        "overtaken": letter.overtaken,
        "advice": advice(letter, deduplicating).value,
        "advice_text": advice_text(letter, deduplicating, locale),
        **_event_json(letter),
    }


def _event_json(item: Letter | StuckEvent) -> dict[str, Any]:
    return {
        "source": item.source,
        "event": item.external_id,
        "agency": item.agency,
        "dossier_code": item.dossier,
        "type": item.type,
    }


def call_json(call: Call) -> dict[str, Any]:
    return {
        "number": call.number,
        "provider": call.provider,
        "started_at": local(call.started_at),
        "finished_at": call.finished_at and local(call.finished_at),
        "outcome": call.outcome,
        "code": call.code,
        "provider_words": call.words,
        "reference": call.reference,
    }


def fact_json(fact: ReceiptFact) -> dict[str, Any]:
    """What a receipt says; the provider's own words are left out."""
    return {
        "kind": fact.kind.value,
        "delivery": fact.delivery_id and str(fact.delivery_id),
        "reference": fact.reference and masked(fact.reference),
        "code": fact.code,
        "occurred_at": fact.occurred_at and local(fact.occurred_at),
    }


def group_lines(groups: Sequence[Group], locale: str) -> Iterator[str]:
    """A table, the largest group first."""
    head = [word(key, locale) for key in ("letters", "unreached", "state", "way", "code", "why")]
    rows = [
        [str(g.letters), str(g.unreached), state_label(g.state, locale), _way(g.channel, g.provider), g.code or "-"]
        for g in groups
    ]
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head) - 1)]
    indent = sum(widths) + 2 * len(widths) + 2
    yield _table_line(head, widths)
    for group, row in zip(groups, rows, strict=True):
        reason = group.reason.text(locale) + (f" “{group.words}”" if group.words else "")
        first, *rest = textwrap.wrap(reason, WIDTH - indent)
        yield _table_line([*row, first], widths)
        yield from (" " * indent + line for line in rest)


def _table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    numbers = [cell.rjust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    texts = [cell.ljust(width) for cell, width in zip(cells[2:-1], widths[2:], strict=True)]
    return "  " + "  ".join([*numbers, *texts, cells[-1]])


def item_lines(item: Item, deduplicating: Collection[ProviderName], locale: str) -> Iterator[str]:
    """What it is, what it is about, why it is dead, what to do."""
    match item:
        case Letter():
            who = audience_label(item.audience, locale) + (f" {item.ref}" if item.audience.is_staff else "")
            state = state_label(item.state, locale)
            yield f"{item.id}  {state} · {_way(item.channel, item.provider)} · {who} · {clock(item.at)}"
            yield from _indented(_about(item, locale))
            yield from _indented(_because(item, locale))
            yield from _indented(advice_text(item, deduplicating, locale), mark="→ ")
        case StuckEvent():
            yield f"{item.id}  {word('event', locale, id=item.external_id)} · {clock(item.at)}"
            yield from _indented(_about(item, locale))
            yield from _indented(item.reason.text(locale))
        case OrphanReceipt():
            what = word("receipt", locale, provider=item.provider, method=item.method)
            yield f"{item.id}  {what} · {clock(item.at)}"
            yield from _indented(word("orphaned", locale, readings=item.readings))


def call_lines(calls: Sequence[Call], locale: str) -> Iterator[str]:
    for call in calls:
        told = [call.outcome or word("unanswered", locale), call.code, call.words and f"“{call.words}”"]
        if call.reference:
            told.append(word("reference", locale, reference=call.reference))
        outcome = ", ".join(filter(None, told))
        said = word("call", locale, number=call.number, provider=call.provider or "-", outcome=outcome)
        yield from _indented(f"{clock(call.started_at)}  {said}")


def kept_lines(kept: Mapping[Kept, int], locale: str) -> Iterator[str]:
    """How many were left as they are, and why."""
    column = 0 if locale == "vi" else 1
    yield from (f"{number:>8}  {KEPT[why][column]}" for why, number in kept.items() if number)


def _about(item: Letter | StuckEvent, locale: str) -> str:
    parts = (word("dossier", locale, dossier=item.dossier), item.type, item.source, item.agency)
    return " · ".join(part for part in parts if part)


def _because(letter: Letter, locale: str) -> str:
    reason = letter.reason.text(locale)
    code = letter.code if letter.code and letter.code not in reason else None
    said = ", ".join(part for part in (code, letter.words and f"“{letter.words}”") if part)
    return f"{reason} [{letter.provider}: {said}]" if said else reason


def _way(channel: str, provider: str | None) -> str:
    return channel if provider in {None, channel} else f"{channel}/{provider}"


def _indented(text: str, mark: str = "") -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent="    " + mark, subsequent_indent=" " * (4 + len(mark)))


def local(at: datetime) -> str:
    return at.astimezone(VIETNAM).isoformat(timespec="seconds")


def clock(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}"
