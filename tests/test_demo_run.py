"""`make demo` interrupted: one line, and the next run starts the first part anew."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.config import load_config
from tests.hostile import wait_until

ROOT = Path(__file__).resolve().parent.parent
STOPPED = 130


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """demo/run.py over a folder of this test."""
    monkeypatch.syspath_prepend(str(ROOT / "demo"))
    module = importlib.import_module("run")
    monkeypatch.setattr(module, "VAR", tmp_path)
    monkeypatch.setattr(module, "DATABASE", tmp_path / "khazri.db")
    monkeypatch.setattr(module, "FIRST_DONE", tmp_path / "both-editions-crawled")
    yield module
    sys.modules.pop("run", None)


def test_a_half_filled_store_is_started_anew(demo: Any, capsys: pytest.CaptureFixture[str]) -> None:
    files = [demo.VAR / f"khazri.db{tail}" for tail in ("", "-wal", "-shm")]
    for file in files:
        file.touch()
    (demo.VAR / "articles.csv").touch()
    demo.clear_half_made()
    assert [file.name for file in demo.VAR.iterdir()] == ["articles.csv"]
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_finished_first_part_is_kept(demo: Any, capsys: pytest.CaptureFixture[str]) -> None:
    demo.DATABASE.touch()
    demo.FIRST_DONE.touch()
    demo.clear_half_made()
    assert demo.DATABASE.exists()
    assert capsys.readouterr().out == ""


def test_the_database_is_where_the_config_puts_it() -> None:
    address = load_config(ROOT / "demo" / "config.yaml").database
    assert Path(address.removeprefix("sqlite:///")).resolve() == ROOT / "var" / "demo" / "khazri.db"


@pytest.mark.slow
@pytest.mark.parametrize("to_all", [True, False], ids=["the terminal's group", "the demo alone"])
def test_ctrl_c_is_no_traceback(tmp_path: Path, to_all: bool) -> None:
    """Interrupted while a command of its own runs; its folder is this test's."""
    command = tmp_path / "khazri"
    command.write_text(f"#!{sys.executable}\nimport time\nopen({str(tmp_path / 'began')!r}, 'w').close()\n{SLEEPER}")
    command.chmod(0o755)
    (tmp_path / "var").mkdir()
    code = (
        "import pathlib, signal, sys\n"
        # as in a terminal: what is started in the background of a script ignores Ctrl-C, and its children with it
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.path.insert(0, {str(ROOT / 'demo')!r})\n"
        "import run\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "run.VAR, run.KHAZRI, run.STOP_SECONDS = folder / 'var', folder / 'khazri', 1\n"
        "run.DATABASE = run.VAR / 'khazri.db'\n"
        "raise SystemExit(run.main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert wait_until((tmp_path / "began").exists, 30)
        (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == STOPPED, err
    assert (out + err).splitlines() == ["demo: stopped; `make demo` does the rest"]


SLEEPER = """
try:
    time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(130)
"""
