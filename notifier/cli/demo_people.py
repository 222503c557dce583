"""Who may be chosen at the demo's identity provider: the citizens and officers of the samples, and some operators.

All of them are invented.
"""

from collections.abc import Iterable
from typing import Any

from notifier.sandbox.settings import Client, Person, Subject
from notifier.sandbox.sign_in import ISSUER

CITIZEN_CLAIM, OFFICER_CLAIM, ROLE_CLAIM, AGENCIES_CLAIM = "so_dinh_danh", "ma_can_bo", "vai_tro", "don_vi"
INBOX_CLIENT, CONSOLE_CLIENT = "hop-thu", "console"
OPERATORS = (
    ("ngan", "Đỗ Thị Ngân Mẫu", "administrator", "*", "Quản trị, toàn tỉnh"),
    ("binh", "Trần Văn Bình Mẫu", "operator", "*", "Vận hành, toàn tỉnh"),
    ("cuc", "Phạm Thị Cúc Mẫu", "auditor", "*", "Kiểm toán, toàn tỉnh"),
    ("dung", "Hoàng Văn Dũng Mẫu", "viewer", "H01.14", "Xem, đơn vị H01.14"),
)
"""Login, name, role, agency, and what the page says of them."""


def identity_tables(sandbox_url: str, secrets: dict[str, str]) -> dict[str, Any]:
    """The tables of `notifier.toml` by which people sign in at the sandbox; `secrets` by client id."""
    issuer = f"{sandbox_url}{ISSUER}"
    label = "tài khoản định danh giả"
    return {
        "identity": {
            "issuer": issuer,
            "audience": ["notifier"],
            "client_id": INBOX_CLIENT,
            "client_secret": secrets[INBOX_CLIENT],
            "label": label,
            "citizen_claim": CITIZEN_CLAIM,
            "officer_claim": OFFICER_CLAIM,
        },
        "console": {
            "identity": {
                "issuer": issuer,
                "client_id": CONSOLE_CLIENT,
                "client_secret": secrets[CONSOLE_CLIENT],
                "label": label,
                "role_claim": ROLE_CLAIM,
                "agencies_claim": AGENCIES_CLAIM,
                "makes_accounts": True,
            }
        },
    }


def identity_clients(web_url: str, secrets: dict[str, str], people: Iterable[Person]) -> dict[str, Client]:
    """The same two, as the sandbox knows them."""
    citizens = tuple(subject for at, person in enumerate(people) if (subject := _subject(at, person)))
    operators = tuple(
        Subject(
            name, says, {"sub": login, "preferred_username": login, ROLE_CLAIM: role, AGENCIES_CLAIM: agency.split(",")}
        )
        for login, name, role, agency, says in OPERATORS
    )
    return {
        INBOX_CLIENT: Client(secrets[INBOX_CLIENT], f"{web_url}/hop-thu/oidc", citizens),
        CONSOLE_CLIENT: Client(secrets[CONSOLE_CLIENT], f"{web_url}/console/oidc", operators),
    }


def _subject(at: int, person: Person) -> Subject | None:
    """Somebody of the samples as the provider knows them; None for who has no personal number and no account."""
    lookup = person.lookup or {}
    if "personal_number" in lookup:
        return Subject(person.name, person.role, {"sub": f"p{at}", CITIZEN_CLAIM: lookup["personal_number"]})
    if "staff_code" in lookup:
        return Subject(person.name, person.role, {"sub": f"p{at}", OFFICER_CLAIM: lookup["staff_code"]})
    return None
