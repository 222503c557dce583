"""The demo's one screen: each event becoming deliveries on each channel, up to the receipt."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import NO_DOSSIER, DeliveryId
from notifier.domain.labels import audience_label, state_label
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.progress import Line

CHANNELS = ("portal", "zalo", "sms", "email")
_D = DeliveryState
MARKS: dict[DeliveryState, tuple[str, str]] = {
    _D.STANDBY: ("…", "dim"),
    _D.PLANNED: ("→", "cyan"),
    _D.HELD: ("◷", "yellow"),
    _D.SENDING: ("↗", "cyan"),
    _D.ACCEPTED: ("✓", "green"),
    _D.DELIVERED: ("✓✓", "green"),
    _D.READ: ("✓✓", "bold bright_blue"),
    _D.UNKNOWN: ("?", "bold yellow"),
    _D.FAILED: ("✗", "red"),
    _D.EXPIRED: ("✗", "yellow"),
    _D.SUPPRESSED: ("–", "dim"),
    _D.CANCELLED: ("–", "dim"),
    _D.SUPERSEDED: ("–", "dim"),
}
FRAME_LINES = 7


class Screen:
    """On a terminal a live table; elsewhere one line for each change that settles something."""

    def __init__(self, began: float) -> None:
        self._console = Console(highlight=False)
        self._live: Live | None = None
        self._began = began
        self._told: dict[DeliveryId, DeliveryState] = {}
        self._addresses: tuple[str, ...] = ()

    def say(self, text: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/]  {text}", soft_wrap=True)

    def addresses(self, web_url: str, sandbox_url: str, config: str) -> None:
        self._addresses = (
            f"Bảng điều hành cho cán bộ vận hành      {web_url}/console",
            f"Hộp thư của công dân                    {web_url}/hop-thu",
            f"Điện thoại, Zalo, hộp thư của công dân  {sandbox_url}/",
            f"Hộp thư trên Cổng của một công dân      {sandbox_url}/cong/0",
            f"API (OpenAPI), sức khỏe, số đo          {web_url}/openapi.json  /readyz  /metrics",
            f"Gửi sự kiện của mình: NOTIFIER_CONFIG={config} ./dev run notifier post EVENT.json",
        )
        for line in self._addresses:
            self.say(line)

    def passes(self, moment: datetime) -> None:
        """Time runs fast until then."""
        if self._live is None:
            self.say(f"⏩ {moment.astimezone(VIETNAM):%H:%M %d/%m/%Y}")

    @contextmanager
    def live(self) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, auto_refresh=False, vertical_overflow="crop") as self._live:
            yield

    def show(self, lines: Sequence[Line], now: datetime) -> None:
        if self._live is None:
            self._tell_changes(lines)
        else:
            self._live.update(self._table(lines, now), refresh=True)

    def _tell_changes(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if self._told.get(line.delivery_id) is line.state:
                continue
            if line.state is not _D.SENDING:
                reason = Reason(ReasonCode(line.reason), line.details).text()
                who = audience_label(line.audience, "vi")
                label = state_label(line.state, "vi")
                self.say(f"{_named(line)}  {line.type:24} {who:10} {line.channel:7} {label}: {reason}")
            self._told[line.delivery_id] = line.state

    def _table(self, lines: Sequence[Line], now: datetime) -> Table:
        table = Table(expand=True, caption_justify="left", title_justify="left")
        table.title = f"Notifier · {now.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y} (đồng hồ của bản thử)"
        table.add_column("Hồ sơ", no_wrap=True)
        table.add_column("Sự kiện", no_wrap=True)
        table.add_column("Người nhận", no_wrap=True)
        for channel in CHANNELS:
            table.add_column(channel, no_wrap=True, ratio=1)
        rows: dict[tuple[int, str, str], list[Line]] = {}
        for line in lines:
            rows.setdefault((line.event, line.audience, line.ref), []).append(line)
        room = max(3, self._console.height - FRAME_LINES - len(self._addresses))
        for of_person in list(rows.values())[-room:]:
            first = of_person[0]
            cells = {line.channel: line for line in of_person}
            table.add_row(
                _named(first),
                first.type,
                audience_label(first.audience, "vi"),
                *(_cell(cells.get(channel)) for channel in CHANNELS),
            )
        table.caption = "\n".join((*self._addresses, "Ctrl-C để dừng. ✓ đã nhận  ✓✓ đã đến  ✓✓ (xanh) đã xem"))
        return table


def _named(line: Line) -> str:
    return "(nhiều hồ sơ)" if line.dossier_code == NO_DOSSIER else line.dossier_code


def _cell(line: Line | None) -> Text:
    if line is None:
        return Text("")
    mark, style = MARKS[line.state]
    return Text(f"{mark} {state_label(line.state, 'vi')}", style=style)
