"""The tired operator: whatever goes wrong is one line and exit 1, whatever is stopped is completed by the next run."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import cli
from jobs import writing_clock
from models.config import load_config
from models.errors import KhazriError
from tests.hostile import (
    KHAZRI,
    NOW,
    TOMORROW,
    Answer,
    Hostile,
    Operator,
    children_of,
    drip,
    healthy,
    is_alive,
    wait_until,
)
from tests.hostile import one_line as line_of

pytestmark = pytest.mark.slow  # imports or starts the whole program

ROOT = Path(__file__).resolve().parent.parent
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def web() -> Iterator[Hostile]:
    with Hostile() as running:
        healthy(running, "a.example", pages=3)
        yield running


@pytest.fixture
def operator(tmp_path: Path, web: Hostile) -> Operator:
    """One healthy source, no database yet."""
    return Operator(tmp_path, web.address, {"a": {"a": "http://a.example/feed"}})


@pytest.fixture
def ready(operator: Operator) -> Operator:
    operator.run("db", "upgrade")
    return operator


def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """A command in this process: its exit code and stderr."""
    monkeypatch.setattr(sys, "argv", ["khazri", *arguments])
    code = cli.run_command()
    return code, capsys.readouterr().err


# ------------------------------------------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["crwal"], "Did you mean 'crawl'?"),
        (["crawl", "--nwo", "x"], "No such option: --nwo; see: khazri crawl --help"),
        (["report"], "Missing argument 'name'; see: khazri report --help"),
        (["crawl", "--now"], "--now needs a value"),
        (["crawl", "--now", "yesterday"], "--now 'yesterday' is no time; for example"),
        (["crawl", "--now", "2026-03-22T18:00"], "needs a zone"),
        (["report", "trends", "--from", "2026-02-30"], "--from '2026-02-30' is no day; for example 2026-03-23"),
        (["report", "trends", "--as-of", "noon"], "--as-of 'noon' is no time"),
        (["digest", "--date", "tomorrow", "--send"], "--date 'tomorrow' is no time"),
        (["digest"], "say either --preview DIR or --send"),
        (["inspect"], "say a file, or --jsonl"),
        (["--config", "nowhere.yaml", "sources"], "nowhere.yaml: no such file"),
    ],
)
def test_a_mistyped_command_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, err = run_here(monkeypatch, capsys, *arguments)
    assert code == 1
    line = line_of(err)
    assert line.startswith("khazri: ")
    assert words in line


def test_no_command_is_the_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, err = run_here(monkeypatch, capsys)
    assert code == 1
    assert "crawl" in err
    assert "Usage: khazri" in err


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "load", interrupted)
    code, err = run_here(monkeypatch, capsys, "config", "show")
    assert code == 130
    assert line_of(err) == "khazri: stopped; what was stored is safe, the next run completes the rest"


def test_global_options_stand_anywhere() -> None:
    assert cli.hoisted(["crawl", "a", "--now", "X", "--config=c"]) == ["--now", "X", "--config=c", "crawl", "a"]
    assert cli.hoisted(["import", "--", "--now", "x"]) == ["import", "--", "--now", "x"]
    with pytest.raises(KhazriError, match="--config needs a value"):
        cli.hoisted(["crawl", "--config"])


def test_times_and_days() -> None:
    assert cli.parse_time("2026-03-23", "--now") == datetime(2026, 3, 23, tzinfo=UTC)
    assert cli.parse_time("2026-03-23T06:00:00Z", "--now").hour == 6
    assert cli.parse_day("2026-03-23", "--from") == date(2026, 3, 23)
    assert cli.parse_day(None, "--from") is None


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-03-23", 4), ("2026-03-23T06:00:00Z", 6), ("2026-03-23T06:00:00+04:00", 2)],
)
def test_a_mail_of_a_day_is_as_at_digest_at(text: str, hour: int) -> None:
    config = load_config(ROOT / "demo" / "config.yaml")  # 08:00 in Baku
    assert cli.mail_time(text, config) == datetime(2026, 3, 23, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "command",
    [["crawl"], ["tag"], ["import", "x.json"], ["run"], ["schedule"], ["digest", "--send"],
     ["digest", "--send", "--date", "AHEAD"]],
)  # fmt: skip
def test_a_job_that_writes_refuses_a_clock_far_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """The store's times never go backwards: what is written under a day to come would date all that follows."""
    monkeypatch.setenv("KHAZRI_DATABASE", f"sqlite:///{tmp_path / 'khazri.db'}")
    monkeypatch.setenv("KHAZRI_PROXY", "http://127.0.0.1:9")  # real outlets: were it not refused, nobody would be asked
    config = ["--config", str(ROOT / "config.yaml")]
    assert run_here(monkeypatch, capsys, "db", "upgrade", *config)[0] == 0
    ahead = (datetime.now(UTC) + timedelta(hours=49)).isoformat()
    now = [] if "AHEAD" in command else ["--now", ahead]
    words = [ahead if word == "AHEAD" else word for word in command]
    code, err = run_here(monkeypatch, capsys, *words, *config, *now)
    assert code == 1
    assert "is over 24 h ahead" in line_of(err)
    with sqlite3.connect(tmp_path / "khazri.db") as conn:
        assert conn.execute("SELECT count(*) FROM outlet").fetchone() == (0,)
    assert run_here(monkeypatch, capsys, "sources", *config, "--now", ahead)[0] == 0, "reading may use any clock"


