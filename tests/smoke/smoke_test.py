#!/usr/bin/env python3
"""The main job in a real window: open, run all on this computer, edit with real keys, save, compare.

smoke_test.py FARCELL NOTEBOOK PICTURES
"""

import difflib
import json
import pathlib
import shutil
import sys
import time

from desktop import desktop, wait_for

FARCELL, NOTEBOOK, PICTURES = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
TYPED = "print('typed', 6 * 7)"


def cells(path):
    return {cell["id"]: cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def source(cell):
    return "".join(cell["source"])


def text(cell):
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def run_all(screen, path):
    screen.keys("ctrl+F9")

    def all_ran():
        screen.keys("ctrl+s")
        return all(cell["execution_count"] for cell in cells(path).values()
                   if cell["cell_type"] == "code")
    wait_for("all cells to have run", all_ran, 120)
    wait_for("the last output", lambda: screen.keys("ctrl+s") or "Done." in text(
        cells(path)["progress"]))


def check_run(path):
    before, after = cells(NOTEBOOK), cells(path)
    assert list(before) == list(after), "cells were added, removed or moved"
    for name, cell in after.items():
        assert cell["source"] == before[name]["source"], f"the source of {name} changed"
        if cell["cell_type"] != "code":
            assert cell == before[name], f"{name} changed"
    assert "Hello from Python" in text(after["hello"])
    assert "The shell is here too" in text(after["shell"])
    assert "3.14149265" in text(after["leibniz"])
    kinds = {kind for cell in after.values() for output in cell.get("outputs", [])
             for kind in output.get("data", {})}
    assert {"text/html", "image/svg+xml", "image/png"} <= kinds, kinds
    counts = [c["execution_count"] for c in after.values() if c["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1)), counts


def edit_one_cell(screen, path):
    """Types into the first code cell and saves; only lines of that cell may differ."""
    before = path.read_text(encoding="utf-8").splitlines()
    # Command mode, up to the first cell, down to the first code cell, edit it.
    screen.keys("Escape", "Escape", *["Up"] * len(cells(path)), "Down", "Down", "Return")
    screen.keys("ctrl+End", "Return")
    screen.type(TYPED)
    screen.picture("edited")
    screen.keys("ctrl+s")
    wait_for("the saved edit", lambda: TYPED in source(cells(path)["hello"]), 20)

    after = path.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(before) if '"id": "hello"' in line)
    end = next(i for i, line in enumerate(before) if '"id": "shell-text"' in line)
    for tag, first, last, _, _ in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        assert tag == "equal" or (start <= first and last <= end), (
            f"lines {first + 1} to {last} changed, which are not of the edited cell")

    screen.keys("ctrl+Return")
    wait_for("the output of the edited cell", lambda: screen.keys("ctrl+s") or "typed 42" in text(
        cells(path)["hello"]), 30)
    # The end of a run may come after its text, and changes the notebook once more.
    time.sleep(2)
    screen.keys("ctrl+s")
    time.sleep(1)


def main():
    with desktop(PICTURES) as screen:
        path = screen.home / "welcome.ipynb"
        shutil.copy(NOTEBOOK, path)
        app = screen.start(FARCELL, path)
        screen.window(app)
        assert path.read_bytes() == NOTEBOOK.read_bytes(), "opening changed the file"
        screen.picture("opened")
        try:
            run_all(screen, path)
            screen.picture("ran")
            check_run(path)
            edit_one_cell(screen, path)
            screen.picture("done")
            assert app.poll() is None, f"the app ended by itself: {app.returncode}"
            screen.keys("ctrl+q")
            wait_for("the app to quit", lambda: app.poll() is not None, 60)
        except AssertionError:
            screen.picture("failed")
            print(f"a picture of the window is {PICTURES}/failed.png")
            raise
        assert app.returncode == 0, f"the app ended with {app.returncode}"


main()
