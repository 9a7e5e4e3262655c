"""What a proxy costs before it does anything: time until it answers, memory, threads."""
import statistics
import time

from driver.load import run_wrk
from driver.proxies import DIRECT, is_ours
from driver.table import Table, at_most, number, spread
from driver.testbed import Testbed

STARTS = 7
SETTLE_SECONDS = 1.0
LOAD_CONNECTIONS = 64
LOAD_SECONDS = 2

COLUMNS = ["proxy", "ready after ms (min–max)", "RSS idle MB", "threads idle", "RSS after load MB"]


def measure(options):
    rows, bars = [], []
    for name in options.proxies:
        if name == DIRECT:
            continue
        ready_ms = [_start_once(name, options) for _ in range(STARTS - 1)]
        with Testbed(options.tools, "idle") as testbed:
            served = testbed.start(name)
            ready_ms.append(served.ready_ms)
            time.sleep(SETTLE_SECONDS)
            idle_mb, threads = served.rss_mb(), served.thread_count()
            run_wrk(served, LOAD_CONNECTIONS, LOAD_SECONDS)
            time.sleep(SETTLE_SECONDS)
            loaded_mb = served.rss_mb()
        median_ms = statistics.median(ready_ms)
        rows.append([name, f"{median_ms:.1f} ({spread(ready_ms, 1)})", number(idle_mb, 1), threads, number(loaded_mb, 1)])
        if is_ours(name):
            bars.append(at_most(f"{name}: RSS idle in MB", idle_mb, 25, digits=1))
            bars.append(at_most(f"{name}: ready in ms", median_ms, 100, digits=1))
    note = (
        f"Ready: from starting the process to the first HTTP answer, median of {STARTS} starts. Idle: {SETTLE_SECONDS:g} s later. "
        f"After load: {SETTLE_SECONDS:g} s after {LOAD_SECONDS} s of plain requests on {LOAD_CONNECTIONS} connections."
    )
    yield Table("Start and idle", COLUMNS, rows, bars, note)


def _start_once(name, options):
    with Testbed(options.tools, "idle") as testbed:
        return testbed.start(name).ready_ms
