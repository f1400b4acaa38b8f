#!/usr/bin/python3
"""Measures farcelld beside Debian's jupyter-server and beside ZeroMQ without a server, in one run.

    tests/bench/bridge.py BUILD_DIR [--quick] [--only=rtt|stream|start|catchup|memory]...

BUILD_DIR holds bin/farcelld, bin/farcell-keeper, tests/fastkernel and tests/bridgeclient; use a
release build. All three are driven by the same C++ client in the v1 framing. Prints medians and
the ratios that matter. Nothing is written outside a temporary directory.
"""

import json
import os
import pathlib
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PYTHON = "/usr/bin/python3"
NO_LIMIT = "1000000000000"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Bench:
    def __init__(self, build, quick):
        self.build = pathlib.Path(build).resolve()
        self.client = self.build / "tests" / "bridgeclient"
        self.work = tempfile.TemporaryDirectory(prefix="farcell-bridge-")
        self.dir = pathlib.Path(self.work.name)
        self.token = secrets.token_hex(16)
        self.scale = 0.2 if quick else 1.0
        self.rounds = 1 if quick else 3
        self.environment = dict(os.environ, FARCELL_BENCH_TOKEN=self.token,
                                JUPYTER_PATH=str(self.dir / "jupyter"), LC_ALL="C.UTF-8")
        spec = self.dir / "jupyter" / "kernels" / "fast"
        spec.mkdir(parents=True)
        (spec / "kernel.json").write_text(json.dumps({
            "argv": [str(self.build / "tests" / "fastkernel"), "{connection_file}"],
            "display_name": "Fast kernel", "language": "fast",
            "metadata": {"farcell_transport": "ipc"}}))
        (self.dir / "root").mkdir()

    def run_client(self, *arguments):
        done = subprocess.run([str(self.client), *map(str, arguments)], env=self.environment,
                              capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise RuntimeError(f"bridgeclient {arguments}: {done.stderr.strip()}")
        return json.loads(done.stdout.strip().splitlines()[-1])


class Direct:
    """Kernels without any server: the floor."""
    name = "direct"

    def __init__(self, bench):
        self.bench = bench
        self.kernels = {}

    def start(self, spec):
        number = len(self.kernels)
        connection = self.bench.dir / f"direct{number}.json"
        connection.write_text(json.dumps({
            "transport": "ipc", "ip": str(self.bench.dir / f"d{number}"), "shell_port": 1,
            "control_port": 2, "stdin_port": 3, "iopub_port": 4, "hb_port": 5,
            "key": secrets.token_hex(16), "signature_scheme": "hmac-sha256"}))
        if spec == "fast":
            command = [str(self.bench.build / "tests" / "fastkernel"), str(connection)]
        else:
            command = [PYTHON, "-m", "ipykernel_launcher", "-f", str(connection)]
        self.kernels[number] = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        return ["direct", str(connection)]

    def stop(self):
        for process in self.kernels.values():
            process.kill()
            process.wait()


class Server:
    def __init__(self, bench):
        self.bench = bench
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        started = time.monotonic()
        self.process = subprocess.Popen(self.command(), env=bench.environment,
                                        cwd=bench.dir / "root", stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                self.api("GET", "/api/status")
                break
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() - started > 30 or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} does not start") from None
                time.sleep(0.005)
        self.ready_ms = (time.monotonic() - started) * 1000

    def api(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.bench.token}",
                     "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            text = reply.read()
            return json.loads(text) if text else None

    def start(self, spec):
        self.kernel = self.bench.run_client("start", self.url, spec)["kernel"]
        return [self.url, self.kernel]

    def delete_all(self):
        for kernel in self.api("GET", "/api/kernels"):
            self.api("DELETE", f"/api/kernels/{kernel['id']}")

    def own_processes(self):
        return [self.process.pid]

    def memory(self):
        """RSS, PSS and what was written of it, in MiB, of the server's own processes, without the
        kernels. What was not written is program files, which the system can drop at any time."""
        rss = pss = dirty = 0
        for pid in self.own_processes():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Rss:"):
                    rss += int(line.split()[1])
                elif line.startswith("Pss:"):
                    pss += int(line.split()[1])
                elif line.startswith("Private_Dirty:"):
                    dirty += int(line.split()[1])
        return rss / 1024, pss / 1024, dirty / 1024

    def cpu_seconds(self):
        ticks = 0
        for pid in self.own_processes():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        try:
            self.delete_all()
        except (urllib.error.URLError, ConnectionError):
            pass
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Farcelld(Server):
    name = "farcelld"
    prewarm = False

    def command(self):
        token = self.bench.dir / "token"
        token.write_text(self.bench.token)
        token.chmod(0o600)
        self.state = tempfile.mkdtemp(dir=self.bench.dir)
        return [str(self.bench.build / "bin" / "farcelld"), "serve", "--listen",
                f"127.0.0.1:{self.port}", "--root", str(self.bench.dir / "root"), "--state-dir",
                self.state, "--token-file", str(token)] + (
                    [] if self.prewarm else ["--no-prewarm"])

    def own_processes(self):
        pids = [self.process.pid]
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if (command[0].endswith(b"farcell-keeper") and len(command) > 1
                        and command[1].startswith(self.state.encode())):
                    pids.append(int(entry.name))
        return pids


class Prewarmed(Farcelld):
    prewarm = True


class JupyterServer(Server):
    name = "jupyter-server"

    def command(self):
        return [PYTHON, "-m", "jupyter_server", f"--ServerApp.port={self.port}",
                f"--ServerApp.token={self.bench.token}", "--ServerApp.open_browser=False",
                "--ServerApp.allow_root=True", f"--ServerApp.root_dir={self.bench.dir / 'root'}",
                f"--ServerApp.iopub_msg_rate_limit={NO_LIMIT}",
                f"--ServerApp.iopub_data_rate_limit={NO_LIMIT}"]


def median(values):
    return statistics.median(values)


def table(title, header, rows):
    print(f"\n{title}")
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        print("  " + "  ".join(str(cell).rjust(width) if i else str(cell).ljust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))))
    sys.stdout.flush()


