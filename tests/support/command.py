"""A command line of `notifier`, run without the second that a process of its own takes to start."""

import asyncio
import os
from collections.abc import Mapping

from click.testing import CliRunner

from notifier.cli import main


async def run(*arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"") -> tuple[int, str, str]:
    """Exit code, output and errors of `notifier ARGUMENTS…` where nothing but `environ` is set for it."""
    given = {**{name: None for name in os.environ if name.startswith("NOTIFIER_")}, **(environ or {})}
    result = await asyncio.to_thread(CliRunner().invoke, main, arguments, input=stdin, env=given, prog_name="notifier")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr
