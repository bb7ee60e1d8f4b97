"""Sends prepared requests over a number of connections, as a process of its own: `python -m bench.load` reads a job.

The job comes as JSON on standard input; each request's seconds and status go to standard output, as JSON.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import Any


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lengths = [int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"]
    if lengths and lengths[0]:
        await reader.readexactly(lengths[0])
    return int(lines[0].split()[1])


async def _connection(port: int, todo: deque[bytes], seconds: list[float], statuses: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while todo:
        message = todo.popleft()
        start = time.perf_counter()
        writer.write(message)
        statuses.append(await _answer(reader))
        seconds.append(time.perf_counter() - start)
    writer.close()
    await writer.wait_closed()


def on_the_wire(headers: Mapping[str, str], body: str) -> bytes:
    """Return the whole HTTP request."""
    data = body.encode()
    every = {"Host": "bench", "Content-Type": "application/json", **headers, "Content-Length": str(len(data))}
    return "".join(("POST / HTTP/1.1\r\n", *(f"{k}: {v}\r\n" for k, v in every.items()), "\r\n")).encode() + data


async def run(job: Mapping[str, Any]) -> dict[str, Any]:
    """Send the job's requests and return what became of each."""
    todo = deque(on_the_wire(headers, body) for headers, body in job["requests"])
    seconds: list[float] = []
    statuses: list[int] = []
    start = time.perf_counter()
    await asyncio.gather(*(_connection(job["port"], todo, seconds, statuses) for _ in range(job["concurrency"])))
    return {"took": time.perf_counter() - start, "seconds": seconds, "statuses": statuses}


if __name__ == "__main__":
    json.dump(asyncio.run(run(json.load(sys.stdin))), sys.stdout)
