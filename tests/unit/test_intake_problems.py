import json

import pytest

from notifier.domain.errors import FieldError
from notifier.intake.problems import PROBLEMS, problem_document

STATUSES = {
    "invalid-signature": 401,
    "stale-timestamp": 401,
    "unknown-source": 401,
    "missing-signature": 401,
    "broken-json": 400,
    "not-utf8": 400,
    "unreadable-body": 400,
    "invalid-query": 400,
    "unsupported-media-type": 415,
    "body-too-large": 413,
    "body-timeout": 408,
    "invalid-event": 422,
    "invalid-entry": 422,
    "event-id-reused": 422,
    "source-mismatch": 422,
    "batch-too-large": 413,
    "database-unavailable": 503,
    "busy": 503,
    "backlog": 429,
    "not-found": 404,
    "method-not-allowed": 405,
    "unauthorized": 401,
    "forbidden": 403,
    "token-invalid": 401,
    "token-not-for-us": 401,
    "token-expired": 401,
    "token-early": 401,
    "token-names-nobody": 403,
    "ticket-spent": 401,
    "session-ended": 401,
    "identity-unavailable": 503,
    "too-many-streams": 429,
    "internal": 500,
}


def test_the_codes_and_their_statuses_are_stable():
    assert {code: problem.status for code, problem in PROBLEMS.items()} == STATUSES


@pytest.mark.parametrize("code", list(PROBLEMS))
def test_every_problem_explains_itself(code):
    problem = PROBLEMS[code]

    assert problem.code == code
    assert min(len(problem.title), len(problem.meaning), len(problem.remedy)) > 5


def test_the_document_has_the_members_of_rfc_9457_and_ours():
    error = FieldError("/data/HoSo/MaHoSo", "MaHoSo is missing", "nothing", "a value")

    document = problem_document(
        "invalid-event",
        detail="1 field is missing.",
        instance="urn:uuid:1",
        base_url="https://notifier.example.vn",
        errors=[error],
    )

    assert json.loads(json.dumps(document)) == {
        "type": "https://notifier.example.vn/problems/invalid-event",
        "title": "The event is not valid",
        "status": 422,
        "detail": "1 field is missing.",
        "instance": "urn:uuid:1",
        "code": "invalid-event",
        "errors": [
            {
                "pointer": "/data/HoSo/MaHoSo",
                "detail": "MaHoSo is missing",
                "found": "nothing",
                "expected": "a value",
            }
        ],
    }


def test_a_problem_without_field_errors_has_no_list_of_them():
    document = problem_document("internal", detail="x", instance="y", base_url="https://notifier.example.vn")

    assert "errors" not in document
