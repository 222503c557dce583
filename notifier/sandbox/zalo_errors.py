"""The errors of the two pretend sending hosts of Zalo: the same fault has another code on each.

Zalo documentation, error tables of the phone channel and of the OA API, checked 2026-09. Errors come with HTTP 200.
"""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """The code of one host for each fault that both hosts know."""

    stale_token: int
    wrong_proof: int
    not_json: int
    unknown_template: int
    not_approved: int
    disabled: int
    missing_parameter: int
    bad_format: int
    too_long: int
    out_of_quota: int


PHONE_ERRORS = ErrorTable(
    stale_token=-124,
    wrong_proof=-1241,
    not_json=-122,
    unknown_template=-109,
    not_approved=-131,
    disabled=-146,
    missing_parameter=-1122,
    bad_format=-1124,
    too_long=-1121,
    out_of_quota=-144,
)
OA_ERRORS = ErrorTable(
    stale_token=-216,
    wrong_proof=-242,
    not_json=-201,
    unknown_template=-201,
    not_approved=-201,
    disabled=-201,
    missing_parameter=-201,
    bad_format=-201,
    too_long=-201,
    out_of_quota=-211,
)

TEXTS = {
    -100: "Unknown exception",
    -108: "Phone number is invalid",
    -109: "Template ID is invalid",
    -1121: "Template data is too long",
    -1122: "Template data is missing a parameter",
    -1124: "Template data is of a wrong format",
    -115: "Out of quota",
    -126: "Out of development quota",
    -127: "Only administrators can be sent to in development mode",
    -133: "This template cannot be sent at night",
    -141: "User refused messages of this Official Account",
    -146: "Template is disabled because of its low quality",
    -147: "Template reached its daily quota",
    -161: "sending_mode is invalid",
    -162: "sending_mode 3 is not for templates of this tag",
    -244: "User restricted this type of message",
    -249: "This template cannot be sent by user id",
    -32: "Your application exceeded the rate limit",
    -118: "Zalo account not existed",
    -122: "Body data is not JSON",
    -124: "Access token is invalid",
    -1241: "appsecret_proof is invalid",
    -131: "Template is not approved",
    -139: "User refused this type of message",
    -144: "OA reached its daily quota",
    -201: "Parameter is invalid",
    -210: "Parameter exceeds its limit",
    -211: "Out of quota",
    -213: "User does not follow the OA",
    -216: "Access token is invalid",
    -230: "User has not interacted with the OA in the past 7 days",
    -240: "This API was shut down",
    -242: "appsecret_proof is invalid",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a call is refused."""

    code: int
    detail: str | None = None

    def reply(self) -> web.Response:
        text = self.detail or TEXTS.get(self.code, "Error")
        return web.json_response({"error": self.code, "message": text, "data": None})
