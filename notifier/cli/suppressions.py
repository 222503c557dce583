import getpass
from datetime import datetime

import click

from notifier.audit.dead import fault_of_name, fault_of_why
from notifier.cli.database import with_database
from notifier.domain.errors import NotifierError
from notifier.domain.hours import clock_text
from notifier.domain.opaque import address_key
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.suppressions import SuppressionKind
from notifier.intake.contacts import email_address
from notifier.settings import load_settings
from notifier.store import suppressions
from notifier.store.pool import Connection
from notifier.store.suppressions import Line

LIST_MOST = 1_000
_WORDS = {
    SuppressionKind.BOUNCED: "không tồn tại",
    SuppressionKind.STOPPED: "người nhận dừng",
}


@click.group("suppressions")
def command() -> None:
    """Whom mail is not sent to: addresses that bounced, people who stopped bulk mail. See it; lift it.

    \b
    notifier suppressions list
    notifier suppressions lift nguyen.mau@example.vn --why "đã sửa hộp thư"
    notifier suppressions lift 3f9a0c51d2e84b7760aa19ce --why "đã hỏi người nhận"
    """


@command.command("list", short_help="The newest suppressions, with the keys to lift them by.")
@click.option("--kind", type=click.Choice([kind.value for kind in SuppressionKind]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, LIST_MOST), default=50, show_default=True, help="How many to show.")
def list_(kind: str | None, limit: int) -> None:
    """The newest first: since when, why, the key to lift it by, the masked address, the dossier whose mail led to it.

    \b
    notifier suppressions list
    notifier suppressions list --kind bounced
    notifier suppressions list --kind stopped --limit 200
    """

    async def read(connection: Connection, _now: datetime) -> list[Line]:
        return await suppressions.newest(connection, SuppressionKind(kind) if kind else None, limit)

    lines = with_database(load_settings(), "suppressions", read)
    if not lines:
        click.echo("Không có địa chỉ nào bị ngừng gửi.")
    for line in lines:
        why = f"{_WORDS[line.kind]}{f' ({line.code})' if line.code else ''}"
        click.echo(f"{clock_text(line.since)}  {why:24}  {line.key:32}  {_masked(line.email):28}  {line.dossier_code}")


@command.command(
    "lift",
    short_help="Send mail again to an address or a person.",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},  # a key may begin with a hyphen
)
@click.argument("key_or_address")
@click.option("--why", required=True, help="Kept in the audit trail. No names, numbers or addresses of people.")
@click.option("--by", default=getpass.getuser, show_default="your login", help="Who lifts it.")
def lift(key_or_address: str, why: str, by: str) -> None:
    """Send mail again: to an address that bounced, or to a person who stopped bulk mail and asks for it again.

    \b
    notifier suppressions lift nguyen.mau@example.vn --why "đã sửa hộp thư"
    notifier suppressions lift 3f9a0c51d2e84b7760aa19ce --why "đã hỏi người nhận"
    notifier suppressions lift 3f9a0c51d2e84b7760aa19ce --why "máy chủ thư trả lời sai" --by lan
    """
    if fault := fault_of_why(why) or fault_of_name(by):
        raise click.UsageError(fault)

    settings = load_settings()

    async def change(connection: Connection, now: datetime) -> None:
        key = key_or_address
        if "@" in key:
            address = email_address(key)
            key = address_key(settings.secret_key.get_secret_value().encode(), address) if address else ""
        reason = Reason(ReasonCode.SUPPRESSION_LIFTED, {"by": by, "why": why})
        lifted = [
            await suppressions.lift(connection, (kind, key), reason, actor=f"operator:{by}", now=now)
            for kind in SuppressionKind
        ]
        if not any(lifted):
            raise NotifierError("nothing stands against mail there; `notifier suppressions list` shows what does")

    with_database(settings, "suppressions", change)
    click.echo("Gửi thư trở lại từ bây giờ. Những thư đã bỏ không được gửi bù.")


def _masked(email: str | None) -> str:
    """Enough of an address to know it by, when one has it in hand."""
    local, _, domain = (email or "").rpartition("@")
    return f"{local[:1]}***@{domain}" if local else "-"
