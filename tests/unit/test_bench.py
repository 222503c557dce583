"""The benchmark's own judgement: what it calls a fault, and how it reads its meters."""

import asyncio
import os

import pytest

from bench import meters
from bench.events import BULK, KINDS, SOURCE, URGENT, Inventor, event_id, rules_at_any_hour
from bench.figures import percentile
from bench.load import Posted
from bench.measure import Plan, Run, faults
from bench.sides import Taken
from bench.sink_mail import MailSink
from notifier.domain.clock import system_clock
from notifier.routing.rules import load_rules

PLAN = Plan("round", URGENT, first=1, events=2)
CHANNELS = {"portal", "zalo", "sms", "email"}


def taken(**changed: dict[int, float]) -> Taken:
    came = {"portal": {}, "email": {1: 1.0, 2: 1.0}, "sms": {1: 1.0, 2: 1.0}, "zalo": {1: 1.0, 2: 1.0}}
    return Taken(taken=came | changed, doubles={}, strange=0, receipts={})


def tally(missing: tuple[str, str] | None = None) -> list[dict[str, object]]:
    rows = [("recorded", channel) for channel in CHANNELS] + [("receipted", "sms"), ("receipted", "zalo")]
    return [
        {"stage": stage, "channel": channel, "count": 1 if (stage, channel) == missing else 2}
        for stage, channel in rows
    ]


POSTED = Posted(sent={1: 0.0, 2: 0.0}, taken={1: 0.1, 2: 0.1})


def test_a_run_in_which_everything_came_once_has_no_fault():
    assert list(faults(PLAN, POSTED, taken(), tally())) == []


@pytest.mark.parametrize(
    ("what_came", "what_was_written", "fault"),
    [
        (taken(sms={1: 1.0}), tally(), "sms: 1 messages did not come"),
        (taken(sms={1: 1.0, 2: 1.0, 3: 1.0}), tally(), "sms: 1 messages of nobody's event"),
        (Taken(taken().taken, {"email": 1}, 0, {}), tally(), "email: 1 messages came twice"),
        (Taken(taken().taken, {}, 1, {}), tally(), "1 messages without a number"),
        (taken(), tally(("recorded", "portal")), "portal: 1 of 2 recorded"),
        (taken(), tally(("receipted", "zalo")), "zalo: 1 of 2 receipted"),
    ],
)
def test_what_did_not_come_exactly_once_is_a_fault(what_came, what_was_written, fault):
    assert list(faults(PLAN, POSTED, what_came, what_was_written)) == [fault]


def test_an_event_without_its_202_is_a_fault():
    posted = Posted(sent={1: 0.0, 2: 0.0}, taken={1: 0.1})
    assert list(faults(PLAN, posted, taken(), tally())) == ["1 events were not accepted"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_rules_tell_an_event_by_just_the_channels_that_are_counted(kind):
    rules = load_rules(rules_at_any_hour(), "rules.toml", CHANNELS)
    body = Inventor(kind, system_clock()).body(7).decode()
    event_type = {URGENT: "hoso.yeu_cau_bo_sung", BULK: "hoso.da_tra_ket_qua"}[kind]
    (tell,) = rules.rules[event_type].tell
    assert f'"type": "{event_type}"' in body
    assert (tell.to, tuple(tell.send), tuple(tell.fallback)) == ("citizen", kind.channels, ())


def test_every_event_is_about_somebody_else():
    inventor = Inventor(URGENT, system_clock())
    bodies = [inventor.body(number) for number in range(1, 4)]
    assert len(set(bodies)) == 3
    assert f'"{event_id(2)}"'.encode() in bodies[1]
    assert SOURCE.encode() in bodies[1]
    assert b"@@" not in b"".join(bodies)


async def test_the_mail_sink_answers_commands_that_come_together_and_counts_by_address():
    came: list[bytes] = []
    server = await asyncio.get_running_loop().create_server(lambda: MailSink(came.append), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    mail = b"Subject: x\r\n\r\n..dots\r\n.\r\n"
    envelope = b"MAIL FROM:<a@example.vn>\r\nRCPT TO:<cong-dan-0000001@example.vn> NOTIFY=NEVER\r\nDATA\r\n"
    writer.write(b"HELO x\r\n" + envelope + mail + envelope + mail + b"QUIT\r\n")
    answers = (await reader.read(-1)).decode()
    writer.close()
    server.close()
    await server.wait_closed()
    assert [line[:3] for line in answers.splitlines()] == [
        "220",
        "250",
        "250",
        "250",
        "354",
        "250",
        "250",
        "250",
        "354",
        "250",
        "221",
    ]
    assert came == [b"RCPT TO:<cong-dan-0000001@example.vn> NOTIFY=NEVER"] * 2


async def test_cpu_counts_children_while_they_run_and_when_they_have_ended():
    before = meters.cpu_seconds(os.getpid())
    child = await asyncio.create_subprocess_exec("sh", "-c", "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done")
    await child.wait()
    assert meters.cpu_seconds(os.getpid()) - before > 0.02


def test_a_percentile_is_a_value_that_was_there():
    assert percentile([5.0, 1.0, 3.0], 50) == 3.0
    assert percentile([float(n) for n in range(1, 101)], 99) == 99.0
    assert percentile([], 99) == 0.0


def test_the_whole_way_is_as_fast_as_its_slowest_stage():
    seconds = {"accepted": 1.0, "handed over": 5.0, "recorded": 4.0, "receipted": 2.0}
    run = Run("Notifier", "round", "urgent", 10, 40, "", seconds, [], {}, {}, 0, 0, {}, {}, {}, [])
    assert run.whole_rate() == 2.0
