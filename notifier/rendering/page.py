"""The HTML of mails: drawn once for each shape that a message can have, then only filled with its words.

Mail programs read no style sheets, so every element has to carry its own styles. To lay a page out and style it takes
far longer than to put words into it. A shape is what a layout may ask of a message: how many paragraphs, items and
lines there are, and which of the texts are empty.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import css_inline
from jinja2 import Template

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_SHAPES = 256
_FIRST = 0xF0000
_MARK = re.compile("([\U000f0000-\U000ffffd])")
"""Characters for private use: a mark stands where a word will, and no message can bring one in."""


class Piece(NamedTuple):
    """A paragraph, or a list if there are items."""

    text: str
    items: tuple[str, ...] = ()


class Line(NamedTuple):
    """A line of a table; one that stands out says why in its words too."""

    cells: tuple[str, ...]
    stands_out: bool


class Table(NamedTuple):
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


Shown = str | Table | None | Sequence[Piece] | Sequence[tuple[str, str]]
"""What a layout can be given under a name."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """`parts` is the page cut at its marks; of each mark its place there, which word it is, and if it stands in quotes."""

    parts: tuple[str, ...]
    marks: tuple[tuple[int, int, bool], ...]


class Page:
    """Draws with one layout, and keeps what it drew of the shapes used last."""

    def __init__(self, layout: Template) -> None:
        self._layout = layout
        self._drawn = lru_cache(maxsize=_SHAPES)(self._draw)

    def filled(self, shown: Mapping[str, Shown]) -> str:
        """The page as if the layout had been rendered with this and then styled."""
        words: list[str] = []
        drawn = self._drawn(tuple([(name, _marked(value, words)) for name, value in shown.items()]))
        parts = list(drawn.parts)
        for place, number, quoted in drawn.marks:
            parts[place] = _escaped(words[number], quoted=quoted)
        return "".join(parts)

    def _draw(self, marked: tuple[tuple[str, Hashable], ...]) -> _Drawn:
        parts = _MARK.split(_INLINER.inline(self._layout.render(dict(marked))))
        marks = []
        for place in range(1, len(parts), 2):
            before = "".join(parts[:place])
            marks.append((place, ord(parts[place]) - _FIRST, before.rfind("<") > before.rfind(">")))
        return _Drawn(tuple(parts), tuple(marks))


def _marked(shown: Any, words: list[str]) -> Any:
    """The same with a mark instead of each text that is not empty; these are added to `words`."""
    if isinstance(shown, str):
        if not shown:
            return ""
        words.append(shown)
        return chr(_FIRST + len(words) - 1)
    if isinstance(shown, list | tuple):
        make = getattr(shown, "_make", tuple)
        return make([_marked(each, words) for each in shown])
    return shown


def _escaped(word: str, *, quoted: bool) -> str:
    """As the styled page spells it (HTML, serialising fragments)."""
    safe = word.replace("&", "&amp;").replace("\u00a0", "&nbsp;")
    return safe.replace('"', "&quot;") if quoted else safe.replace("<", "&lt;").replace(">", "&gt;")
