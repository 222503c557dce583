"""The comparison as a picture: bars of events a second and of CPU for a thousand messages. Plain SVG, by hand."""

from collections.abc import Sequence
from html import escape

from bench.report import sides
from bench.run import Result

WIDTH, LABEL, ROW, GAP, TOP = 720, 150, 22, 40, 36
BAR = WIDTH - LABEL - 110
COLOURS = {"Notifier": "#1a5fb4", "reference": "#9a6700", "Apprise": "#57606a"}

Bars = Sequence[tuple[str, float]]


def plot(result: Result) -> str:
    """An SVG document that reads in light and dark."""
    known = sides(result)
    speeds = [(name, speed) for name, (speed, _) in known.items()]
    costs = [(name, cost) for name, (_, cost) in known.items()]
    first, below = _chart("Events a second, four messages each, receipts included (more is better)", speeds, TOP)
    second, end = _chart("CPU seconds for 1,000 messages (less is better)", costs, below + GAP)
    style = "text{font:14px system-ui,sans-serif;fill:#1f2328}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}"
    told = ", ".join(f"{name} {value:.1f} events a second" for name, value in speeds)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {end}" role="img" aria-label="{escape(told)}">'
        f"<style>{style}</style>{first}{second}</svg>\n"
    )


def _chart(title: str, bars: Bars, top: int) -> tuple[str, int]:
    """One chart and where it ends. The longest bar fills the width."""
    longest = max((value for _, value in bars), default=0) or 1.0
    parts = [f'<text x="0" y="{top - 12}" font-weight="600">{escape(title)}</text>']
    for row, (name, value) in enumerate(bars):
        y, width = top + row * (ROW + 6), max(1.0, value / longest * BAR)
        parts += [
            f'<text x="{LABEL - 10}" y="{y + 16}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{ROW}" fill="{COLOURS[name]}"/>',
            f'<text x="{LABEL + width + 8:.1f}" y="{y + 16}">{value:,.1f}</text>',
        ]
    return "".join(parts), top + len(bars) * (ROW + 6)
