#!/usr/bin/env python3
"""`farcell convert`, `run` and `attach` as scripts see them: exit codes, files, messages.

cli_test.py FARCELL FARCELLD [convert|run|jupyter]
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import uuid

import servers

FARCELL, FARCELLD = sys.argv[1], sys.argv[2]
MARK = uuid.uuid4().hex
failures = []


def case(function):
    """Runs one case in a folder of its own; all cases run, and all that fail are told."""
    with tempfile.TemporaryDirectory(prefix="farcell cli ") as folder:
        try:
            function(pathlib.Path(folder))
            print(f"ok    {function.__name__}", flush=True)
        except (AssertionError, OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
            failures.append(function.__name__)
            print(f"FAIL  {function.__name__}: {type(error).__name__}: {error}", flush=True)


def farcell(folder, *arguments, timeout=120):
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environment = servers.clean_environment(home) | {"CONTRACT_MARK": MARK}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        environment.pop(name, None)
    return subprocess.run([FARCELL, *map(str, arguments)], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)


def expect(result, status, *words):
    said = result.stdout + result.stderr
    assert result.returncode == status, f"exit {result.returncode}, not {status}: {said!r}"
    for word in words:
        assert str(word) in said, f"{word!r} is not in {said!r}"
    assert "\r" not in result.stderr, "a progress bar without a terminal"


def cell(source, **keys):
    return {"cell_type": "code", "execution_count": None, "id": uuid.uuid4().hex[:8],
            "metadata": {}, "outputs": [], "source": source.splitlines(keepends=True)} | keys


def write_notebook(path, *cells, **metadata):
    kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": list(cells), "metadata": {"kernelspec": kernelspec} | metadata,
            "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def text_of(one):
    return "".join("".join(output.get("text", [])) for output in one["outputs"])


def nothing_left_behind():
    deadline = time.monotonic() + 10
    while True:
        left = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and f"CONTRACT_MARK={MARK}".encode() in (
                        entry / "environ").read_bytes():
                    left.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        if not left:
            return
        assert time.monotonic() < deadline, f"processes left behind: {left}"
        time.sleep(0.1)


# --- convert

GOOD = [cell("x = 1\nprint(x)\n"),
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": ["# A *title*\n", "text"]}]


def convert_to_each_form(folder):
    source = write_notebook(folder / "in put.ipynb", *GOOD)
    wanted = {"notebook": "cells", "script": "print(x)", "markdown": "# A *title*",
              "html": "<em>title</em>"}
    for form, part in wanted.items():
        out = folder / f"out.{form}"
        expect(farcell(folder, "convert", source, "--to", form, "-o", out), 0)
        assert part in out.read_text(), f"{form}: {out.read_text()[:400]}"
    assert (folder / "out.notebook").read_bytes() == source.read_bytes()


def convert_keeps_a_strange_style(folder):
    source = folder / "in.ipynb"
    source.write_bytes(b'{"nbformat_minor":2,"nbformat":4,\r\n"x":1e5,"metadata":{},"cells":[ ]}')
    expect(farcell(folder, "convert", source, "--to", "notebook", "-o", folder / "out"), 0)
    assert (folder / "out").read_bytes() == source.read_bytes()


def convert_broken_json(folder):
    source = folder / "in.ipynb"
    source.write_text('{\n "cells": [\n  {"a": 1,]\n')
    result = farcell(folder, "convert", source, "--to", "html", "-o", folder / "out")
    expect(result, 1, "in.ipynb:3:")
    assert not (folder / "out").exists()
    assert source.read_text() == '{\n "cells": [\n  {"a": 1,]\n'


def convert_json_that_is_no_notebook(folder):
    source = folder / "in.ipynb"
    source.write_text('"just a string"')
    expect(farcell(folder, "convert", source, "--to", "html", "-o", folder / "out"), 1, "in.ipynb")
    assert not (folder / "out").exists()


def convert_missing_input(folder):
    result = farcell(folder, "convert", "nowhere.ipynb", "--to", "html", "-o", folder / "out")
    expect(result, 1, "nowhere.ipynb")
    assert not (folder / "out").exists()


def convert_usage(folder):
    source = write_notebook(folder / "in.ipynb", *GOOD)
    for arguments in ([], [source], [source, "--to", "pdf", "-o", "out"], [source, "--to", "html"],
                      [source, "--nonsense", "--to", "html", "-o", "out"],
                      [source, source, "--to", "html", "-o", "out"]):
        expect(farcell(folder, "convert", *arguments), 2)
        assert not (folder / "out").exists(), arguments


# --- run

def run_all_cells(folder):
    source = write_notebook(
        folder / "in.ipynb",
        cell("print('eins')\n2 + 2", metadata={"colab": {"x": 1}, "tags": ["keep"]}),
        cell("from IPython.display import display\nd = display('a', display_id='i')\nd.update('b')"),
        {"cell_type": "raw", "id": "r", "metadata": {"format": "x"}, "source": ["raw"]},
        cell(""), cell("'ü 🚀'", strange=[1, 2]), unknown={"deep": [1.50, None]})
    before = source.read_bytes()
    out = folder / "out.ipynb"
    expect(farcell(folder, "run", source, "-o", out), 0)
    book, old = json.loads(out.read_text()), json.loads(before)
    assert source.read_bytes() == before
    first, second, raw, empty, last = book["cells"]
    assert text_of(first) == "eins\n", first
    assert first["outputs"][1]["data"]["text/plain"] in ("4", ["4"])
    assert [c.get("execution_count") for c in book["cells"]] == [1, 2, None, None, 3]
    assert second["outputs"][0]["data"]["text/plain"] in ("'b'", ["'b'"]), second
    assert "transient" not in out.read_text()
    assert raw == old["cells"][2] and empty["outputs"] == []
    assert last["strange"] == [1, 2] and book["metadata"]["unknown"] == {"deep": [1.5, None]}
    assert [c["id"] for c in book["cells"]] == [c["id"] for c in old["cells"]]
    assert first["metadata"]["tags"] == ["keep"] and first["metadata"]["colab"]["x"] == 1
    assert "ü 🚀" in out.read_text(encoding="utf-8")
    nothing_left_behind()


def run_stops_at_an_error(folder):
    source = write_notebook(folder / "in.ipynb", cell("print('before')"), cell("1 / 0"),
                            cell("print('after')"))
    out = folder / "out.ipynb"
    expect(farcell(folder, "run", source, "-o", out), 1, "ZeroDivisionError")
    first, second, third = read_cells(out)
    assert text_of(first) == "before\n"
    assert second["outputs"][0]["ename"] == "ZeroDivisionError"
    assert third["outputs"] == [] and third["execution_count"] is None
    nothing_left_behind()


def run_allows_errors(folder):
    source = write_notebook(folder / "in.ipynb", cell("1 / 0"), cell("print('after')"))
    out = folder / "out.ipynb"
    expect(farcell(folder, "run", source, "-o", out, "--allow-errors"), 0)
    assert text_of(read_cells(out)[1]) == "after\n"


def run_expects_a_tagged_error(folder):
    source = write_notebook(folder / "in.ipynb",
                            cell("1 / 0", metadata={"tags": ["raises-exception"]}), cell("print(7)"))
    out = folder / "out.ipynb"
    expect(farcell(folder, "run", source, "-o", out), 0)
    assert text_of(read_cells(out)[1]) == "7\n"


def run_time_out(folder):
    source = write_notebook(folder / "in.ipynb", cell("import time; time.sleep(90)"), cell("2"))
    out = folder / "out.ipynb"
    started = time.monotonic()
    expect(farcell(folder, "run", source, "-o", out, "--timeout", "2"), 1)
    assert time.monotonic() - started < 45, "the time-out came late"
    nothing_left_behind()


def run_dying_kernel(folder):
    source = write_notebook(folder / "in.ipynb", cell("import os; os._exit(3)"), cell("print(1)"))
    result = farcell(folder, "run", source, "-o", folder / "out.ipynb")
    assert result.returncode in (1, 3), result
    assert result.stderr.strip(), "nothing said"
    nothing_left_behind()


def run_interrupted(folder):
    source = write_notebook(folder / "in.ipynb", cell("print('first')"),
                            cell("import time\nopen('started', 'w').close()\ntime.sleep(90)"),
                            cell("print('never')"))
    home = folder / "home"
    home.mkdir()
    process = subprocess.Popen([FARCELL, "run", str(source), "-o", "out.ipynb"], cwd=folder,
                               env=servers.clean_environment(home) | {"CONTRACT_MARK": MARK},
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (folder / "started").exists():
        assert time.monotonic() < deadline and process.poll() is None, "the cell never started"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "nterrupted" in said, (process.returncode, said)
    first, second, third = read_cells(folder / "out.ipynb")
    assert text_of(first) == "first\n"
    assert second["outputs"][0]["ename"] == "KeyboardInterrupt"
    assert third["outputs"] == []
    nothing_left_behind()


def run_in_place(folder):
    source = write_notebook(folder / "in.ipynb", cell("print('new')"), unknown={"x": [1.50]})
    before = source.read_text()
    expect(farcell(folder, "run", source, "-o", source), 0)
    after = source.read_text()
    assert text_of(read_cells(source)[0]) == "new\n"
    kept = [line for line in before.splitlines() if line not in after.splitlines()]
    assert all("execution_count" in line or "outputs" in line for line in kept), kept


def run_bad_input(folder):
    (folder / "bad.ipynb").write_text("{")
    expect(farcell(folder, "run", "bad.ipynb", "-o", folder / "out"), 1, "bad.ipynb:1:")
    expect(farcell(folder, "run", "nowhere.ipynb", "-o", folder / "out"), 1, "nowhere.ipynb")
    assert not (folder / "out").exists()


def run_usage(folder):
    source = write_notebook(folder / "in.ipynb", *GOOD)
    for arguments in ([], [source], [source, "-o", "out", "--nonsense"],
                      [source, "-o", "out", "--timeout", "soon"],
                      [source, source, "-o", "out"]):
        expect(farcell(folder, "run", *arguments), 2)
        assert not (folder / "out").exists(), arguments


def run_unknown_kernel(folder):
    source = write_notebook(folder / "in.ipynb", *GOOD)
    result = farcell(folder, "run", source, "-o", folder / "out", "--kernel", "klingon")
    assert result.returncode in (1, 3) and "klingon" in result.stderr, result
    assert not (folder / "out").exists()
    nothing_left_behind()


def run_unreachable(folder):
    source = write_notebook(folder / "in.ipynb", *GOOD)
    result = farcell(folder, "run", source, "-o", folder / "out", "--runtime", "http://127.0.0.1:9/")
    expect(result, 3, "127.0.0.1")
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert not (folder / "out").exists()


def on_a_server(server):
    def run_remote(folder):
        source = write_notebook(folder / "in.ipynb", cell("print(sum(range(10)))"), cell("'é'"))
        out = folder / "out.ipynb"
        expect(farcell(folder, "run", source, "-o", out, "--runtime", server.url,
                       "--token-file", server.token_file), 0)
        first, second = read_cells(out)
        assert text_of(first) == "45\n"
        assert second["outputs"][0]["data"]["text/plain"] in ("'é'", ["'é'"])
        for what in ("kernels", "sessions"):
            assert server.get(f"api/{what}").strip() == b"[]", f"{what} left behind"

    def run_remote_with_the_token_in_the_url(folder):
        source = write_notebook(folder / "in.ipynb", cell("print('x' * 200000)"))
        out = folder / "out.ipynb"
        expect(farcell(folder, "run", source, "-o", out, "--runtime",
                       f"{server.url}?token={server.token}"), 0)
        assert text_of(read_cells(out)[0]) == "x" * 200000 + "\n"

    def run_remote_that_fails(folder):
        source = write_notebook(folder / "in.ipynb", cell("1 / 0"), cell("2"))
        out = folder / "out.ipynb"
        expect(farcell(folder, "run", source, "-o", out, "--runtime", server.url,
                       "--token-file", server.token_file), 1, "ZeroDivisionError")
        assert read_cells(out)[0]["outputs"][0]["output_type"] == "error"
        assert server.get("api/kernels").strip() == b"[]"

    def run_remote_with_a_wrong_token(folder):
        source = write_notebook(folder / "in.ipynb", *GOOD)
        wrong = folder / "token"
        wrong.write_text("wrong\n")
        result = farcell(folder, "run", source, "-o", folder / "out", "--runtime", server.url,
                         "--token-file", wrong)
        expect(result, 3)
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
        assert not (folder / "out").exists()

    for function in (run_remote, run_remote_with_the_token_in_the_url, run_remote_that_fails,
                     run_remote_with_a_wrong_token):
        case(function)


def on_farcelld(server):
    """What only farcelld can do: runs that go on without us, and are looked at later."""
    access = ("--token-file", server.token_file)

    def attach(folder, kernel, *more):
        return farcell(folder, "attach", server.url, kernel, *access, *more)

    def run_detached_and_attach(folder):
        source = write_notebook(folder / "in.ipynb",
                                cell("import time\nfor i in range(20):\n    print(i, flush=True)\n"
                                     "    time.sleep(0.1)"), cell("print('second'); 6 * 7"))
        started = time.monotonic()
        left = farcell(folder, "run", source, "--detach", "--runtime", server.url, *access)
        expect(left, 0, "attach")
        kernel = left.stdout.strip()
        assert len(kernel) == 36, left.stdout
        assert not list(folder.glob("*.ipynb"))[1:], "a file was written"
        whole = attach(folder, kernel)
        expect(whole, 0)
        assert whole.stdout == "".join(f"{i}\n" for i in range(20)) + "second\n42\n", whole
        assert time.monotonic() - started > 2, "it did not run to its end"
        # From where the first look ended there is nothing more; from the middle there is the rest.
        last = whole.stderr.strip().split("--since ")[-1]
        expect(attach(folder, kernel[:8], "--since", last), 0)
        assert attach(folder, kernel[:8], "--since", last).stdout == ""
        rest = attach(folder, kernel, "--since", str(int(last) - 4))
        assert whole.stdout.endswith(rest.stdout) and rest.stdout != whole.stdout, rest
        server.delete(f"api/kernels/{kernel}")

    def attach_tells_a_failure(folder):
        source = write_notebook(folder / "in.ipynb", cell("1 / 0"), cell("print('not run')"))
        left = farcell(folder, "run", source, "--detach", "--runtime", server.url, *access)
        expect(left, 0)
        looked = attach(folder, left.stdout.strip())
        expect(looked, 1, "ZeroDivisionError")
        assert "not run" not in looked.stdout, looked
        server.delete(f"api/kernels/{left.stdout.strip()}")

    def attach_to_nothing(folder):
        result = attach(folder, "nosuchkernel")
        expect(result, 3, "nosuchkernel")
        for arguments in ([], [server.url], [server.url, "a", "b"],
                          [server.url, "a", "--since", "now"]):
            expect(farcell(folder, "attach", *arguments), 2, "Usage")
        source = write_notebook(folder / "in.ipynb", *GOOD)
        expect(farcell(folder, "run", source, "--detach"), 2, "--runtime")

    for function in (run_detached_and_attach, attach_tells_a_failure, attach_to_nothing):
        case(function)


def main():
    what = sys.argv[3] if len(sys.argv) > 3 else "all"
    if what in ("convert", "all"):
        for function in (convert_to_each_form, convert_keeps_a_strange_style, convert_broken_json,
                         convert_json_that_is_no_notebook, convert_missing_input, convert_usage):
            case(function)
    if what in ("run", "all"):
        for function in (run_all_cells, run_stops_at_an_error, run_allows_errors,
                         run_expects_a_tagged_error, run_time_out, run_dying_kernel,
                         run_interrupted, run_in_place, run_bad_input,
                         run_usage, run_unknown_kernel, run_unreachable):
            case(function)
        with servers.farcelld(FARCELLD) as server:
            on_a_server(server)
            on_farcelld(server)
    if what in ("jupyter", "all"):
        with servers.jupyter_server() as server:
            on_a_server(server)
    if failures:
        sys.exit(f"{len(failures)} cases failed: {', '.join(failures)}")


main()
