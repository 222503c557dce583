"""The rules of the product without what waits for its hour."""

import re

from notifier.settings import ROOT

_TIMER = re.compile(r'^\[timers\."[^"]+"\]\n(?:\w+ = .*\n)+', re.MULTILINE)


def rules_at_once() -> str:
    """Officers hear of everything at once and at any hour, and of nothing but what the events tell: no timer fires."""
    text = _TIMER.sub("", (ROOT / "rules.toml").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if not line.endswith('= "working"')]
    return "\n".join(lines).replace(', gather = "digest"', "") + "\n"
