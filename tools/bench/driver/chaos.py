"""Upstreams that fail at random under clients that judge every answer, and the accounts of all three parties compared."""
import collections
import contextlib
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from driver import chaos_accounts, places
from driver.chaos_accounts import Findings
from driver.chaotic_gateway import UPSTREAMS, ChaoticGateway, routes_for_clients
from driver.child_process import ChildProcess
from driver.proxies import Sluice, find_program
from driver.table import Bar, Table, at_most, number
from driver.testbed import BenchmarkFailed

CLIENTS = 100
WARM_UP_SECONDS = 10
SAMPLE_SECONDS = 5
SHOWN_SAMPLES = 10
WARM_SHARE = 0.2  # of the time, after which memory has to be flat
IDLE_TIMEOUT_SECONDS = 30
REST_SECONDS = 5  # more than connections to upstreams are kept unused
GRACE_SECONDS = 60  # for clients that end their last requests, and their questions about them
UPSTREAMS_TIMEOUT_SECONDS = 30
FLAT_MB = 3
VERDICTS = ["right", "error", "broken", "left", "hang", "cut", "wrong"]
FOLDER = places.BENCH / "chaos"


def missing():
    """Why it cannot be run here; None when it can."""
    if not Sluice.binary.exists():
        return f"{Sluice.binary.relative_to(places.ROOT)} does not exist"
    return None if find_program("node") else "node is not installed (Debian package nodejs)"


def measure(options):
    """Yields the tables of one run."""
    if "sluice" not in options.proxies:
        return
    if reason := missing():
        raise BenchmarkFailed(reason)
    places.WORK.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="chaos-", dir=places.WORK))
    print(f"[bench] chaos: {options.chaos_seconds} s with --seed {options.seed}", flush=True)
    run = _Run(options, scratch)
    run.go()
    tables = [run.clients_table(), run.upstreams_table(), run.process_table()]
    yield from tables
    if all(bar.is_met for table in tables for bar in table.bars):
        shutil.rmtree(scratch, ignore_errors=True)
    else:
        run.tell_examples()
        print(f"[bench] outcomes, notes and the log are kept in {scratch}", flush=True)


