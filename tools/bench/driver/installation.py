"""Installs and builds what is missing."""
import os
import shutil
import subprocess

from driver import places
from driver.proxies import Sluice, find_program

PACKAGES = {
    "wrk": "wrk",
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "node": "nodejs",
    "npm": "npm",
    "cmake": "cmake",
    "ninja": "ninja-build",
    "g++": "g++",
}
GATEWAY_TARGETS = ["sluice", "openai", "echo", "claude_code", "auth", "ratelimit"]
TOOL_TARGETS = ["bench_upstream", "bench_sse_client"]
BUILD_JOBS = str(os.cpu_count())
BUILD_TIMEOUT_SECONDS = 1800
INSTALL_TIMEOUT_SECONDS = 600


def say(text):
    print(f"[bench] {text}", flush=True)


def _succeeds(command, timeout, **keywords):
    say(" ".join(str(word) for word in command))
    try:
        finished = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, **keywords
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(str(error))
        return False
    if finished.returncode != 0:
        say("failed:\n" + "\n".join(finished.stdout.splitlines()[-15:]))
    return finished.returncode == 0


def install_packages(proxies):
    """Installs the Debian packages that the chosen proxies and the build need."""
    wanted = {"wrk", "cmake", "ninja", "g++"} | {name for name in ("nginx", "haproxy") if name in proxies}
    if "portkey" in proxies:
        wanted |= {"node", "npm"}
    missing = sorted(PACKAGES[program] for program in wanted if not find_program(program))
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        say("missing Debian packages; install them with: sudo " + " ".join(install))
        return
    # Run level 1 keeps the packages' own services from being started.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    _succeeds(["apt-get", "update"], INSTALL_TIMEOUT_SECONDS, env=environment)
    _succeeds(install, INSTALL_TIMEOUT_SECONDS, env=environment)


def install_portkey():
    if places.PORTKEY_SERVER.exists() or not find_program("npm"):
        return
    places.PORTKEY.mkdir(parents=True, exist_ok=True)
    shutil.copy(places.BENCH / "portkey" / "package.json", places.PORTKEY)
    command = ["npm", "install", "--no-audit", "--no-fund", "--omit=dev"]
    _succeeds(command, INSTALL_TIMEOUT_SECONDS, cwd=places.PORTKEY)


def install_claude():
    """The claude program and the proxy it is compared with."""
    if places.CLAUDE_PROGRAM.exists() and places.CLAUDE_PROXY.exists() or not find_program("npm"):
        return
    places.CLAUDE.mkdir(parents=True, exist_ok=True)
    shutil.copy(places.BENCH / "claude" / "package.json", places.CLAUDE)
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--omit=peer"]
    _succeeds(command, INSTALL_TIMEOUT_SECONDS, cwd=places.CLAUDE)


def build(is_gateway_wanted):
    """Builds the gateway and the tools; returns the folder of the tools, None when there are none."""
    if _build_in_tree(TOOL_TARGETS):
        if is_gateway_wanted and not _ninja(places.RELEASE, GATEWAY_TARGETS):
            say(f"{Sluice.binary.relative_to(places.ROOT)} could not be built: going on without it")
        return places.RELEASE / "tools" / "bench"
    say("the source tree does not configure: building the tools alone")
    configure = ["cmake", "-G", "Ninja", "-S", places.BENCH, "-B", places.STANDALONE_TOOLS]
    is_built = _succeeds(configure, BUILD_TIMEOUT_SECONDS) and _ninja(places.STANDALONE_TOOLS, TOOL_TARGETS)
    return places.STANDALONE_TOOLS if is_built else None


def existing_tools():
    """The folder of tools built before; None when there are none."""
    for folder in (places.RELEASE / "tools" / "bench", places.STANDALONE_TOOLS):
        if all((folder / target).exists() for target in TOOL_TARGETS):
            return folder
    return None


def _build_in_tree(targets):
    configure = ["cmake", "--preset", "release"]
    return _succeeds(configure, BUILD_TIMEOUT_SECONDS, cwd=places.ROOT) and _ninja(places.RELEASE, targets)


def _ninja(folder, targets):
    return _succeeds(["ninja", "-j", BUILD_JOBS, "-C", folder, *targets], BUILD_TIMEOUT_SECONDS)
