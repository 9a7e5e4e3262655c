"""The written report."""
from driver import places

HEAD = """# Benchmark results

Written by `tools/bench/run all --write`. What each figure means, and how much of it is noise, is in
[README.md](README.md). All processes share one machine and talk over loopback; compare only inside one table.
"""


def write(command, facts, tables):
    lines = [HEAD, "## Measured on", "", "| what | value |", "|---|---|"]
    lines += [f"| {what} | {value} |" for what, value in facts]
    lines += ["", f"Command: `{command}`", "", summary(tables)]
    text = "\n".join(lines) + "\n" + "\n".join(table.markdown() for table in tables)
    places.RESULTS.write_text(text)


def summary(tables):
    """All bars in one place."""
    bars = [(table.title, bar) for table in tables for bar in table.bars]
    if not bars:
        return "## Bars\n\nThe gateway was not measured.\n"
    lines = ["## Bars", "", "| table | bar | figure | |", "|---|---|---:|---|"]
    lines += [f"| {title} | {bar.promise} | {bar.figure} | {'met' if bar.is_met else '**missed**'} |" for title, bar in bars]
    return "\n".join(lines) + "\n"
