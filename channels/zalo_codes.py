"""Zalo's codes, sorted: two hosts, two tables, because the same number means different things.

Documents: developers.zalo.me "Bảng mã lỗi" (phone channel) and docs.zaloplatforms.com "Mã lỗi" (Official Account),
checked 2026-09. Codes that have left the list since are kept, for old templates still answer them.
"""

import re

from channels.faults import Fault
from channels.http import NoReply, Reply, json_object

PHONE_AUTH = frozenset({-124})
ACCOUNT_AUTH = frozenset({-216, -220})
"""The access token is not valid, or no longer."""

NOT_A_FOLLOWER = frozenset({-213})
WINDOW_OVER = frozenset({-230, -232})
"""Why the account may not write freely: the person does not follow it; their last interaction is too long ago."""

BY_PHONE_ONLY = frozenset({-249})
"""The template may not go by the person's id; by telephone number it may."""

_R, _T, _C, _Q = Fault.RECIPIENT, Fault.TEMPLATE, Fault.CONFIG, Fault.QUOTA


def _table(groups: dict[Fault, tuple[int, ...]]) -> dict[int, Fault]:
    return {code: fault for fault, codes in groups.items() for code in codes}


PHONE_CODES: dict[int, Fault] = _table(
    {
        Fault.AMBIGUOUS: (-100,),
        # number malformed, not on Zalo, inactive, cannot receive, refused this type or this account
        _R: (-108, -110, -114, -118, -119, -134, -139, -140, -141),
        # id, data, parameters, buttons, text, approval, quality, journey token, encryption, upload
        _T: (
            *(-109, -1091, -111, -112, -1121, -1122, -1123, -1124, -113, -1131, -1132, -116, -130, -131, -132),
            *(-146, -148, -149, -1491, -150, -151, -152, -153, -158, -159),
        ),
        # app, account, permission, package, proof, keys, sending mode
        _C: (
            *(-101, -102, -103, -104, -105, -106, -107, -117, -120, -1201, -1202, -121, -122, -123, -1241, -125),
            *(-127, -128, -129, -135, -1351, -136, -137, -138, -1381, -142, -143, -145, -161, -162),
        ),
        # balance, development wallet, promotions of the month, edits of the day
        _Q: (-115, -126, -1441, -160),
        # the account's messages of the day
        Fault.DAY: (-144,),
        # those of one template; promotions for one person in a month and a day
        Fault.OWN_DAY: (-147, -1471, -1472),
        Fault.NIGHT: (-133,),
    }
)
"""`business.openapi.zalo.me`: templates by phone number."""

ACCOUNT_CODES: dict[int, Fault] = _table(
    {
        # -100: an attachment that has expired, or unknown; we send none
        Fault.AMBIGUOUS: (-100,),
        Fault.TRANSIENT: (-200,),
        # no follower, blocked, inactive for 45 days, interaction too old, refused this type
        _R: (-213, -217, -227, -230, -232, -244),
        _T: (-201, -210, -233, -235, -248, -249),
        _C: (-204, -205, -209, -212, -219, -221, -224, -240, -242, -320),
        # money
        _Q: (-321,),
        Fault.DAY: (-211,),
        # what one person can receive
        Fault.OWN_DAY: (-218,),
        Fault.NIGHT: (-234,),
    }
)
"""`openapi.zalo.me`: templates by the person's id at our Official Account."""

READ_THE_MESSAGE: dict[int, Fault] = {-32: _Q, -223: _C}
"""Codes with two meanings, a limit that is reached and a permission that is missing; here where the text tells neither."""

_LIMIT = re.compile(r"rate|limit|quota|exceed|giới hạn|vượt|hạn mức", re.IGNORECASE)
_PERMISSION = re.compile(r"grant|permission|unauthori[sz]ed|cấp quyền|chưa được phép", re.IGNORECASE)


def code_of(reply: Reply | NoReply) -> int | None:
    """The `error` of a reply, a number or a number in quotes; None where there is none."""
    body = json_object(reply.body) if isinstance(reply, Reply) else None
    try:
        return int(str(body["error"])) if body else None
    except (KeyError, ValueError):
        return None


def fault_of(codes: dict[int, Fault], code: int, message: str) -> Fault:
    """The class of a code; one that no list explains is ambiguous."""
    if codes is ACCOUNT_CODES and code in READ_THE_MESSAGE:
        if _LIMIT.search(message):
            return Fault.QUOTA
        return Fault.CONFIG if _PERMISSION.search(message) else READ_THE_MESSAGE[code]
    return codes.get(code, Fault.AMBIGUOUS)
