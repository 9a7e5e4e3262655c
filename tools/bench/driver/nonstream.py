"""Plain JSON requests at several numbers of connections."""
from driver.load import run_wrk
from driver.proxies import BASELINE, DIRECT, is_ours
from driver.rounds import Samples, interleaved
from driver.table import Bar, Table, at_least, at_most, number, spread
from driver.testbed import Testbed

CONNECTIONS = (1, 16, 64, 256)
BAR_CONNECTIONS = 64
WARM_UP_SECONDS = 1

COLUMNS = [
    "proxy", "RPS (min–max)", "p50 µs", "p99 µs", "added p50 µs", "CPU s / 1000 req (min–max)",
    "CPU / nginx", "RPS / nginx", "RSS MB", "threads", "errors",
]  # fmt: skip


def measure(options):
    """Yields one table for each number of connections."""
    with Testbed(options.tools, "nonstream") as testbed:
        served = {name: testbed.start(name) for name in options.proxies}
        for connections in options.connections:
            samples = Samples()
            for proxy in served.values():
                run_wrk(proxy, connections, WARM_UP_SECONDS)
            for _, name in interleaved(options.proxies, options.rounds):
                samples.add(name, run_wrk(served[name], connections, options.seconds))
            yield _table(samples, connections, options)


def _table(samples, connections, options):
    title = f"Plain requests, {connections} connection{'s' if connections > 1 else ''}"
    note = f"{options.rounds} interleaved rounds of {options.seconds} s each; figures are medians."
    rows = [_row(samples, name) for name in options.proxies]
    return Table(title, COLUMNS, rows, _bars(samples, connections, options.proxies), note)


def _row(samples, name):
    cpu = samples.values(name, "cpu_s_per_1000")
    rates = samples.values(name, "requests_per_second")
    return [
        name,
        f"{samples.median(name, 'requests_per_second'):.0f} ({spread(rates)})",
        number(samples.median(name, "p50_us")),
        number(samples.median(name, "p99_us")),
        number(samples.median_difference(name, DIRECT, "p50_us")),
        "–" if name == DIRECT else f"{samples.median(name, 'cpu_s_per_1000'):.4f} ({spread(cpu, 4)})",
        "–" if name == DIRECT else number(samples.median_ratio(name, BASELINE, "cpu_s_per_1000"), 2),
        number(samples.median_ratio(name, BASELINE, "requests_per_second"), 2),
        "–" if name == DIRECT else number(samples.most(name, "rss_mb"), 1),
        "–" if name == DIRECT else samples.most(name, "threads"),
        samples.total(name, "errors"),
    ]


def _bars(samples, connections, names):
    bars = []
    for name in filter(is_ours, names):
        if connections == BAR_CONNECTIONS:
            bars += _efficiency_bars(samples, name)
        if connections == 1:
            bars += _latency_bars(samples, name)
        errors = samples.total(name, "errors")
        bars.append(Bar(f"{name}: no errors", str(errors), errors == 0))
    return bars


def _efficiency_bars(samples, name):
    bars = []
    cpu_ratio = samples.median_ratio(name, BASELINE, "cpu_s_per_1000")
    rate_ratio = samples.median_ratio(name, BASELINE, "requests_per_second")
    portkey_ratio = samples.median_ratio("portkey", name, "cpu_s_per_1000")
    if cpu_ratio is not None:
        bars.append(at_most(f"{name}: CPU per request / nginx", cpu_ratio, 0.8))
    if rate_ratio is not None:
        bars.append(at_least(f"{name}: RPS / nginx", rate_ratio, 1.1))
    if portkey_ratio is not None:
        bars.append(at_least(f"{name}: Portkey's CPU per request / ours", portkey_ratio, 60, digits=0))
    return bars


def _latency_bars(samples, name):
    ours = samples.median_difference(name, DIRECT, "p50_us")
    theirs = samples.median_difference(BASELINE, DIRECT, "p50_us") if samples.has(BASELINE) else None
    if ours is None or theirs is None:
        return []
    return [at_most(f"{name}: added p50 in µs, nginx's as the limit,", ours, theirs, digits=1)]
