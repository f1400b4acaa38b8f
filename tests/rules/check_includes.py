#!/usr/bin/env python3
"""Fails on an #include that docs/architecture.md forbids: app -> core <- backend, and inside.

check_includes.py SOURCE_DIR [--qt-headers DIR]   checks the tree
check_includes.py --self-check                    shows that each rule finds what it forbids
"""

import argparse
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
SOURCES = {".h", ".cpp", ".cu", ".cuh", ".inc"}
SERVICES = ["kernels", "contents", "terminals", "runtimes"]
GUI_MODULES = ["QtGui", "QtWidgets"]
# Enough without the headers of Qt at hand; with them every class of both modules is known.
GUI_CLASSES = {"QAction", "QApplication", "QClipboard", "QColor", "QFont", "QGuiApplication", "QIcon",
               "QImage", "QKeyEvent", "QPainter", "QPixmap", "QTextDocument", "QWidget"}

# (folder whose files are meant, what they must not include, why)
RULES = [
    ("core/", r"(app|backend)/", "core knows neither side"),
    ("app/", r"backend/", "the app talks to the backend over the wire only"),
    ("backend/", r"app/", "the backend never knows the app"),
    ("app/celllist/", r"app/(shell|panels|connect|cli|main)/", "the cell list knows no window"),
    ("app/(?!shell/|main/)", r"app/(shell|main)/", "only main knows the window"),
    ("core/(?!client/)", r"core/client/", "the document and the formats know no connection"),
    ("core/(?!nbformat/|client/)", r"core/nbformat/", "only the reader and writer know the file"),
    ("backend/(?!main/)", r"backend/main/", "nobody knows main"),
    ("backend/(?!http/|main/)", r"backend/http/", "HTTP knows the services, not the other way"),
] + [
    (f"backend/{one}/", rf"backend/({'|'.join(s for s in SERVICES if s != one)})/",
     "the services do not know each other")
    for one in SERVICES
]


def gui_headers(folder):
    names = set(GUI_CLASSES)
    for module in GUI_MODULES if folder else []:
        directory = pathlib.Path(folder) / module
        if directory.is_dir():
            names |= {entry.name for entry in directory.iterdir() if entry.is_file()}
    return names


def findings(root, gui):
    for part in ("core", "app", "backend"):
        for path in sorted((root / part).rglob("*")):
            if path.suffix not in SOURCES:
                continue
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8", errors="replace")
            for match in INCLUDE.finditer(text):
                header = match.group(1) or match.group(2)
                # Relative includes are resolved, so that "../http/x.h" is seen too.
                if header.startswith("."):
                    header = (path.parent / header).resolve().relative_to(root.resolve()).as_posix()
                line = text.count("\n", 0, match.start(0) + len(match.group(0))) + 1
                for folder, forbidden, why in RULES:
                    if re.match(folder, name) and re.match(forbidden, header):
                        yield f"{name}:{line}: includes {header}: {why}"
                module, _, leaf = header.rpartition("/")
                if part != "app" and (module in GUI_MODULES or header in GUI_MODULES
                                      or (module == "" and leaf in gui)):
                    yield f"{name}:{line}: includes {header}: no GUI outside the app"


def self_check():
    bad = [
        ("core/base/a.h", '#include "app/theme/theme.h"'),
        ("core/base/a.cpp", '#include "backend/http/router.h"'),
        ("app/cli/a.cpp", '#include "backend/auth/secret.h"'),
        ("backend/http/a.cpp", '#include "app/theme/theme.h"'),
        ("app/celllist/a.cpp", '#include "app/shell/mainwindow.h"'),
        ("app/celllist/b.h", '#  include "../shell/mainwindow.h"'),
        ("core/notebook/a.h", '#include "core/client/runtimeclient.h"'),
        ("core/base/b.h", "#include <QWidget>"),
        ("core/base/c.h", "#include <QtGui/qimage.h>"),
        ("backend/auth/b.h", "#include <QtWidgets>"),
        ("backend/auth/c.h", '#include "backend/http/router.h"'),
        ("backend/kernels/c.h", '#include "backend/main/options.h"'),
    ] + [(f"backend/{one}/a.h", f'#include "backend/{other}/x.h"')
         for one in SERVICES for other in SERVICES + ["http"] if one != other]
    good = [
        ("core/client/a.h", '#include "core/nbformat/notebookfile.h"\n#include <QObject>'),
        ("app/shell/a.h", '#include "app/celllist/celllist.h"\n#include <QWidget>'),
        ("backend/http/a.h", '#include "backend/kernels/kernelservice.h"'),
        ("backend/kernels/a.h", '// the word #include "backend/http/x.h" in a comment'),
    ]
    for name, text in bad + good:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True)
            path.write_text(text + "\n")
            found = list(findings(pathlib.Path(folder), gui_headers(None)))
        if bool(found) != ((name, text) in bad):
            sys.exit(f"self-check: {name} with {text!r} gave {found}")
    print(f"{len(bad)} forbidden includes found, {len(good)} allowed ones let pass")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source", nargs="?")
    parser.add_argument("--qt-headers")
    parser.add_argument("--self-check", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_check:
        self_check()
        return
    found = list(findings(pathlib.Path(arguments.source), gui_headers(arguments.qt_headers)))
    print("\n".join(found) or "no forbidden include")
    sys.exit(1 if found else 0)


main()
