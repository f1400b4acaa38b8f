#!/usr/bin/env python3
"""nbclient runs a notebook on farcelld, through the gateway client of jupyter_server.

gateway_test.py FARCELLD     or jupyter-server in place of FARCELLD, to check the test
"""

import functools
import os
import sys

import servers

try:
    import nbformat
    import websocket
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbformat.v4 import new_code_cell, new_notebook
except ImportError as error:
    servers.skip(f"{error.name} is not installed")


def notebook(*sources):
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def run(book):
    from jupyter_server.gateway.managers import GatewayKernelManager
    client = NotebookClient(book, timeout=60, kernel_name="python3",
                            kernel_manager_class=GatewayKernelManager)
    return client.execute()


def check(server, colour):
    book = run(notebook(
        "import os, time; print('cell one'); os.environ.get('KERNEL_COLOUR')",
        "from IPython.display import display, HTML, clear_output\n"
        "print('gone'); clear_output(); display(HTML('<b>kept</b>'))",
        "for number in range(3000): print('line', number)",
        "'€ 🚀'"))
    first, second, third, fourth = (cell.outputs for cell in book.cells)
    assert first[0].text == "cell one\n", first
    shown = [output.data["text/plain"] for output in first[1:]]
    assert shown == colour, shown  # env of POST /api/kernels
    assert [output.data["text/html"] for output in second] == ["<b>kept</b>"], second
    text = "".join(output.text for output in third)
    assert text == "".join(f"line {number}\n" for number in range(3000)), len(text)
    assert fourth[0].data["text/plain"] == "'€ 🚀'", fourth
    assert [cell.execution_count for cell in book.cells] == [1, 2, 3, 4]
    nbformat.validate(book)

    try:
        run(notebook("1 / 0"))
    except CellExecutionError as error:
        assert error.ename == "ZeroDivisionError", error
    else:
        raise AssertionError("a failing cell was taken as a good one")

    kernels = server.get("api/kernels")
    assert kernels.strip() == b"[]", f"kernels left behind: {kernels!r}"


def main():
    program = sys.argv[1]
    started = (servers.jupyter_server() if program == "jupyter-server"
               else servers.farcelld(program))
    with started as server:
        os.environ |= {"JUPYTER_GATEWAY_URL": server.url.rstrip("/"),
                       "JUPYTER_GATEWAY_AUTH_TOKEN": server.token,
                       "JUPYTER_GATEWAY_ENV_WHITELIST": "KERNEL_COLOUR", "KERNEL_COLOUR": "blue"}
        # jupyter_server 1.23 sends no token when it opens the WebSocket; 1.24 and later do.
        websocket.create_connection = functools.partial(
            websocket.create_connection, header=[f"Authorization: token {server.token}"])
        # jupyter_server ignores the environment that its own client sends; farcelld does not.
        check(server, [] if program == "jupyter-server" else ["'blue'"])
    print("nbclient ran its notebooks")


main()
