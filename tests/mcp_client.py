"""The official client of the Model Context Protocol against ``everycommit mcp``; prints what it was told as JSON.

    python mcp_client.py FOLDER PYTHON < calls.json

In a process of its own: whatever that package warns of is not ours.
"""

import json
import os
import sys
from typing import Any

import anyio
from mcp import ClientSession, StdioServerParameters, stdio_client


async def answers(folder: str, python: str, calls: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    server = StdioServerParameters(
        command=python, args=["-m", "everycommit", "mcp"], cwd=folder, env=dict(os.environ), encoding="utf-8"
    )
    told: list[tuple[float, float | None, str | None]] = []

    async def seen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        greeting = await session.initialize()
        tools = await session.list_tools()
        results = [await session.call_tool(name, arguments, progress_callback=seen) for name, arguments in calls]
        await session.send_ping()
    return {
        "greeting": greeting.model_dump(mode="json", by_alias=True),
        "tools": [tool.model_dump(mode="json", by_alias=True) for tool in tools.tools],
        "results": [result.model_dump(mode="json", by_alias=True) for result in results],
        "progress": told,
    }


if __name__ == "__main__":
    print(json.dumps(anyio.run(answers, sys.argv[1], sys.argv[2], json.load(sys.stdin))))
