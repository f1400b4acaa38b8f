"""A desktop of its own for smoke tests: Xvfb, a window manager, real keys, screenshots."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # ctest shows it as skipped
PROGRAMS = ["Xvfb", "openbox", "xdotool", "import"]


def wait_for(what, probe, seconds=60):
    """The first true value of probe(), asked ten times a second."""
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.1)


class Desktop:
    def __init__(self, environment, home, pictures):
        self.environment, self.home, self.pictures = environment, home, pictures
        self.processes = []

    def start(self, *command, **options):
        process = subprocess.Popen([str(part) for part in command], env=self.environment,
                                   stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def xdotool(self, *arguments):
        result = subprocess.run(["xdotool", *map(str, arguments)], env=self.environment,
                                capture_output=True, text=True, timeout=60)
        return result.stdout.strip() if result.returncode == 0 else ""

    def window(self, process, seconds=60):
        """The visible top-level window of a program, raised and with the keyboard."""
        found = wait_for("a window", lambda: self.xdotool(
            "search", "--onlyvisible", "--pid", process.pid, "--name", "."), seconds)
        window = found.splitlines()[-1]
        self.xdotool("windowactivate", "--sync", window)
        return window

    def keys(self, *names):
        for name in names:
            self.xdotool("key", "--clearmodifiers", name)

    def type(self, text):
        self.xdotool("type", "--clearmodifiers", "--delay", "15", text)

    def picture(self, name):
        self.pictures.mkdir(parents=True, exist_ok=True)
        path = self.pictures / f"{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True,
                       timeout=60)
        return path

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@contextlib.contextmanager
def desktop(pictures, size="1280x860"):
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        print(f"SKIP: {', '.join(missing)} not installed")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="farcell-smoke-") as folder:
        folder = pathlib.Path(folder)
        home = folder / "home"
        runtime = folder / "runtime"
        home.mkdir()
        runtime.mkdir(mode=0o700)
        keep = {key: value for key, value in os.environ.items()
                if not key.startswith(("XDG_", "QT_", "JUPYTER", "PYTHON", "WAYLAND", "DBUS_"))}
        environment = keep | {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime),
                              "LC_ALL": "C.UTF-8", "QT_QPA_PLATFORM": "xcb"}
        read_end, write_end = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
            pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(write_end)
        try:
            with os.fdopen(read_end) as pipe:
                number = pipe.readline().strip()
            if not number:
                raise RuntimeError("Xvfb did not start")
            screen = Desktop(environment | {"DISPLAY": f":{number}"}, home, pathlib.Path(pictures))
            try:
                screen.start("openbox", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                yield screen
            finally:
                screen.stop()
        finally:
            server.terminate()
            server.wait()
