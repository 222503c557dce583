"""JSON as it arrives, made safe to keep: one text form (NFC), bounded depth, nothing a database would refuse."""

import hashlib
import json
import math
import re
import unicodedata
from typing import Any

from notifier.domain.errors import FieldError, IntakeError
from notifier.intake.fields import pointer

DEPTH_LIMIT = 32

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL's text cannot hold."""


def parse_json(body: bytes) -> Any:
    """The JSON value of a body in UTF-8. Raises IntakeError `not-utf8`, `broken-json` or `invalid-event`."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise IntakeError("not-utf8", f"Byte {fault.start} of the body does not belong to UTF-8.") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as fault:
        raise IntakeError("broken-json", f"Line {fault.lineno}, column {fault.colno}: {fault.msg}.") from None
    except RecursionError:
        raise _too_deep("") from None
    except ValueError:
        raise IntakeError("broken-json", "A number is not JSON, or has thousands of digits.") from None


def normalised(value: Any) -> Any:
    """The value with all text, keys too, in NFC. Raises IntakeError `invalid-event` for what cannot be kept."""
    return _normalised(value, ())


def canonical(value: Any) -> str:
    """One spelling for equal values: keys sorted, no white space."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(canonical_text: str) -> str:
    """SHA-256 of the canonical form in UTF-8, in hexadecimal."""
    return hashlib.sha256(canonical_text.encode()).hexdigest()


def _normalised(value: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, dict):
        _guard_depth(path)
        return {
            _text(key, path): item if _is_clean(item) else _normalised(item, (*path, key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        _guard_depth(path)
        return [item if _is_clean(item) else _normalised(item, (*path, index)) for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise _unusable(path, "a number beyond all bounds", "a number that a computer can hold")
    return value


def _is_clean(value: Any) -> bool:
    """Whether a value is text that is kept as it is, as nearly all are."""
    if not isinstance(value, str):
        return False
    if value.isascii():
        return "\x00" not in value
    return not _UNUSABLE.search(value) and unicodedata.is_normalized("NFC", value)


def _text(text: str, path: tuple[str | int, ...]) -> str:
    if _is_clean(text):
        return text
    if _UNUSABLE.search(text):
        raise _unusable(path, "text with NUL or half a surrogate pair", "text of whole Unicode characters")
    return unicodedata.normalize("NFC", text)


def _guard_depth(path: tuple[str | int, ...]) -> None:
    if len(path) >= DEPTH_LIMIT:
        raise _too_deep(pointer(*path))


def _too_deep(where: str) -> IntakeError:
    error = FieldError(
        pointer=where,
        detail="the document is nested too deeply",
        found=f"more than {DEPTH_LIMIT} levels",
        expected=f"at most {DEPTH_LIMIT} levels",
    )
    return IntakeError("invalid-event", "The document is nested too deeply.", (error,))


def _unusable(path: tuple[str | int, ...], found: str, expected: str) -> IntakeError:
    # A key may hold anything, so only the keys on the way to it are told where they are printable.
    where = pointer(*(step if isinstance(step, int) or step.isprintable() else "?" for step in path))
    error = FieldError(pointer=where, detail="a value cannot be kept", found=found, expected=expected)
    return IntakeError("invalid-event", f"The document holds {found}.", (error,))


def _refuse_constant(_: str) -> Any:
    raise ValueError
