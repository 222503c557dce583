"""The blocks of a message put into the form of each channel."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from notifier.domain.content import EmailContent, InboxContent, SmsContent
from notifier.domain.errors import TemplateFault
from notifier.rendering.messages import Say
from notifier.rendering.page import Line, Page, Piece, Table
from notifier.rendering.qr import qr_png
from notifier.rendering.text import one_line, replaced, sms, unaccented


def inbox(say: Say, *, link: str, source: str) -> InboxContent:
    """Title and body of the portal inbox: what happened, what to do, what comes next, the facts, where to ask."""
    title = _required(say, "title", source)
    parts = (
        plain(say("news")),
        _asked(say, plain(say("ask"))),
        _listed(table(say("table"), source)),
        plain(say("next")),
        _labelled(rows(say("rows"))),
        _labelled(rows(say("files"))),
        one_line(say("contact")),
    )
    return InboxContent(title=title, body=_paragraphs(parts), link=link)


def short_message(say: Say, *, source: str) -> SmsContent:
    """The unaccented text; where that takes several parts, the shorter wording if it takes fewer."""
    full = _unaccented(_required(say, "sms", source))
    if full.parts == 1:
        return full
    brief = _unaccented(_required(say, "sms_short", source))
    return min(full, brief, key=lambda content: content.parts)


def _unaccented(text: str) -> SmsContent:
    return replace(sms(unaccented(text)), replaced=replaced(text))


def email(say: Say, page: Page, *, link: str, sender_name: str, locale: str, source: str) -> EmailContent:
    """Subject, text and HTML of a mail; text and HTML say the same. The HTML shows the QR picture as `cid:qr`."""
    title = _required(say, "title", source)
    shown = {
        name: one_line(say(name))
        for name in ("hello", "ask_label", "by", "button", "qr_caption", "contact", "safety", "signature")
    }
    ask, news, next_ = (pieces(say(name)) for name in ("ask", "news", "next"))
    listed, facts, files = table(say("table"), source), rows(say("rows")), rows(say("files"))
    html = page.filled(
        {
            **shown,
            "title": title,
            "ask": ask,
            "news": news,
            "next": next_,
            "rows": facts,
            "table": listed,
            "files": files,
            "link": link,
            "sender_name": sender_name,
            "locale": locale,
        }
    )
    parts = (
        shown["hello"],
        _asked(say, _prose(ask)),
        _prose(news),
        _listed(listed),
        _labelled(facts),
        _prose(next_),
        _labelled(files),
        f"{shown['button']}: {link}",
        shown["contact"],
        shown["safety"],
        f"{sender_name}\n{shown['signature']}",
    )
    text = _paragraphs(parts) + "\n"
    return EmailContent(subject=title, text=text, html=html, qr_png=qr_png(link))


def pieces(prose: str) -> list[Piece]:
    """Prose as paragraphs and lists: a blank line parts paragraphs, a line that begins with `- ` is an item."""
    found: list[Piece] = []
    for paragraph in prose.split("\n\n"):
        lines: list[str] = []
        items: list[str] = []
        for line in filter(None, map(str.strip, paragraph.split("\n"))):
            (items if line.startswith("- ") else lines).append(one_line(line.removeprefix("- ")))
        if lines:
            found.append(Piece(" ".join(lines)))
        if items:
            found.append(Piece("", tuple(items)))
    return found


def plain(prose: str) -> str:
    """Prose as plain text, with one blank line between paragraphs."""
    return _prose(pieces(prose))


def _prose(found: Iterable[Piece]) -> str:
    return _paragraphs([piece.text or "\n".join([f"- {item}" for item in piece.items]) for piece in found])


def rows(block: str) -> list[tuple[str, str]]:
    """The lines `label | value` of a block; a line without a value is left out."""
    found = []
    for line in filter(None, map(str.strip, block.split("\n"))):
        label, _, value = line.partition(" | ")
        if value.strip():
            found.append((label.strip(), value.strip()))
    return found


def table(block: str, source: str) -> Table | None:
    """Lines of cells parted by `|`, the heads first; a line that begins with `! ` stands out. None without lines."""
    heads, *lines = [line.strip() for line in block.split("\n") if line.strip()] or [""]
    found = Table(_cells(heads), tuple(Line(_cells(line.removeprefix("! ")), line.startswith("! ")) for line in lines))
    if any(len(line.cells) != len(found.heads) for line in found.lines):
        raise TemplateFault(
            "a line of the block table has not as many cells as the heads", template=source, fact="table"
        )
    return found if lines else None


def _cells(line: str) -> tuple[str, ...]:
    return tuple(map(str.strip, line.split("|")))


def _listed(shown: Table | None) -> str:
    """The table as plain text: a paragraph for each line."""
    return _paragraphs("\n".join(_told(shown.heads, line)) for line in shown.lines) if shown else ""


def _told(heads: tuple[str, ...], line: Line) -> Iterator[str]:
    """The first cell, then what is known of the others."""
    yield line.cells[0]
    for head, cell in zip(heads[1:], line.cells[1:], strict=True):
        if cell:
            yield f"{head}: {cell}"


def _asked(say: Say, ask: str) -> str:
    return _paragraphs((f"{one_line(say('ask_label'))}:\n{ask}", one_line(say("by")))) if ask else ""


def _labelled(found: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"{label}: {value}" for label, value in found])


def _required(say: Say, block: str, source: str) -> str:
    line = one_line(say(block))
    if not line:
        raise TemplateFault(f"the block {block} says nothing", template=source, fact=block)
    return line


def _paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, parts))
