"""Kinds of values that the options of several commands take."""

from datetime import datetime
from typing import Any

import click

from notifier.audit.dead import moment


class Moment(click.ParamType[datetime]):
    """A time as an operator writes it, in Vietnam where no zone is named."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        at = value if isinstance(value, datetime) else moment(value)
        if at is None:
            self.fail(f'"{value}" is no time; write it like 2026-11-25T08:00 (Vietnam) or 2026-11-25', param, ctx)
        return at
