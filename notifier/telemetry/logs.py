"""Logs: one JSON object a line, to standard error, without personal data.

Only the fields in `FIELDS` can be logged beside the message, and all of them are ids, names and numbers of our own.
A message text is a literal of the code; values never go into it.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

FIELDS = frozenset(
    {
        "attempt",
        "channel",
        "code",
        "count",
        "delivery",
        "event",
        "lane",
        "outcome",
        "pid",
        "port",
        "provider",
        "role",
        "receipt",
        "request",
        "seconds",
        "source",
        "status",
        "step",
        "worker",
    }
)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.processName != "MainProcess":  # one of those that `notifier serve` runs
            line["role"] = record.processName
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=str)


def _places(trace: Any) -> list[str]:
    """Where an exception went, without its text: that may quote what somebody sent."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-8:]]


def set_up_logs(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("rq.worker", "rq.queue", "aiohttp.access", "alembic", "asyncio", "mail.log"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
