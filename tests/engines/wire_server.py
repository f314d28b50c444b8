"""A server that speaks just enough of vLLM's interface to misbehave on purpose."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from typing import Any

Reply = tuple[int, Any] | None
"""Status and body, JSON unless it is a text, or an iterator of texts, sent one by one for as long as the
client listens; None breaks the connection."""

MODELS: Reply = (200, {"data": [{"id": "served", "max_model_len": 1000}]})
COUNT: Reply = (200, {"count": 10})
METRICS: Reply = (200, "vllm:num_requests_running 1.0\n")


def chat_reply(**changes: Any) -> Reply:
    """A chat completion, with `changes` to its only choice."""
    choice = {"message": {"content": "hello"}, "finish_reason": "stop"} | changes
    return 200, {"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 2}}


def stream_reply(text: str, finish: str | None) -> Reply:
    """A chat completion in two events; without a `finish` it is one that broke off."""
    deltas: list[dict[str, Any]] = [
        {"delta": {"content": text}, "finish_reason": None},
        {"delta": {}, "finish_reason": finish},
    ]
    events = [json.dumps({"choices": [{"index": 0, **delta}]}) for delta in deltas]
    return 200, "".join(f"data: {event}\n\n" for event in (*events, "[DONE]")[: None if finish else 1])


def endless_reply(text: str) -> Reply:
    """A chat completion that says `text` again and again."""
    event = json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})
    return 200, repeat(f"data: {event}\n\n")


class WireServer(ThreadingHTTPServer):
    """`replies` holds for each route the replies still to give; the last one is given again and again.
    `seen` lists (route, key, body) of every request."""

    # Without this the last threads would be joined at a time when a client still holds them open.
    daemon_threads = True

    def __init__(self, replies: dict[str, list[Reply]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = {"/v1/models": [MODELS], "/tokenize": [COUNT], "/metrics": [METRICS]} | replies
        self.seen: list[tuple[str, str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: WireServer

    def do_GET(self) -> None:
        self.reply(None)

    def do_POST(self) -> None:
        self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def reply(self, body: Any) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization", ""), body))
        waiting = self.server.replies.get(self.path, [(404, {"message": "no such route"})])
        chosen = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        self.close_connection = True
        if chosen is None:
            return
        if isinstance(chosen[1], Iterator):
            self.send_response(chosen[0])
            self.end_headers()
            with suppress(ConnectionError):
                for piece in chosen[1]:
                    self.wfile.write(piece.encode())
            return
        text = isinstance(chosen[1], str)
        data = chosen[1].encode() if text else json.dumps(chosen[1]).encode()
        self.send_response(chosen[0])
        self.send_header("Content-Type", "text/plain" if text else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def wire_server(replies: dict[str, list[Reply]]) -> Iterator[WireServer]:
    with WireServer(replies) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
