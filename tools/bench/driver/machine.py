"""What the figures were measured on and with."""
import datetime
import json
import os
import platform
import re
import subprocess
from pathlib import Path

from driver import places
from driver.child_process import HAS_FINE_CLOCK
from driver.proxies import Sluice, find_program


def _output(command):
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=10, cwd=places.ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (finished.stdout + finished.stderr).strip()


def _value(path, name):
    """The value of the first line `name ... : value` or `name="value"` of a file."""
    found = re.search(rf'^{name}\s*[:=]\s*"?([^"\n]*)', path.read_text(), re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def _version(program, *arguments):
    path = find_program(program)
    found = re.search(r"\d+\.\d+(\.\d+)?", _output([path, *arguments])) if path else None
    return found.group(0) if found else "not installed"


def _portkey_version(package):
    path = places.PORTKEY / "node_modules" / package / "package.json"
    return json.loads(path.read_text())["version"] if path.exists() else "not installed"


def _commit():
    commit = _output(["git", "rev-parse", "--short=12", "HEAD"])
    if not re.fullmatch(r"[0-9a-f]+", commit):
        return "none yet"
    changed = _output(["git", "status", "--porcelain", "--", "host", "sdk", "plugins", "tools/bench"])
    return commit + (" with uncommitted changes" if changed else "")


def facts():
    """Lines of (what, value)."""
    memory_kb = int(_value(Path("/proc/meminfo"), "MemTotal").split()[0])
    return [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", _commit()),
        ("machine", f"{_value(Path('/proc/cpuinfo'), 'model name')}, {os.cpu_count()} cores, {memory_kb / 1e6:.0f} GB"),
        ("system", f"{_value(Path('/etc/os-release'), 'PRETTY_NAME')}, Linux {platform.release()}"),
        ("load at the start", " ".join(f"{load:.2f}" for load in os.getloadavg())),
        ("CPU time from", "schedstat (ns)" if HAS_FINE_CLOCK else "/proc/PID/stat (10 ms ticks)"),
        ("sluice", _output([Sluice.binary, "--version"]) if Sluice.binary.exists() else "not built"),
        ("compiler", f"g++ {_version('g++', '--version')}, preset release"),
        ("nginx", _version("nginx", "-v")),
        ("haproxy", _version("haproxy", "-v")),
        ("Portkey", f"{_portkey_version('@portkey-ai/gateway')} on node {_version('node', '--version')}, "
                    f"@hono/node-server {_portkey_version('@hono/node-server')}"),
        ("wrk", _version("wrk", "-v")),
    ]  # fmt: skip
