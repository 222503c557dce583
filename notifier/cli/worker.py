import click

from notifier.cli.running import prepared, process_name
from notifier.domain.deliveries import Urgency
from workers.worker import work


@click.command("worker")
@click.argument("lane", type=click.Choice([lane.value for lane in Urgency]))
@click.option("--metrics-port", type=int, envvar="NOTIFIER_METRICS_PORT", help="Serve Prometheus metrics on this port.")
def command(lane: str, metrics_port: int | None) -> None:
    """Do the work of one lane until SIGTERM. Start as many as you like; each serves one lane.

    \b
    notifier worker urgent
    notifier worker normal
    notifier worker bulk --metrics-port 9100
    """
    work(prepared(metrics_port), Urgency(lane), name=process_name(lane))
