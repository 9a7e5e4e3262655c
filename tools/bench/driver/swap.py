"""Plugins and configuration swapped again and again below a mixed load whose every byte is compared."""
import json
import statistics
import time

from driver.swapped_gateway import SwappedGateway
from driver.table import Bar, Table, at_most, number
from driver.testbed import BenchmarkFailed, Testbed

CONNECTIONS = 64
CHUNKS = 20
GAP_MS = 5
PAUSE_MS = 50  # leaves the machine room: a load that takes all of it would measure the queue before it
OPENED_PER_SECOND = 100
WARM_UP_SECONDS = 3
ROUNDS = 10  # what is compared takes turns: a shared machine changes its pace from one minute to the next
STEADY_SECONDS = 4  # of each round
SETTLING_SECONDS = 0.5
SECONDS_BETWEEN_SWAPS = 0.25
GONE_TIMEOUT_SECONDS = 60
CLIENT_TIMEOUT_SECONDS = 40
MOST_P99_RATIO = 1.5
FLAT_MB = 3
FLAT_MAPPINGS = 20
FLAT_DESCRIPTORS = 2 * CONNECTIONS  # connections that the backend keeps open for the next request

PLUGINS = ["openai", "ratelimit"]
PHASES = ["settling", "steady", *PLUGINS]
KINDS = {"answer": "JSON", "first_event": "first event", "delay": "chunk delay"}


def measure(options):
    """Yields the tables of one run: what clients saw, what reloads took, what the process kept."""
    if "sluice" not in options.proxies:
        return
    with Testbed(options.tools, "swap") as testbed, SwappedGateway(testbed) as gateway:
        reports, reloads, samples = _run(testbed, gateway, options.swaps)
        outcomes = {plugin: gateway.unload_outcomes(plugin) for plugin in PLUGINS}
    yield _clients_table(reports)
    yield _reloads_table(reloads, outcomes, options.swaps)
    yield _process_table(samples)


