"""A page that is filled says, byte for byte, what the layout itself would have said with the same words."""

from pathlib import Path

import css_inline
from hypothesis import given
from hypothesis import strategies as st

from notifier.rendering import messages
from notifier.rendering.page import Line, Page, Piece, Shown, Table
from notifier.rendering.renderer import EMAIL_LAYOUT
from notifier.rendering.text import one_line

LAYOUT = messages.environment(Path(__file__).parents[2] / "templates", html=True).get_template(EMAIL_LAYOUT)
PAGE = Page(LAYOUT)
INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
NASTY = [
    "<b>",
    "</title>",
    "<!--",
    "&amp;",
    '"',
    "'",
    "{{ 1 + 1 }}",
    "\U000f0000",
    "\ufffd",
    "ế",
    "𠀀",
    "\u0301",
    " ",
    "a",
]

words = st.lists(st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=("Cs", "Cc"))), max_size=12).map(
    lambda found: one_line("".join(found))
)
pieces = st.lists(
    st.builds(Piece, words, st.just(()))
    | st.builds(Piece, st.just(""), st.lists(words, min_size=1, max_size=3).map(tuple)),
    max_size=3,
)
rows = st.lists(st.tuples(words, words), max_size=3)
cells = st.tuples(words, words, words)
tables = st.none() | st.builds(
    Table, cells, st.lists(st.builds(Line, cells, st.booleans()), min_size=1, max_size=3).map(tuple)
)
messages_shown = st.fixed_dictionaries(
    {
        **dict.fromkeys(("title", "hello", "ask_label", "by", "button", "qr_caption", "contact"), words),
        **dict.fromkeys(("safety", "signature", "link", "sender_name"), words),
        **dict.fromkeys(("ask", "news", "next"), pieces),
        **dict.fromkeys(("rows", "files"), rows),
        "table": tables,
        "locale": st.sampled_from(["vi", "en"]),
    }
)


@given(messages_shown)
def test_a_filled_page_is_the_page_that_the_layout_makes(shown: dict[str, Shown]):
    assert PAGE.filled(shown) == INLINER.inline(LAYOUT.render(shown))


@given(messages_shown, messages_shown)
def test_what_was_filled_before_leaves_nothing_behind(before: dict[str, Shown], shown: dict[str, Shown]):
    fresh = Page(LAYOUT)
    fresh.filled(before)
    assert fresh.filled(shown) == Page(LAYOUT).filled(shown)
