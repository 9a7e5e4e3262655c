"""The files that the checks look at, and how a check says what it found."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = {"build", "target", "node_modules", ".git", "__pycache__", "corpus"}
CPP = {".c", ".h", ".cpp", ".hpp"}


def files(folders, suffixes=None):
    """Every file below the folders, as paths relative to the root, in order; all of them or those with a suffix."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT)
            if not path.is_file() or LEFT_OUT & set(relative.parts):
                continue
            if suffixes is None or path.suffix in suffixes:
                yield relative


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def report(name, checked, problems):
    """Prints the problems, one a line, and ends the program: 0 if there are none."""
    if checked == 0:
        problems = [f"{name}: nothing was checked; expected files under {ROOT}"]
    for problem in problems:
        print(problem)
    print(f"{name}: {checked} checked, {len(problems)} wrong", file=sys.stderr)
    sys.exit(1 if problems else 0)
