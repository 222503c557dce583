"""The tables of a benchmark: for the terminal, for the document, for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from bench.events import URGENT
from bench.figures import median, megabytes, percentile, rate, waits
from bench.measure import STAGES, Run
from bench.run import Apprise, Result
from notifier.settings import ROOT

PAGE = ROOT / "docs" / "benchmark.md"
PICTURE = ROOT / "docs" / "benchmark.svg"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
SHOWN_PERCENTS = (50, 99, 99.9)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def report(result: Result) -> str:
    """Everything, as Markdown; what was not measured is not there."""
    parts = [_where(result), _sides(result), _ratios(result), _stages(result), _cpu(result), _alone(result)]
    parts += [_limits(result), _growth(result), _faults(result)]
    return "\n\n".join(part for part in parts if part)


def _where(result: Result) -> str:
    told = [
        f"{name}: {value}"
        for facts in (result.machine, result.versions, result.settings)
        for name, value in facts.items()
    ]
    return "; ".join(told) + "."


def _sides(result: Result) -> str:
    """Medians over the rounds."""
    if not result.ours:
        return ""
    rows = [_side_row("Notifier", result.ours)]
    rows += [_side_row("reference", result.reference)] if result.reference else []
    if result.apprise:
        speed, cpu = typical(result.apprise)
        rows.append(
            ["Apprise", str(len(result.apprise)), rate(speed), rate(speed * 4), f"{cpu:.2f}", "–", "–", "–", "–"]
        )
    heads = ["", "rounds", "events/s", "messages/s", "CPU s per 1,000 messages", "202 p50 / p99 / p99.9"]
    return table([*heads, "to the provider p50 / p99", "WAL per message", "Redis commands per message"], rows)


def _side_row(name: str, runs: Sequence[Run]) -> list[str]:
    speed, cpu = typical(runs)
    accepts = [wait for run in runs for wait in run.accept]
    sent = [wait for run in runs for found in run.to_provider.values() for wait in found]
    messages = sum(run.messages for run in runs)
    return [
        name,
        str(len(runs)),
        rate(speed),
        rate(speed * len(URGENT.channels)),
        f"{cpu:.2f}",
        waits(accepts, *SHOWN_PERCENTS),
        waits(sent, 50, 99),
        f"{sum(run.wal for run in runs) / messages:,.0f} B",
        f"{sum(run.redis_commands for run in runs) / messages:.1f}",
    ]


def ratios(result: Result) -> dict[str, dict[str, float]]:
    """Peer → how many times more events a second we have than it, and how many times our CPU it needs; medians."""
    if not result.ours:
        return {}
    speed, cost = typical(result.ours)
    peers = {name: each for name, each in sides(result).items() if name != "Notifier"}
    return {name: {"events/s": speed / theirs, "CPU": used / cost} for name, (theirs, used) in peers.items()}


def sides(result: Result) -> dict[str, tuple[float, float]]:
    """Of each side that was measured, what is typical of it."""
    known: list[tuple[str, Sequence[Run] | Sequence[Apprise]]] = [
        ("Notifier", result.ours),
        ("reference", result.reference),
        ("Apprise", result.apprise),
    ]
    return {name: typical(runs) for name, runs in known if runs}


def typical(runs: Sequence[Run] | Sequence[Apprise]) -> tuple[float, float]:
    """Events a second all the way, and CPU seconds per 1,000 messages."""
    speeds = [run.whole_rate() if isinstance(run, Run) else run.rate() for run in runs]
    return median(speeds), median([run.cpu_per_1000() for run in runs])


def _ratios(result: Result) -> str:
    rows = [
        [f"than {name}", f"{each['events/s']:.2f} ×", f"{each['CPU']:.2f} ×"] for name, each in ratios(result).items()
    ]
    return table(["Notifier", "more events/s", "less CPU per message"], rows) if rows else ""


def _stages(result: Result) -> str:
    """How fast each stage was, and the way to each provider."""
    rows = []
    for run in [*result.ours, *result.reference, *_others(result)]:
        channels = [waits(run.to_provider.get(channel, []), 50, 99) for channel in URGENT.outward]
        rows.append(
            [
                f"{run.side}, {run.name}",
                str(run.events),
                run.pace,
                *(rate(run.rate(stage)) for stage in STAGES),
                *channels,
            ]
        )
    heads = ["run", "events", "pace", *(f"{stage}/s" for stage in STAGES)]
    return table([*heads, *(f"to {channel} p50 / p99" for channel in URGENT.outward)], rows)


def _others(result: Result) -> list[Run]:
    return [run for run in result.runs() if run not in result.ours]


def _cpu(result: Result) -> str:
    """CPU seconds per 1,000 messages by process, and their memory at the end."""
    if not result.ours:
        return ""
    rows = []
    for name, runs in (("Notifier", result.ours), ("reference", result.reference)):
        for role in runs[-1].cpu if runs else ():
            rss, pss = runs[-1].memory.get(role, (0, 0))
            cost = median([run.cpu_per_1000(role) for run in runs])
            share = cost / median([run.cpu_per_1000() for run in runs])
            memory = [megabytes(rss), megabytes(pss)] if rss else ["–", "–"]
            rows.append([name, role, f"{cost:.3f}", f"{share:.0%}", *memory])
    return table(["side", "process", "CPU s per 1,000 messages", "share", "RSS", "PSS"], rows)


def _alone(result: Result) -> str:
    told = []
    if run := result.half:
        sent = [wait for found in run.to_provider.values() for wait in found]
        told.append(
            f"- at half of that load ({run.pace}): 202 {waits(run.accept, *SHOWN_PERCENTS)};"
            f" to the provider {waits(sent, 50, 99)}"
        )
    if rest := result.idle:
        ours = sum(share for role, share in rest.cpu.items() if role not in {"PostgreSQL", "Redis"})
        told.append(
            f"- at rest: {ours:.1%} of a core in our processes, {sum(rest.cpu.values()):.1%} with PostgreSQL and Redis;"
            f" RSS {megabytes(rest.rss)}, PSS {megabytes(rest.pss)}"
        )
    if flood := result.burst:
        sent = [wait for found in flood.urgent.values() for wait in found]
        told.append(
            f"- {flood.bulk_messages:,} bulk messages taken in {flood.accept_seconds:.1f} s; urgent ones on top to the"
            f" provider {waits(sent, 50, 99)}; {flood.drained:,} bulk mails were out when the last of those was posted"
        )
    return "\n".join(told)


def _limits(result: Result) -> str:
    rows = [[each.what, rate(each.per_second), f"{each.cpu_per_1000:.2f}"] for each in result.limits]
    return table(["limit of this machine", "a second", "CPU s per 1,000"], rows) if rows else ""


def _growth(result: Result) -> str:
    if not result.growth:
        return ""
    rows = [
        [
            f"{each.old:,}",
            megabytes(each.size_bytes),
            str(len(each.runs)),
            *(rate(speed) for speed in (old[0], none[0])),
            f"{old[0] / none[0]:.0%}",
            *(f"{cpu:.2f}" for cpu in (old[1], none[1])),
        ]
        for each in result.growth
        for old, none in [(typical(each.runs), typical(each.beside_none))]
    ]
    heads = ["old deliveries", "database", "rounds", "events/s", "beside none", "of that"]
    return table([*heads, "CPU s per 1,000 messages", "beside none"], rows)


def _faults(result: Result) -> str:
    faults = result.faults()
    every = sum(run.messages for run in result.runs())
    if not faults:
        exactly = f"Each of {every:,} messages came exactly once, was recorded once, and has its receipt."
        return exactly if every else ""
    return "\n".join(f"- FAULT: {fault}" for fault in faults)


def as_json(result: Result) -> dict[str, Any]:
    """The figures; of waits the percentiles."""
    return {
        "machine": result.machine,
        "versions": result.versions,
        "settings": result.settings,
        "ratios": ratios(result),
        "ours": [_run_json(run) for run in result.ours],
        "reference": [_run_json(run) for run in result.reference],
        "apprise": [asdict(each) | {"cpu_per_1000": each.cpu_per_1000()} for each in result.apprise],
        "half": _run_json(result.half) if result.half else None,
        "idle": asdict(result.idle) if result.idle else None,
        "limits": [asdict(each) for each in result.limits],
        "scale_out": [_run_json(run) for run in result.scale_out],
        "burst": _burst_json(result),
        "growth": [
            asdict(each) | {"runs": [*map(_run_json, each.runs)], "beside_none": [*map(_run_json, each.beside_none)]}
            for each in result.growth
        ],
        "faults": result.faults(),
    }


def _burst_json(result: Result) -> dict[str, Any] | None:
    if result.burst is None:
        return None
    waited = {channel: _percentiles(found) for channel, found in result.burst.urgent.items()}
    return {**asdict(result.burst), "urgent": waited}


def _run_json(run: Run) -> dict[str, Any]:
    shown = asdict(run)
    shown["accept"] = _percentiles(run.accept)
    shown["to_provider"] = {channel: _percentiles(found) for channel, found in run.to_provider.items()}
    shown["events_per_second"] = {stage: round(run.rate(stage), 2) for stage in STAGES}
    shown["cpu_per_1000"] = {"all": round(run.cpu_per_1000(), 4)} | {
        role: round(run.cpu_per_1000(role), 4) for role in run.cpu
    }
    shown["wal_per_message"] = round(run.wal / run.messages, 1)
    shown["redis_commands_per_message"] = round(run.redis_commands / run.messages, 2)
    return shown


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    """In seconds."""
    return {f"p{percent:g}": round(percentile(values, percent), 5) for percent in SHOWN_PERCENTS}


def write_page(command: str, result: Result, picture: str) -> None:
    """Put the tables between the markers of docs/benchmark.md, and the picture beside it."""
    PICTURE.write_text(picture, encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(
        f"{before}{BEGIN}\n`{command}`\n\n![Events a second and CPU of each side](benchmark.svg)\n\n{report(result)}\n{END}{after}",
        encoding="utf-8",
    )