def _run(testbed, gateway, swaps):
    reloads = {plugin: [] for plugin in PLUGINS}
    samples = []
    with testbed.open_client(_arguments(gateway)) as client:
        time.sleep(WARM_UP_SECONDS)
        for round_ends_at in [swaps * (at + 1) // ROUNDS for at in range(ROUNDS)]:
            client.write_line("settling")
            time.sleep(SETTLING_SECONDS)
            client.write_line("steady")
            time.sleep(STEADY_SECONDS)
            if not samples:
                samples.append((0, gateway.sample()))
            for plugin in PLUGINS:
                client.write_line(plugin)
                while len(reloads[plugin]) < round_ends_at:
                    time.sleep(SECONDS_BETWEEN_SWAPS)
                    reloads[plugin].append(gateway.swap(plugin, len(reloads[plugin]) + 1))
                    done = sum(map(len, reloads.values()))
                    if done in (swaps // 4, swaps, 2 * swaps):
                        samples.append((done, gateway.sample()))
        client.write_line("settling")
        gateway.wait_until_unloaded({plugin: swaps for plugin in reloads}, GONE_TIMEOUT_SECONDS)
        samples.append(("at the end", gateway.sample()))
        text = client.read_all(CLIENT_TIMEOUT_SECONDS)
        complaints = client.log_tail()
    reports = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    if [report.get("phase") for report in reports] != [None, *PHASES]:
        raise BenchmarkFailed(f"bench_sse_client reported other phases than {PHASES}: {text[-500:]} {complaints}")
    if complaints:
        print(f"  bench_sse_client: {complaints}", flush=True)
    return reports, reloads, samples


def _arguments(gateway):
    return [
        "--port", gateway.port, "--connections", CONNECTIONS, "--connections-per-second", OPENED_PER_SECOND,
        "--mixed", "--exact", "--phases", "--pause-ms", PAUSE_MS, "--chunks", CHUNKS, "--gap-ms", GAP_MS,
    ]  # fmt: skip


def _clients_table(reports):
    columns = ["phase", "JSON answers", "streams", "failed", "damaged"]
    columns += [f"{kind} p50 / p99 µs" for kind in KINDS.values()] + ["p99 / steady: " + ", ".join(KINDS.values())]
    measured = [report for report in reports if report.get("phase") in ("steady", *PLUGINS)]
    steady = measured[0]
    rows, bars = [], []
    for report in measured:
        ratios = {kind: report[f"{kind}_p99_us"] / max(1, steady[f"{kind}_p99_us"]) for kind in KINDS}
        rows.append([
            report["phase"], report["finished_answers"], report["finished_streams"],
            report["errors"] - report["damaged_answers"], report["damaged_answers"],
            *(f"{number(report[f'{kind}_p50_us'])} / {number(report[f'{kind}_p99_us'])}" for kind in KINDS),
            ", ".join(number(ratio, 2) for ratio in ratios.values()),
        ])  # fmt: skip
        if report["phase"] in PLUGINS:
            bars += [
                at_most(f"{report['phase']}: {KINDS[kind]} p99 / steady", ratio, MOST_P99_RATIO)
                for kind, ratio in ratios.items()
            ]
    errors = sum(report["errors"] for report in reports)
    note = (
        f"{CONNECTIONS} connections ask for JSON and for streams of {CHUNKS} chunks, {GAP_MS} ms apart, in turn, with "
        f"{PAUSE_MS} ms between an answer and the next request. Every body is compared with what the upstream sent, "
        f"byte for byte. One swap about every {SECONDS_BETWEEN_SWAPS:g} s, in {ROUNDS} rounds of these phases; \"ratelimit\" swaps plugin and configuration."
    )
    bars.insert(0, Bar("no answer failed or damaged", str(errors), errors == 0))
    return Table("Swaps under load: what clients see", columns, rows, bars, note)


def _reloads_table(reloads, outcomes, swaps):
    rows, bars = [], []
    for plugin, seconds in reloads.items():
        closed, resident = outcomes[plugin]
        ordered = sorted(second * 1000 for second in seconds)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        rows.append([
            plugin, len(ordered), number(statistics.median(ordered), 1), number(p99, 1), number(ordered[-1], 1),
            closed, resident,
        ])  # fmt: skip
        is_met = closed == swaps and resident == 0
        bars.append(Bar(f"{plugin}: old code gone after every swap", f"{closed} closed, {resident} resident", is_met))
    columns = ["plugin", "reloads", "p50 ms", "p99 ms", "longest ms", "closed", "resident"]
    note = (
        "The file is written over in place, then the reload is asked for through the admin socket; the time is that of "
        "the reload: it ends when the new generation serves. Closed and resident are counted in the log."
    )
    return Table("Swaps under load: reloads", columns, rows, bars, note)


def _process_table(samples):
    columns = ["after swaps", "RSS MB", "mappings", "descriptors", "threads", "copies of openai.so", "of ratelimit.so"]
    rows = [[done, *sample.cells()] for done, sample in samples]
    warm, last = samples[1][1], samples[-1][1]
    since = samples[1][0]
    bars = [
        at_most(f"RSS growth since swap {since} in MB", last.rss_mb - warm.rss_mb, FLAT_MB, digits=1),
        at_most(f"more mappings since swap {since}", last.mappings - warm.mappings, FLAT_MAPPINGS, digits=0),
        at_most(f"more descriptors since swap {since}", last.descriptors - warm.descriptors, FLAT_DESCRIPTORS, digits=0),
        at_most("copies of a plugin mapped at the end", max(last.openai_copies, last.ratelimit_copies), 1, digits=0),
    ]
    note = "Copies are the private copies of the plugin whose code the kernel shows as mapped executable."
    return Table("Swaps under load: the process", columns, rows, bars, note)
