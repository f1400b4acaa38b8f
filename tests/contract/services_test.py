#!/usr/bin/env python3
"""Runs services/services.test.mjs (@jupyterlab/services) against farcelld.

services_test.py FARCELLD WORK_DIR     or jupyter-server in place of FARCELLD, to check the test
"""

import filecmp
import os
import pathlib
import shutil
import subprocess
import sys

import servers

SOURCE = pathlib.Path(__file__).parent / "services"


def install(work):
    """npm ci in the build folder, once per lock file."""
    work.mkdir(parents=True, exist_ok=True)
    lock = work / "package-lock.json"
    done = work / "installed"
    if not (done.exists() and filecmp.cmp(SOURCE / lock.name, lock, shallow=False)):
        done.unlink(missing_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, work / name)
        npm = shutil.which("npm") or servers.skip("npm is not installed")
        result = subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--no-progress"], cwd=work,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode:
            text = result.stdout + result.stderr
            offline = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH",
                       "ECONNRESET")
            if any(code in text for code in offline):
                servers.skip("the npm registry cannot be reached")
            sys.exit(text)
        done.touch()
    shutil.copy(SOURCE / "services.test.mjs", work)


def main():
    program, work = sys.argv[1], pathlib.Path(sys.argv[2])
    node = shutil.which("node") or servers.skip("node is not installed")
    install(work)
    is_farcelld = program != "jupyter-server"
    started = servers.farcelld(program) if is_farcelld else servers.jupyter_server()
    with started as server:
        environment = os.environ | {
            "FARCELL_URL": server.url, "FARCELL_TOKEN": server.token,
            "FARCELL_SERVER": "farcelld" if is_farcelld else "jupyter_server"}
        result = subprocess.run([node, "services.test.mjs"], cwd=work, env=environment,
                                stdin=subprocess.DEVNULL, timeout=270)
        if result.returncode:
            raise RuntimeError(f"{result.returncode} from the client")


main()
