import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from notifier.intake.problems import PROBLEMS, problem_document
from notifier.web.openapi import openapi_document
from notifier.web.routes import ROUTES
from tests.support.intake import event, sample

OPERATIONS = [
    (path, method, each) for path, item in openapi_document(ROUTES)["paths"].items() for method, each in item.items()
]


def validator(name: str) -> Draft202012Validator:
    document = openapi_document(ROUTES)
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def test_the_document_is_valid_openapi():
    OpenAPIV31SpecValidator(openapi_document(ROUTES)).validate()


def test_it_names_every_address_of_the_router():
    assert {(method.upper(), path) for path, method, _ in OPERATIONS} == {(r.method, r.path) for r in ROUTES}


def test_every_operation_has_a_name_of_its_own():
    names = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_failure_is_a_problem_document(path, method, operation):
    failures = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
    forms = {form for answer in failures.values() for form in answer.get("content", ())}

    assert forms <= {"application/problem+json"} | ({"application/json"} if path == "/readyz" else set())


@pytest.mark.parametrize("name", [f"{number:02}" for number in range(1, 13)])
def test_the_sample_events_fit_the_schema_that_is_published(name):
    assert list(validator("EventEnvelope").iter_errors(sample(name))) == []


@pytest.mark.parametrize("change", [{"/id": ...}, {"/data/HoSo/MaHoSo": ...}, {"/type": "có dấu cách"}])
def test_an_event_with_a_fault_does_not_fit_it(change):
    assert list(validator("EventEnvelope").iter_errors(event(change)))


@pytest.mark.parametrize("code", list(PROBLEMS))
def test_every_problem_document_fits_its_schema(code):
    document = problem_document(code, detail="x", instance="urn:uuid:1", base_url="https://notifier.example.vn")

    assert list(validator("Problem").iter_errors(document)) == []


def test_it_is_plain_json():
    assert json.loads(json.dumps(openapi_document(ROUTES))) == openapi_document(ROUTES)
