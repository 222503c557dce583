"""Templates as a provider has approved them, and whether what we want to say fits one: asked before the provider is."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ENABLED = "ENABLE"

_CLOCK, _DAY = r"\d{1,2}:\d{2}(?::\d{2})?", r"(?:\d{1,2}/)?\d{1,2}/\d{4}"
_FORMS = {
    "NUMBER": re.compile(r"\d+(?:[.,]\d+)*"),
    "DATE": re.compile(f"{_CLOCK}|{_DAY}|{_CLOCK} {_DAY}"),
}
"""Types that say what form a value has; every other one, such as STRING, takes any text."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`longest` and `shortest` are in characters of NFC text; None where the provider names no limit."""

    name: str
    required: bool = True
    type: str = "STRING"
    longest: int | None = None
    shortest: int | None = None
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class ApprovedTemplate:
    """`parameters` is None where they are not known; then every value fits."""

    id: str
    name: str
    status: str
    tag: str | None = None
    parameters: tuple[Parameter, ...] | None = None


def misfits(template: ApprovedTemplate, values: Mapping[str, str]) -> list[str]:
    """What stands against these values, each as a few words that name the parameter and never its value."""
    if template.parameters is None:
        return []
    known = {each.name: each for each in template.parameters}
    found = [f"{name} is not among its parameters" for name in values if name not in known]
    for name, parameter in known.items():
        value = unicodedata.normalize("NFC", values.get(name, ""))
        if name not in values:
            found += [f"{name} is missing"] if parameter.required else []
        elif not value:
            found += [] if parameter.may_be_empty or not parameter.required else [f"{name} is empty"]
        else:
            found += _wrong(parameter, value)
    return found


def narrower(template: ApprovedTemplate, longest: Mapping[str, int], required: Iterable[str]) -> list[str]:
    """What of our own idea of a template (longest values; those that are always there) does not fit the approved one."""
    if template.parameters is None:
        return []
    known, always = {each.name: each for each in template.parameters}, set(required)
    found = [f"{name} is not among its parameters" for name in longest if name not in known]
    for name, parameter in known.items():
        if name not in longest:
            found += [f"we never give {name}"] if parameter.required else []
            continue
        if parameter.required and name not in always and not parameter.may_be_empty:
            found.append(f"{name} is required, we may leave it out")
        if parameter.longest is not None and parameter.longest < longest[name]:
            found.append(f"{name} may have {parameter.longest} characters, we count on {longest[name]}")
    return found


def _wrong(parameter: Parameter, value: str) -> list[str]:
    name, length = parameter.name, len(value)
    if parameter.longest is not None and length > parameter.longest:
        return [f"{name} has {length} characters, at most {parameter.longest} are taken"]
    if parameter.shortest is not None and length < parameter.shortest:
        return [f"{name} has {length} characters, at least {parameter.shortest} are expected"]
    form = _FORMS.get(parameter.type.upper())
    return [] if form is None or form.fullmatch(value) else [f"{name} has not the form of a {parameter.type.lower()}"]
