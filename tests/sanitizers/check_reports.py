#!/usr/bin/env python3
"""check_reports.py FOLDER [--clear]: fails and prints what sanitizers wrote into FOLDER.

The programs that tests start, some of them in the background, report into files: their exit
status reaches nobody.
"""
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
reports = sorted(path for path in folder.glob("*") if path.stat().st_size > 0)
if "--clear" in sys.argv:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*"):
        path.unlink()
    sys.exit(0)
for path in reports:
    print(f"== {path.name}\n{path.read_text(errors='replace')[:20000]}")
print(f"{len(reports)} reports in {folder}")
sys.exit(1 if reports else 0)
