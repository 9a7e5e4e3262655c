"""Plain JSON requests with keys and limits on, beside the gateway without them and nginx."""
from driver.load import run_wrk
from driver.proxies import BASELINE, LIMITED, is_ours
from driver.rounds import Samples, interleaved
from driver.table import Bar, Table, at_most, number, spread
from driver.testbed import Testbed

CONNECTIONS = 64
WARM_UP_SECONDS = 1
MOST_CPU_RATIO = 1.0

COLUMNS = [
    "proxy", "RPS (min–max)", "p50 µs", "p99 µs", "CPU s / 1000 req (min–max)", "CPU / nginx", "CPU / without", "errors",
]  # fmt: skip


def measure(options):
    """Yields one table."""
    plain = [name for name in options.proxies if name == BASELINE or is_ours(name)]
    names = plain + [LIMITED[name].name for name in plain if name in LIMITED]
    samples = Samples()
    with Testbed(options.tools, "limits") as testbed:
        served = {name: testbed.start(name) for name in names}
        for proxy in served.values():
            run_wrk(proxy, CONNECTIONS, WARM_UP_SECONDS)
        for _, name in interleaved(names, options.rounds):
            samples.add(name, run_wrk(served[name], CONNECTIONS, options.seconds))
    note = (
        f"A key that is checked, and limits per address, session and key ({CONNECTIONS} connections). "
        f"{options.rounds} interleaved rounds of {options.seconds} s each; figures are medians."
    )
    rows = [_row(samples, name) for name in names]
    yield Table("Keys and limits", COLUMNS, rows, _bars(samples, names), note)


def _without(name):
    """The same gateway without keys and limits; the name itself where there is none."""
    return next((plain for plain, limited in LIMITED.items() if limited.name == name), name)


def _row(samples, name):
    rates = samples.values(name, "requests_per_second")
    cpu = samples.values(name, "cpu_s_per_1000")
    return [
        name,
        f"{samples.median(name, 'requests_per_second'):.0f} ({spread(rates)})",
        number(samples.median(name, "p50_us")),
        number(samples.median(name, "p99_us")),
        f"{samples.median(name, 'cpu_s_per_1000'):.4f} ({spread(cpu, 4)})",
        number(samples.median_ratio(name, BASELINE, "cpu_s_per_1000"), 2),
        number(samples.median_ratio(name, _without(name), "cpu_s_per_1000"), 2),
        samples.total(name, "errors"),
    ]


def _bars(samples, names):
    bars = []
    for name in names:
        if _without(name) == name:
            continue
        ratio = samples.median_ratio(name, BASELINE, "cpu_s_per_1000")
        if ratio is not None:
            bars.append(at_most(f"{name}: CPU per request / nginx", ratio, MOST_CPU_RATIO))
        errors = samples.total(name, "errors")
        bars.append(Bar(f"{name}: no errors", str(errors), errors == 0))
    return bars
