"""The programs that are compared: how each is started, and what a request to it needs."""
import os
import resource
import shutil
from dataclasses import dataclass, field

from driver import places

BASELINE = "nginx"
DIRECT = "direct"
SESSION = "264bb516-b9f0-45f4-9857-d41425c5b2d3"


@dataclass
class Launch:
    """A command line that serves on one port in front of one upstream."""

    command: list
    environment: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Proxy:
    name: str
    ready_path: str  # any answer to a GET of it means "ready"

    def missing(self):
        """Why it cannot be measured here; None when it can."""
        return None

    def launch(self, port, upstream_port, scratch):
        raise NotImplementedError

    def headers(self, upstream_port):
        return {}


def find_program(name):
    """Debian keeps some servers in /usr/sbin, which is not on every PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def raise_descriptor_limit():
    """Raises the limit of open files as far as allowed, for the driver and all it starts."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def fill_in(template, scratch, port, upstream_port):
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    text = (places.CONF / template).read_text()
    values = {"SCRATCH": scratch, "PORT": port, "UPSTREAM_PORT": upstream_port, "DESCRIPTORS": descriptors}
    for word, value in values.items():
        text = text.replace(f"@{word}@", str(value))
    filled = scratch / template
    filled.write_text(text)
    return filled


class Nginx(Proxy):
    def missing(self):
        return None if find_program("nginx") else "nginx is not installed (Debian package nginx-light)"

    def launch(self, port, upstream_port, scratch):
        conf = fill_in("nginx.conf", scratch, port, upstream_port)
        return Launch([find_program("nginx"), "-p", scratch, "-e", scratch / "nginx.start", "-c", conf])


class Haproxy(Proxy):
    def missing(self):
        return None if find_program("haproxy") else "haproxy is not installed (Debian package haproxy)"

    def launch(self, port, upstream_port, scratch):
        return Launch([find_program("haproxy"), "-db", "-f", fill_in("haproxy.cfg", scratch, port, upstream_port)])


class Portkey(Proxy):
    def missing(self):
        if not find_program("node"):
            return "node is not installed (Debian package nodejs)"
        return None if places.PORTKEY_SERVER.exists() else "@portkey-ai/gateway is not installed (needs npm and the network)"

    def launch(self, port, upstream_port, scratch):
        # Portkey refuses upstreams on loopback unless they are named here.
        environment = {"NODE_ENV": "production", "PORT": str(port), "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
        return Launch([find_program("node"), places.PORTKEY_SERVER, "--headless", f"--port={port}"], environment)

    def headers(self, upstream_port):
        return {
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"http://127.0.0.1:{upstream_port}/v1",
            "x-portkey-forward-headers": "x-stainless-stream",
        }


@dataclass(frozen=True)
class Sluice(Proxy):
    loops: str = "0"  # one event loop per core

    binary = places.RELEASE / "host" / "sluice"
    conf = places.CONF / "sluice.yaml"

    def missing(self):
        for needed in (self.binary, self.conf):
            if not needed.exists():
                return f"{needed.relative_to(places.ROOT)} does not exist"
        return None

    def launch(self, port, upstream_port, scratch):
        environment = {
            "PORT": str(port),
            "OPENAI_BASE_URL": f"http://127.0.0.1:{upstream_port}/v1",
            "OPENAI_API_KEY": "sk-bench",
            "SLUICE_STATE_DIR": str(scratch / "state"),
            "SLUICE_BENCH_LOOPS": self.loops,
        }
        return Launch([self.binary, "--config", self.conf], environment)


@dataclass(frozen=True)
class LimitedSluice(Sluice):
    """The gateway with keys and limits (conf/limits.yaml)."""

    KEY = "sk-bench-client-4a7c0e91d2b6f385"

    def launch(self, port, upstream_port, scratch):
        launch = super().launch(port, upstream_port, scratch)
        conf = scratch / "limits.yaml"
        conf.write_text(self.conf.read_text() + "\n" + (places.CONF / "limits.yaml").read_text())
        return Launch([self.binary, "--config", conf], {**launch.environment, "API_KEY": self.KEY})

    def headers(self, upstream_port):
        return {"Authorization": f"Bearer {self.KEY}", "X-Claude-Code": "false", "X-Claude-Session-ID": SESSION}


class Direct(Proxy):
    """The upstream itself, without anything before it."""


ALL = {
    proxy.name: proxy
    for proxy in (
        Direct(DIRECT, "/v1/models"),
        Nginx(BASELINE, "/v1/models"),
        Haproxy("haproxy", "/v1/models"),
        Portkey("portkey", "/"),
        Sluice("sluice", "/health"),
        Sluice("sluice1", "/health", loops="1"),
    )
}

# By the name of the same without keys and limits. Not in ALL: they have a table of their own.
LIMITED = {
    "sluice": LimitedSluice("sluice+limits", "/health"),
    "sluice1": LimitedSluice("sluice1+limits", "/health", loops="1"),
}

KNOWN = {**ALL, **{proxy.name: proxy for proxy in LIMITED.values()}}


def is_ours(name):
    return name.startswith("sluice")
