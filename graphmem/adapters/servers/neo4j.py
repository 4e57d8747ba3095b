"""A Neo4j of one's own: started from a folder, on this machine's loopback only, stopped whole.

The folder holds the data, the logs, the generated password (readable by its owner only) and a
note of the process. Whoever deletes the folder after :func:`stop` has removed all of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from graphmem.adapters.servers import distribution
from graphmem.adapters.servers.distribution import VERSION, jars, java
from graphmem.errors import ConfigurationError, StoreBusyError, StoreError
from graphmem.model.base import Value

USER: Final = "neo4j"
_STATE: Final = "server.json"
_PASSWORD: Final = "password"  # noqa: S105 - a file's name
_LOG: Final = "console.log"
_PLUGINS: Final = "plugins"
_POLL_SECONDS: Final = 0.1
_SPAWN_SECONDS: Final = 10.0
_USUAL_PORT: Final = 7687
# Not where the system takes the other ends of connections from: there, a client that looks for a
# server which is down can meet itself, and hold the server's port.
_PORTS: Final = range(20_000, 32_000)
_PORT_TRIES: Final = 100
_PORT_SECONDS: Final = 3.0
_SHOWN_LINES: Final = 12
_HASH_ROUNDS: Final = 1024
_OPENS: Final = ",".join(
    f"java.base/{name}=ALL-UNNAMED"
    for name in ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")
)

_CONF: Final = """\
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.default_listen_address=127.0.0.1
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size={page_cache}
dbms.security.auth_enabled=true
dbms.security.allow_csv_import_from_file_urls=false
dbms.usage_report.enabled=false
client.allow_telemetry=false
db.transaction.monitor.check.interval=500ms
# So that what was erased goes from the logs: a checkpoint removes all but the last, which is short.
db.tx_log.rotation.retention_policy=keep_none
db.tx_log.rotation.size=4m
db.checkpoint.interval.time=5m
# Else it waits for five seconds twice before it ends, whether or not anybody is connected.
internal.server.bolt.connection_shutdown_wait_time=0s
internal.server.bolt.thread_pool_shutdown_wait_time=0s
"""
# GDS looks into the server; APOC gets no more rights than a statement has.
_UNRESTRICTED: Final = "dbms.security.procedures.unrestricted=gds.*\n"


class ServerStatus(Value):
    """A server's folder, and where it answers; `pid` is ``None`` while it does not run.

    `plugins` are those that it was started with last.
    """

    home: str
    running: bool
    version: str = VERSION
    url: str | None = None
    user: str = USER
    password_file: str
    pid: int | None = None
    plugins: tuple[str, ...] = ()


def start(
    home: Path,
    *,
    cache_dir: Path,
    port: int | None = None,
    heap: str = "1g",
    page_cache: str = "256m",
    plugins: Sequence[str] | None = None,
    java_options: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    offline: bool = False,
    timeout: float = 120.0,
) -> ServerStatus:
    """Start the server of `home` and wait until it answers; one that runs already is left as it is.

    Parameters
    ----------
    port
        Where it answers; by default where it did before, or a free one.
    heap, page_cache
        Memory, as Java writes it.
    plugins
        Of ``gds`` and ``apoc``, fetched when they are not there; by default those of last time.
    java_options
        More options of Java.
    settings
        More lines of ``neo4j.conf``.
    timeout
        Seconds to wait for an answer.

    Raises
    ------
    ConfigurationError
        A needed package is not installed, this system cannot run it, or it runs already with other
        plugins.
    InvalidInputError
        There is no such plugin.
    StoreError
        The port is taken, the server ended or did not answer; the message has the end of its log.
    """
    home = home.absolute()
    running = status(home)
    wanted = running.plugins if plugins is None else distribution.plugins(plugins)
    if running.pid is not None and _answers(home, running.pid, timeout):
        if wanted != running.plugins:
            raise ConfigurationError(
                f"The Neo4j in {home} runs with the plugins {', '.join(running.plugins) or 'none'}",
                remedy="Stop it first: graphmem neo4j stop",
            )
        return running
    if not hasattr(os, "posix_spawn"):
        raise ConfigurationError(
            "A local Neo4j needs a POSIX system", remedy="Use the Docker files in docker/"
        )
    binary, class_path = java(), jars(cache_dir, offline=offline)
    added = [  # behind the server's own, which counts where both bring a class
        jar
        for name in wanted
        for jar in jars(cache_dir, part=distribution.PLUGINS[name], offline=offline)
    ]
    port, hold = _choose_port(port, before=_state(home).get("port"))
    with hold:
        _furnish(
            home,
            port=port,
            page_cache=page_cache,
            settings=settings or {},
            plugins=[jar for jar in added if distribution.has_procedures(jar)],
        )
        options = [
            str(binary),
            *(f"-Xms64m -Xmx{heap} -XX:+ExitOnOutOfMemoryError -Dfile.encoding=UTF-8".split()),
            *java_options,
            *(part for opens in _OPENS.split(",") for part in ("--add-opens", opens)),
            *("-cp", os.pathsep.join(map(str, [*class_path, *added]))),
            "org.neo4j.server.CommunityEntryPoint",
            *(f"--home-dir={home}", f"--config-dir={home / 'conf'}"),
        ]
        _launch(home, options, {"port": port, "version": VERSION, "plugins": wanted}, timeout)
    return status(home)


def stop(home: Path, *, timeout: float = 60.0) -> ServerStatus:
    """Stop the server of `home`, by force after `timeout` seconds; its data stays."""
    home = home.absolute()
    pid = status(home).pid
    if pid is not None:
        for how, patience in ((signal.SIGTERM, timeout), (signal.SIGKILL, 30.0)):
            with suppress(ProcessLookupError):
                os.kill(pid, how)
            if _until(lambda: not _is_ours(pid, home), patience):
                break
        else:
            raise StoreBusyError(
                f"Process {pid} of the Neo4j in {home} does not end", remedy="Look at its logs"
            )
    state = {key: value for key, value in _state(home).items() if key != "pid"}
    if state:
        with suppress(OSError):  # a full disk: that the number is no server's any more is seen
            _write(home / _STATE, json.dumps(state))
    return status(home)


def status(home: Path) -> ServerStatus:
    """Whether the server of `home` runs, and where."""
    home = home.absolute()
    state = _state(home)
    pid, port = state.get("pid"), state.get("port")
    running = isinstance(pid, int) and _is_ours(pid, home)
    return ServerStatus(
        home=str(home),
        running=running,
        version=state.get("version", VERSION),
        url=f"bolt://127.0.0.1:{port}" if running else None,
        password_file=str(home / _PASSWORD),
        pid=pid if running else None,
        plugins=tuple(state.get("plugins", ())),
    )


def log_tail(home: Path) -> str:
    """The last lines that the server of `home` wrote."""
    lines: list[str] = []
    for name in (_LOG, "logs/neo4j.log"):
        with suppress(FileNotFoundError):
            lines = (home / name).read_text(errors="replace").splitlines() or lines
    lines = [line for line in lines if not line.lstrip().startswith("at ")]
    return "\n".join(lines[-_SHOWN_LINES:])


def _launch(home: Path, command: list[str], state: Mapping[str, Any], timeout: float) -> None:
    """Spawn the server, note what it is, and wait until it answers; else stop it and raise."""
    pid = _spawn(command, log=home / _LOG)
    _write(home / _STATE, json.dumps({"pid": pid, **state}))
    try:
        # While it is being started, a process has no command line that could be looked at.
        _until(lambda: _is_ours(pid, home) or not _exists(pid), _SPAWN_SECONDS)
        _require_answer(home, pid, timeout)
    except BaseException:
        stop(home, timeout=5.0)
        raise


def _furnish(
    home: Path,
    *,
    port: int,
    page_cache: str,
    settings: Mapping[str, str],
    plugins: Sequence[Path],
) -> None:
    lines = [_CONF.format(port=port, page_cache=page_cache)]
    if plugins:
        lines.append(_UNRESTRICTED)
    lines += [f"{name}={value}\n" for name, value in settings.items()]
    try:
        for folder in (home, home / "conf", home / "data" / "dbms"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (home / _PASSWORD).exists():
            password = secrets.token_urlsafe(24)
            _write(home / _PASSWORD, password)
            # Read by the server when it first starts, so that it never stands open.
            _write(home / "data" / "dbms" / "auth.ini", _credentials(password))
        _write(home / "conf" / "neo4j.conf", "".join(lines))
        (home / _PLUGINS).mkdir(exist_ok=True)
        for held in (home / _PLUGINS).iterdir():
            if held.is_symlink():  # ours, of last time
                held.unlink()
        for jar in plugins:
            (home / _PLUGINS / jar.name).symlink_to(jar)
    except OSError as cause:
        raise StoreError(
            f"{home} cannot be written ({cause.strerror})", remedy="Name another --home"
        ) from cause


def _credentials(password: str) -> str:
    """A line of Neo4j's user file: salted SHA-256 in rounds, as its own tool writes it."""
    salt = secrets.token_bytes(32)
    value = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(_HASH_ROUNDS - 1):
        value = hashlib.sha256(value).digest()
    return f"{USER}:SHA-256,{value.hex()},{salt.hex()},{_HASH_ROUNDS}:\n"


