"""The forms that values take in dossier systems' JSON: "" and null and missing alike, numbers as text or number.

A value of the wrong form raises a fault that says what was expected; `faults` turns pydantic's findings into
field errors that describe what was found, and quote it only where it cannot be personal data.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NoReturn, TypeVar
from unicodedata import category

from pydantic import BaseModel, BeforeValidator, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from notifier.domain.errors import FieldError
from notifier.intake.times import parse_time

NAME_LENGTH = 255
"""The longest id, code or name of a type; longer ones could not be a database key."""


def is_blank(value: object) -> bool:
    """Whether the value says "nothing": sync records write "", our envelope null."""
    return value is None or (isinstance(value, str) and not value.strip())


def _refuse(kind: str, expected: str) -> NoReturn:
    raise PydanticCustomError(kind, "{expected}", {"expected": expected})


def _blank_to_none(value: Any) -> Any:
    return None if is_blank(value) else value


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    _refuse("text", "text or a whole number")


def _name(value: Any) -> str:
    text = _text(value)
    if text is None or len(text) > NAME_LENGTH or _has_controls(text):
        _refuse("name", f"text of 1 to {NAME_LENGTH} characters, none of them a control character")
    return text


def _has_controls(text: str) -> bool:
    return not text.isprintable() and any(category(character) == "Cc" for character in text)


_EVENT_TYPE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def _event_type(value: Any) -> str:
    if not isinstance(value, str) or len(value) > NAME_LENGTH or not _EVENT_TYPE.fullmatch(value):
        _refuse("name", "a name such as hoso.duoc_tiep_nhan: letters, digits, _ and -, parted by dots")
    return value


_TRUTH = {"1": True, "true": True, "0": False, "false": False}


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if is_blank(value):
        return None
    truth = _TRUTH.get(str(value).strip().lower())
    if truth is None:
        _refuse("number", "true, false, 1 or 0")
    return truth


def _time(value: Any) -> datetime | None:
    try:
        text = _text(value)
        return None if text is None else parse_time(text)
    except ValueError:
        _refuse("time", "yyyyMMddHHmmss in local time, or ISO 8601")


_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,2})?")


def _amount(value: Any) -> Decimal | None:
    if is_blank(value):
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not _AMOUNT.fullmatch(text):
        _refuse("number", "an amount in đồng without separators, for example 135000")
    return Decimal(text)


_BIGINT = 2**63 - 1


def _sequence(value: Any) -> int | None:
    if is_blank(value):
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > _BIGINT:
        _refuse("number", "a whole number from 0")
    return int(text)


T = TypeVar("T")
Maybe = Annotated[T | None, BeforeValidator(_blank_to_none)]
"""A block or list that may be missing, null or ""."""
Text = Annotated[str | None, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer", "null"]})]
Name = Annotated[
    str,
    BeforeValidator(_name),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": NAME_LENGTH}),
]
TypeName = Annotated[
    str,
    BeforeValidator(_event_type),
    WithJsonSchema({"type": "string", "pattern": f"^{_EVENT_TYPE.pattern}$", "maxLength": NAME_LENGTH}),
]
Flag = Annotated[
    bool | None,
    BeforeValidator(_flag),
    WithJsonSchema({"enum": [True, False, 1, 0, "1", "0", "true", "false", "True", "False", "", None]}),
]
Time = Annotated[
    datetime | None,
    BeforeValidator(_time),
    WithJsonSchema(
        {
            "type": ["string", "integer", "null"],
            "description": "yyyyMMddHHmmss in Vietnamese local time, or ISO 8601 (without offset: local)",
            "examples": ["20261123091532", "2026-11-23T09:15:32+07:00"],
        }
    ),
]
Amount = Annotated[Decimal | None, BeforeValidator(_amount), WithJsonSchema({"type": ["string", "number", "null"]})]
Sequence = Annotated[
    int | None, BeforeValidator(_sequence), WithJsonSchema({"type": ["integer", "string", "null"], "minimum": 0})
]

Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], document: Any) -> Model | tuple[FieldError, ...]:
    """The document as `model`, or everything that is wrong with it."""
    try:
        return model.model_validate(document)
    except ValidationError as invalid:
        return tuple(
            FieldError(
                pointer=pointer(*error["loc"]),
                detail=f"{_place(error['loc'])} {_complaint(error['type'])}",
                found=found(None if error["type"] == "missing" else error["input"], quote=error["type"]),
                expected=_expected(error["type"], error.get("ctx", {})),
            )
            for error in invalid.errors(include_url=False)
        )


def pointer(*steps: str | int) -> str:
    """The JSON Pointer (RFC 6901) of a place in a document; "" is the whole of it."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


_QUOTABLE = {
    "time": re.compile(r"[12][0-9T:+\-./Z ]{0,39}"),
    "number": re.compile(r"[0-9.,\-]{1,8}"),
    "status": re.compile(r"[A-Za-z_.\-]{1,24}|[0-9]{1,4}"),
    "literal_error": re.compile(r"[0-9.]{1,8}"),
}
"""What may be quoted, by kind of fault. Phone and personal numbers start with 0, +, 84 or 9, so never as a time."""


def found(value: Any, *, quote: str = "") -> str:
    """Says what stands there without telling it: "text of 12 characters", "an array of 3"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str() if not value.strip():
            return "empty text"
        case int() | float() | str() if (form := _QUOTABLE.get(quote)) and form.fullmatch(str(value)):
            return f"“{value}”"
        case int() | float():
            return "a number"
        case str():
            return f"text of {len(value)} characters"
        case list():
            return f"an array of {len(value)}"
        case _:
            return "an object"


def _place(loc: tuple[str | int, ...]) -> str:
    return str(next((step for step in reversed(loc) if isinstance(step, str)), "the document"))


def _complaint(kind: str) -> str:
    return "is missing" if kind == "missing" else "is not of the form expected"


_STANDARD = {
    "missing": "a value",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "list_type": "an array",
}


def _expected(kind: str, context: dict[str, Any]) -> str:
    return _STANDARD.get(kind) or str(context.get("expected", "a value of the documented form"))