def test_a_fictional_newsroom_may_have_any_clock() -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    demo, real = (load_config(ROOT / path) for path in ("demo/config.yaml", "config.yaml"))
    assert writing_clock(demo, ahead) == ahead
    soon = datetime.now(UTC) + timedelta(hours=23)
    assert writing_clock(real, soon) == soon
    with pytest.raises(KhazriError, match="over 24 h ahead"):
        writing_clock(real, ahead)


# ---------------------------------------------------------------------------------------------- config and database


def test_unknown_sources_and_reports_are_named(
    ready: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KHAZRI_DATABASE", ready.env["KHAZRI_DATABASE"])
    config = ["--config", str(ready.config)]
    code, err = run_here(monkeypatch, capsys, "crawl", "aa", *config)
    assert (code, line_of(err)) == (1, "khazri: there is no source 'aa'; did you mean 'a'?")
    code, err = run_here(monkeypatch, capsys, "report", "trnds", *config)
    assert code == 1
    assert "did you mean 'trends'?" in line_of(err)
    code, err = run_here(monkeypatch, capsys, "report", "trends", "--format", "xlxs", *config)
    assert code == 1
    assert "xlxs" in line_of(err)


@slow
def test_a_broken_config_is_one_line(operator: Operator) -> None:
    operator.config.write_text(operator.config.read_text().replace("collect:", "colect:"))
    line = line_of(operator.run("crawl", code=1))
    assert line.startswith("khazri: config.yaml:")
    assert line.endswith("unknown key 'colect'; did you mean 'collect'?")
    operator.config.write_bytes(b"\x00\xff: [")
    assert line_of(operator.run("crawl", code=1)).startswith("khazri: config.yaml")


def test_a_schema_that_is_not_ours_is_refused(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KHAZRI_DATABASE", operator.env["KHAZRI_DATABASE"])
    config = ["--config", str(operator.config)]
    for command in (["crawl"], ["tag"], ["sources"], ["report", "trends"]):
        code, err = run_here(monkeypatch, capsys, *command, *config)
        assert (code, line_of(err)) == (1, "khazri: the database has no tables yet; run: khazri db upgrade")
    assert run_here(monkeypatch, capsys, "db", "upgrade", *config)[0] == 0
    with sqlite3.connect(operator.database) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    code, err = run_here(monkeypatch, capsys, "sources", *config)
    assert code == 1
    assert "9999, which this program does not know: it is newer; update the program" in line_of(err)


def test_a_file_that_is_no_database(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.database.write_bytes(b"these are my notes, not a database\n" * 100)
    monkeypatch.setenv("KHAZRI_DATABASE", operator.env["KHAZRI_DATABASE"])
    code, err = run_here(monkeypatch, capsys, "sources", "--config", str(operator.config))
    assert (code, line_of(err)) == (1, "khazri: the file is no SQLite database")
    monkeypatch.setenv("KHAZRI_DATABASE", f"sqlite:///{operator.config}/khazri.db")
    code, err = run_here(monkeypatch, capsys, "sources", "--config", str(operator.config))
    assert code == 1
    assert line_of(err).startswith("khazri: cannot make the database's folder")


@slow
def test_a_read_only_database_can_be_read_and_not_crawled(ready: Operator) -> None:
    with sqlite3.connect(ready.database) as conn:
        conn.execute("PRAGMA journal_mode=DELETE")  # beside a read-only WAL file nobody may make the files it needs
    ready.env["KHAZRI_DATABASE"] = f"sqlite:///file:{ready.database}?mode=ro&uri=true"
    assert line_of(ready.crawl(code=1)) == "khazri: the database cannot be written (read-only file or folder)"
    assert "never polled" in ready.run("sources")
    assert not (Path.cwd() / "file:").exists()


@slow
@pytest.mark.long
def test_a_locked_database_is_said_after_the_wait(ready: Operator) -> None:
    with sqlite3.connect(ready.database, isolation_level=None) as conn:
        conn.execute("BEGIN IMMEDIATE")
        line = line_of(ready.crawl(code=1))
        conn.execute("ROLLBACK")
    assert line == "khazri: the database is locked by another process; it was asked for 15 s: try again"
    ready.crawl()
    assert len(ready.articles()) == 3


@slow
def test_a_full_disk_loses_nothing(ready: Operator, web: Hostile) -> None:
    with sqlite3.connect(ready.database) as conn:
        conn.execute(
            "CREATE TRIGGER full BEFORE INSERT ON revision BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    full = "khazri: the disk is full; nothing of this batch was stored, free some space and run again"
    assert line_of(ready.crawl(code=1)) == full
    assert ready.articles() == set()
    assert set(ready.items().values()) == {("due", "")}, "no try is counted for what could not be stored"
    with sqlite3.connect(ready.database) as conn:
        conn.execute("DROP TRIGGER full")
    ready.crawl()
    assert len(ready.articles()) == 3


@slow
@pytest.mark.long
def test_a_file_that_may_not_grow_is_a_full_disk(operator: Operator) -> None:
    """A real failing write: no file of this process, the database's log among them, may grow over its share."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_DISK, SMALL_DISK))

    line = line_of(operator.run("db", "upgrade", code=1, preexec_fn=limit))
    assert line.startswith("khazri: the disk ")
    assert "nothing of this batch was stored" in line
    assert line_of(operator.crawl(code=1)) == "khazri: the database has no tables yet; run: khazri db upgrade"
    operator.run("db", "upgrade")
    operator.crawl()
    assert len(operator.articles()) == 3


SMALL_DISK = 50_000  # bytes; the empty tables take four times that


# ------------------------------------------------------------------------------------------------- stopping and pipes


@slow
def test_ctrl_c_in_the_middle_is_completed_by_the_next_run(tmp_path: Path) -> None:
    with Hostile() as web:
        sources = {name: {name: healthy(web, f"{name}.example", pages=4)} for name in ("quick", "slow")}
        well = dict(web.routes)
        web.routes["http://slow.example/2"] = Answer(trouble=drip(b"HTTP/1.1 200 OK\r\n\r\n<html>"))
        operator = Operator(tmp_path, web.address, sources, timeout_seconds=60)
        operator.run("db", "upgrade")
        process = operator.start("crawl", "--now", NOW)
        assert wait_until(lambda: bool(web.to("http://slow.example/2")))
        assert wait_until(lambda: len(operator.articles()) == 5)
        family = children_of(process.pid)
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        out, err = process.communicate(timeout=60)
        print(f"stopped in {time.monotonic() - started:.2f} s")
        assert process.returncode == 130
        assert line_of(out + err) == "khazri: stopped; what was stored is safe, the next run completes the rest"
        assert wait_until(lambda: not any(is_alive(pid) for pid in family), 3)
        assert operator.results()["slow"][0] == "ok"
        assert operator.rows("SELECT count(*) FROM run WHERE finished_at IS NULL") == [(0,)]
        web.routes = well
        operator.crawl(now=TOMORROW)
        assert len(operator.articles()) == 8


@slow
def test_output_that_nobody_reads_is_no_error(ready: Operator) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert ready.run("crawl", "--now", NOW, stdout=writing) == ""
    finally:
        os.close(writing)
    assert len(ready.articles()) == 3
    with Path("/dev/full").open("wb") as full:
        line = line_of(ready.run("sources", code=1, stdout=full))
    assert line == "khazri: No space left on device"


# ---------------------------------------------------------------------------------------------------- without network

MAKE_RUN_SECONDS = 60  # what `make run` promises


def unshared(script: str, env: dict[str, str]) -> tuple[str, float]:
    """Run a shell script where only loopback exists; its output and how long it took."""
    try:
        can = subprocess.run(["unshare", "-rnm", "true"], capture_output=True, timeout=10, check=False).returncode == 0
    except FileNotFoundError:
        can = False
    if not can:
        pytest.skip("a network namespace cannot be had here (unshare -rnm)")
    started = time.monotonic()
    done = subprocess.run(
        ["unshare", "-rnm", "sh", "-c", f"ip link set lo up; {script}"],
        env=env, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout, time.monotonic() - started


def shipped(folder: Path) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("KHAZRI_")}
    return env | {"KHAZRI_DATABASE": f"sqlite:///{folder / 'khazri.db'}"}


def say_no_network(output: str) -> bool:
    last = output.strip().splitlines()[-1]
    words = last.split()
    return (
        last.startswith("no network: 0 of ") and last.endswith("sources reachable; nothing lost") and int(words[4]) > 9
    )


@slow
def test_no_network_at_all_is_said_within_the_minute(tmp_path: Path) -> None:
    output, seconds = unshared(f"exec {KHAZRI} --config {ROOT}/config.yaml run", shipped(tmp_path))
    print(f"{seconds:.1f} s: {output.strip().splitlines()[-1]}")
    assert say_no_network(output), output
    assert seconds < MAKE_RUN_SECONDS


@slow
@pytest.mark.parametrize("worse", ["names hang", "packets vanish"])
@pytest.mark.long
def test_a_network_that_swallows_everything_is_no_network(tmp_path: Path, worse: str) -> None:
    """Names that are never answered; names that are, but no packet comes back."""
    server = tmp_path / "dns.py"
    server.write_text(SILENT_DNS if worse == "names hang" else LYING_DNS, encoding="utf-8")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="utf-8")
    script = (
        f"set -e; mount --bind {tmp_path}/resolv.conf /etc/resolv.conf; ip route add default dev lo; "
        f"{sys.executable} {server} & sleep 1; code=0; "
        f"{KHAZRI} --config {ROOT}/config.yaml run || code=$?; kill $!; exit $code"
    )
    output, seconds = unshared(script, shipped(tmp_path))
    print(f"{seconds:.1f} s: {output.strip().splitlines()[-1]}")
    assert say_no_network(output), output
    assert seconds < MAKE_RUN_SECONDS


SILENT_DNS = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 53))
while True:
    sock.recvfrom(2000)
"""
LYING_DNS = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 53))
while True:
    asked, peer = sock.recvfrom(2000)
    end = asked.index(0, 12) + 5
    v4 = asked[end - 4 : end - 2] == bytes([0, 1])
    head = asked[:2] + bytes([0x81, 0x80, 0, 1, 0, v4, 0, 0, 0, 0])
    record = bytes([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 93, 184, 216, 34])
    sock.sendto(head + asked[12:end] + (record if v4 else b""), peer)
"""
