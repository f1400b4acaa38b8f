#!/usr/bin/python3
"""What sampling costs a farcelld: its processor time, beside its own with nobody looking.

    sampling.py BUILD [--seconds N]

The same server is measured twice in one run: with its history only (one sample a second), and with
a busy kernel and a subscriber to /api/farcell/metrics (ten a second). The GPUs are those of
tests/support/fakenvml (eight of them), so the calls into a real driver are not in it. Prints per
cent of one core.
"""

import argparse
import base64
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

GPU = {"name": "NVIDIA H100 80GB HBM3", "capability": [9, 0], "temperature": 54, "power": 412500,
       "memory": {"total": 85 << 30, "reserved": 1 << 30, "used": 11 << 30, "free": 73 << 30},
       "utilization": [93, 41], "limit": 700000, "energy": 9800000, "clocks": [1980, 1980, 2619],
       "throttle": 0, "ecc": [1, 0, 0], "processes": []}


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(base, method, path, body=None):
    request = urllib.request.Request(base + path, method=method, headers={"Authorization": "token t"},
                                     data=json.dumps(body).encode() if body is not None else None)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def web_socket(port, path):
    """Upgraded; frames are left to be read as bytes."""
    connection = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                       f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                       "Authorization: token t\r\n\r\n".encode())
    if b"101" not in connection.recv(4096).split(b"\r\n")[0]:
        raise SystemExit(f"farcelld refused {path}")
    return connection


def text_frame(text):
    payload = text.encode()
    head = bytes([0x81, 0x80 | 126]) + len(payload).to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload  # a mask of zeros


def execute(connection, code):
    connection.sendall(text_frame(json.dumps({
        "channel": "shell", "parent_header": {}, "metadata": {},
        "header": {"msg_id": "1", "msg_type": "execute_request", "session": "s", "username": "u",
                   "version": "5.3", "date": ""},
        "content": {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                    "allow_stdin": False, "stop_on_error": True}})))


def measure(pid, seconds, drain=None):
    before, begin = cpu_seconds(pid), time.monotonic()
    received = 0
    while time.monotonic() - begin < seconds:
        if drain is None:
            time.sleep(0.2)
            continue
        drain.settimeout(0.2)
        try:
            received += len(drain.recv(1 << 16))
        except TimeoutError:
            pass
    return 100 * (cpu_seconds(pid) - before) / (time.monotonic() - begin), received


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gpus = [dict(GPU, uuid=f"GPU-{i}", pci=f"00000000:0{i}:00.0") for i in range(8)]
        state = Path(folder, "gpus.json")
        state.write_text(json.dumps({"driver": "550.54", "cuda": 12040, "gpus": gpus}))
        token = Path(folder, "token")
        token.write_text("t")
        token.chmod(0o600)
        server = subprocess.Popen(
            [options.build / "bin/farcelld", "serve", "--listen", "127.0.0.1:0", "--root", folder,
             "--state-dir", folder + "/state", "--token-file", token, "--no-prewarm",
             "--nvml", options.build / "tests/fakenvml/libnvidia-ml.so.1"],
            stdout=subprocess.PIPE, text=True, env=dict(os.environ, FARCELL_FAKE_NVML=str(state)))
        try:
            base = server.stdout.readline().split()[-1].rstrip("/")
            port = int(base.rsplit(":", 1)[1])
            time.sleep(3)
            quiet, _ = measure(server.pid, options.seconds)
            kernel = ask(base, "POST", "/api/kernels", {"name": "python3"})["id"]
            channels = web_socket(port, f"/api/kernels/{kernel}/channels")
            execute(channels, "import time\ntime.sleep(100000)")
            time.sleep(3)
            busy, _ = measure(server.pid, options.seconds)
            metrics = web_socket(port, "/api/farcell/metrics")
            watched, received = measure(server.pid, options.seconds, metrics)
            print(f"8 GPUs, one sample a second, no kernel:       {quiet:5.2f} % of a core")
            print(f"8 GPUs, one sample a second, busy kernel:     {busy:5.2f} % of a core")
            print(f"8 GPUs, ten a second, one subscriber:         {watched:5.2f} % of a core, "
                  f"{received / options.seconds / 1000:.1f} kB/s, {watched / max(busy, 0.01):.1f}x")
            ask(base, "DELETE", f"/api/kernels/{kernel}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
