"""The gateway in front of the claude program, beside a proxy that starts one program per request: time to first token."""
import contextlib
import http.client
import json
import re
import shutil
import socket
import tempfile
import time
from pathlib import Path

from driver import places
from driver.child_process import ChildProcess
from driver.messages_api import MessagesApi
from driver.proxies import Sluice, find_program
from driver.rounds import Samples, interleaved
from driver.table import Bar, Table, at_most, number, spread
from driver.testbed import BenchmarkFailed, answers, free_port

READY_TIMEOUT_SECONDS = 30.0
ANSWER_TIMEOUT_SECONDS = 60.0
SETTLE_SECONDS = 0.5
WARM_MODEL, COLD_MODEL = "sonnet", "haiku"

# The second turn is that of the session which the warm one has begun.
WARM, SECOND, COLD, PROXY = "sluice, warm", "sluice, second turn", "sluice, cold", "claude-max-api-proxy"
COLUMNS = ["what", "first token ms (min–max)", "whole answer ms", "proxy / it"]


class Gateway:
    """The gateway, and what is known of its processes from its metrics."""

    def __init__(self, running, scratch, environment):
        self.port = free_port()
        state = scratch / "state"
        state.mkdir(mode=0o700)
        self._admin = state / "admin.sock"
        variables = {**environment, "PORT": str(self.port), "SLUICE_STATE_DIR": str(state)}
        command = [Sluice.binary, "--config", places.CONF / "claude.yaml"]
        process = running.enter_context(ChildProcess(command, scratch / "sluice.log", variables))
        _wait_until_ready(process, self.port, "/health")

    def wait_until_settled(self):
        """One process is warm, and none is anything else: neither starting nor idle nor stopping."""
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while (states := self._processes()) != {"warm": 1}:
            if time.monotonic() > deadline:
                raise BenchmarkFailed(f"processes of the gateway are {states}, expected one that is warm")
            time.sleep(0.05)

    def _processes(self):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self._admin))
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        found = re.findall(r'^sluice_claude_code_processes\{[^}]*state="(\w+)"[^}]*\} (\d+)', text, re.MULTILINE)
        return {state: int(count) for state, count in found if int(count) > 0}


def _wait_until_ready(process, port, path):
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while not answers(port, path):
        if process.has_ended or time.monotonic() > deadline:
            raise BenchmarkFailed(f"{process.name} gives no answer; last of its log:\n{process.log_tail()}")
        time.sleep(0.02)


def _start_proxy(running, scratch, environment):
    """The proxy runs whatever `claude` is first on its PATH."""
    folder = scratch / "bin"
    folder.mkdir()
    (folder / "claude").symlink_to(places.CLAUDE_PROGRAM)
    node = find_program("node")
    variables = {**environment, "PATH": f"{folder}:{Path(node).parent}:/usr/bin:/bin"}
    port = free_port()
    process = running.enter_context(ChildProcess([node, places.CLAUDE_PROXY, port], scratch / "proxy.log", variables))
    _wait_until_ready(process, port, "/health")
    return port


def _ask(port, model, session=None):
    """One streamed answer: its figures and its session."""
    body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "Good morning."}]})
    headers = {"Content-Type": "application/json", **({"X-Claude-Session-ID": session} if session else {})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_SECONDS)
    began, first, text = time.monotonic(), None, ""
    with contextlib.closing(connection):
        connection.request("POST", "/v1/chat/completions", body, headers)
        response = connection.getresponse()
        for line in response:
            data = line[6:].strip() if line.startswith(b"data: ") else b""
            if not data or data == b"[DONE]":
                continue
            choices = json.loads(data).get("choices") or [{}]
            said = choices[0].get("delta", {}).get("content") or ""
            if said and first is None:
                first = time.monotonic()
            text += said
        ended = time.monotonic()
    is_right = response.status == 200 and text == "Hello there."
    if not is_right:
        raise BenchmarkFailed(f'port {port} answered {response.status} "{text}", expected 200 "Hello there."')
    figures = {"first_ms": (first - began) * 1000, "whole_ms": (ended - began) * 1000}
    return figures, response.headers.get("X-Claude-Session-ID")


def missing():
    """Why it cannot be measured here; None when it can."""
    for needed in (Sluice.binary, places.CLAUDE_PROGRAM, places.CLAUDE_PROXY):
        if not needed.exists():
            return f"{needed.relative_to(places.ROOT)} does not exist"
    return None if find_program("node") else "node is not installed (Debian package nodejs)"


def measure(options):
    if reason := missing():
        raise BenchmarkFailed(reason)
    places.WORK.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="claude-", dir=places.WORK))
    samples = Samples()
    try:
        with contextlib.ExitStack() as running:
            api = running.enter_context(MessagesApi())
            environment = _environment(scratch, api.url)
            gateway = Gateway(running, scratch, environment)
            proxy_port = _start_proxy(running, scratch, environment)
            _measure_round(gateway, proxy_port, [WARM, COLD, PROXY], Samples())
            for _, name in interleaved([WARM, COLD, PROXY], options.rounds):
                _measure_round(gateway, proxy_port, [name], samples)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    yield _table(samples, options)


def _environment(scratch, api_url):
    """The same for both, apart from what each needs to be found."""
    return {
        "HOME": str(scratch),
        "ANTHROPIC_API_KEY": "sk-ant-bench",
        "ANTHROPIC_BASE_URL": api_url,
        "CLAUDE_PATH": str(places.CLAUDE_PROGRAM),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
    }


def _measure_round(gateway, proxy_port, names, samples):
    for name in names:
        gateway.wait_until_settled()
        time.sleep(SETTLE_SECONDS)
        if name == PROXY:
            samples.add(PROXY, _ask(proxy_port, "claude-sonnet-4")[0])
            continue
        figures, session = _ask(gateway.port, WARM_MODEL if name == WARM else COLD_MODEL)
        samples.add(name, figures)
        if name == WARM:
            # The next warm process starts meanwhile: this turn shares the machine with it, as it does in use.
            samples.add(SECOND, _ask(gateway.port, WARM_MODEL, session)[0])


def _table(samples, options):
    names = [WARM, SECOND, COLD, PROXY]
    note = (
        f"The claude program 2.1.197 against a Messages API on loopback that answers at once, {options.rounds} interleaved "
        "rounds, medians. Warm: the first turn of a new session. Cold: the same for a model of which no process is kept."
    )
    rows = [_row(samples, name) for name in names]
    share = samples.median_ratio(WARM, PROXY, "first_ms")
    bars = [
        Bar("warm first token / that of the proxy ≤ 1/8", f"1/{1 / share:.1f}", share <= 1 / 8),
        at_most("warm first token in ms", samples.median(WARM, "first_ms"), 100, digits=1),
        at_most("second turn's first token in ms", samples.median(SECOND, "first_ms"), 50, digits=1),
    ]
    return Table("Claude Code: time to first token", COLUMNS, rows, bars, note)


def _row(samples, name):
    first = samples.values(name, "first_ms")
    ratio = samples.median_ratio(PROXY, name, "first_ms")
    return [
        name,
        f"{samples.median(name, 'first_ms'):.1f} ({spread(first, 1)})",
        number(samples.median(name, "whole_ms"), 1),
        "–" if name == PROXY else number(ratio, 1),
    ]
