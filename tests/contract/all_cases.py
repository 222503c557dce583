"""The cases of all adapters: those of `channels_cases.py`, and the `CASE` of every `cases_NAME.py` in this folder."""

import importlib
from pathlib import Path

from tests.contract import channels_cases
from tests.contract.channels_cases import Case

_FILES = sorted(Path(__file__).parent.glob("cases_*.py"))
ALL_CASES: dict[str, Case] = channels_cases.CASES | {
    file.stem.removeprefix("cases_"): importlib.import_module(f"tests.contract.{file.stem}").CASE for file in _FILES
}