def _write(path: Path, text: str) -> None:
    """Write a file in one step, readable by its owner only."""
    part = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        part.replace(path)
    except OSError:
        part.unlink()
        raise


def _choose_port(wanted: int | None, *, before: Any) -> tuple[int, socket.socket]:
    """A port, and what to close when the server has it."""
    if wanted is not None:
        hold = _hold(wanted)
        if hold is None:
            raise StoreError(
                f"Port {wanted} of 127.0.0.1 is taken", remedy="Name another --port, or none"
            )
        return wanted, hold
    deadline = time.monotonic() + _PORT_SECONDS
    # A process that was killed loses its port a moment after it is gone.
    while isinstance(before, int) and time.monotonic() < deadline:
        if hold := _hold(before):
            return before, hold
        time.sleep(_POLL_SECONDS)
    for port in (_USUAL_PORT, *(secrets.choice(_PORTS) for _ in range(_PORT_TRIES))):
        if hold := _hold(port):
            return port, hold
    raise StoreError("No free port of 127.0.0.1 was found", remedy="Name one: --port")


def _hold(port: int) -> socket.socket | None:
    """Keep others from choosing a free port while a server starts, which takes it late.

    UDP has ports of its own that Neo4j does not use: whoever has the one of that number has it.
    """
    hold = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        hold.bind(("127.0.0.1", port))
        if _is_free(port):
            return hold
    except OSError:
        pass
    hold.close()
    return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _spawn(command: list[str], *, log: Path) -> int:
    """Start a process of a session of its own, which outlives this one; returns its id."""
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEO4J_", "JAVA_TOOL"))}
    return os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), write, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _require_answer(home: Path, pid: int, timeout: float) -> None:
    if not _answers(home, pid, timeout):
        what = f"did not answer within {timeout:g} s" if _is_ours(pid, home) else "ended"
        raise StoreError(
            f"The Neo4j in {home} {what}; its log ends with:\n{log_tail(home)}",
            remedy=f"The logs are in {home / 'logs'}",
        )


