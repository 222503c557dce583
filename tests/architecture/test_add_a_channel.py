"""The how-to adds a channel: here it is followed to the letter, in a copy of the folders.

A block whose first line names a file is that file; `in NAME` puts its lines into the table of that name, `at its end` adds
them. A block of bash is run.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from notifier.settings import ROOT
from tests.support.documents import FENCE

PAGE = ROOT / "docs" / "how-to" / "add-a-channel.md"
PLACE = re.compile(r"^(?:# |<!-- )([\w./-]+\.\w+)(?:, (in \w+|at its end))?(?: -->)?$")
STEPS = [(kind, code) for kind, code in FENCE.findall(PAGE.read_text(encoding="utf-8")) if kind != "toml"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The whole checkout but what git ignores, with this environment."""
    folder = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "bench")
    shutil.copytree(ROOT, folder, ignore=ignored)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def write(copy: Path, code: str) -> None:
    first, _, rest = code.partition("\n")
    place = PLACE.match(first)
    assert place, f"the block does not say where it goes: {first}"
    file, where = copy / place[1], place[2]
    if where is None:
        assert not file.exists(), f"{file.name} is there already"
        file.write_text(rest, encoding="utf-8")
    elif where == "at its end":
        file.write_text(file.read_text(encoding="utf-8") + rest, encoding="utf-8")
    else:
        name = where.removeprefix("in ")
        before, found, after = file.read_text(encoding="utf-8").partition(f"{name}: dict[str, str] = {{\n")
        assert found, f"{file.name} has no table {name}"
        file.write_text(before + found + rest + after, encoding="utf-8")


def run(copy: Path, script: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ["PYTEST_ADDOPTS"] = f"--basetemp={copy.parent / 'inner'} -p no:cacheprovider"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=copy,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"
    return done.stdout


@pytest.mark.timeout(180)
def test_following_the_page_adds_a_channel(copy: Path):
    told = []
    for kind, code in STEPS:
        if kind == "bash":
            told.append(run(copy, code))
        else:
            write(copy, code)

    refused, kept, documented = told
    assert "the adapter sms_sample has no cases: write tests/contract/cases_sms_sample.py" in refused
    assert re.search(r"\b1\d passed", kept)
    assert "passed" in documented
    run(copy, "./dev run ruff check channels tests/contract && ./dev run ruff format --check channels tests/contract")
