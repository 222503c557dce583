import asyncio
import logging
import os
from collections.abc import Mapping, Sequence

import click

from notifier.cli.signals import asked_to_end
from notifier.cli.supervisor import Supervisor
from notifier.domain.deliveries import Urgency
from notifier.telemetry.logs import set_up_logs

log = logging.getLogger(__name__)

METRICS_VARIABLE = "NOTIFIER_METRICS_PORT"
Roles = Mapping[str, Sequence[str]]


class _LaneCount(click.ParamType[tuple[Urgency, int]]):
    """`LANE=N`."""

    name = "lane=n"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Urgency, int]:
        lane, _, count = value.partition("=")
        if lane not in set(Urgency) or not count.isdecimal():
            self.fail(f"{value!r} is not a lane and a number, such as urgent=2", param, ctx)
        return Urgency(lane), int(count)


@click.command("serve")
@click.option("--workers", type=_LaneCount(), multiple=True, help="So many workers of a lane; one if not said.")
@click.option("--bounces", is_flag=True, help="Take mail that comes back, too.")
@click.option(
    "--metrics-port",
    type=int,
    envvar=METRICS_VARIABLE,
    help="Serve the dispatcher's metrics on this port, those of the others on the ports after it.",
)
@click.option("--dry-run", is_flag=True, help="Only say what is wrong with the settings.")
@click.pass_context
def command(
    context: click.Context,
    workers: tuple[tuple[Urgency, int], ...],
    bounces: bool,  # noqa: FBT001 - click passes it by name
    metrics_port: int | None,
    dry_run: bool,  # noqa: FBT001
) -> None:
    """Everything that one machine runs: web, dispatcher and a worker for each lane, restarted when they die.

    One process to start and to stop; the others are its children and share their memory. SIGTERM and Ctrl-C end all
    of them in order. Settings that cannot be used end it at once with exit code 1.

    \b
    notifier serve
    notifier serve --workers urgent=2 --workers bulk=3
    notifier serve --bounces --metrics-port 9100
    """
    if dry_run:
        context.exit(_faults())
    context.exit(asyncio.run(_serve(roles(dict(workers), metrics_port, bounces=bounces))))


def roles(workers: Mapping[Urgency, int], metrics_port: int | None = None, *, bounces: bool = False) -> Roles:
    """The arguments of each process by its name, each with a metrics port of its own. The web process has one anyway."""
    found: dict[str, list[str]] = {"dispatcher": ["dispatcher"]}
    for lane in Urgency:
        found |= {f"worker-{lane}-{number}": ["worker", lane.value] for number in range(1, workers.get(lane, 1) + 1)}
    if bounces:
        found["bounces"] = ["bounces"]
    if metrics_port is not None:
        for port, arguments in enumerate(found.values(), start=metrics_port):
            arguments += ["--metrics-port", str(port)]
    return {"web": ["web"], **found}


async def _serve(wanted: Roles) -> int:
    stop = asked_to_end()
    set_up_logs()
    environment = {name: value for name, value in os.environ.items() if name != METRICS_VARIABLE}
    supervisor = Supervisor()
    if fault := await supervisor.once("settings", ["serve", "--dry-run"], environment):
        return fault
    for name, arguments in wanted.items():
        supervisor.start(name, arguments, environment)
    log.info("all processes are started", extra={"count": len(wanted)})
    await stop.wait()
    log.info("all processes are told to end")
    await supervisor.stop()
    return 0


def _faults() -> int:
    """Say what is wrong with settings and rules; answers the exit code. The supervising process does not import this."""
    from notifier.cli.doctor import examine_configuration  # noqa: PLC0415 - it would hold all of it in memory
    from notifier.cli.findings import Level  # noqa: PLC0415
    from notifier.settings import load_settings  # noqa: PLC0415

    findings, _ = examine_configuration(load_settings())
    faults = [finding for finding in findings if finding.level is Level.FAULT]
    for finding in faults:
        click.echo(f"{finding.about}: {finding.text}", err=True)
    return 1 if faults else 0
