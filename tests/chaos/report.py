"""The table of a run: for the terminal, for the documents, for programs; and its one summary line."""

import platform
import subprocess
from typing import Any

from notifier.settings import ROOT
from tests.chaos.run import Plan, Result
from tests.chaos.stand import machine
from tests.chaos.verdict import COLUMNS, percentile, shown_seconds

PAGE = ROOT / "docs" / "chaos.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def table(result: Result) -> str:
    """Markdown; what was left out stands below it with its reason."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * len(COLUMNS)]
    lines += [f"| {' | '.join(row.cells())} |" for row in result.rows]
    lines += ["", *(f"- left out: {each}" for each in result.skipped)] if result.skipped else []
    return "\n".join(lines)


def summary(plan: Plan, result: Result) -> str:
    """One line: what was handled, lost and doubled, and whether every bound was kept."""
    rows = result.rows
    faults = [row for row in rows if row.seconds]
    recover = [seconds for row in faults for seconds in row.recover]
    broken = sum(bool(row.breaches()) for row in rows)
    return (
        f"chaos: {'FAILED' if broken else 'held'}; {len(faults)} faults, "
        f"{sum(row.findings.deliveries for row in faults)} deliveries, "
        f"{max((row.findings.lost.total() for row in rows if not row.seconds), default=0)} lost in the end, "
        f"{sum(row.findings.duplicates.total() for row in faults)} duplicates, "
        f"recovery p50 {shown_seconds(percentile(recover, 50))} p99 {shown_seconds(percentile(recover, 99))}, "
        f"{broken} bounds passed, {len(result.skipped)} left out, seed {plan.seed}, {result.seconds:.0f} s"
    )


def as_json(plan: Plan, result: Result) -> dict[str, Any]:
    return {
        "seed": plan.seed,
        "quick": plan.quick,
        "machine": machine(),
        "versions": versions(),
        "seconds": round(result.seconds, 1),
        "failed": result.failed(),
        "rows": [row.as_json() for row in result.rows],
        "left_out": result.skipped,
        "summary": summary(plan, result),
    }


def write_page(arguments: str, plan: Plan, result: Result) -> None:
    """Put the table between the markers of docs/chaos.md."""
    command = f"./dev chaos {arguments}".strip()
    told = f"`{command}`, seed {plan.seed}; {machine()}; {versions()}."
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    body = f"{BEGIN}\n{told}\n\n{table(result)}\n\n{summary(plan, result)}\n{END}"
    PAGE.write_text(before + body + after, encoding="utf-8")


def versions() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT
    ).stdout.strip()
    return f"commit {commit or 'unknown'}, Python {platform.python_version()}, {platform.system()}"
