import asyncio

import click

from notifier.cli.running import prepared, process_name, until_stopped
from notifier.web.bounces import listening
from workers.wiring import open_app


@click.command("bounces")
@click.option("--metrics-port", type=int, help="Serve Prometheus metrics on this port.")
def command(metrics_port: int | None) -> None:
    """Take mail that comes back, over LMTP or SMTP, and keep it for the workers. Stop it with SIGTERM.

    \b
    notifier bounces
    notifier bounces --metrics-port 9100
    NOTIFIER_BOUNCES__PROTOCOL=smtp NOTIFIER_BOUNCES__PORT=2525 notifier bounces
    """
    settings = prepared(metrics_port)

    async def run(stop: asyncio.Event) -> None:
        async with open_app(settings, name=process_name("bounces")) as app, listening(app) as port:
            click.echo(f"Listening for bounces: {settings.bounces.protocol}://{settings.bounces.host}:{port}", err=True)
            await stop.wait()

    until_stopped(run)
