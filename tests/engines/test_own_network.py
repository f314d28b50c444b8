"""An engine's process has loopback and nothing else, and is reached through a Unix socket."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from offline_coder.core.engine import Identity
from offline_coder.engines import launcher
from offline_coder.engines.command import server_command, server_environment
from offline_coder.engines.memory import MemoryPlan
from offline_coder.engines.own_network import network_of, probe
from offline_coder.engines.settings import EngineSettings, ModelFolder
from offline_coder.engines.vllm_server import VllmServer

MODEL = ModelFolder("name", Path("/models/name"), "digest", 4096)
PLAN = MemoryPlan(4096, 1 << 30, None, "bfloat16")

# Answers /v1/models on the Unix socket argv[1], and writes the names of its network's interfaces to argv[2].
SERVER = """
import socket, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"object": "list", "data": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "unix"

class Server(HTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self):
        self.socket.bind(self.server_address)

Path(sys.argv[2]).write_text(" ".join(name for _, name in socket.if_nameindex()))
Server(sys.argv[1], Handler).serve_forever()
"""


@pytest.fixture
def allowed() -> None:
    """Skips where the system allows no network namespace."""
    alone, seen = probe()
    if not alone:
        pytest.skip(f"no network namespace here: {seen}")


def test_a_server_alone_is_ready_and_has_no_other_network(allowed: None, tmp_path: Path) -> None:
    place, seen = tmp_path / "s", tmp_path / "seen"
    server = VllmServer(
        [sys.executable, "-c", SERVER, str(place), str(seen)],
        dict(os.environ),
        url="http://127.0.0.1",
        key="k",
        log=tmp_path / "engine.log",
        socket=place,
    )
    try:
        asyncio.run(server.wait_ready(60, None))
    finally:
        server.stop()
    assert seen.read_text() == "lo"


def test_the_launcher_runs_nothing_where_it_cannot_leave_the_network(tmp_path: Path) -> None:
    # A user namespace in which no other may be made stands for a system that allows none.
    trial = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    forbid = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'
    begun = tmp_path / "begun"
    command = [sys.executable, "-I", launcher.__file__, launcher.OWN_NETWORK, "touch", str(begun)]
    if subprocess.run([*trial, "echo 0 > /proc/sys/user/max_net_namespaces"], check=False).returncode != 0:
        pytest.skip("no user namespace here")
    outcome = subprocess.run(
        [*trial, forbid, "sh", *command], stdin=subprocess.PIPE, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 1
    assert "no network namespace" in outcome.stderr
    assert not begun.exists()


def test_the_command_names_the_socket_and_the_address_that_vllm_would_look_for() -> None:
    command = server_command(MODEL, PLAN, EngineSettings(), "cpu", Path("/tmp/x/engine"))
    assert "--uds /tmp/x/engine" in " ".join(command)
    assert "--port" not in command
    assert server_environment(EngineSettings(), "cpu", "k", {})["VLLM_HOST_IP"] == "127.0.0.1"


def test_the_manifest_says_what_could_be_reached() -> None:
    def said(engine: str) -> str:
        return network_of(Identity(engine=engine, version="1", model="m", weights_digest=""))

    assert said("endpoint").startswith("unknown")
    assert "refuses everything else" in said("transformers")
    alone, seen = probe()
    assert said("vllm") == (
        "loopback: a network namespace of its own" if alone else f"this machine's: {seen}"
    )
