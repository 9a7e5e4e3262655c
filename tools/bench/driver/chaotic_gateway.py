"""The gateway under chaos: its routes over four failing upstreams, and what its process holds."""
import collections
import contextlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from driver import places
from driver.child_process import ChildProcess
from driver.proxies import Sluice
from driver.testbed import BenchmarkFailed, free_port, wait_until_ready

UPSTREAMS = ["a", "b", "c", "d"]
SPARE_MODEL = "spare-model"
KEPT_RECORDS = 2000  # those of some seconds: each is asked for as soon as its request has ended

ATTEMPT = {"request_ms": 1500, "first_event_ms": 1000, "event_gap_ms": 800}
WHOLE_MS = 8000  # all attempts of one request, to the first byte of its answer
SINGLE = {"request_ms": 2000, "first_event_ms": 1500, "event_gap_ms": 1000}


def _with_retries(name, targets, fallback, **more):
    return {
        "match": {"model": name},
        "targets": [{"backend": backend, "weight": 1 + (at == 0), "timeouts": ATTEMPT} for at, backend in enumerate(targets)],
        "retry": {"attempts": 3, "backoff_ms": 50, "max_backoff_ms": 500, "max_retry_after_ms": 1500, "budget_percent": 100},
        "fallbacks": [{"backend": fallback, "model": SPARE_MODEL, "timeouts": ATTEMPT}],
        "breaker": {"min_calls": 5, "window_ms": 5000, "open_ms": 1000},
        "timeouts": {"request_ms": WHOLE_MS, "event_gap_ms": ATTEMPT["event_gap_ms"]},
        **more,
    }


ROUTES = {
    "balanced": _with_retries("balanced", ["a", "b"], "c"),
    "restart": _with_retries("restart", ["a", "b"], "c", on_cut="restart", hold_ms=150, hold_bytes=4096),
    "hold": _with_retries("hold", ["b", "c"], "a", on_cut="hold", usage="inject"),
    "single": {"backend": "d", "timeouts": SINGLE},
}


def routes_for_clients():
    """What a client has to know of each route to judge an answer."""
    for name, route in ROUTES.items():
        yield {
            "name": name,
            "model": name,
            "models": [name, SPARE_MODEL] if "fallbacks" in route else [name],
            "limit_ms": route["timeouts"]["request_ms"],
            "gap_ms": route["timeouts"]["event_gap_ms"],
        }


@dataclass
class ProcessSample:
    rss_mb: float
    descriptors: int


class ChaoticGateway:
    """The release build before the upstreams of `ports`, in a folder of its own."""

    def __init__(self, folder, ports):
        self._state = folder / "state"
        self._config = folder / "sluice.yaml"
        self._log = folder / "gateway.log"
        self.port = free_port()
        self._config.write_text(json.dumps(self._document(ports)))

    def __enter__(self):
        self._process = ChildProcess([Sluice.binary, "--config", self._config], self._log)
        try:
            wait_until_ready(self._process, self.port, "/health")
        except BenchmarkFailed:
            self._process.stop()
            raise
        return self

    def __exit__(self, *_):
        self._process.stop()

    @property
    def admin_socket(self):
        return self._state / "admin.sock"

    @property
    def has_ended(self):
        return self._process.has_ended

    def stop(self):
        """SIGTERM; the exit code, negative where a signal ended it."""
        self._process.stop()
        return self._process.exit_code

    def sample(self):
        return ProcessSample(self._process.rss_mb(), len(os.listdir(f"/proc/{self._process.pid}/fd")))

    def descriptors(self):
        """What each open descriptor leads to, with the numbers of sockets and the like left out, and how often."""
        counts = collections.Counter()
        folder = Path(f"/proc/{self._process.pid}/fd")
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):  # closed meanwhile
                counts[re.sub(r":?\[\d*\w*\]$", "", os.readlink(folder / name))] += 1
        return counts

    def logged(self, *levels):
        """How often each event of these levels stands in the log."""
        counts = collections.Counter()
        for line in self._log.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                entry = {"level": "fatal", "event": line[:80]}  # a crash speaks no JSON
            if entry.get("level") in levels:
                counts[entry.get("event", "?")] += 1
        return counts

    def _document(self, ports):
        backends = {
            name: {
                "plugin": "openai.so",
                "config": {
                    "base_url": f"http://127.0.0.1:{port}/v1", "api_key": "sk-bench", "idle_timeout_ms": 2000,
                    "connect_timeout_ms": 500,
                },
            }
            for name, port in ports.items()
        }  # fmt: skip
        return {
            "server": {
                "host": "127.0.0.1", "port": self.port, "plugin_dir": str(places.RELEASE / "plugins"),
                "state_dir": str(self._state), "event_loops": 2, "timeouts": {"heartbeat_ms": 300},
            },
            "log": {"access": False},
            "explain": {"requests": KEPT_RECORDS},
            "backends": backends,
            "routes": list(ROUTES.values()),
        }  # fmt: skip
