"""Set up .venv from a lock: `python3 requirements/install.py run|dev`. Standard library only; one line per refusal.

uv installs from the lock in seconds; pip alone, with --require-hashes, is the fallback. uv does not read pip's
configuration, so it is told the index, the extra indexes, the links and the certificate that pip is configured with.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def stop(message: str) -> None:
    print(f"khazri: {message}", file=sys.stderr)
    raise SystemExit(1)


def make_venv() -> None:
    if sys.version_info < OLDEST:
        have = ".".join(map(str, sys.version_info[:3]))
        stop(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {have}; try: make PYTHON=python3.12 demo")
    if is_whole():
        return
    try:
        import ensurepip  # noqa: F401 - only to see that it is there: Debian ships it apart
        import venv
    except ImportError:
        stop("this Python has no venv module; on Debian and Ubuntu: apt-get install python3-venv")
    if VENV.exists():
        print("khazri: .venv is unfinished or broken; making it anew …", file=sys.stderr)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        stop(f".venv could not be made: {error}")


def is_whole() -> bool:
    """Whether .venv has a Python that starts, is new enough and has pip: an interrupted set-up leaves less."""
    new_enough = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    for check in (["-c", new_enough], ["-m", "pip", "--version"]):
        try:
            done = subprocess.run([PYTHON, *check], capture_output=True, check=False)
        except OSError:  # not there, or not for this machine
            return False
        if done.returncode != 0:
            return False
    return True


def pip_settings() -> dict[str, str]:
    """What pip is configured with (its files and the environment), by option name."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    found: dict[str, str] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        where, _, option = key.strip().rpartition(".")
        if where in (":env:", "global", "install") and (option not in found or where == ":env:"):
            found[option] = value.strip().strip("'\"").replace("\\n", " ")
    return found


def usable(address: str) -> bool:
    """pip warns about a local index that is not there and goes on; uv would refuse it."""
    return not address.startswith("file://") or Path(address.removeprefix("file://")).exists()


def uv_environment() -> dict[str, str]:
    settings, env = pip_settings(), dict(os.environ)
    index = settings.get("index-url")
    if index and usable(index):
        env.setdefault("UV_DEFAULT_INDEX", index)
    extra = " ".join(filter(usable, settings.get("extra-index-url", "").split()))
    if extra:
        env.setdefault("UV_INDEX", extra)
        # As pip does: any index may have it. The lock's hashes say which file it is, so none can slip in another.
        env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    links = settings.get("find-links", "").split()
    if links:
        env.setdefault("UV_FIND_LINKS", ",".join(links))
    if settings.get("cert"):
        env.setdefault("SSL_CERT_FILE", settings["cert"])
    if settings.get("trusted-host"):
        env.setdefault("UV_INSECURE_HOST", settings["trusted-host"])
    if settings.get("no-index", "").lower() in ("1", "true", "yes"):
        env.setdefault("UV_NO_INDEX", "1")
    env["UV_NO_CONFIG"] = "1"  # only the lock decides, not a uv.toml of this machine
    env["VIRTUAL_ENV"] = str(VENV)
    return env


def run(*command: object, env: dict[str, str] | None = None) -> bool:
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False).returncode == 0


def uv_pin(lock: Path) -> str | None:
    """The line of the lock that pins uv, with its hashes."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    return next((line for line in text.splitlines() if line.startswith("uv==")), None)


def install_uv(lock: Path) -> bool:
    pin = uv_pin(lock)
    if (VENV / "bin" / "uv").exists() or pin is None:
        return pin is not None
    only = VENV / "uv.txt"
    only.write_text(pin + "\n", encoding="utf-8")
    return run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", only)


def install(which: str) -> None:
    lock = ROOT / "requirements" / f"{which}.txt"
    print(f"khazri: installing {which} requirements into .venv …", file=sys.stderr)
    uv = VENV / "bin" / "uv"
    done = install_uv(lock) and run(
        uv, "pip", "install", "-q", "--require-hashes", "-r", lock, env=uv_environment()
    )  # fmt: skip
    if not done:
        print("khazri: uv could not install; trying pip alone (about a minute) …", file=sys.stderr)
        done = run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock)
    if not done:
        stop("the packages could not be installed; is the package index reachable and pip configured for it?")
    if not run(
        PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps",
        "--no-build-isolation", "--editable", ROOT,
    ):  # fmt: skip
        stop("the project itself could not be installed into .venv")


def main() -> None:
    which = sys.argv[1] if len(sys.argv) == 2 else ""
    if which not in ("run", "dev"):
        stop("usage: python3 requirements/install.py run|dev")
    make_venv()
    install(which)


if __name__ == "__main__":
    main()
