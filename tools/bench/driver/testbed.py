"""What one measurement runs on: a fake upstream, proxies before it, free ports, a scratch folder."""
import contextlib
import json
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from driver import places
from driver.child_process import ChildProcess
from driver.proxies import DIRECT, KNOWN

READY_TIMEOUT_SECONDS = 20.0
PROBE_INTERVAL_SECONDS = 0.0005


class BenchmarkFailed(Exception):
    """A measurement that cannot go on; the message says why."""


@dataclass
class Served:
    """A running proxy, ready for requests. `process` is None for the upstream itself."""

    name: str
    port: int
    headers: dict
    process: ChildProcess = None
    ready_ms: float = 0.0

    def cpu_seconds(self):
        return self.process.cpu_seconds() if self.process else 0.0

    def rss_mb(self):
        return self.process.rss_mb() if self.process else 0.0

    def thread_count(self):
        return self.process.thread_count() if self.process else 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port, path):
    """Whether a GET of `path` gets an answer, of any status."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(request.encode())
            return connection.recv(64).startswith(b"HTTP/1.1 ")
    except OSError:
        return False


def wait_until_ready(process, port, path):
    """Until a GET of `path` gets an answer; the milliseconds since the start of the process."""
    while not answers(port, path):
        waited = time.monotonic() - process.started
        if process.has_ended or waited > READY_TIMEOUT_SECONDS:
            how = "ended" if process.has_ended else f"gave no answer in {READY_TIMEOUT_SECONDS:.0f} s"
            raise BenchmarkFailed(f"{process.name} {how}; last of its log ({process.log_path}):\n{process.log_tail()}")
        time.sleep(PROBE_INTERVAL_SECONDS)
    return (time.monotonic() - process.started) * 1000


class Testbed:
    """Starts things in a scratch folder of its own and ends them again, in reverse order."""

    def __init__(self, tools, label):
        self.tools = Path(tools)
        places.WORK.mkdir(parents=True, exist_ok=True)
        self.scratch = Path(tempfile.mkdtemp(prefix=f"{label}-", dir=places.WORK))
        self.scratch.chmod(0o755)  # nginx's worker drops its rights and still writes here
        self.upstream_port = 0
        self._running = contextlib.ExitStack()
        self._started = 0

    def __enter__(self):
        command = [self.tools / "bench_upstream"]
        upstream = self._running.enter_context(ChildProcess(command, self.scratch / "upstream.log", reads_output=True))
        line = upstream.read_line()
        if not line:
            self._running.close()
            raise BenchmarkFailed(f"bench_upstream did not start: {upstream.log_tail()}")
        self.upstream_port = json.loads(line)["port"]
        return self

    def __exit__(self, kind, *_):
        self._running.close()
        if kind is not None and issubclass(kind, Exception):
            print(f"[bench] logs are kept in {self.scratch}", flush=True)
        else:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self, name):
        """Starts the proxy and waits until it answers."""
        proxy = KNOWN[name]
        headers = proxy.headers(self.upstream_port)
        if name == DIRECT:
            return Served(name, self.upstream_port, headers)
        self._started += 1
        folder = self.scratch / f"{name}-{self._started}"
        folder.mkdir()
        port = free_port()
        launch = proxy.launch(port, self.upstream_port, folder)
        process = ChildProcess(launch.command, folder / "log", launch.environment)
        self._running.enter_context(process)
        return Served(name, port, headers, process, wait_until_ready(process, port, proxy.ready_path))

    def open_client(self, arguments):
        """A bench_sse_client that takes names of phases; a context."""
        command = [self.tools / "bench_sse_client", *arguments]
        return ChildProcess(command, self.scratch / "sse_client.log", reads_output=True, takes_input=True)

