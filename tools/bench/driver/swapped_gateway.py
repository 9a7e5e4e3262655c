"""A gateway with plugin files and a configuration of its own, which are changed while it serves."""
import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from driver import places
from driver.child_process import ChildProcess
from driver.proxies import Sluice
from driver.testbed import BenchmarkFailed, free_port, wait_until_ready

RELOAD_TIMEOUT_SECONDS = 60.0
POLL_SECONDS = 0.05
HUGE_LIMIT = 1_000_000_000  # the most that the plugin takes


@dataclass
class ProcessSample:
    rss_mb: float
    mappings: int
    descriptors: int
    threads: int
    openai_copies: int
    ratelimit_copies: int

    def cells(self):
        return [
            f"{self.rss_mb:.1f}", self.mappings, self.descriptors, self.threads, self.openai_copies,
            self.ratelimit_copies,
        ]  # fmt: skip


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("sluice", timeout=RELOAD_TIMEOUT_SECONDS)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class SwappedGateway:
    """The release build in front of the testbed's upstream, in a folder of its own."""

    def __init__(self, testbed):
        self._folder = testbed.scratch / "gateway"
        self._plugins = self._folder / "plugins"
        self._plugins.mkdir(parents=True)
        self._config = self._folder / "sluice.yaml"
        self._log = self._folder / "log"
        self._upstream_port = testbed.upstream_port
        self.port = free_port()
        self._builds = {name: self._two_builds(name) for name in ("openai", "ratelimit")}
        for name in self._builds:
            self._install(name, 0)
        self._write_config(0)

    def __enter__(self):
        command = [Sluice.binary, "--config", self._config]
        self._process = ChildProcess(command, self._log)
        try:
            wait_until_ready(self._process, self.port, "/health")
        except BenchmarkFailed:
            self._process.stop()
            raise
        return self

    def __exit__(self, *_):
        self._process.stop()

    def swap(self, plugin, number):
        """Another build in place of the plugin's file, with ratelimit another limit too; the seconds the reload took."""
        self._install(plugin, number % 2)
        if plugin == "ratelimit":
            self._write_config(number)
        began = time.monotonic()
        outcome = self._command("reload")
        took = time.monotonic() - began
        if outcome["exit_code"] != 0 or " serves (was " not in outcome["output"]:
            raise BenchmarkFailed(f"swap {number} of {plugin}: {outcome}")
        return took

    def sample(self):
        proc = Path(f"/proc/{self._process.pid}")
        maps = (proc / "maps").read_text().splitlines()
        code = {line.split(maxsplit=5)[5] for line in maps if line.split()[1][2] == "x" and len(line.split()) > 5}
        copies = [sum(Path(path).name.startswith(f"{name}.") for path in code) for name in ("openai", "ratelimit")]
        descriptors = len(os.listdir(proc / "fd"))
        return ProcessSample(self._process.rss_mb(), len(maps), descriptors, self._process.thread_count(), *copies)

    def unload_outcomes(self, plugin):
        """(closed, resident) as the log has them."""
        events = [line["event"] for line in self._log_lines() if line.get("plugin") == plugin and "event" in line]
        return events.count("plugin_closed"), events.count("plugin_resident")

    def wait_until_unloaded(self, expected, timeout):
        """Until the log says of so many libraries of each plugin what became of them; it may never."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if all(sum(self.unload_outcomes(plugin)) >= count for plugin, count in expected.items()):
                return
            time.sleep(POLL_SECONDS)

    def _log_lines(self):
        for line in self._log.read_text(errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                yield json.loads(line)

    def _two_builds(self, name):
        """The file as a package has it, without debug information, and one that differs in a section that nothing reads."""
        shipped = self._folder / f"{name}.shipped.so"
        built = places.RELEASE / "plugins" / f"{name}.so"
        subprocess.run(["strip", built, "-o", shipped], check=True, timeout=60)
        mark = self._folder / "mark"
        mark.write_text("another build")
        other = self._folder / f"{name}.other.so"
        subprocess.run(["objcopy", "--add-section", f".mark={mark}", shipped, other], check=True, timeout=60)
        return shipped, other

    def _install(self, name, build):
        target = self._plugins / f"{name}.so"
        shutil.copyfile(self._builds[name][build], target)  # into the same inode, as cp does
        target.chmod(0o755)

    def _write_config(self, number):
        limits = [{"per": "address", "requests": HUGE_LIMIT - number, "window_ms": 60000}]
        base_url = f"http://127.0.0.1:{self._upstream_port}/v1"
        self._config.write_text(json.dumps({
            "server": {"host": "127.0.0.1", "port": self.port, "plugin_dir": str(self._plugins),
                       "state_dir": str(self._folder / "state")},
            "log": {"access": False},
            "backends": {"openai": {"plugin": "openai.so", "config": {"base_url": base_url, "api_key": "sk-bench"}}},
            "middleware": [{"name": "limits", "plugin": "ratelimit.so", "config": {"limits": limits}}],
            "routes": [{"backend": "openai"}],
        }))  # fmt: skip

    def _command(self, name):
        connection = _UnixConnection(self._folder / "state" / "admin.sock")
        with contextlib.closing(connection):
            connection.request("POST", f"/commands/{name}", json.dumps({"arguments": []}), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        if answer.status != 200:
            raise BenchmarkFailed(f"the command {name}: {answer.status} {text}")
        return json.loads(text)
