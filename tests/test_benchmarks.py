"""The benchmarks run: every one yields rows on a handful of pages. What they measure is not judged here."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a module of benchmarks/, which is no installed package."""
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


def test_each_benchmark_is_a_module_found_by_name(load: Any) -> None:
    assert load("run").names() == [
        "feeds",
        "memory",
        "peers",
        "pipeline",
        "polling",
        "silence",
        "store",
        "tagging",
        "warcs",
    ]


def test_an_unknown_name_is_refused(load: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load("run").main(["speed"])
    assert ended.value.code == 2
    assert "there is no benchmark 'speed'" in capsys.readouterr().err


@pytest.mark.parametrize(("met", "code", "verdict"), [(True, 0, "ok"), (False, 1, "MISSED"), (None, 0, "stated")])
def test_a_missed_bar_is_said_and_fails(
    load: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    met: bool | None, code: int, verdict: str,
) -> None:  # fmt: skip
    run, row = load("run"), load("_table").Row("one", "5 ms", "4 ms", 1.25, "<= 1.4", met)
    monkeypatch.setattr(run, "benchmark", lambda name: lambda: [row])
    assert run.main(["store", "--json", str(tmp_path / "rows.json")]) == code
    assert f"| one | 5 ms | 4 ms | 1.25 | <= 1.4 | {verdict} |" in capsys.readouterr().out
    assert json.loads((tmp_path / "rows.json").read_text())[0]["verdict"] == verdict


def test_a_benchmark_that_cannot_run_says_why(
    load: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("KHAZRI_DATA", str(tmp_path))
    assert load("run").main(["pipeline"]) == 0
    assert "pipeline left out: needs" in capsys.readouterr().err


def figures(body: float, authors: float, false: float, seconds: float) -> dict[str, dict[str, float]]:
    one = {"pages": 10, "errors": 1, "seconds": seconds, "body_f1": body, "title_near": 0.9, "author_f1": authors}
    return {"aed": {**one, "author_false_pos": false}}


def test_peers_are_compared_with_the_best_of_them(load: Any) -> None:
    peers = load("peers")
    scores = {
        "khazri": figures(0.95, 0.9, 0.2, 0.5),
        "trafilatura_standard": figures(0.96, 0.8, 0.3, 0.4),
        "readability_lxml": figures(0.9, 0.0, 0.0, 0.1),  # finds no authors: its false ones are no contest
    }
    rows = {row.name: row for row in peers.verdicts(scores)}
    assert rows["peers, body aed"].met is False
    assert rows["peers, body aed"].yardstick == "0.960 (trafilatura_standard)"
    assert rows["peers, authors aed"].met is True
    assert rows["peers, false authors aed"].met is True
    assert rows["peers, pages a second of CPU beside trafilatura's"].ratio == pytest.approx(0.8)
    lines = list(peers.table(scores))
    assert lines[0].split(" | ")[1:3] == ["body aed", "title aed"]
    assert lines[2] == "| khazri | 0.950 | 0.900 | 0.900 | 0.200 | 50 | 1 |"


def test_peers_that_are_not_installed_are_told(load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    monkeypatch.setenv("KHAZRI_DATA", str(tmp_path))
    peers = load("peers")
    monkeypatch.setattr(peers, "PEERS_PYTHON", tmp_path / "no" / "python")
    with pytest.raises(load("_table").NotHere, match="--install"):
        list(peers.measure())


@pytest.mark.slow
def test_a_reader_answers_every_row_also_where_it_fails(load: Any, tmp_path: Path) -> None:
    body = b"<html><head><title>T</title></head><body><p>" + b"Some words of it. " * 40 + b"</p></body></html>"
    (tmp_path / "a.gz").write_bytes(gzip.compress(body))
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"%PDF-1.7"))
    rows = [{"id": key, "url": "https://a.example/x", "file": str(tmp_path / f"{key}.gz")} for key in "ab"]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "_peers_child.py", "khazri"], capture_output=True, text=True, check=True,
        input="".join(json.dumps(row) + "\n" for row in rows), env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["id"], first["title"]) == ("a", "T")
    assert second["error"].startswith("CollectError")


@pytest.mark.slow
def test_store_writes_what_the_yardstick_writes(load: Any) -> None:
    store = load("store")
    with store._sqlite() as fresh:
        assert store._seconds(fresh, store.ours, 20) > 0  # checks the number of rows itself
        assert store._seconds(fresh, store.bare, 20) > 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="CPU and memory of processes are read from /proc")
@pytest.mark.long
def test_pipeline_measures_a_few_pages(load: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHAZRI_DATA", str(data))
    pages = load("_outside").load_pages(4)
    rows = list(load("pipeline")._rows("pipeline", load("_outside").plant(pages, 1), 1, True))
    assert float(rows[0].yardstick.split()[0]) > 0  # so few pages cost less than what is left out: no ratio is asked
    assert float(rows[-1].ours.split()[0]) > 0
    assert "of 4 articles hit" in rows[0].name
    assert [row.name.strip()[:4] for row in rows[1:]] == ["of i"] * 3 + ["left"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="CPU and memory of processes are read from /proc")
@pytest.mark.long
def test_memory_sees_the_whole_tree(load: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHAZRI_DATA", str(data))
    largest, main, tree = load("memory").measure(3)
    assert largest.met is not None
    assert float(main.ours.split()[0]) > 20  # a Python process with Scrapy in it
    assert float(tree.ours.split()[0]) > float(main.ours.split()[0]) / 2


def test_feeds_are_read_alike_before_they_are_timed(load: Any) -> None:
    feeds = load("feeds")
    feeds.same(load("_sources").feed_body())
    (row,) = feeds.measure(rounds=1, repeats=1)
    assert row.ratio > 0


@pytest.mark.slow
def test_silence_plays_a_year(load: Any) -> None:
    names = [row.name for row in load("silence").measure(seeds=[1], sources=6)]
    assert names == ["silence: noticed", "silence: delay", "silence: false alarms"]


@pytest.mark.slow
def test_tagging_measures_a_few_texts(load: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHAZRI_DATA", str(data))
    tagging, texts = load("tagging"), load("_texts")
    config = load("tagging").load_config(ROOT / "config.yaml")
    (row,) = tagging.building(config, count=50, rounds=1)
    assert row.met is True
    monkeypatch.setattr(tagging, "all_aliases", lambda config: [tagging.Alias("AzerTelecom"), tagging.Alias("Баку")])
    rows = list(tagging.matching(config, texts.subject_texts()[:20], rounds=1))
    assert [row.met is None for row in rows] == [False, True, False, False]
    common, own = tagging.reading(config, texts.news()[:20], count=40, rounds=2)
    assert "4 name something" in common.name
    assert own.met is None


def test_articles_name_something_as_often_as_said(load: Any) -> None:
    texts = load("_texts")
    pool = [texts.Text("en", "Title", "One two three."), texts.Text("kk", "", "Бір екі үш.")]
    made = list(texts.articles(pool, 40, 10))
    assert len({one.text for one in made}) == 40
    longer = [one for one in made if len(one.text) > 30]
    assert len(longer) == 4
    assert all(one.text.startswith(("One two", "Бір екі")) for one in longer)


def test_listed_forms_are_what_our_endings_allow(load: Any) -> None:
    phrases = load("_phrases")
    alias = load("tagging").Alias("Trans~Caspian Bakı")
    assert phrases.spellings("a~b") == ["ab", "a-b", "a b"]
    every = phrases.forms(alias, lambda form: len(form) <= 7, every_word=False)
    assert {"transcaspian bakı", "trans-caspian bakının", "trans caspian bakıdan"} <= set(every)
