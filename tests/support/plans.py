"""What statements of the store do among many rows: their plans, executed, and the rows that each node has looked at."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any


async def sent_by(connection: Any, work: Callable[[Any], Awaitable[Any]]) -> list[tuple[str, tuple[Any, ...]]]:
    """The statements that a function of the store sends, with their values. Nothing of it stays."""
    sent: list[tuple[str, tuple[Any, ...]]] = []
    transaction = connection.transaction()
    await transaction.start()
    with connection.query_logger(lambda record: sent.append((record.query, record.args))):
        await work(connection)
    await transaction.rollback()
    return [each for each in sent if "typeinfo_tree" not in each[0]]  # the driver asks once what an array is


async def explained(connection: Any, query: str, args: Any) -> list[dict[str, Any]]:
    """The nodes of the plan by which it is executed; nothing of it stays."""
    one = args[0] if args and isinstance(args, list) else args
    transaction = connection.transaction()
    await transaction.start()
    try:
        answer = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *one)
    finally:
        await transaction.rollback()
    return list(_nodes((json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def told(node: dict[str, Any]) -> str:
    where = f"{node.get('Relation Name', '')} {node.get('Index Name', '')}"
    return f"{node['Node Type']} {where}: {node['Actual Rows']:g} rows × {node['Actual Loops']}, looked at {looked_at(node):g}"


def looked_at(node: dict[str, Any]) -> float:
    """Rows of a table that a node has read, those that it threw away too."""
    if "Relation Name" not in node or node["Node Type"] == "ModifyTable":
        return 0
    thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return (node["Actual Rows"] + thrown) * node["Actual Loops"]
