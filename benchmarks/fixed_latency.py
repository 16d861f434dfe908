"""An HTTP server that answers everything after a fixed time: what a gateway adds is what is on top of it.

`python benchmarks/fixed_latency.py --port 8080 --milliseconds 20`. Keep-alive, a chat completion as the body, no work.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from functools import partial

ANSWER = json.dumps(
    {
        "id": "",
        "object": "chat.completion",
        "created": 0,
        "model": "fixed-latency",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
).encode()

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER)


async def serve(hostname: str, port: int, seconds: float) -> None:
    server = await asyncio.start_server(partial(_connection, seconds), hostname, port)
    async with server:
        await server.serve_forever()


async def _connection(seconds: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            if not head.startswith(b"GET "):  # health checks are not what is measured
                await asyncio.sleep(seconds)
            writer.write(RESPONSE)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hostname", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--milliseconds", type=float, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.hostname, given.port, given.milliseconds / 1000))


if __name__ == "__main__":
    main()
