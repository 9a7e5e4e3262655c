"""The command line of the driver."""
import argparse
import secrets
import signal
import subprocess
import sys

from driver import chaos, claude, idle, installation, limits, machine, many, nonstream, places, proxies, results, slow_reader, stream, swap
from driver.table import Bar, Table
from driver.testbed import BenchmarkFailed

TABLES = {
    "nonstream": nonstream.measure,
    "limits": limits.measure,
    "stream": stream.measure,
    "many": many.measure,
    "idle": idle.measure,
    "slow-reader": slow_reader.measure,
    "claude": claude.measure,
    "swap": swap.measure,
    "chaos": chaos.measure,
}

DEFAULT_SECONDS = 2
CHAOS_SECONDS = 600
SHORTEST_CHAOS_SECONDS = 20


class OutOfTime(BaseException):
    """The time allowed for the whole run is over. Not an Exception: no table may take it for its own failure."""


def _names(text):
    names = text.split(",")
    unknown = [name for name in names if name not in proxies.ALL]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)} (known: {', '.join(proxies.ALL)})")
    return names


def _numbers(text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f'found "{text}", expected numbers like 1,16,64') from None


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench/run", description="Measures the gateway beside other proxies.")
    parser.add_argument("what", nargs="?", default="all", choices=[*TABLES, "all"])
    parser.add_argument("--proxies", type=_names, default=list(proxies.ALL), help="comma list of " + ",".join(proxies.ALL))
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--seconds", type=int, help="length of one measurement (default 2; of chaos 600)")
    parser.add_argument("--connections", type=_numbers, default=list(nonstream.CONNECTIONS), help="for nonstream")
    parser.add_argument("--swaps", type=int, default=200, help="for swap: of each kind (default 200)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="for chaos (default: another each time)")
    parser.add_argument("--minutes", type=float, default=40, help="time allowed for the measurements (default 40)")
    parser.add_argument("--no-build", action="store_true", help="take what is built and installed")
    parser.add_argument("--write", action="store_true", help="write tools/bench/RESULTS.md (with all)")
    options = parser.parse_args(arguments)
    if options.write and options.what != "all":
        parser.error("--write needs all: a report holds every table of one run")
    options.chaos_seconds = (options.what == "chaos" and options.seconds) or CHAOS_SECONDS
    if options.chaos_seconds < SHORTEST_CHAOS_SECONDS:
        parser.error(f"chaos needs --seconds of at least {SHORTEST_CHAOS_SECONDS}: memory has to be seen warm and later")
    options.seconds = options.seconds or DEFAULT_SECONDS
    return options


def _prepare(options):
    if options.no_build:
        options.tools = installation.existing_tools()
    else:
        installation.install_packages(options.proxies)
        if "portkey" in options.proxies:
            installation.install_portkey()
        if options.what in ("claude", "all"):
            installation.install_claude()
        options.tools = installation.build(is_gateway_wanted=any(map(proxies.is_ours, options.proxies)))
    if options.tools is None and options.what != "chaos":  # which has its own clients and upstreams
        raise BenchmarkFailed("bench_upstream and bench_sse_client are not built")
    for name in list(options.proxies):
        reason = proxies.ALL[name].missing()
        if reason:
            installation.say(f"{name} is left out: {reason}")
            options.proxies.remove(name)


def _interrupt(kind):
    def handler(*_):
        raise kind()

    return handler


def _measure(options):
    tables = []
    for what in TABLES if options.what == "all" else [options.what]:
        for table in _tables(what, options):
            print("\n" + table.markdown(), flush=True)
            tables.append(table)
    return tables


def _tables(what, options):
    """The tables of one measurement; one that fails ends with a table that says so, and the others go on."""
    try:
        yield from TABLES[what](options)
    except (BenchmarkFailed, OSError, subprocess.TimeoutExpired) as error:
        reason = " ".join(str(error).split()).replace(f"{places.ROOT}/", "")
        yield Table(f"{what}: not finished", ["reason"], [[reason]], [Bar(f"{what} finishes", "failed", False)])


def main():
    options = _parse(sys.argv[1:])
    if options.what in ("claude", "swap", "chaos"):
        options.proxies = ["sluice"]  # the only one of them that has to do with it
    # An ended driver must not leave children behind: both signals unwind through their owners.
    signal.signal(signal.SIGTERM, _interrupt(KeyboardInterrupt))
    signal.signal(signal.SIGALRM, _interrupt(OutOfTime))
    proxies.raise_descriptor_limit()
    try:
        _prepare(options)
        signal.setitimer(signal.ITIMER_REAL, options.minutes * 60)
        facts = machine.facts()
        tables = _measure(options)
    except BenchmarkFailed as error:
        print(f"benchmark failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except OutOfTime:
        print(f"benchmark failed: not done after {options.minutes:g} minutes", file=sys.stderr)
        return 1
    print(results.summary(tables))
    if options.write:
        results.write("tools/bench/run " + " ".join(sys.argv[1:]), facts, tables)
        installation.say("wrote tools/bench/RESULTS.md")
    # What chaos asks for does not depend on the machine's speed: there a missed bar is a failure, not a figure.
    has_failed = options.what == "chaos" and not all(bar.is_met for table in tables for bar in table.bars)
    return 1 if has_failed or any(table.title.endswith("not finished") for table in tables) else 0
