"""What a provider can tell when it is asked what became of a message: these five.

| answer    | it is known that …                                  |
| --------- | --------------------------------------------------- |
| Arrived   | the message has reached the person's device          |
| UnderWay  | the provider has it and is still trying              |
| NotTaken  | the provider knows no such message                   |
| Lost      | the provider has given it up                         |
| NoAnswer  | nothing: the question failed, or the answer is vague |
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrived:
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class UnderWay:
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class NotTaken:
    code: str


@dataclass(frozen=True, slots=True)
class Lost:
    code: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    code: str


Answer = Arrived | UnderWay | NotTaken | Lost | NoAnswer
