"""The HTML of mails: drawn once for each shape that a message can have, then only filled with its words.

Mail programs read no style sheets, so every element has to carry its own styles. To lay a page out and style it takes
far longer than to put words into it. A shape is what a layout may ask of a message: how many paragraphs, items and
lines there are, and which of the texts are empty.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import css_inline
from jinja2 import Template

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_SHAPES = 256
_MANY = (list, tuple)
_BETWEEN = "\0"
"""Parts words while they are spelled as HTML spells them: no message can hold it."""
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
        drawn = self._drawn(tuple(shown), _marked(tuple(shown.values()), words))
        plain = _BETWEEN.join(words).replace("&", "&amp;").replace("\u00a0", "&nbsp;")
        quoted = plain.replace('"', "&quot;").split(_BETWEEN)
        written = plain.replace("<", "&lt;").replace(">", "&gt;").split(_BETWEEN)
        parts = list(drawn.parts)
        for place, number, in_quotes in drawn.marks:
            parts[place] = quoted[number] if in_quotes else written[number]
        return "".join(parts)

    def _draw(self, names: tuple[str, ...], marked: tuple[Any, ...]) -> _Drawn:
        parts = _MARK.split(_INLINER.inline(self._layout.render(zip(names, marked, strict=True))))
        marks = []
        for place in range(1, len(parts), 2):
            before = "".join(parts[:place])
            marks.append((place, ord(parts[place]) - _FIRST, before.rfind("<") > before.rfind(">")))
        return _Drawn(tuple(parts), tuple(marks))


def _marked(shown: Sequence[Any], words: list[str]) -> Any:
    """The same with a mark instead of each text that is not empty; these are added to `words`."""
    marked: list[Any] = []
    for each in shown:
        if isinstance(each, str):
            marked.append(each and chr(_FIRST + len(words)))
            if each:
                words.append(each)
        elif isinstance(each, _MANY):
            marked.append(_marked(each, words))
        else:
            marked.append(each)
    return getattr(shown, "_make", tuple)(marked)
