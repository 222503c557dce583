import asyncio

import click

from notifier.cli.running import prepared, process_name, until_stopped
from workers.dispatcher import dispatch
from workers.wiring import open_app


@click.command("dispatcher")
@click.option("--metrics-port", type=int, envvar="NOTIFIER_METRICS_PORT", help="Serve Prometheus metrics on this port.")
def command(metrics_port: int | None) -> None:
    """Ring for whatever is due: retries, held messages, lost jobs, missing receipts. One works, others stand by.

    \b
    notifier dispatcher
    notifier dispatcher --metrics-port 9100
    """
    settings = prepared(metrics_port)

    async def run(stop: asyncio.Event) -> None:
        async with open_app(settings, name=process_name("dispatcher")) as app:
            await app.heartbeat.start()
            await dispatch(app, stop)
            await app.heartbeat.stop()

    until_stopped(run)
