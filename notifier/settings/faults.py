"""What is wrong with the settings, said so that one finds the place and knows what to write there."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from notifier.settings.service import ENVIRONMENT_PREFIX

SECRET = re.compile("secret|token|url")


def sentence(fault: Any, file: Path | None, environ: Mapping[str, str]) -> str:
    """One fault as a sentence: key, what was found, what is expected, and the place where it is said."""
    key = ".".join(str(part) for part in fault["loc"]) or "settings"
    place = _place(fault["loc"], file, environ)
    if fault["type"] == "missing":
        return f"{key} is missing. Write it in notifier.toml, or set {_variable(fault['loc'])}."
    if fault["type"] == "extra_forbidden":
        return f"{key} is no setting{place}. Remove it or correct its name."
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{key}: {message}{place}."
    return f"{key} is {_found(key, fault)}; {message[0].lower() + message[1:]}{place}."


_KINDS: dict[Any, str] = {str: "a text", list: "a list", dict: "a table"}


def _found(key: str, fault: Any) -> str:
    """What stands there. A text in the place of a secret, an address or a whole table is not shown."""
    value = fault["input"]
    is_hidden = SECRET.search(key) or fault["type"] in {"dict_type", "model_type", "model_attributes_type"}
    if type(value) in {list, dict} or (type(value) is str and is_hidden):
        return _KINDS[type(value)]
    return repr(value)


def _variable(location: tuple[Any, ...]) -> str:
    return ENVIRONMENT_PREFIX + "__".join(str(part) for part in location).upper()


def _place(location: tuple[Any, ...], file: Path | None, environ: Mapping[str, str]) -> str:
    """Where a setting is said: in a variable of the environment, or on a line of the file."""
    given = {name.upper() for name in environ}
    for length in range(len(location), 0, -1):
        if (variable := _variable(location[:length])) in given:
            return f" ({variable})"
    return _line(location, file)


def _line(location: tuple[Any, ...], file: Path | None) -> str:
    if file is None or not location:
        return ""
    key, table = str(location[-1]), [str(part) for part in location[:-1]]
    current: list[str] = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header:
            current = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^."\s]+)', header.group(1))]
        elif current == table and re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
            return f" ({file.name}, line {number})"
    return f" ({file.name})"
