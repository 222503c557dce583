"""Numbers as people read them."""

import math
import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """By the nearest rank; 0 of nothing."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[max(0, math.ceil(percent / 100 * len(ranked)) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def milliseconds(seconds: float) -> str:
    shown = seconds * 1000
    return f"{shown:.1f} ms" if shown < 10 else f"{shown:,.0f} ms"


def waits(values: Sequence[float], *percents: float) -> str:
    """The percentiles of some waits, such as "3.1 / 12 ms"; a dash where there are none."""
    if not values:
        return "–"
    return " / ".join(milliseconds(percentile(values, percent)).removesuffix(" ms") for percent in percents) + " ms"


def megabytes(count: float) -> str:
    return f"{count / 1e6:,.0f} MB"


def rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
