"""The wording of every message: one file per event type, locale and audience, made of named blocks.

`templates/hoso.duoc_tiep_nhan/vi/citizen.jinja` extends a layout that sets what is the same for all; all channels speak
from the same blocks, so they cannot say different things. The blocks are described in `templates/README.md`.
Only the blocks of a file are rendered: what stands between them is a comment.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateNotFound, UndefinedError, meta
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from notifier.domain.errors import TemplateFault
from notifier.domain.ids import EventType
from notifier.domain.recipients import Audience, Locale
from notifier.rendering.text import composed, one_line

Block = Callable[[Context], Iterator[str]]
"""A block as Jinja compiles it."""
Say = Callable[[str], str]
"""Renders the block of that name, raw."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A message file and the layouts that it extends, nearest first."""

    name: str
    locale: Locale
    template: Template
    names: dict[str, Any]
    """What every template knows beside its facts."""
    blocks: dict[str, list[Block]]
    """Of each name the blocks of the file and its layouts, nearest first."""
    text: str
    """The file and its layouts as they stand, each after the other."""


def environment(templates_dir: Path, *, html: bool = False) -> SandboxedEnvironment:
    """Sandboxed; undefined names are errors; escapes in HTML only; a compiled template is kept for good."""
    made = SandboxedEnvironment(
        loader=FileSystemLoader(templates_dir),
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
        auto_reload=False,
    )
    made.filters |= {
        "fits": fits,
        "vua": as_many_as_fit,
        "gon": shortened,
        "dong": spelled_out,
        "chu_so": digits,
        "ngay": partial(_dated, "", " ngày ", "ngày "),
        "luc": partial(_dated, "lúc ", " ngày ", "ngày "),
        "on_day": partial(_dated, "", " on ", ""),
        "at": partial(_dated, "at ", " on ", "on "),
        "by": partial(_dated, "by ", " on ", "by "),
    }
    return made


def find(env: SandboxedEnvironment, event_type: EventType, audience: Audience, locale: Locale) -> Wording:
    """The wording for a reader, in Vietnamese where their language has none. None at all is a `TemplateFault`."""
    reader = "staff" if audience.is_staff else "citizen"
    for spoken in dict.fromkeys((locale, Locale.VI)):
        name = f"{event_type}/{spoken}/{reader}.jinja"
        try:
            names = _lineage(env, name)
            chain = tuple(map(env.get_template, names))
        except TemplateNotFound as missing:
            if missing.name == name:
                continue
            raise TemplateFault(f"{name} extends {missing.name}, which does not exist", template=name) from missing
        except TemplateError as broken:
            raise TemplateFault(f"{name} cannot be read: {broken}", template=name) from broken
        return Wording(
            name,
            spoken,
            chain[0],
            dict(chain[0].globals),
            _blocks(chain),
            "\0".join(_source(env, each) for each in names),
        )
    raise TemplateFault(f"there is no wording for {reader} of {event_type}", template=f"{event_type}/vi/{reader}.jinja")


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def speaker(wording: Wording, facts: Mapping[str, object]) -> Say:
    """Lets one wording speak about one set of facts, block by block, so that a form needs only the facts it shows.

    A block that is asked for again is not rendered again.
    """
    context = wording.template.new_context({**wording.names, **facts}, shared=True)
    context.blocks = wording.blocks

    @cache
    def say(block: str) -> str:
        try:
            return composed("".join(context.blocks[block][0](context)))
        except KeyError:
            raise TemplateFault(f"{wording.name} has no block {block}", template=wording.name, fact=block) from None
        except UndefinedError as fault:
            fact = _named(fault)
            raise TemplateFault(f"the fact {fact} is missing", template=wording.name, fact=fact) from fault
        except TemplateError as fault:
            raise TemplateFault(f"block {block}: {fault}", template=wording.name, fact=block) from fault

    return say


def fits(value: str, limit: int, otherwise: str) -> str:
    """`value` as one line if it has at most `limit` characters in NFC, else the other wording. Never a cut."""
    line = one_line(value)
    return line if len(line) <= limit else otherwise


def as_many_as_fit(lines: str, limit: int, more: str, between: str = "; ") -> str:
    """As many whole lines as fit into `limit` characters; `more` says for `%d` how many are left out."""
    items = [one_line(line) for line in lines.split("\n") if line.strip()]
    for shown in range(len(items), 0, -1):
        rest = [more.replace("%d", str(len(items) - shown))] if shown < len(items) else []
        text = between.join(items[:shown] + rest)
        if len(text) <= limit:
            return text
    return more.replace("%d", str(len(items)))


def shortened(name: str) -> str:
    """The name of a unit with the abbreviations that its own signs use."""
    return name.replace("Trung tâm Phục vụ hành chính công", "TT hành chính công").replace("Ủy ban nhân dân", "UBND")


def spelled_out(amount: str) -> str:
    """`1.200.000 đ` as `1.200.000 đồng`, which stays clear without accents."""
    return amount.replace("đ", "đồng")


def digits(amount: str) -> str:
    """The digits of a sum of whole đồng, as Zalo's type VND wants it."""
    return "".join(filter(str.isdigit, amount))


def _dated(before_clock: str, between: str, before_day: str, moment: str) -> str:
    """`17:00 25/11/2026` or `25/11/2026` with the words that a sentence needs around it."""
    clock, _, day = moment.rpartition(" ")
    return f"{before_clock}{clock}{between}{day}" if clock else f"{before_day}{day}"


def _blocks(chain: Iterable[Template]) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for template in chain:
        for name, block in template.blocks.items():
            found.setdefault(name, []).append(block)
    return found


def _lineage(env: SandboxedEnvironment, name: str) -> list[str]:
    """The file and all that it extends, nearest first."""
    parents = [each for each in meta.find_referenced_templates(env.parse(_source(env, name))) if each]
    return [name, *(ancestor for parent in parents for ancestor in _lineage(env, parent))]


def _source(env: SandboxedEnvironment, name: str) -> str:
    if env.loader is None:
        raise TemplateNotFound(name)
    return env.loader.get_source(env, name)[0]


def _named(fault: UndefinedError) -> str:
    """The name in Jinja's sentence: 'x' is undefined; 'dict object' has no attribute 'x'."""
    quoted: list[str] = re.findall(r"'([^']*)'", fault.message or "")
    return quoted[-1] if quoted else "?"
