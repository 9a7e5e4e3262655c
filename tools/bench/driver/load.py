"""Running the load generators and reading what they report."""
import json
import subprocess
import time

from driver import places
from driver.child_process import ChildProcess
from driver.proxies import find_program
from driver.testbed import BenchmarkFailed

SAMPLE_INTERVAL_SECONDS = 0.2
PATIENCE_SECONDS = 20  # for streams that are late
GRACE_SECONDS = 40  # for a generator that does not end


def _last_json_line(text, what):
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    raise BenchmarkFailed(f"{what} reported nothing:\n{text[-500:]}")


def run_wrk(served, connections, seconds):
    """POSTs as fast as answers come; the report with the proxy's CPU time, memory and threads added."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", "post.lua"]
    command[0] = find_program("wrk")
    command.append(f"http://127.0.0.1:{served.port}")
    environment = {"BENCH_HEADERS": "\n".join(f"{name}: {value}" for name, value in served.headers.items())}
    cpu_before = served.cpu_seconds()
    finished = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=seconds + GRACE_SECONDS, cwd=places.BENCH
    )
    cpu = served.cpu_seconds() - cpu_before
    report = _last_json_line(finished.stdout + finished.stderr, f"wrk against {served.name}")
    report["cpu_s_per_1000"] = cpu / max(1, report["requests"]) * 1000
    report["rss_mb"] = served.rss_mb()
    report["threads"] = served.thread_count()
    return report


def run_streams(testbed, served, arguments, seconds):
    """Runs the SSE client; the report with CPU time per chunk, and the most memory and threads seen."""
    command = [testbed.tools / "bench_sse_client", "--port", served.port, *arguments]
    command += ["--longest-run-seconds", seconds + PATIENCE_SECONDS]
    for name, value in served.headers.items():
        command += ["--header", f"{name}: {value}"]
    cpu_before = served.cpu_seconds()
    rss_mb, threads = served.rss_mb(), served.thread_count()
    log = testbed.scratch / "sse_client.log"
    with ChildProcess(command, log, reads_output=True) as client:
        while not client.has_ended:
            if time.monotonic() - client.started > seconds + GRACE_SECONDS:
                raise BenchmarkFailed(f"the streams through {served.name} did not end in time")
            time.sleep(SAMPLE_INTERVAL_SECONDS)
            rss_mb = max(rss_mb, served.rss_mb())
            threads = max(threads, served.thread_count())
        report = _last_json_line(client.read_all(5), f"bench_sse_client against {served.name}")
        if client.log_tail():
            print(f"  {served.name}: {client.log_tail()}", flush=True)
    report["cpu_us_per_chunk"] = (served.cpu_seconds() - cpu_before) / max(1, report["chunks"]) * 1e6
    report["rss_mb"] = rss_mb
    report["threads"] = threads
    return report
