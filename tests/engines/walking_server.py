"""A server with vLLM's interface and the random walk behind it, as a program of its own:

    python -m tests.engines.walking_server [--slots N] [--seconds S] [--blind]

It prints its port. Of the requests that wait, N at a time are answered, each in S seconds; its counters
tell so, unless it is --blind. The same body always gets the same answer.

`stand_in_vllm` makes a folder for PYTHONPATH in which this server is called vllm: what the package starts
then is this, with everything between as it is.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from offline_coder.core.constraint import CFG, Choice, Constraint, JsonSchema, Regex
from offline_coder.core.request import Completion, Message, Request, Sampling
from offline_coder.engines.random_walk import CONTEXT, RandomWalkEngine
from tests.conftest import ROOT

PIECES = 5
"""Parts of an answer, each a moment at which the server shows that it works."""


def constraint_in(fields: dict[str, Any] | None) -> Constraint | None:
    match fields:
        case {"json": schema}:
            return JsonSchema(schema)
        case {"regex": pattern}:
            return Regex(pattern)
        case {"grammar": definition}:
            return CFG(definition)
        case {"choice": items}:
            return Choice(items)
    return None


def request_in(body: dict[str, Any]) -> Request:
    """The request that chat_body made `body` of, without its purpose."""
    sampling = Sampling(
        temperature=body["temperature"],
        max_tokens=body["max_tokens"],
        stop=tuple(body.get("stop", ())),
    )
    messages = tuple(Message.model_validate(turn) for turn in body["messages"])
    return Request("", messages, sampling, body["seed"], constraint_in(body.get("structured_outputs")))


class WalkingServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, state: "State") -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.state = state


class WalkingSocket(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, place: str, state: "State") -> None:
        super().__init__(place, Handler)
        self.state = state


class State:
    """What a server knows while it runs."""

    def __init__(self, slots: int, seconds: float, blind: bool = False) -> None:
        self.engine = RandomWalkEngine()
        self.turn = threading.Semaphore(slots)
        self.piece_seconds = seconds / PIECES
        self.blind = blind
        self.written = 0


class Handler(BaseHTTPRequestHandler):
    server: WalkingServer | WalkingSocket

    @property
    def state(self) -> State:
        return self.server.state

    def do_GET(self) -> None:
        match self.path:
            case "/v1/models":
                self.send_json({"data": [{"id": "walk", "max_model_len": CONTEXT}]})
            case "/metrics" if not self.state.blind:
                line = f'vllm:generation_tokens_total{{engine="0"}} {float(self.state.written)}\n'
                self.send_bytes(line.encode(), "text/plain")
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            messages = tuple(Message.model_validate(turn) for turn in body["messages"])
            self.send_json({"count": asyncio.run(self.state.engine.count(messages))})
            return
        with self.state.turn:
            answer = asyncio.run(self.state.engine.complete(request_in(body)))
            if body.get("stream"):
                self.stream(answer)
            else:
                for _ in self.pieces(answer.text):
                    pass
                self.send_json(chat(answer, {"message": {"content": answer.text}}))

    def pieces(self, text: str) -> Iterator[str]:
        size = max(1, -(-len(text) // PIECES))
        for start in range(0, max(len(text), 1), size):
            time.sleep(self.state.piece_seconds)
            self.state.written += 1
            yield text[start : start + size]

    def stream(self, answer: Completion) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in self.pieces(answer.text):
            self.event(chat(answer, {"index": 0, "delta": {"content": piece}}, finish=None))
        self.event(chat(answer, {"index": 0, "delta": {}}))
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, value: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()

    def send_json(self, value: dict[str, Any]) -> None:
        self.send_bytes(json.dumps(value).encode(), "application/json")

    def send_bytes(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def chat(answer: Completion, choice: dict[str, Any], finish: str | None = "") -> dict[str, Any]:
    """A chat completion, or a chunk of one."""
    reason = answer.finish_reason if finish == "" else finish
    usage = {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.prompt_tokens + answer.output_tokens,
    }
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "walk",
        "choices": [choice | {"finish_reason": reason}],
        "usage": usage,
    }


@contextlib.contextmanager
def walking_server(*options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The URL and the process of a server."""
    command = [sys.executable, "-m", "tests.engines.walking_server", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}", process
        finally:
            process.kill()


STAND_IN = "from tests.engines.walking_server import main_as_vllm\nmain_as_vllm()\n"
HOLDS = "STAND_IN_HOLDS"
"""Tokens of context that fit the stand-in's memory."""
SECONDS = "STAND_IN_SECONDS"


def stand_in_vllm(folder: Path) -> str:
    """A PYTHONPATH with which `python -m vllm...` is this server."""
    package = folder
    for part in ("vllm", "entrypoints", "openai"):
        package /= part
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    (package / "api_server.py").write_text(STAND_IN)
    return os.pathsep.join((str(folder), str(ROOT)))


def main_as_vllm() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uds")
    parser.add_argument("--port", type=int)
    parser.add_argument("--max-model-len", type=int)
    arguments, _ = parser.parse_known_args()
    if arguments.max_model_len > int(os.environ.get(HOLDS, "1000000")):
        sys.exit("RuntimeError: [enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
    state = State(4, float(os.environ.get(SECONDS, "0")))
    chosen = WalkingSocket(arguments.uds, state) if arguments.uds else WalkingServer(arguments.port, state)
    with chosen as server:
        server.serve_forever(poll_interval=0.05)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--blind", action="store_true")
    arguments = parser.parse_args()
    with WalkingServer(0, State(arguments.slots, arguments.seconds, arguments.blind)) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
