"""The approved Zalo templates and the check of their parameters, before Zalo refuses them.

Source: Zalo documentation of template parameters, checked 2026-09. A limit counts characters of NFC text.
"""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from notifier.domain.content import LONGEST_ZALO_TEXT, ZaloContent
from notifier.domain.errors import TemplateFault
from notifier.rendering.text import one_line


class Parameter(BaseModel):
    """`type` is Zalo's number of the kind of parameter; it sets the longest value."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: int
    required: bool = True


class ZaloTemplate(BaseModel):
    """`about` and `button` are what the agency asks Zalo to approve."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    about: str
    button: str
    parameters: dict[str, Parameter]


class Catalogue(BaseModel):
    """`longest` maps the number of a type to its longest value in characters."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    longest: dict[int, int]
    templates: dict[str, ZaloTemplate]


def load(file: Path) -> Catalogue:
    return Catalogue.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def content(rows: list[tuple[str, str]], catalogue: Catalogue, *, source: str, text: str = "") -> ZaloContent:
    """The rows of a `zalo` block as content: `template | key` first, then each parameter with its value.

    `text` is the same in plain words; one that is empty or too long is left out, for the template says it all.

    A parameter that is unknown, missing or too long is a `TemplateFault` that names it; nothing is ever cut.
    """
    values = {name: one_line(value) for name, value in rows}
    key = values.pop("template", "")
    template = catalogue.templates.get(key)
    if template is None:
        raise TemplateFault(f"the Zalo template {key!r} is not in the catalogue", template=source, fact="template")
    for name, value in values.items():
        parameter = template.parameters.get(name)
        if parameter is None:
            raise TemplateFault(f"{key} has no parameter {name}", template=source, fact=name)
        limit = catalogue.longest[parameter.type]
        if len(value) > limit:
            raise TemplateFault(f"{name} has {len(value)} characters, the limit is {limit}", template=source, fact=name)
    given = {name: value for name, value in values.items() if value}
    for name, parameter in template.parameters.items():
        if parameter.required and name not in given:
            raise TemplateFault(f"{key} needs the parameter {name}", template=source, fact=name)
    return ZaloContent(template=key, parameters=given, text=text if 0 < len(text) <= LONGEST_ZALO_TEXT else None)
