"""Thousands of slow streams at once, each proxy alone with a fresh upstream."""
import resource

from driver.load import run_streams
from driver.proxies import DIRECT, is_ours
from driver.table import Bar, Table, at_most, number
from driver.testbed import Testbed

STREAMS = 9500
DESCRIPTORS_BESIDE_STREAMS = 900
OPENED_PER_SECOND = 2500
CHUNKS = 8  # long enough that the first stream still runs when the last begins
GAP_MS = 1000

COLUMNS = [
    "proxy", "streams finished", "most at once", "errors", "first event p50 / p99 µs",
    "chunk delay p50 / p90 / p99 / p99.9 µs", "CPU µs/chunk", "RSS idle MB", "RSS most MB", "threads",
]  # fmt: skip


def stream_count():
    """A proxy needs two descriptors for each stream."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(STREAMS, (limit - DESCRIPTORS_BESIDE_STREAMS) // 2)


def measure(options):
    count = stream_count()
    rows, bars = [], []
    for name in options.proxies:
        with Testbed(options.tools, "many") as testbed:
            served = testbed.start(name)
            idle_mb = served.rss_mb()
            report = run_streams(testbed, served, _arguments(count), CHUNKS * GAP_MS / 1000 + count / OPENED_PER_SECOND)
        rows.append(_row(name, report, idle_mb))
        if is_ours(name):
            bars += _bars(name, report, count)
    note = f"{CHUNKS} chunks in each stream, {GAP_MS} ms apart, {OPENED_PER_SECOND} streams opened per second; one run each."
    if count < STREAMS:
        note += f" The limit of open files allows {count} streams here; {STREAMS} need {2 * STREAMS + DESCRIPTORS_BESIDE_STREAMS}."
    yield Table(f"{count} streams at once", COLUMNS, rows, bars, note)


def _arguments(count):
    return [
        "--connections", count, "--streams", 1, "--connections-per-second", OPENED_PER_SECOND,
        "--chunks", CHUNKS, "--gap-ms", GAP_MS,
    ]  # fmt: skip


def _row(name, report, idle_mb):
    def quantiles(kind, *shares):
        return " / ".join(number(report[f"{kind}_{share}_us"]) for share in shares)

    return [
        name,
        report["finished_streams"],
        report["most_active_streams"],
        report["errors"],
        quantiles("first_event", "p50", "p99"),
        quantiles("delay", "p50", "p90", "p99", "p999"),
        *(["–"] * 4 if name == DIRECT else _costs(report, idle_mb)),
    ]


def _costs(report, idle_mb):
    return [number(report["cpu_us_per_chunk"], 2), number(idle_mb, 1), number(report["rss_mb"], 1), report["threads"]]


def _bars(name, report, count):
    is_clean = report["errors"] == 0 and report["most_active_streams"] == count
    figure = f"{report['most_active_streams']} at once, {report['errors']} errors"
    return [
        Bar(f"{name}: {STREAMS} streams at once, no error", figure, is_clean and count == STREAMS),
        at_most(f"{name}: RSS in MB", report["rss_mb"], 40, digits=1),
        at_most(f"{name}: threads", report["threads"], 16, digits=0),
    ]
