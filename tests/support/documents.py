"""Reading our own documents: their links, code, tables; and what the code says that they must agree with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, HttpUrl, IPvAnyNetwork, SecretStr
from pydantic.fields import FieldInfo

from channels import registry
from notifier.settings import ENVIRONMENT_PREFIX, ROOT, Settings

DOCUMENTS = sorted(
    [
        *ROOT.glob("README*.md"),
        ROOT / "notifier" / "README.md",
        ROOT / "templates" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def blocks(document: Path, language: str | None = None) -> list[str]:
    """The fenced code of a document."""
    found = FENCE.findall(document.read_text(encoding="utf-8"))
    return [code for kind, code in found if language in (None, kind)]


def prose(document: Path) -> str:
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def spans(document: Path) -> list[str]:
    """What stands in backticks."""
    return SPAN.findall(prose(document))


def links(document: Path) -> list[str]:
    """Links to our own files, as they are written."""
    return [link for link in _LINK.findall(prose(document)) if "://" not in link]


def headings(document: Path) -> list[str]:
    return re.findall(r"^(#+ .+)$", prose(document), re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """What a link may name after the #."""
    titles = [heading.lstrip("# ").replace("`", "") for heading in headings(document)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def rows(document: Path) -> list[list[str]]:
    """The rows of all tables, without heads; each cell without the backticks around it."""
    found, head = [], True
    for line in prose(document).splitlines():
        if not line.startswith("|"):
            head = True
        elif set(line) <= set("|-: "):
            head = False
        elif not head:
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """`NAME` in a key, `…` in a variable: a name of the operator's own."""

    key: str
    kind: str
    default: str
    variable: str


def described_settings() -> Iterator[Setting]:
    """The settings of the service."""
    yield from _described(Settings, ())


def described_channels() -> dict[str, list[Setting]]:
    """The settings of each adapter."""
    models = {name: registry.load(name).Settings for name in registry.ADAPTERS} | {"every provider": registry.Limits}
    return {name: list(_described(model, ("channels", "NAME"))) for name, model in models.items()}


def _described(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        where = (*path, name)
        inner = next((part for part in _parts(field.annotation) if _is_table(part)), None)
        if inner is not None:
            many = get_origin(field.annotation) is dict
            yield from _described(inner, (*where, "NAME") if many else where)
        else:
            variable = ENVIRONMENT_PREFIX + "__".join(where).upper().replace("NAME__", "…__")
            yield Setting(".".join(where), kind(field.annotation), default(field), variable)


def _is_table(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _parts(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (dict, Union, UnionType) else (annotation,)


_KINDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    SecretStr: "secret",
    Path: "path",
    HttpUrl: "address",
    IPvAnyNetwork: "network",
    time: "time of day",
    Any: "anything",
}


def kind(annotation: Any) -> str:
    """The kind of a setting, in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind(parts[0])
    if origin in (Union, UnionType):
        return kind(next(part for part in parts if part is not NoneType))
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in parts)
    if origin is dict:
        return f"table of {kind(parts[1])}"
    if origin in (list, tuple, frozenset):
        return f"list of {kind(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    return _KINDS[annotation]


def default(field: FieldInfo) -> str:
    """The default as it would be written in TOML; words where there is none."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "none"
    return f"`{_written(value)}`" if value not in ({}, (), "") else "empty"


def _written(value: Any) -> Any:
    match value:
        case Path():
            return value.relative_to(ROOT)
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(value)
        case dict():
            return ", ".join(f"{name} = {each}" for name, each in value.items())
        case float() if value.is_integer():
            return int(value)
        case time():
            return f"{value:%H:%M}"
        case Enum():
            return value.value
        case _:
            return value
