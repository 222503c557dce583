import re
from datetime import date

import click

from notifier.cli.database import with_database
from notifier.domain.content import SmsEncoding
from notifier.rendering.text import encoding_of, replaced, sms, split, unaccented
from notifier.settings import Settings, load_settings
from notifier.store import spending
from notifier.store.spending import Spent
from workers.steps.spending import limit_of, month_of
from workers.wiring import clock_of


@click.group("sms")
def command() -> None:
    """What SMS cost, and what becomes of a text on the way to a phone.

    \b
    notifier sms budget
    notifier sms budget --month 2026-10
    notifier sms text "Hồ sơ đã được tiếp nhận"
    """


def _month(_context: click.Context, _parameter: click.Parameter, text: str | None) -> date | None:
    if text is None:
        return None
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
    if not found:
        raise click.BadParameter(f'"{text}" is no month; write it like 2026-11')
    return date(int(found[1]), int(found[2]), 1)


@command.command("budget")
@click.option("--month", callback=_month, metavar="MONTH", help="Which one, e.g. 2026-11. Default: the present one.")
def budget(month: date | None) -> None:
    """Show what each agency spent in a month, and its budget.

    Budgets are `sms_budgets` of the settings. What is in no hurry stops first, then all.

    \b
    notifier sms budget
    notifier sms budget --month 2026-10
    watch -n 60 notifier sms budget
    """
    settings = load_settings()
    asked = month or month_of(clock_of(settings)())
    rows = with_database(settings, "sms", lambda connection, _: spending.of_month(connection, asked))
    click.echo(f"SMS tháng {asked:%m/%Y} / in {asked:%Y-%m}")
    if not rows:
        click.echo("Chưa có tin nào. / None yet.")
        return
    for row in rows:
        click.echo(_line(settings, row))
    total = sum(row.cost for row in rows)
    click.echo(f"{'tổng / total':<16}{sum(row.messages for row in rows):>9} tin{_dong(total):>16}")


def _line(settings: Settings, row: Spent) -> str:
    spent = f"{row.agency or '-':<16}{row.messages:>9} tin{_dong(row.cost):>16}  {row.parts} phần"
    limit, for_bulk = (limit_of(settings, row.agency, is_bulk=is_bulk) for is_bulk in (False, True))
    if not limit or for_bulk is None:
        return f"{spent}, không giới hạn" if limit is None else f"{spent}, ngân sách 0 đ"
    said = f"{spent}, {row.cost / limit:.0%} của {_dong(limit)}"
    if row.cost >= limit:
        return click.style(f"{said}: hết, ngừng mọi tin", fg="red")
    return click.style(f"{said}: ngừng tin không gấp", fg="yellow") if row.cost >= for_bulk else said


def _dong(amount: int) -> str:
    return f"{amount:,} đ".replace(",", ".")


@command.command("text")
@click.argument("text")
@click.option("--accents", is_flag=True, help="Keep the accents, as no template does.")
def text_(text: str, accents: bool) -> None:  # noqa: FBT001 - click's way
    """Show how a text goes out, and its parts.

    Which characters are replaced, which force an encoding of half the length, and how many parts have to be paid.

    \b
    notifier sms text "Hồ sơ H01.14-261119-0042 đã được tiếp nhận"
    notifier sms text "Phí: 20.000 ₫ – nộp trước 25/11"
    notifier sms text --accents "Hồ sơ đã được tiếp nhận"
    """
    content = sms(text if accents else unaccented(text))
    click.echo(content.text)
    changed = replaced(text, accents=accents)
    shown = ", ".join(f"{_shown(before)} → {_shown(after)}" for before, after in changed.items())
    click.echo(f"thay / replaced: {shown or '-'}")
    parts = " + ".join(str(len(part)) for part in split(content.text))
    beyond = sorted({each for each in content.text if encoding_of(each) is SmsEncoding.UCS2})
    if beyond:
        click.echo(f"ngoài GSM-7 / beyond GSM-7: {' '.join(beyond)}")
    click.echo(f"{content.encoding.upper()}, {content.parts} phần / parts ({parts} ký tự / characters)")


def _shown(character: str) -> str:
    return (
        character if character.isprintable() and character.strip() else f"U+{ord(character):04X}" if character else "∅"
    )
