"""`./dev bench`: how fast, how cheap and how steady the service is on this machine, beside what others would do."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import click

from bench.plot import plot
from bench.report import as_json, report, write_page
from bench.run import QUICK, SCENARIOS, Wanted, benchmark
from notifier.domain.errors import NotifierError

QUICK_SECONDS, FULL_SECONDS = 8.0, 30.0


def _numbers(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) for part in parts):
        raise click.BadParameter("numbers above 0 are expected, with commas between them, such as 1000000,4000000")
    return tuple(sorted(map(int, parts)))


@click.command("bench")
@click.option("--quick", is_flag=True, help=f"Only {', '.join(QUICK)}, in short runs: under five minutes.")
@click.option("--only", multiple=True, type=click.Choice(SCENARIOS), help="Only this scenario; may be given again.")
@click.option("--rounds", default=3, show_default=True, help="How often each side is measured, in turn.")
@click.option(
    "--seconds", type=float, help=f"About how long a run lasts. Default: {FULL_SECONDS:g}, quick {QUICK_SECONDS:g}."
)
@click.option("--events", type=int, help="So many events a run, whatever it takes.")
@click.option(
    "--clients", default=32, show_default=True, help="Clients that post, each its next event after its answer."
)
@click.option("--rate", type=float, help="Post so many events a second instead, whatever becomes of them.")
@click.option("--workers", default=1, show_default=True, help="Worker processes of each lane.")
@click.option("--peers/--no-peers", default=True, show_default=True, help="Measure the reference and Apprise too.")
@click.option("--burst", default=100_000, show_default=True, help="Bulk messages of the burst.")
@click.option(
    "--growth", default="1000000,10000000", show_default=True, callback=_numbers, help="So many old deliveries."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures to this file as JSON.")
@click.option("--svg", "svg_file", type=click.Path(path_type=Path), help="Write the picture to this file.")
@click.option("--write-docs", is_flag=True, help="Write the tables into docs/benchmark.md, the picture beside it.")
def command(
    *,
    quick: bool,
    only: tuple[str, ...],
    rounds: int,
    seconds: float | None,
    events: int | None,
    clients: int,
    rate: float | None,
    workers: int,
    peers: bool,
    burst: int,
    growth: tuple[int, ...],
    json_file: Path | None,
    svg_file: Path | None,
    write_docs: bool,
) -> None:
    """Measure real processes on a real PostgreSQL and Redis against sinks that take everything at once.

    Exit code 1 when a message was lost, came twice or has no receipt.

    \b
    ./dev bench --quick
    ./dev bench --only compare --no-peers --rounds 1 --rate 200 --seconds 20
    ./dev bench --only growth --growth 1000000 --json growth.json
    """
    wanted = Wanted(
        scenarios=only or (QUICK if quick else SCENARIOS),
        rounds=rounds,
        seconds=seconds or (QUICK_SECONDS if quick else FULL_SECONDS),
        events=events,
        clients=clients,
        rate=rate,
        workers=workers,
        peers=peers and (not only or "compare" in only),
        burst_messages=burst,
        growth=growth,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends this ends its children too
    try:
        result = asyncio.run(benchmark(wanted, lambda line: click.echo(line, err=True)))
    except NotifierError as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(result))
    if json_file:
        json_file.write_text(json.dumps(as_json(result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if svg_file:
        svg_file.write_text(plot(result), encoding="utf-8")
    if write_docs:
        given = " ".join(argument for argument in sys.argv[1:] if argument != "--write-docs")
        write_page(f"./dev bench {given}".strip(), result, plot(result))
    sys.exit(1 if result.faults() else 0)


if __name__ == "__main__":
    command(prog_name="./dev bench")
