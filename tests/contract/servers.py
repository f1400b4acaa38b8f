"""Servers for the contract tests: farcelld of this build and Debian's jupyter-server."""

import contextlib
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SKIPPED = 77  # ctest shows it as skipped


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(SKIPPED)


class Server:
    def __init__(self, url, token, root, process, token_file):
        self.url, self.token, self.root = url, token, root
        self.process, self.token_file = process, token_file

    def get(self, path, method="GET"):
        request = urllib.request.Request(self.url + path, method=method,
                                         headers={"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def delete(self, path):
        return self.get(path, "DELETE")


def clean_environment(folder):
    """No settings of the person who runs the tests; kernels are found in the system's folders."""
    keep = {key: value for key, value in os.environ.items()
            if not key.startswith(("JUPYTER", "JPY_", "FARCELL_", "PYTHON", "XDG_"))}
    keep.update(HOME=str(folder), LC_ALL="C.UTF-8", PYTHONWARNINGS="ignore",
                PATH="/usr/bin:/bin:/usr/local/bin")
    return keep


@contextlib.contextmanager
def _running(command, folder, log, environment, stdout=None):
    with open(log, "w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=stdout or stream, stderr=stream, text=True)
        try:
            yield process
        finally:
            ended = process.poll()
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if sys.exc_info()[0] not in (None, SystemExit):
                state = "still ran" if ended is None else f"had ended with {ended}"
                print(f"--- {command[0]} {state}, and said:\n{pathlib.Path(log).read_text()[-4000:]}")


def end_keepers(state):
    """Kernels outlive farcelld; those of a test that failed must not outlive the test."""
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(state).encode() in (entry / "cmdline").read_bytes():
                if b"farcell-keeper" in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGTERM)


@contextlib.contextmanager
def farcelld(program, listen="127.0.0.1:0"):
    with tempfile.TemporaryDirectory(prefix="farcell-contract-") as folder:
        folder = pathlib.Path(folder)
        root = folder / "root"
        root.mkdir()
        token = secrets.token_hex(24)
        token_file = folder / "token"
        token_file.touch(0o600)
        token_file.write_text(token + "\n")
        command = [program, "serve", "--listen", listen, "--root", str(root),
                   "--state-dir", str(folder / "state"), "--token-file", str(token_file)]
        with _running(command, folder, folder / "log", clean_environment(folder),
                      subprocess.PIPE) as process:
            prefix = "Farcell backend ready at "
            line = process.stdout.readline()
            if not line.startswith(prefix):
                raise RuntimeError(f"farcelld said {line!r} instead of being ready: "
                                   + (folder / "log").read_text())
            threading.Thread(target=process.stdout.read, daemon=True).start()
            try:
                yield Server(line[len(prefix):].strip(), token, root, process, token_file)
            finally:
                end_keepers(folder / "state")


@contextlib.contextmanager
def jupyter_server(extra=(), environment=None):
    if not os.access("/usr/bin/jupyter-server", os.X_OK):
        skip("jupyter-server is not installed")
    with tempfile.TemporaryDirectory(prefix="farcell-contract-") as folder:
        folder = pathlib.Path(folder)
        root = folder / "root"
        root.mkdir()
        token = secrets.token_hex(24)
        token_file = folder / "token"
        token_file.touch(0o600)
        token_file.write_text(token + "\n")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        variables = clean_environment(folder) | {"JUPYTER_TOKEN": token} | (environment or {})
        command = ["/usr/bin/python3", "-m", "jupyter_server", "--no-browser", "--allow-root",
                   "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
                   "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}", *extra]
        with _running(command, folder, folder / "log", variables) as process:
            server = Server(f"http://127.0.0.1:{port}/", token, root, process, token_file)
            deadline = time.monotonic() + 60
            while True:
                try:
                    server.get("api/status")
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError("jupyter-server did not start") from None
                    time.sleep(0.1)
            yield server
