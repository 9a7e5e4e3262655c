"""A client that hardly reads a long stream: what the proxy keeps for it."""
import json
import socket
import time

from driver.load import run_streams
from driver.proxies import DIRECT, is_ours
from driver.table import Bar, Table, number
from driver.testbed import BenchmarkFailed, Testbed

STREAM_BYTES = 64 * 1024 * 1024
SLOW_SECONDS = 5.0
SLOW_READ_BYTES = 16 * 1024
SLOW_PAUSE_SECONDS = 0.05
FAST_READ_BYTES = 256 * 1024
SAMPLE_EVERY_BYTES = 1024 * 1024
READ_TIMEOUT_SECONDS = 20
LIMIT_MB = 2.0

COLUMNS = ["proxy", "RSS before MB", "RSS most MB", "RSS growth MB", "read slowly MB", "read in all MB", "end of stream"]


def measure(options):
    rows, bars = [], []
    for name in options.proxies:
        if name == DIRECT:
            continue
        with Testbed(options.tools, "slow-reader") as testbed:
            served = testbed.start(name)
            # The first streams fill buffers that stay; they are no growth of the slow one.
            run_streams(testbed, served, ["--connections", 8, "--streams", 4, "--chunks", 100, "--gap-ms", 0], 5)
            reading = _SlowReading(served)
            reading.run()
        growth_mb = reading.most_mb - reading.before_mb
        rows.append([
            name, number(reading.before_mb, 1), number(reading.most_mb, 1), number(growth_mb, 1),
            number(reading.slow_bytes / 1e6, 1), number(reading.bytes / 1e6, 1), reading.verdict(),
        ])  # fmt: skip
        if is_ours(name):
            bars.append(Bar(f"{name}: RSS growth in MB < {LIMIT_MB:g}", f"{growth_mb:.1f}", growth_mb < LIMIT_MB))
            bars.append(Bar(f"{name}: the stream is complete", reading.verdict(), reading.is_complete()))
    rate = SLOW_READ_BYTES / SLOW_PAUSE_SECONDS / 1024
    note = (
        f"A stream of {STREAM_BYTES // 1024 // 1024} MiB, sent as fast as it is taken. The client takes about {rate:.0f} KiB/s "
        f"for {SLOW_SECONDS:g} s, then the rest at once."
    )
    yield Table("Slow reader", COLUMNS, rows, bars, note)


class _SlowReading:
    def __init__(self, served):
        self._served = served
        self.before_mb = self.most_mb = served.rss_mb()
        self.bytes = self.slow_bytes = 0
        self._end = b""

    def run(self):
        with socket.create_connection(("127.0.0.1", self._served.port), timeout=READ_TIMEOUT_SECONDS) as connection:
            connection.sendall(self._request())
            self._read_slowly(connection)
            self._read_the_rest(connection)

    def _request(self):
        body = json.dumps({"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": "Go on."}]})
        # The upstream looks for the bytes "stream": true as they stand here.
        headers = {
            "Host": "127.0.0.1",
            "Content-Type": "application/json",
            "Authorization": "Bearer sk-test",
            "X-Stainless-Stream": f"bytes={STREAM_BYTES}",
            "Content-Length": str(len(body)),
            **self._served.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST /v1/chat/completions HTTP/1.1\r\n{lines}\r\n{body}".encode()

    def _read_slowly(self, connection):
        end = time.monotonic() + SLOW_SECONDS
        while time.monotonic() < end:
            self._take(connection.recv(SLOW_READ_BYTES))
            self._sample()
            time.sleep(SLOW_PAUSE_SECONDS)
        self.slow_bytes = self.bytes

    def _read_the_rest(self, connection):
        next_sample = self.bytes
        while not self._end.endswith(b"0\r\n\r\n"):
            self._take(connection.recv(FAST_READ_BYTES))
            if self.bytes >= next_sample:
                self._sample()
                next_sample = self.bytes + SAMPLE_EVERY_BYTES

    def _take(self, piece):
        if not piece:
            raise BenchmarkFailed(f"{self._served.name} closed the slow stream after {self.bytes} bytes: {self._end!r}")
        self.bytes += len(piece)
        self._end = (self._end + piece)[-512:]

    def _sample(self):
        self.most_mb = max(self.most_mb, self._served.rss_mb())

    def is_complete(self):
        return self.bytes >= STREAM_BYTES and b"[DONE]" in self._end and b'"finish_reason":"stop"' in self._end

    def verdict(self):
        return "complete" if self.is_complete() else "cut short"
