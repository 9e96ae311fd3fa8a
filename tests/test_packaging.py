"""Each top-level name is ours, every package is shipped, the lock names no address, --help is light."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
NAMES = ["cli", "crawler", "jobs", "migrations", "models", "pipelines", "reports", "scheduler"]
HELP_CPU_SECONDS = 0.5  # the budget of the first issue; spaCy alone would take three times that


@pytest.mark.parametrize("name", NAMES)
def test_each_name_resolves_to_this_repository(name: str, tmp_path: Path) -> None:
    """An editable install is searched last: a dependency that ships a `models` would win. Asked in a fresh process,
    from another folder."""
    code = f"import importlib.util; print(importlib.util.find_spec({name!r}).origin)"
    found = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(ROOT)


def test_every_package_and_module_is_shipped() -> None:
    from setuptools import find_packages

    include = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    shipped = set(find_packages(str(ROOT), include=include))
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts) for name in NAMES for path in (ROOT / name).rglob("__init__.py")
    }
    assert folders <= shipped
    modules = {path.stem for path in ROOT.glob("*.py")}
    assert modules == set(PROJECT["tool"]["setuptools"]["py-modules"])


def test_an_index_would_refuse_it() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_the_lock_has_names_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert "index-url" not in text
    pins = re.findall(r"^[a-z0-9_.-]+(?:\[[a-z,]+\])?==", text, re.MULTILINE)
    assert len(pins) > 60
    assert text.count("--hash=sha256:") >= len(pins)


def test_both_locks_agree() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / name).read_text("utf-8")
        return dict(re.findall(r"^([a-z0-9_.-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)", text, re.MULTILINE))

    run, dev = pins("run.txt"), pins("dev.txt")
    assert {name: (version, dev.get(name)) for name, version in run.items() if dev.get(name) != version} == {}


def test_every_dependency_is_in_the_lock() -> None:
    lock = (ROOT / "requirements" / "run.txt").read_text("utf-8").lower()
    wanted = [re.split(r"[<>=\[; ]", line)[0].lower() for line in PROJECT["project"]["dependencies"]]
    assert [name for name in wanted if not re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE)] == []


HEAVY = (
    "spacy",
    "scrapy",
    "twisted",
    "sqlalchemy",
    "trafilatura",
    "lxml",
    "apscheduler",
    "pydantic",
    "numpy",
    "playwright",
)


def test_help_is_light() -> None:
    code = (
        "import sys, time\n"
        "from cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], time.process_time(), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy, _, seconds = done.stderr.strip().rpartition(" ")
    assert heavy == "[]"
    assert float(seconds) < HELP_CPU_SECONDS
    assert "khazri" in done.stdout.lower() or "Usage" in done.stdout


def test_an_old_python_gets_one_line() -> None:
    code = (
        "import sys\n"
        "sys.version_info = (3, 9, 1, 'final', 0)\n"
        "sys.path.insert(0, 'requirements')\n"
        "import install\n"
        "install.make_venv()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "khazri: Python 3.11 or newer is needed, this is 3.9.1; try: make PYTHON=python3.12 demo"
    ]


def test_a_python_without_venv_gets_one_line(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['ensurepip'] = None\n"
        "sys.path.insert(0, 'requirements')\n"
        "import install, pathlib\n"
        f"install.VENV = pathlib.Path({str(tmp_path / 'none')!r})\n"
        "install.PYTHON = install.VENV / 'bin' / 'python'\n"
        "install.make_venv()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "khazri: this Python has no venv module; on Debian and Ubuntu: apt-get install python3-venv"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["without pip", "no Python in it", "an old Python"])
def test_a_half_made_venv_is_made_anew(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / ".venv"
    python = folder / "bin" / "python"
    if broken == "without pip":
        venv.create(folder, with_pip=False)
    else:
        python.parent.mkdir(parents=True)
    if broken == "no Python in it":
        python.symlink_to(tmp_path / "gone")
    if broken == "an old Python":
        python.write_text("#!/bin/sh\nexit 1\n")
        python.chmod(0o755)
    code = (
        "import sys\n"
        "sys.path.insert(0, 'requirements')\n"
        "import install, pathlib\n"
        f"install.VENV = pathlib.Path({str(folder)!r})\n"
        "install.PYTHON = install.VENV / 'bin' / 'python'\n"
        "install.make_venv()\n"
        "(install.VENV / 'kept').touch()\n"
        "install.make_venv()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["khazri: .venv is unfinished or broken; making it anew …"]
    assert subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    assert (folder / "kept").exists(), "a whole one is left alone"


def test_importlib_finds_no_second_copy() -> None:
    spec = importlib.util.find_spec("models.config")
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)
