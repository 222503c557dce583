"""What the documents say is so: their links, paths, commands, settings and tables, and the examples in them."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
from click import Command, Context, Group
from prometheus_client.metrics import MetricWrapperBase

from notifier.cli import COMMANDS, main
from notifier.cli.playground import PROVINCE
from notifier.domain.clock import move_clock, system_clock
from notifier.domain.deliveries import MOVES, DeliveryState
from notifier.domain.reasons import TEXTS
from notifier.intake.problems import PROBLEMS
from notifier.settings import ROOT, Settings
from notifier.telemetry import metrics
from tests.support.documents import (
    DOCUMENTS,
    Setting,
    anchors,
    blocks,
    described_channels,
    described_settings,
    headings,
    links,
    name_of,
    rows,
    spans,
)

REFERENCE = ROOT / "docs" / "reference"
CONFIGURATION = [ROOT / name for name in ("docker-compose.yml", "Dockerfile", "notifier.example.toml")]
OF_THE_OPERATOR = {"notifier.toml"}
"""Files that a document names and that every installation makes for itself."""

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


# Links and paths


@each_document
def test_every_link_leads_somewhere(document: Path):
    broken = []
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
ENDINGS = (".py", ".toml", ".md", ".yml", ".jinja", ".txt", ".in", ".html", ".css", ".json", ".svg")


def is_path(text: str) -> bool:
    if not PATH.fullmatch(text) or text.startswith("application/"):
        return False
    return "/" in text or text.endswith(ENDINGS)


@each_document
def test_every_path_in_backticks_exists(document: Path):
    named = {span for span in spans(document) if is_path(span)} - OF_THE_OPERATOR
    assert {path for path in named if not (ROOT / path).exists() and not (document.parent / path).exists()} == set()


# Commands

DEV_COMMANDS = set(re.findall(r"^ {4}(\w+)\)$", (ROOT / "dev").read_text(encoding="utf-8"), re.MULTILINE))


def code(document: Path) -> str:
    """Everything in a document that somebody might type."""
    return "\n".join([*spans(document), *blocks(document)])


@each_document
def test_every_command_of_dev_exists(document: Path):
    assert set(re.findall(r"\./dev ([\w-]+)", code(document))) - DEV_COMMANDS == set()


def command_of(name: str, rest: str = "") -> Command | None:
    """A command, or the one below it that the next word names."""
    command = main.get_command(Context(main), name)
    if isinstance(command, Group) and rest.strip():
        return command.commands.get(rest.split(maxsplit=1)[0])
    return command


@each_document
def test_every_notifier_command_and_its_options_exist(document: Path):
    typed = re.findall(r"(?:^|\./dev run )notifier ([a-z][a-z-]*)(.*)$", code(document), re.MULTILINE)
    typed += re.findall(r"docker compose run --rm(?: -T)? notifier ([a-z][a-z-]*)(.*)$", code(document), re.MULTILINE)
    strange = []
    for name, rest in typed:
        command = command_of(name, rest) if name in COMMANDS else None
        known = {option for parameter in command.params for option in parameter.opts} if command else set()
        if command is None or set(re.findall(r"--[\w-]+", rest)) - known - {"--help"}:
            strange.append(f"{name}{rest}")
    assert strange == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_help_lists_can_be_called(name: str):
    command = command_of(name)
    assert command is not None
    assert command.get_help(Context(command))


# Settings


SETTINGS = [*described_settings(), *(setting for of_adapter in described_channels().values() for setting in of_adapter)]
VARIABLES = re.compile(
    "|".join(
        [
            *(setting.variable.replace("…", "(?:…|[A-Z0-9]+)") for setting in SETTINGS),
            *(f"NOTIFIER_{name.upper()}" for name in Settings.model_fields),
            "NOTIFIER_CONFIG",
        ]
    )
)


@pytest.mark.parametrize("document", [*DOCUMENTS, *CONFIGURATION], ids=name_of)
def test_every_environment_variable_is_a_setting(document: Path):
    named = re.findall(r"NOTIFIER_[A-Z][A-Z0-9_…]*", document.read_text(encoding="utf-8"))
    assert {variable for variable in named if not VARIABLES.fullmatch(variable)} == set()


def test_the_reference_lists_every_setting_with_its_kind_default_and_variable():
    listed = [Setting(row[0].strip("`"), row[1], row[2], row[3].strip("`")) for row in rows(REFERENCE / "settings.md")]
    assert Counter(listed) == Counter(SETTINGS)


# The other reference pages


def test_the_reference_lists_every_problem():
    listed = {(row[0].strip("`"), int(row[1]), row[2]) for row in rows(REFERENCE / "problems.md")}
    assert listed == {(problem.code, problem.status, problem.title) for problem in PROBLEMS.values()}


def metric_rows() -> dict[str, tuple[str, ...]]:
    return {row[0].strip("`"): tuple(re.findall(r"`(\w+)`", row[2])) for row in rows(REFERENCE / "metrics.md")}


def test_the_reference_lists_every_metric():
    assert set(metric_rows()) == set(re.findall(r"^\| (notifier_\w+)", metrics.__doc__ or "", re.MULTILINE))


def test_the_reference_gives_the_labels_of_every_counted_metric():
    counted = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    listed = {name.removesuffix("_total"): labels for name, labels in metric_rows().items()}
    labels = {family.name: metric._labelnames for metric in counted for family in metric.describe()}
    assert labels.items() <= listed.items()


def test_the_reference_draws_every_move_of_a_delivery():
    (drawing,) = blocks(REFERENCE / "states.md", "mermaid")
    drawn = re.findall(r"^\s*(\w+) --> (\w+)$", drawing, re.MULTILINE)
    assert Counter(drawn) == Counter((before.value, after.value) for before, moves in MOVES.items() for after in moves)


def test_the_reference_explains_every_state():
    assert [row[0].strip("`") for row in rows(REFERENCE / "states.md")] == [state.value for state in DeliveryState]


def test_the_reference_lists_every_reason_in_both_languages():
    listed = {tuple(cell.strip("`") for cell in row) for row in rows(REFERENCE / "reasons.md")}
    assert listed == {(code.value, english, vietnamese) for code, (vietnamese, english) in TEXTS.items()}


def test_every_decision_is_in_the_list_of_decisions():
    directory = ROOT / "docs" / "adr"
    assert set(links(directory / "README.md")) == {page.name for page in directory.glob("0*.md")}


# The README and its twin


def test_the_vietnamese_readme_has_the_same_sections():
    levels = [[heading.split()[0] for heading in headings(ROOT / name)] for name in ("README.md", "README.vi.md")]
    assert levels[0] == levels[1]


def test_the_vietnamese_readme_has_the_same_code():
    assert blocks(ROOT / "README.md") == blocks(ROOT / "README.vi.md")


def test_the_vietnamese_readme_leads_to_the_same_places():
    places = [
        {link for link in links(ROOT / name) if not link.startswith("README") and not link.endswith(".svg")}
        for name in ("README.md", "README.vi.md")
    ]
    assert places[0] == places[1]


# The examples


def example(document: Path, language: str, sign: str) -> str:
    """The one block of a document in which `sign` occurs."""
    (found,) = [block for block in blocks(document, language) if sign in block]
    return found


EXAMPLES = {
    "curl": (["bash", "-euo", "pipefail", "-c"], example(ROOT / "README.md", "bash", "curl")),
    "python": ([sys.executable, "-c"], example(ROOT / "README.md", "python", "hmac")),
    "library": (
        [sys.executable, "-c"],
        example(ROOT / "docs" / "how-to" / "connect-a-dossier-system.md", "python", "standardwebhooks"),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_examples_post_an_event_that_is_taken_in(name: str, ground, web):
    program, text = EXAMPLES[name]
    if name == "curl" and not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("curl or openssl is not on this machine")
    move_clock(ground.clock_file, system_clock())
    text = text.replace("http://127.0.0.1:8080", str(web.make_url("")).rstrip("/"))
    text = text.replace("whsec_REPLACE", ground.webhook_secrets[PROVINCE]).replace("mcdt.example.gov.vn", PROVINCE)
    process = await asyncio.create_subprocess_exec(
        *program, text, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    said, complaint = await process.communicate()
    assert (process.returncode, complaint.decode()) == (0, "")
    answer = json.loads(said)
    assert (answer["error_code"], answer["duplicate"], "warnings" in answer) == ("00", False, False)