class _Run:
    def __init__(self, options, scratch):
        self._seed = options.seed
        self._seconds = options.chaos_seconds
        self._scratch = scratch
        self._node = find_program("node")
        self._samples = []  # (second, ProcessSample)
        self._findings = Findings()
        self._outcomes = collections.defaultdict(list)  # of route and kind
        self._unseen = self._without_usage = 0

    def go(self):
        with contextlib.ExitStack() as running:
            upstreams, ports = self._start_upstreams(running)
            self._gateway = running.enter_context(ChaoticGateway(self._scratch, ports))
            self._load("warmup", min(WARM_UP_SECONDS, self._seconds))
            self._before = self._descriptors_at_rest()
            self._load("main", self._seconds)
            self._after = self._descriptors_at_rest()
            self._at_the_end = self._gateway.sample()
            self._exit_code = self._gateway.stop()
            self._upstream_counts = json.loads(upstreams.read_all(UPSTREAMS_TIMEOUT_SECONDS).splitlines()[-1])
        self._account()

    def _start_upstreams(self, running):
        order = {"seed": self._seed, "names": UPSTREAMS, "notes": str(self._scratch / "notes")}
        command = [self._node, FOLDER / "upstreams.mjs", json.dumps(order)]
        log = self._scratch / "upstreams.log"
        upstreams = running.enter_context(ChildProcess(command, log, reads_output=True, takes_input=True))
        line = upstreams.read_line()
        if not line:
            raise BenchmarkFailed(f"the upstreams did not start: {upstreams.log_tail()}")
        return upstreams, json.loads(line)

    def _load(self, phase, seconds):
        order = {
            "seed": self._seed, "phase": phase, "clients": CLIENTS, "seconds": seconds, "port": self._gateway.port,
            "admin": str(self._gateway.admin_socket), "routes": list(routes_for_clients()),
            "outcomes": str(self._scratch / f"{phase}.outcomes"),
        }  # fmt: skip
        command = [self._node, FOLDER / "clients.mjs", json.dumps(order)]
        began, next_sample = time.monotonic(), SAMPLE_SECONDS
        with ChildProcess(command, self._scratch / f"{phase}.log", takes_input=True) as clients:
            while not clients.has_ended:
                passed = time.monotonic() - began
                if passed > seconds + GRACE_SECONDS:
                    raise BenchmarkFailed(f"the clients did not end in {passed:.0f} s")
                if self._gateway.has_ended:
                    raise BenchmarkFailed(f"the gateway ended under load: {self._complaints()}")
                if phase == "main" and passed >= next_sample:
                    self._samples.append((passed, self._gateway.sample()))
                    next_sample += SAMPLE_SECONDS
                time.sleep(0.1)
        if clients.exit_code != 0:
            raise BenchmarkFailed(f"the clients ended with {clients.exit_code}: {clients.log_tail()}")

    def _descriptors_at_rest(self):
        """What is open once the clients have gone: when it has not changed for a while."""
        deadline = time.monotonic() + IDLE_TIMEOUT_SECONDS
        now, since = self._gateway.descriptors(), time.monotonic()
        while time.monotonic() < min(deadline, since + REST_SECONDS):
            time.sleep(0.25)
            if (later := self._gateway.descriptors()) != now:
                now, since = later, time.monotonic()
        return now

    def _account(self):
        seen = chaos_accounts.by_request(chaos_accounts.read_lines(self._scratch / "notes"))
        self._kinds = collections.Counter(note["kind"] for notes in seen.values() for note in notes)
        self._faults = {note["kind"] for notes in seen.values() for note in notes if note["isFault"]}
        self._attempts = 0
        for phase in ("warmup", "main"):
            for outcome in chaos_accounts.read_lines(self._scratch / f"{phase}.outcomes"):
                self._outcomes[outcome["route"], outcome["isStream"]].append((outcome["verdict"], outcome["elapsedMs"]))
                self._attempts += sum(record["attempt_count"] for record in outcome["records"])
                self._unseen += chaos_accounts.is_unseen(outcome)
                self._without_usage += chaos_accounts.is_without_usage(outcome)
                if outcome["verdict"] not in chaos_accounts.HONEST:
                    self._findings.add(outcome["verdict"], outcome)
                for kind in chaos_accounts.disagreements(outcome, seen.get(outcome["id"], [])):
                    self._findings.add(kind, outcome)

    def tell_examples(self):
        for kind, outcomes in self._findings.examples.items():
            print(f"[bench] {kind}: {self._findings.counts[kind]}", flush=True)
            for outcome in outcomes:
                print(f"[bench]   {json.dumps(outcome)}", flush=True)

    def clients_table(self):
        columns = ["route", "requests", *VERDICTS, "longest ms"]
        rows, totals = [], collections.Counter()
        for (route, is_stream), outcomes in sorted(self._outcomes.items()):
            counts = collections.Counter(verdict for verdict, _ in outcomes)
            totals += counts
            longest = max(elapsed for _, elapsed in outcomes)
            name = f"{route}, {'streams' if is_stream else 'JSON'}"
            rows.append([name, len(outcomes), *(counts[verdict] for verdict in VERDICTS), longest])
        note = (
            f"{CLIENTS} clients for {self._seconds} s after a warm-up, --seed {self._seed}. Right: complete, every piece from "
            "one attempt, usage and end as they should be. Error: an honest error answer. Broken: an error event at the end "
            "of a stream. Left: the client went. Hang: past the deadline of the route. Cut: the connection ended within an "
            "answer. Wrong: anything else."
        )
        bars = [
            Bar("no request hung", str(totals["hang"]), totals["hang"] == 0),
            Bar("no answer cut or wrong", str(totals["cut"] + totals["wrong"]), totals["cut"] + totals["wrong"] == 0),
        ]
        return Table("Chaos: what clients saw", columns, rows, bars, note)

    def upstreams_table(self):
        rows = [[kind, "fault" if kind in self._faults else "good", count] for kind, count in sorted(self._kinds.items())]
        others = {kind: count for kind, count in self._findings.counts.items() if kind not in VERDICTS}
        note = (
            f"Four upstreams saw {self._upstream_counts['requests']} requests of {self._attempts} attempts and restarted "
            f"{self._upstream_counts['restarts']} times. {self._unseen} requests of clients that left at once were never read. "
            f"{self._without_usage} streams were cut between finish reason and usage: complete, without usage. "
            "Each request's record has to agree with what its client and the upstreams saw."
        )
        figure = ", ".join(f"{kind}: {count}" for kind, count in others.items()) or "all agree"
        return Table("Chaos: what upstreams did", ["what", "kind", "requests"], rows, [
            Bar("every request is accounted for in its record", figure, not others),
        ], note)  # fmt: skip

    def process_table(self):
        warm, most = self._warm_mb(), max(sample.rss_mb for _, sample in self._samples)
        last = statistics.median(sample.rss_mb for _, sample in self._samples[-3:])
        before, after = self._before.total(), self._after.total()
        complaints = self._complaints()
        rows = [
            ["RSS MB warm", number(warm, 1)], ["RSS MB at the end", number(last, 1)], ["RSS MB at most", number(most, 1)],
            ["RSS MB over the time", ", ".join(number(sample.rss_mb, 1) for _, sample in self._samples[:: self._every()])],
            ["RSS MB at rest", number(self._at_the_end.rss_mb, 1)],
            ["descriptors at most", max(sample.descriptors for _, sample in self._samples)],
            ["circuits opened", self._gateway.logged("warn")["circuit_opened"]],
            ["descriptors at rest before", before], ["descriptors at rest after", after],
        ]  # fmt: skip
        note = f"Warm: after {WARM_SHARE:.0%} of the time. At rest: clients gone, idle connections closed."
        leaked = ", ".join(f"{count} {kind}" for kind, count in (self._after - self._before).items())
        bars = [
            Bar("no descriptor leaked", leaked or f"{before} before, {after} after", not leaked),
            at_most("RSS growth since it was warm in MB", last - warm, FLAT_MB, digits=1),
            Bar("exit code on SIGTERM is 0", str(self._exit_code), self._exit_code == 0),
            Bar("no error in the log", str(complaints or "none"), not complaints),
        ]
        return Table("Chaos: the process", ["what", "figure"], rows, bars, note)

    def _every(self):
        return -(-len(self._samples) // SHOWN_SAMPLES)

    def _complaints(self):
        return dict(self._gateway.logged("error", "fatal"))

    def _warm_mb(self):
        """The median of three samples from then on, as that at the end: memory goes up and down with what is under way."""
        warm = [sample.rss_mb for second, sample in self._samples if second >= self._seconds * WARM_SHARE]
        return statistics.median(warm[:3])
