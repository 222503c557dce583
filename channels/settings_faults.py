"""One sentence for each fault in a channel's settings: the key, what was found, what is expected, what to write."""

import difflib
import json
import re
from datetime import time
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, HttpUrl, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

SECRET_NAME = re.compile(r"secret|password|key|token", re.IGNORECASE)


def sentence(prefix: str, model: type[BaseModel], fault: ErrorDetails) -> str:
    """For example: channels.sms.timeout_seconds is "30s"; a number of seconds is expected. Write 30."""
    if not fault["loc"]:
        return f"{prefix}: {fault['msg'].removeprefix('Value error, ')}."
    model, name, is_inside = _place(model, fault["loc"])
    key = ".".join([prefix, *(str(part) for part in fault["loc"] if part != "[key]")])
    field = model.model_fields.get(name)
    if field is None:
        near = difflib.get_close_matches(name, model.model_fields, n=1)
        advice = f"Write {near[0]}." if near else "Remove it."
        return f"{key} is not a setting; one of {', '.join(model.model_fields) or 'none'} is expected. {advice}"
    wanted = _wanted(name, field, fault, is_inside=is_inside)
    if fault["type"] == "missing":
        return f"{key} is missing; {wanted} is expected."
    limit = "" if fault["type"].endswith(("_type", "_parsing")) else _limit(fault)
    if fault["type"] == "string_pattern_mismatch":
        limit = f" of the form {fault['ctx']['pattern']}"
    found = "a secret (not shown)" if _is_secret(name, field) else _quoted(fault["input"])
    return f"{key} is {found}; {wanted}{limit} is expected.{_advice(name, field, fault['input'])}"


def _place(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[type[BaseModel], str, bool]:
    """The innermost table that a fault lies in, the name of the setting there, and whether it lies inside of that."""
    name, *rest = location
    field = model.model_fields.get(str(name))
    inner = get_args(field.annotation)[1:2] if field is not None and get_origin(field.annotation) is dict else ()
    if len(rest) > 1 and inner and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
        return _place(inner[0], tuple(rest[1:]))
    return model, str(name), bool(rest)


def _wanted(name: str, field: FieldInfo, fault: ErrorDetails, *, is_inside: bool) -> str:
    """What is expected in the place of the fault: as the check itself says it, else by the kind of the setting."""
    context = fault.get("ctx", {})
    if fault["type"] == "value_error":
        return str(context["error"])
    if not is_inside:
        return expected(name, field)
    if fault["type"] in {"enum", "literal_error"}:
        return f"one of {context['expected'].replace(' or ', ', ')}".replace("'", '"')
    return fault["msg"].removeprefix("Input should be ")


def expected(name: str, field: FieldInfo) -> str:
    """What a setting holds, in words."""
    kinds = _kinds(field)
    choices = [json.dumps(choice) for kind in kinds for choice in _choices(kind)]
    if choices:
        return f"one of {', '.join(choices)}"
    if float in kinds or int in kinds:
        return "a number of seconds" if name.endswith("_seconds") else "a number"
    words: dict[Any, str] = {
        bool: "true or false",
        time: "a time of day in quotes, such as 06:05,",
        HttpUrl: "an address that begins with http:// or https://",
        SecretStr: "a secret text",
        str: "a text in quotes",
        Path: "a path in quotes",
    }
    return next((words[kind] for kind in kinds if kind in words), "a table or list")


def _choices(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(member.value for member in kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
    kind = field.annotation
    return tuple(part for part in get_args(kind) if part is not NoneType) if NoneType in get_args(kind) else (kind,)


def _is_secret(name: str, field: FieldInfo) -> bool:
    return SecretStr in _kinds(field) or bool(SECRET_NAME.search(name))


def _limit(fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    return "".join(
        f" {word} {str(context[bound]).removesuffix('.0')}" for bound, word in words.items() if bound in context
    )


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _advice(name: str, field: FieldInfo, found: Any) -> str:
    """What to write, where it can be read from what was found or is the default."""
    kinds = _kinds(field)
    if isinstance(found, str) and (float in kinds or int in kinds):
        number = re.match(r"\s*(\d+(?:\.\d+)?)", found)
        return f" Write {number.group(1)}." if number else ""
    if str in kinds and isinstance(found, int | float) and not _is_secret(name, field):
        return f' Write "{found}".'
    return ""
