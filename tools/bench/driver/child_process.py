"""Child processes: starting, measuring and ending them, each by its own id."""
import os
import signal
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SECONDS_TO_END = 12.0  # the gateway may take 10 to drain


def _read(path):
    try:
        return Path(path).read_text()
    except OSError:  # the process or thread has ended meanwhile
        return ""


def _threads_of(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _has_fine_clock():
    """Whether the kernel counts CPU time per thread in nanoseconds (not every kernel is built so)."""
    fields = _read("/proc/self/schedstat").split()
    return bool(fields) and int(fields[0]) > 0


HAS_FINE_CLOCK = _has_fine_clock()


class ChildProcess:
    """One started program with its descendants."""

    def __init__(self, command, log_path, environment=None, reads_output=False, takes_input=False):
        self.name = Path(command[0]).name
        self.log_path = Path(log_path)
        self.started = time.monotonic()
        with open(self.log_path, "w") as log:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                env={**os.environ, **(environment or {})},
                stdin=subprocess.PIPE if takes_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE if reads_output else log,
                stderr=log,
                text=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self._process.pid

    @property
    def has_ended(self):
        return self._process.poll() is not None

    @property
    def exit_code(self):
        """That of a program that has ended, negative where a signal ended it."""
        return self._process.returncode

    def read_line(self):
        return self._process.stdout.readline()

    def write_line(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def read_all(self, timeout):
        """What it prints until it ends. Its input ends now."""
        return self._process.communicate(timeout=timeout)[0]

    def log_tail(self):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-5:])

    def stop(self):
        if not self.has_ended:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                for pid in reversed(self._pids()):
                    _kill(pid)
                self._process.wait(SECONDS_TO_END)
        if self._process.stdout:
            self._process.stdout.close()

    def _pids(self):
        pids = [self._process.pid]
        for pid in pids:  # grows while it is walked
            for thread in _threads_of(pid):
                pids += [int(child) for child in _read(f"/proc/{pid}/task/{thread}/children").split()]
        return pids

    def cpu_seconds(self):
        return sum(_fine_cpu_seconds(pid) if HAS_FINE_CLOCK else _ticked_cpu_seconds(pid) for pid in self._pids())

    def rss_mb(self):
        """Resident memory of all its processes in MB (10^6 bytes)."""
        return sum(_rss_bytes(pid) for pid in self._pids()) / 1e6

    def thread_count(self):
        return sum(len(_threads_of(pid)) for pid in self._pids())


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _fine_cpu_seconds(pid):
    fields = [_read(f"/proc/{pid}/task/{thread}/schedstat").split() for thread in _threads_of(pid)]
    return sum(int(field[0]) for field in fields if field) / 1e9


def _ticked_cpu_seconds(pid):
    # The name in brackets may hold blanks, so the fields are counted from behind it.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND if fields else 0.0


def _rss_bytes(pid):
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
