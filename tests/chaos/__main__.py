"""`./dev chaos`: prove that nothing is lost and nothing comes twice, whatever is killed, cut or filled up."""

import asyncio
import json
import logging
import sys
from pathlib import Path

import click

from tests.chaos.faults import catalogue, quick_catalogue, unpassed
from tests.chaos.report import as_json, summary, table, write_page
from tests.chaos.run import Plan, run

FULL, QUICK = 24_000, 2_000


@click.command("chaos")
@click.option("--quick", is_flag=True, help="The faults that CI runs, in about two minutes.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same events and faults.")
@click.option("--only", multiple=True, help="Only faults whose name holds this text; may be given again.")
@click.option("--deliveries", type=int, help=f"About how many in all. Default: {FULL}, quick {QUICK}.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the table to this file as JSON.")
@click.option("--write-docs", is_flag=True, help="Write the table into docs/chaos.md.")
@click.option("--list", "listing", is_flag=True, help="Name the faults and end.")
def command(
    *,
    quick: bool,
    seed: int,
    only: tuple[str, ...],
    deliveries: int | None,
    json_file: Path | None,
    write_docs: bool,
    listing: bool,
) -> None:
    """Run real processes against the sandbox, hurt them, and count at the providers what was lost and what came twice.

    Exit code 1 when anything was lost or a bound was passed.

    \b
    ./dev chaos --quick
    ./dev chaos --only "PostgreSQL" --only "Redis" --deliveries 2000
    ./dev chaos --write-docs --json chaos.json
    """
    known = quick_catalogue() if quick else catalogue()
    faults = [fault for fault in known if _is_wanted(fault.name, only)]
    if not faults:
        raise click.UsageError("no fault has such a name; --list names them")
    if listing:
        click.echo("\n".join(fault.name for fault in faults))
        return
    logging.disable(logging.WARNING)
    wanted = deliveries or round((QUICK if quick else FULL) * len(faults) / len(known))
    plan = Plan(faults, seed, quick, wanted)
    result = asyncio.run(run(plan, lambda line: click.echo(line, err=True)))
    result.skipped += [f"{mark.value}: no code passes this mark" for mark in unpassed()]
    click.echo(table(result))
    if json_file:
        json_file.write_text(json.dumps(as_json(plan, result), ensure_ascii=False, indent=1), encoding="utf-8")
    if write_docs:
        write_page(" ".join(argument for argument in sys.argv[1:] if argument != "--write-docs"), plan, result)
    click.echo(summary(plan, result))
    sys.exit(1 if result.failed() else 0)


def _is_wanted(name: str, only: tuple[str, ...]) -> bool:
    return not only or any(text.casefold() in name.casefold() for text in only)


if __name__ == "__main__":
    command(prog_name="./dev chaos")
