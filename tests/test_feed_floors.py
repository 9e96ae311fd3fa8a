"""The floors of reading feeds, feed dates, robots.txt and encodings on the labelled data (tests/eval/floors.json)."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "eval"))

import score_dates as scoring  # type: ignore[import-not-found]  # noqa: E402
from score_feeds_adapter import parse  # type: ignore[import-not-found]  # noqa: E402

FLOORS: dict[str, Any] = json.loads((ROOT / "tests" / "eval" / "floors.json").read_text(encoding="utf-8"))["feeds"]
HANG_SECONDS = 2.0  # what a feed may take at most, whatever is in it (DESIGN §7)
ATTACKS = 32
FIELDS = [field for field in FLOORS if not field.startswith(("dates_", "charset_", "robots", "link_by_policy"))]

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(
        not (scoring.folder() / "feeds.jsonl").is_file(), reason="the labelled data is not here: set KHAZRI_DATA"
    ),
]


def _script(name: str, *arguments: str) -> str:
    """Output of one of the data's own scripts, which runs our reader in processes of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "eval")))}
    command = [sys.executable, str(scoring.folder() / name), "score_feeds_adapter:parse", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT / "tests" / "eval")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the data's own scorer says of all its feeds."""
    file = tmp_path_factory.mktemp("feeds") / "scores.json"
    printed = _script("score_feeds.py", "--data", str(scoring.folder()), "--json", str(file), "--show", "100")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {**found, "printed": printed}


def test_no_feed_breaks_or_holds_the_reader(scores: dict[str, Any]) -> None:
    assert (scores["crash"], scores["hang"], scores["refused"]) == (0, 0, 0), scores["printed"]
    assert scores["slowest"][0][0] < HANG_SECONDS


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_keeps_its_floor(scores: dict[str, Any], field: str) -> None:
    found = scores["fields"][field]
    said = f"{field}: {found['ok']}/{found['n']} = {found['rate']:.4f}, floor {FLOORS[field]}"
    assert found["rate"] >= FLOORS[field], f"{said}\n{scores['printed']}"


@pytest.fixture(scope="module")
def feeds() -> list[tuple[dict[str, Any], bytes, list[dict[str, Any]]]]:
    """(row, body, our entries) of every labelled feed."""
    read = []
    for row in scoring.rows("feeds.jsonl"):
        body = (scoring.folder() / row["file"]).read_bytes()
        read.append((row, body, parse(body, row["url"], row.get("headers"))))
    return read


def test_links_by_our_policy(feeds: list[tuple[dict[str, Any], bytes, list[dict[str, Any]]]]) -> None:
    """With what stands in the labels: an address, or the name of an entry that has nothing else."""
    share = scoring.Share()
    for row, _, entries in feeds:
        for place, label in (row["expect"].get("entries") or {}).items():
            if "link" in label:
                wanted = label["link"].strip()
                got = entries[int(place)]["link"] if int(place) < len(entries) else None
                share.add(got == wanted, f"{row['orig']}: {got!r}, wanted {wanted!r}")
    floor = FLOORS["link_by_policy"]
    assert share.rate >= floor, f"{share}, floor {floor}: {share.missed}"


def test_every_link_is_one_that_the_feed_wrote(feeds: list[tuple[dict[str, Any], bytes, list[dict[str, Any]]]]) -> None:
    corrupted = [
        f"{row['orig']}: {link}"
        for row, body, entries in feeds
        for link in {entry["link"] for entry in entries if entry["link"]}
        if not _written(link, _letters(body))
    ]
    assert corrupted == []


def _letters(body: bytes) -> str:
    """The body's own text for a search: labels of encodings do not matter to addresses, references do."""
    text = body.decode("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    return unquote(html.unescape(html.unescape(text.replace("\x00", "")).replace("\\/", "/")))


def _written(link: str, text: str) -> bool:
    """Whether the end of the address stands in the feed: all that a relative one has of it."""
    parts = urlsplit(link)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2] or parts.netloc)
    return (last in text or last in text.replace("\n", "")) and unquote(parts.query) in text


# Elements and attributes in which any format of the set states a date.
DATE_PLACES = re.compile(
    r"date|published|updated|issued|modified|created|lastmod|timestamp|when|valid|time", re.IGNORECASE
)


def test_no_date_is_invented(feeds: list[tuple[dict[str, Any], bytes, list[dict[str, Any]]]]) -> None:
    without = [(row, entries) for row, body, entries in feeds if not DATE_PLACES.search(_letters(body))]
    assert len(without) > 100, "the set has many feeds without any place for a date"
    invented = [(row["orig"], e["published"]) for row, entries in without for e in entries if e["published"]]
    assert invented == []


@pytest.mark.slow
def test_the_attacks_do_no_harm() -> None:
    bad = _harmful()
    if bad:  # the script measures wall time: on a busy machine what was slow once is looked at again
        bad &= _harmful()
    assert bad == set()


def _harmful() -> set[str]:
    """The attacks that were not answered well within HANG_SECONDS."""
    lines = [line for line in _script("attack_feeds.py").splitlines() if line.strip()]
    assert len(lines) == ATTACKS
    found = [re.match(r"(\S+)\s+(\S+).*?\s(\d+\.\d+)s ", line) for line in lines]
    assert all(found), lines
    return {match[1] for match in found if match and (match[2] != "ok" or float(match[3]) >= HANG_SECONDS)}


@pytest.mark.parametrize("source", ["feedparser", "miniflux"])
def test_feed_dates_keep_their_floor(source: str) -> None:
    share, floor = scoring.feed_dates()[source], FLOORS[f"dates_{source}"]
    assert share.rate >= floor, f"{source}: {share}, floor {floor}: {share.missed}"


def test_all_feed_dates_together_keep_their_floor() -> None:
    shares = scoring.feed_dates().values()
    right, of = sum(share.right for share in shares), sum(share.of for share in shares)
    floor = FLOORS["dates_all"]
    assert right / of >= floor, f"{right}/{of}, floor {floor}"


def test_every_robots_verdict_is_right() -> None:
    for share in (scoring.robots(), scoring.delays()):
        assert share.of
        assert share.rate >= FLOORS["robots"], f"{share}: {share.missed}"


@pytest.mark.parametrize("source", ["faust-cchardet", "feedparser-chardet"])
def test_encoded_texts_keep_their_floor(source: str) -> None:
    share, floor = scoring.charsets()[source], FLOORS[f"charset_{source}"]
    assert share.rate >= floor, f"{source}: {share}, floor {floor}: {share.missed}"
