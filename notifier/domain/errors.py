"""What we did wrong or were given wrong, as one tree. What the world does is a result, never an exception.

NotifierError                     code, and a sentence that says what to do
├── SettingsError   NOTIFIER-CFG  a setting is missing, unknown or of the wrong form
├── RulesError      NOTIFIER-RUL  the routing rules are not usable
├── IntakeError                   an event cannot be taken in (becomes a problem document)
├── TemplateFault   NOTIFIER-TPL  a message cannot be rendered: stops that message only
├── TokenLost       NOTIFIER-TOK  a provider's grant is gone; an administrator must consent again
├── YearMissing     NOTIFIER-CAL  working time was asked for in a year whose days off are not kept
├── EntryError      NOTIFIER-CAL  a row of the working calendar cannot be read
└── DirectoryError  NOTIFIER-DIR  a file or a row of the directory cannot be read
"""

from dataclasses import dataclass


class NotifierError(Exception):
    """Root of the tree. `code` is stable; the text is for people and holds no personal data."""

    code = "NOTIFIER-000"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code

    def __str__(self) -> str:
        return f"{self.code}: {super().__str__()}"


class SettingsError(NotifierError):
    code = "NOTIFIER-CFG-001"


class RulesError(NotifierError):
    code = "NOTIFIER-RUL-001"


class TemplateFault(NotifierError):
    """`fact` names what is missing or does not fit, `template` the file that asked for it."""

    code = "NOTIFIER-TPL-001"

    def __init__(self, message: str, *, template: str, fact: str | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.template = template
        self.fact = fact


class TokenLost(NotifierError):
    code = "NOTIFIER-TOK-001"


class YearMissing(NotifierError):
    """Nothing is guessed about `year`: an administrator enters its days (docs/how-to/keep-the-calendar.md)."""

    code = "NOTIFIER-CAL-001"

    def __init__(self, year: int) -> None:
        super().__init__(
            f"the working calendar does not hold all days off of {year}: import them with `notifier calendar import`"
        )
        self.year = year


class EntryError(NotifierError):
    code = "NOTIFIER-CAL-002"


class DirectoryError(NotifierError):
    code = "NOTIFIER-DIR-001"


class IntakeError(NotifierError):
    """An event is refused. `problem` names its entry in the table of problems (`notifier.intake.problems`)."""

    code = "NOTIFIER-INT-001"

    def __init__(self, problem: str, detail: str, errors: tuple["FieldError", ...] = ()) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.errors = errors


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in a document: where (JSON Pointer), what was found, what was expected, what to do.

    `found` describes, and quotes only values that cannot be personal data.
    """

    pointer: str
    detail: str
    found: str
    expected: str
