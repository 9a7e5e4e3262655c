"""Streams: many paced ones, a single one, and as fast as they go."""
from dataclasses import dataclass

from driver.load import run_streams
from driver.proxies import BASELINE, DIRECT, is_ours
from driver.rounds import Samples, interleaved
from driver.table import Bar, Table, at_most, number, spread
from driver.testbed import Testbed

COLUMNS = [
    "proxy", "chunks/s", "streams", "errors", "first event p50 / p99 µs", "chunk delay p50 / p90 / p99 / p99.9 µs",
    "added delay p50 µs", "CPU µs/chunk (min–max)", "CPU / nginx", "RSS MB", "threads",
]  # fmt: skip


@dataclass
class Shape:
    """One kind of streaming load."""

    title: str
    arguments: list
    seconds: float
    has_cpu_bar: bool = False


def _shapes(options):
    paced = ["--connections", 100, "--connections-per-second", 93.7, "--warm-up-seconds", 1.2]
    paced += ["--seconds", options.seconds + 2, "--chunks", 50, "--gap-ms", 20]
    burst = ["--connections", 100, "--seconds", options.seconds, "--chunks", 100, "--gap-ms", 0]
    # 93.7 connections a second spread the phases: at 100 a second, fifty streams would tick in the same millisecond.
    return [
        Shape("100 streams, a chunk every 20 ms each", paced, options.seconds + 4, has_cpu_bar=True),
        Shape("One stream, a chunk every 5 ms", ["--chunks", 200, "--gap-ms", 5], 3),
        Shape("100 streams of 100 chunks, as fast as they go", burst, options.seconds + 2),
    ]


def measure(options):
    """Yields one table for each shape of load."""
    with Testbed(options.tools, "stream") as testbed:
        served = {name: testbed.start(name) for name in options.proxies}
        for shape in _shapes(options):
            samples = Samples()
            for proxy in served.values():
                run_streams(testbed, proxy, ["--connections", 8, "--streams", 4, "--chunks", 20, "--gap-ms", 1], 5)
            for _, name in interleaved(options.proxies, options.rounds):
                samples.add(name, run_streams(testbed, served[name], shape.arguments, shape.seconds))
            yield _table(samples, shape, options)


def _table(samples, shape, options):
    note = f"{options.rounds} interleaved rounds; figures are medians."
    rows = [_row(samples, name) for name in options.proxies]
    return Table(shape.title, COLUMNS, rows, _bars(samples, shape, options.proxies), note)


def _row(samples, name):
    def quantiles(kind, *shares):
        return " / ".join(number(samples.median(name, f"{kind}_{share}_us")) for share in shares)

    cpu = samples.values(name, "cpu_us_per_chunk")
    return [
        name,
        number(samples.median(name, "chunks_per_second")),
        samples.total(name, "finished_streams"),
        samples.total(name, "errors"),
        quantiles("first_event", "p50", "p99"),
        quantiles("delay", "p50", "p90", "p99", "p999"),
        number(samples.median_difference(name, DIRECT, "delay_p50_us")),
        "–" if name == DIRECT else f"{samples.median(name, 'cpu_us_per_chunk'):.2f} ({spread(cpu, 2)})",
        "–" if name == DIRECT else number(samples.median_ratio(name, BASELINE, "cpu_us_per_chunk"), 2),
        "–" if name == DIRECT else number(samples.most(name, "rss_mb"), 1),
        "–" if name == DIRECT else samples.most(name, "threads"),
    ]


def _bars(samples, shape, names):
    bars = []
    for name in filter(is_ours, names):
        ratio = samples.median_ratio(name, BASELINE, "cpu_us_per_chunk")
        if shape.has_cpu_bar and ratio is not None:
            bars.append(at_most(f"{name}: CPU per chunk / nginx", ratio, 0.8))
        errors = samples.total(name, "errors")
        bars.append(Bar(f"{name}: no errors", str(errors), errors == 0))
    return bars
