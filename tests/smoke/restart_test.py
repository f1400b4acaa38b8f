#!/usr/bin/env python3
"""The app is ended by a signal, killed, and started again: unsaved edits, tabs, kernel and outputs.

restart_test.py FARCELL PICTURES
"""

import json
import os
import pathlib
import signal
import sys

from desktop import desktop, wait_for

FARCELL, PICTURES = sys.argv[1:3]


def notebook(*sources):
    cells = [{"cell_type": "code", "execution_count": None, "id": f"c{i}", "metadata": {},
              "outputs": [], "source": source} for i, source in enumerate(sources)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5},
                      indent=1) + "\n"


def text(path, cell):
    outputs = json.loads(path.read_text())["cells"][cell]["outputs"]
    return "".join("".join(output.get("text", "")) for output in outputs)


def processes(name, home):
    """Ids of this test's processes of that name."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if pathlib.Path(os.fsdecode(command[0])).name == name and str(home).encode() in environment:
            found.append(int(folder.name))
    return found


def first_cell(screen):
    screen.keys("Escape", "Escape", "Up", "Up", "Up", "Up")


def main():
    with desktop(PICTURES) as screen:
        path = screen.home / "run.ipynb"
        slow = "import time\nfor i in range(60):\n    print('line', i, flush=True)\n    time.sleep(0.2)"
        path.write_text(notebook("x = 41\nprint('ready')", slow, "print('x is', x + 1)"))
        app = screen.start(FARCELL, path)
        screen.window(app)
        try:
            first_cell(screen)
            screen.keys("ctrl+Return")
            wait_for("the first cell", lambda: screen.keys("ctrl+s") or "ready" in text(path, 0), 90)

            # An unsaved edit, and SIGTERM within the same second.
            saved = path.read_bytes()
            first_cell(screen)
            screen.keys("Return", "ctrl+End")
            screen.type("  # unsaved")
            app.send_signal(signal.SIGTERM)
            assert wait_for("the app to end", lambda: app.poll() is not None, 20)
            assert app.returncode == 0, f"SIGTERM ended the app with {app.returncode}"
            assert path.read_bytes() == saved, "the file was changed"
            assert list((screen.home / ".local/state/farcell/recovery").glob("*.recovery"))
            wait_for("its farcelld to end", lambda: not processes("farcelld", screen.home), 20)
            assert processes("farcell-keeper", screen.home), "the kernel did not go on"

            # The tab is there again, its edit is offered, its kernel still knows x.
            app = screen.start(FARCELL)
            screen.window(app)
            screen.picture("offered")
            screen.keys("Return")  # "Open them"
            screen.keys("ctrl+s")
            wait_for("the recovered edit",
                     lambda: screen.keys("ctrl+s") or b"# unsaved" in path.read_bytes(), 30)
            first_cell(screen)
            screen.keys("Down", "Down", "ctrl+Return")
            wait_for("the variable of before", lambda: screen.keys("ctrl+s") or "x is 42" in text(
                path, 2), 60)

            # Killed in the middle of a run: the next start fills in what it missed.
            first_cell(screen)
            screen.keys("Down", "ctrl+Return")
            wait_for("some lines", lambda: screen.keys("ctrl+s") or "line 3" in text(path, 1), 60)
            app.send_signal(signal.SIGKILL)
            app.wait()
            app = screen.start(FARCELL)
            screen.window(app)
            expected = "".join(f"line {i}\n" for i in range(60))
            wait_for("all lines", lambda: screen.keys("ctrl+s") or "line 59" in text(path, 1), 90)
            assert text(path, 1) == expected, text(path, 1)
            screen.picture("filled-in")

            # What the kill left behind is offered; it can wait, for the run has brought all of it.
            screen.keys("Escape")
            screen.keys("ctrl+q")
            assert wait_for("the app to quit", lambda: app.poll() is not None, 60)
            assert app.returncode == 0, f"the app ended with {app.returncode}"
        except AssertionError:
            screen.picture("failed")
            print(f"a picture of the window is {PICTURES}/failed.png")
            raise


main()
