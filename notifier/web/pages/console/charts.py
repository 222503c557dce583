"""Bar charts as values: where each bar of each series stands, in units of a drawing 100 high. Templates draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.clock import VIETNAM

HEIGHT = 100
BAR, GAP = 8, 2
"""Width of a bar, and of the space behind it."""


@dataclass(frozen=True, slots=True)
class Series:
    """One figure of each stretch of time. `look` is the CSS class of its bars."""

    name: tuple[str, str]
    look: str
    values: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: float
    height: float
    look: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars; the first series stands at the bottom."""

    id: str
    title: tuple[str, str]
    starts: Sequence[datetime]
    series: Sequence[Series]

    @property
    def width(self) -> int:
        return len(self.starts) * (BAR + GAP)

    @property
    def most(self) -> int:
        """The highest stack."""
        return max((sum(stack) for stack in self._stacks()), default=0)

    @property
    def bars(self) -> list[Bar]:
        found, most = [], self.most or 1
        for place, stack in enumerate(self._stacks()):
            top = float(HEIGHT)
            for series, value in zip(self.series, stack, strict=True):
                height = round(value * HEIGHT / most, 2)
                top -= height
                if value:
                    found.append(Bar(place * (BAR + GAP), round(max(top, 0.0), 2), height, series.look))
        return found

    @property
    def labels(self) -> list[str]:
        """The local time at the left, in the middle and at the right."""
        places = sorted({0, len(self.starts) // 2, len(self.starts) - 1})
        return [f"{self.starts[place].astimezone(VIETNAM):%H:%M}" for place in places]

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        """The table behind the picture: only stretches in which something happened, the newest first."""
        stacks = list(zip(self.starts, self._stacks(), strict=True))
        return [(f"{at.astimezone(VIETNAM):%H:%M}", stack) for at, stack in reversed(stacks) if any(stack)]

    def _stacks(self) -> list[list[int]]:
        return [list(stack) for stack in zip(*(each.values for each in self.series), strict=True)]
