"""The audit trail: rows are only ever added, most of them by the statement that makes the change they tell of."""

import json
from collections.abc import Sequence

from notifier.domain.reasons import Reason


def as_columns(reasons: Sequence[Reason]) -> tuple[list[str], list[str]]:
    """Reasons as two arrays for `unnest`: their codes, and their values as JSON text."""
    return [reason.code.value for reason in reasons], [as_json(reason) for reason in reasons]


def as_json(reason: Reason) -> str:
    return json.dumps(dict(reason.values), ensure_ascii=False)
