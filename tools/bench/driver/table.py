"""Tables and bars, and how they are written."""
from dataclasses import dataclass, field


@dataclass
class Bar:
    """One promise with the figure that was measured."""

    promise: str
    figure: str
    is_met: bool

    def line(self):
        return f"* {'met' if self.is_met else '**missed**'}: {self.promise}: {self.figure}"


def at_most(promise, value, limit, digits=2):
    return Bar(f"{promise} ≤ {limit:g}", f"{value:.{digits}f}", value <= limit)


def at_least(promise, value, limit, digits=2):
    return Bar(f"{promise} ≥ {limit:g}", f"{value:.{digits}f}", value >= limit)


@dataclass
class Table:
    title: str
    columns: list
    rows: list = field(default_factory=list)
    bars: list = field(default_factory=list)
    note: str = ""

    def markdown(self):
        lines = [f"## {self.title}", ""]
        if self.note:
            lines += [self.note, ""]
        lines += [_row(self.columns), _row(["---"] + ["---:"] * (len(self.columns) - 1))]
        lines += [_row(row) for row in self.rows]
        if self.bars:
            lines += [""] + [bar.line() for bar in self.bars]
        return "\n".join(lines) + "\n"


def _row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def number(value, digits=0):
    """A figure for a cell; a dash for what was not measured."""
    return "–" if value is None else f"{value:.{digits}f}"


def spread(values, digits=0):
    return f"{min(values):.{digits}f}–{max(values):.{digits}f}"