def bench_round_trips(bench, paths):
    """Rounds take turns, so that a busy moment of the machine hits all of them."""
    count = int(2000 * bench.scale)
    results = {}
    for spec in ("fast", "python3"):
        started = {path.name: path.start(spec) for path in paths}
        for _ in range(bench.rounds):
            for path in paths:
                few = spec != "fast" or path.name == "jupyter-server" # 44 ms each
                found = bench.run_client("rtt", *started[path.name], count // 5 if few else count)
                for kind, values in found.items():
                    results.setdefault((spec, kind, path.name), []).append(values["p50_us"])
    rows = []
    for spec in ("fast", "python3"):
        for kind in ("kernel_info_request", "execute_request"):
            values = [median(results[(spec, kind, path.name)]) for path in paths]
            floor, ours, theirs = values
            rows.append([f"{spec} {kind.removesuffix('_request')}",
                         *[f"{value:.0f}" for value in values], f"{ours - floor:.0f}",
                         f"{theirs - floor:.0f}",
                         f"1/{(theirs - floor) / (ours - floor):.1f}" if ours > floor else "none"])
    table("Round trip to reply and idle, µs (median of medians)",
          ["", *[path.name for path in paths], "our overhead", "theirs", "ratio"], rows)


def bench_streams(bench, paths):
    python = "import sys\nfor i in range({n}):\n sys.stdout.write('%010d ' % i + 'x' * 88 + '\\n')\n"
    flushed = python.replace("88", "988") + " sys.stdout.flush()\n"
    many, some = int(200000 * bench.scale), int(20000 * bench.scale)
    cases = [
        ("fast 1 kB", "fast", "burst {n} 1000", many, "messages"),
        ("fast 100 kB", "fast", "burst {n} 100000", int(2000 * bench.scale), "bytes"),
        ("fast display 1 kB", "fast", "display {n} 1000", many, "messages"),
        ("ipykernel 1 kB flushed", "python3", flushed, some, "messages"),
        ("ipykernel lines", "python3", python, many, "bytes"),
    ]
    rows = []
    started = {}
    for title, spec, code, count, unit in cases:
        rates, lost, cpu = {}, {}, {}
        for _ in range(bench.rounds):
            for path in paths:
                if (path.name, spec) not in started:
                    started[(path.name, spec)] = path.start(spec)
                # It takes minutes for as many.
                lines = count // 5 if path.name == "jupyter-server" and spec == "fast" else count
                before = path.cpu_seconds() if isinstance(path, Server) else 0
                try:
                    found = bench.run_client("stream", *started[(path.name, spec)],
                                             code.format(n=lines))
                except RuntimeError: # the status that says it is done was lost too
                    found = {"messages": 0, "bytes": 0, "lines": 0, "seconds": 1}
                if isinstance(path, Server):
                    cpu.setdefault(path.name, []).append(path.cpu_seconds() - before)
                amount = found["messages"] if unit == "messages" else found["bytes"] / 1e6
                rates.setdefault(path.name, []).append(amount / found["seconds"])
                lost.setdefault(path.name, []).append(f"{lines - found['lines']} of {lines}")
        floor, ours, theirs = (median(rates[path.name]) for path in paths)
        rows.append([f"{title}, {'msg/s' if unit == 'messages' else 'MB/s'}", f"{floor:.0f}",
                     f"{ours:.0f}", f"{theirs:.0f}", f"{ours / max(theirs, 0.001):.1f}x",
                     f"{100 * ours / max(floor, 0.001):.0f} %",
                     " / ".join(max(lost[path.name], key=lambda told: int(told.split()[0]))
                                for path in paths),
                     " / ".join(f"{median(values):.1f}" for values in cpu.values())])
    table("Stream throughput (medians; lost lines: the worst round)",
          ["", *[path.name for path in paths], "ours/theirs", "of direct",
           "lost direct/ours/theirs", "CPU s ours/theirs"], rows)


def bench_starts(bench):
    rows = []
    for kind, spec in ((JupyterServer, "python3"), (Farcelld, "python3"), (Prewarmed, "python3"),
                       (JupyterServer, "fast"), (Farcelld, "fast")):
        server = kind(bench)
        try:
            results = []
            if kind is Prewarmed:
                bench.run_client("start", server.url, spec) # a used kernelspec is kept ready
            for _ in range(bench.rounds):
                if kind is Prewarmed:
                    time.sleep(3)
                results.append(bench.run_client("start", server.url, spec))
                server.delete_all()
        finally:
            server.stop()
        rows.append([f"{kind.name}, {spec}{' kept ready' if kind is Prewarmed else ''}"]
                    + [f"{median(r[key] for r in results):.0f}"
                       for key in ("post_ms", "open_ms", "info_ms", "execute_ms")])
    table("From POST /api/kernels, ms (medians)",
          ["", "POST answered", "WebSocket open", "kernel_info", "first execute_reply"], rows)


def bench_memory(bench):
    rows = {}
    for kind in (Farcelld, JupyterServer):
        server = kind(bench)
        try:
            time.sleep(5)
            found = [server.memory()]
            for count in (1, 10):
                while len(server.api("GET", "/api/kernels")) < count:
                    bench.run_client("start", server.url, "fast")
                time.sleep(5)
                found.append(server.memory())
            for kernel in server.api("GET", "/api/kernels"):
                bench.run_client("rtt", server.url, kernel["id"], 10)
            found.append(server.memory())
        finally:
            server.stop()
        rows[kind.name] = found
    ours, theirs = rows["farcelld"], rows["jupyter-server"]
    show = "{0[0]:.1f} ({0[1]:.1f}; {0[2]:.1f})".format
    table("Memory of the server's own processes, MiB RSS (PSS; written), after 5 s of rest",
          ["kernels", "farcelld + keepers", "jupyter-server", "RSS ratio", "PSS ratio", "written"],
          [[title, show(ours[i]), show(theirs[i]),
            *(f"1/{theirs[i][kind] / ours[i][kind]:.1f}" for kind in range(3))]
           for i, title in enumerate(("0", "1", "10", "10, all just used"))])


def read_all(directory):
    started = time.monotonic()
    size = 0
    for path in directory.iterdir():
        with open(path, "rb", buffering=0) as file:
            while chunk := file.read(1 << 20):
                size += len(chunk)
    return time.monotonic() - started, size


def bench_catch_up(bench):
    """A client comes back to 100 MB of output. Beside it: the same bytes, only read."""
    code = "for i in range(1000000):\n print('%010d ' % i + 'x' * 88)\n"
    server = Farcelld(bench)
    rows = []
    try:
        for title, spec, program in (("100,000 messages", "fast", "burst 100000 1000"),
                                     ("ipykernel, a million lines", "python3", code)):
            url, kernel = server.start(spec)
            bench.run_client("stream", url, kernel, program)
            found = [(bench.run_client("replay", url, kernel),
                      read_all(pathlib.Path(server.state) / "kernels" / kernel / "journal"))
                     for _ in range(bench.rounds)]
            replay = median([reply["seconds"] for reply, _ in found])
            plain = median([seconds for _, (seconds, _) in found])
            rows.append([title, f"{found[0][0]['bytes'] / 1e6:.0f}", f"{replay:.2f}",
                         f"{plain:.2f}", f"{replay - plain:.2f}"])
    finally:
        server.stop()
    table("Catching up with ?since=0 (medians)",
          ["", "MB", "caught up, s", "plain read, s", "extra, s"], rows)


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if len(arguments) != 1:
        sys.exit(__doc__)
    only = [argument[7:] for argument in sys.argv if argument.startswith("--only=")]
    bench = Bench(arguments[0], "--quick" in sys.argv)
    paths = [Direct(bench), Farcelld(bench), JupyterServer(bench)]
    print(f"ready to answer: farcelld {paths[1].ready_ms:.0f} ms, "
          f"jupyter-server {paths[2].ready_ms:.0f} ms")
    try:
        if not only or "rtt" in only:
            bench_round_trips(bench, paths)
        if not only or "stream" in only:
            bench_streams(bench, paths)
    finally:
        for path in paths:
            path.stop()
    if not only or "start" in only:
        bench_starts(bench)
    if not only or "catchup" in only:
        bench_catch_up(bench)
    if not only or "memory" in only:
        bench_memory(bench)


if __name__ == "__main__":
    main()