def _answers(home: Path, pid: int, timeout: float) -> bool:
    """Wait until the server answers; false if it ends before, or time is up."""
    import neo4j
    from neo4j.exceptions import DriverError, Neo4jError

    url = status(home).url
    deadline = time.monotonic() + timeout
    while url is not None and time.monotonic() < deadline and _is_ours(pid, home):
        try:
            with neo4j.GraphDatabase.driver(
                url,
                auth=(USER, (home / _PASSWORD).read_text()),
                connection_timeout=2.0,
                max_transaction_retry_time=0.0,
                telemetry_disabled=True,
            ) as driver:
                driver.verify_connectivity()
                return True
        except (DriverError, Neo4jError):
            time.sleep(_POLL_SECONDS)
    return False


def _exists(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child that ended would stay as a zombie
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _is_ours(pid: int, home: Path) -> bool:
    """Whether `pid` is the server of `home`, and not what has its number by now."""
    if not _exists(pid):
        return False
    record = Path(f"/proc/{pid}/cmdline")
    if record.parent.parent.joinpath("self").exists():
        try:
            command = record.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return False
        return f"--home-dir={home}" in command
    listing = subprocess.run(  # noqa: S603 - a number is all that is put in
        ["ps", "-ww", "-p", str(pid), "-o", "command="],  # noqa: S607 - where ps is differs
        capture_output=True,
        text=True,
        check=False,
    )
    return f"--home-dir={home} " in listing.stdout


def _state(home: Path) -> dict[str, Any]:
    try:
        state = json.loads((home / _STATE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _until(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
