import json
import logging
import re
import sys

import pytest
from prometheus_client.metrics import MetricWrapperBase

from notifier.telemetry import logs, metrics
from notifier.telemetry.logs import FIELDS, JsonLines

COUNTED = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
PERSONAL = ("0912000101", "nguyen.mau@example.vn", "Nguyễn Văn Mẫu")


def line(**extra) -> dict:
    record = logging.makeLogRecord({"name": "notifier", "levelname": "INFO", "msg": "a message", **extra})
    return json.loads(JsonLines().format(record))


def test_a_line_is_one_json_object_with_time_level_logger_and_message():
    assert line() | {"at": "x"} == {"at": "x", "level": "info", "logger": "notifier", "message": "a message"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line()["at"])


def test_fields_of_the_list_are_told():
    assert line(channel="sms", count=3) | {"at": "x"} == line() | {"at": "x", "channel": "sms", "count": 3}


@pytest.mark.parametrize("field", ["phone", "email", "recipient", "body", "document", "url"])
def test_a_field_that_is_not_on_the_list_is_left_out(field):
    assert field not in FIELDS
    assert line(**{field: "0912000101"}).keys() == line().keys()


def test_an_exception_is_told_by_its_type_and_place_without_its_text():
    try:
        int(" ".join(PERSONAL))
    except ValueError:
        told = line(exc_info=sys.exc_info())

    assert told["error"] == "ValueError"
    assert re.search(r"test_telemetry\.py:\d+ test_an_exception", told["where"][-1])
    assert not [value for value in PERSONAL if value in json.dumps(told, ensure_ascii=False)]


def test_a_line_stays_one_line():
    assert "\n" not in JsonLines().format(logging.makeLogRecord({"msg": "one\ntwo"}))


def test_logs_go_to_standard_error(capsys):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.set_up_logs()
        logging.getLogger("notifier.x").info("told")
    finally:
        root.handlers[:], root.level = handlers, level

    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["message"] == "told"


@pytest.mark.parametrize("metric", COUNTED, ids=lambda metric: metric._name)
def test_no_label_names_a_person_a_dossier_or_a_message(metric):
    assert set(metric._labelnames) <= {
        "route",
        "status",
        "source",
        "result",
        "channel",
        "outcome",
        "kind",
        "step",
        "type",
    }


def test_the_table_of_metrics_is_complete():
    told = set(re.findall(r"^\| (notifier_\w+)", metrics.__doc__ or "", re.MULTILINE))
    of_this_process = {f"{metric._name}_total" if metric._type == "counter" else metric._name for metric in COUNTED}

    assert told == of_this_process | {
        "notifier_unfinished_rows",
        "notifier_overdue_seconds",
        "notifier_provider_passes",
        "notifier_calendar_days_left",
        "notifier_grant_days_left",
    }
