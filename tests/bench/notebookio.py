#!/usr/bin/python3
"""Loading and saving notebooks: Farcell beside Python's nbformat and json, in one run.

    notebookio.py BENCH_NOTEBOOKIO [--corpus FOLDER] [--size MB] [--repeat N]

Times the same files with both, best of N, and prints seconds, ratios and peak memory. Each peak is
that of a process that did nothing else. With --verify it also compares what `serialize` writes
with nbformat.write, byte by byte. Needs Debian's python3-nbformat.
"""

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

PYTHON_OPERATIONS = ("nbformat.read", "nbformat.write", "json.loads")


def generate(path, megabytes):
    """A notebook as people have them: code, prose, streams, tables and many pictures."""
    rng = random.Random(7)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    picture = "".join(rng.choices(letters, k=60000))
    words = "the model epoch loss value naïve 数据 table plot learning rate of a run".split()
    cells = []
    size = 0
    while size < megabytes * 1_000_000:
        index = len(cells)
        if index % 4 == 3:
            text = "".join(" ".join(rng.choices(words, k=12)) + "\n" for _ in range(8))
            cell = {"cell_type": "markdown", "id": f"m{index}", "metadata": {}, "source": f"## Step {index}\n" + text}
        else:
            source = "".join(f"x_{i} = fit(data[{i}], rate={rng.random()!r})\n" for i in range(12))
            stream = "".join(f"epoch {i}: loss {rng.random():.6f} \"ok\"\n" for i in range(120))
            rows = "".join(f"<tr>\n<td>{rng.random():.4f}</td>\n</tr>\n" for _ in range(60))
            outputs = [
                {"output_type": "stream", "name": "stdout", "text": stream},
                {"output_type": "execute_result", "execution_count": index, "metadata": {},
                 "data": {"text/plain": stream[:400], "text/html": f"<table>\n{rows}</table>"}},
                {"output_type": "display_data", "metadata": {"needs": {"width": 640.0}},
                 "data": {"text/plain": "<Figure>", "image/png": picture[index % 999:] + "\n"}},
            ]
            cell = {"cell_type": "code", "execution_count": index, "id": f"c{index}",
                    "metadata": {}, "outputs": outputs, "source": source}
        cells.append(cell)
        size += len(json.dumps(cell, ensure_ascii=False)) * 1.03
    import nbformat
    notebook = nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    nbformat.write(notebook, path)


def best(repeat, work):
    result = 1e9
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        result = min(result, time.perf_counter() - start)
    return result


def measure_python(operation, files, repeat):
    """One of PYTHON_OPERATIONS over the files that nbformat can read; as JSON on stdout."""
    import nbformat
    warnings.simplefilter("ignore")
    seconds, count = 0.0, 0
    for name in files:
        try:
            notebook = nbformat.read(name, as_version=4) if operation == "nbformat.write" else None
            if operation == "nbformat.read":
                seconds += best(repeat, lambda: nbformat.read(name, as_version=4))
            elif operation == "nbformat.write":
                seconds += best(repeat, lambda: nbformat.write(notebook, io.StringIO()))
            else:
                data = Path(name).read_bytes()
                seconds += best(repeat, lambda: json.loads(data))
            count += 1
        except Exception:  # a broken file: counted by neither side
            continue
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0])
    print(json.dumps({"seconds": seconds, "files": count, "peak_kib": peak}))


def readable(files):
    import nbformat
    warnings.simplefilter("ignore")
    good = []
    for name in files:
        try:
            nbformat.write(nbformat.read(name, as_version=4), io.StringIO())
            good.append(name)
        except Exception:
            continue
    return good


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True,
                                     env={**os.environ, "PYTHONWARNINGS": "ignore"}).stdout)


def compare(title, files, arguments):
    ours = {operation: run([arguments.program, operation, "--repeat", str(arguments.repeat), *files])
            for operation in ("load", "save", "serialize")}
    theirs = {operation: run([sys.executable, __file__, "--measure", operation, "--repeat",
                              str(arguments.repeat), arguments.program, *files])
              for operation in PYTHON_OPERATIONS}
    total = sum(os.path.getsize(name) for name in files) / 1e6
    print(f"\n{title}: {len(files)} files, {total:.1f} MB")
    for name, result in [*theirs.items(), *((f"farcell {n}", r) for n, r in ours.items())]:
        print(f"  {name:18} {result['seconds']:9.3f} s   peak {result['peak_kib'] / 1024:7.0f} MiB")
    for label, operation, reference in (("load vs nbformat.read", "load", "nbformat.read"),
                                        ("load vs json.loads", "load", "json.loads"),
                                        ("save an edit vs nbformat.write", "save", "nbformat.write"),
                                        ("write all anew vs nbformat.write", "serialize", "nbformat.write")):
        print(f"  {label:34} {theirs[reference]['seconds'] / ours[operation]['seconds']:7.1f}x")


def verify(files, program):
    """Counts the files that `serialize` writes other than nbformat would."""
    import nbformat
    warnings.simplefilter("ignore")
    differing = []
    for name in files:
        notebook = nbformat.read(name, as_version=nbformat.NO_CONVERT)
        if notebook.get("nbformat") != 4:
            continue
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([program, "serialize", "--out", folder, name], check=True, capture_output=True)
            ours = Path(folder, "1.ipynb").read_bytes()
        theirs = io.StringIO(newline="")
        try:
            nbformat.write(notebook, theirs)
            expected = theirs.getvalue().encode("utf-8")
        except Exception:
            continue
        if ours != expected:
            differing.append(name)
    print(f"\nserialize is not what nbformat.write gives for {len(differing)} of {len(files)} files")
    for name in differing:
        print(f"  {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the bench_notebookio of a release build")
    parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--measure", choices=PYTHON_OPERATIONS, help=argparse.SUPPRESS)
    parser.add_argument("--corpus", default=os.environ.get("FARCELL_CORPUS_ROOT", ""))
    parser.add_argument("--size", type=int, default=100, help="MB of the generated notebook")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--verify", action="store_true")
    arguments = parser.parse_args()
    if arguments.measure:
        measure_python(arguments.measure, arguments.files, arguments.repeat)
        return
    if arguments.corpus:
        root = Path(arguments.corpus)
        files = readable(sorted(str(p) for p in (root / "corpus" if (root / "corpus").is_dir() else root).rglob("*.ipynb")))
        compare("corpus", files, arguments)
        if arguments.verify:
            verify(files, arguments.program)
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "large.ipynb")
        generate(name, arguments.size)
        compare("generated", [name], arguments)
        if arguments.verify:
            verify([name], arguments.program)


if __name__ == "__main__":
    main()
