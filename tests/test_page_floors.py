"""Floors of page reading on the labelled pages, and the gate that holds them."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Iterator
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "eval"))

import page_floors  # type: ignore[import-not-found]  # noqa: E402
import update_floors  # type: ignore[import-not-found]  # noqa: E402

HELD = page_floors.load()
NAMES = [f"{name}.{field}" for name, one in HELD["sets"].items() for field in one["floors"]]


class Figures:
    """What each set reaches, measured when it is asked for, once in a test run whatever its number of processes."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared
        self._pool: Pool | None = None

    def pool(self) -> Pool:
        if self._pool is None:
            self._pool = multiprocessing.get_context("spawn").Pool(2)
        return self._pool

    def of(self, folder: Path) -> dict[str, float]:
        figures: dict[str, float] = page_floors.measured_once(folder, self._shared, self.pool)
        return figures

    def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    base = tmp_path_factory.getbasetemp()
    # Under xdist each process has a folder of its own inside that of the run.
    made = Figures(base.parent if hasattr(request.config, "workerinput") else base)
    yield made
    made.close()


@pytest.mark.long
@pytest.mark.quality
@pytest.mark.parametrize("name", NAMES)
def test_floor(name: str, figures: Figures, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of, field = name.split(".")
    folder = data / "pages" / of
    if not folder.is_dir():
        pytest.skip(f"the labelled pages have no set {of}")
    one = HELD["sets"][of]
    pinned = page_floors.fingerprint(folder) == one["fingerprint"]
    verdict = page_floors.judge(name, figures.of(folder)[field], one["floors"][field], pinned=pinned)
    if not pinned:
        with capsys.disabled():
            print(f"\n{verdict.told}")
    assert verdict.holds, verdict.told


# ------------------------------------------------------------------------------------------------------ the gate itself

PRINT = {"aeb": "aaaa", "aed": "dddd"}
OLD = {
    "comment": "c",
    "sets": {"aeb": {"fingerprint": "aaaa", "pages": 9, "floors": {"body_f1": 0.95, "author_false_pos": 0.2}}},
    "lowered": [],
}


def raised(figures: dict[str, dict[str, float]], **named: Any) -> dict[str, Any]:
    prints = named.pop("prints", PRINT)
    new: dict[str, Any] = page_floors.updated(
        OLD, figures, prints, dict.fromkeys(figures, 9), today="2026-01-05", **named
    )
    return new


def test_every_set_has_floors_and_every_promise_has_one() -> None:
    assert set(HELD["sets"]) == set(page_floors.SETS)
    assert set(page_floors.PROMISED) <= set(NAMES)
    assert {name.split(".")[1] for name in NAMES} == set(page_floors.FIELDS)


@pytest.mark.parametrize(
    ("name", "value", "floor", "holds"),
    [
        ("aeb.body_f1", 0.9499, 0.95, False),
        ("aeb.body_f1", 0.95, 0.95, True),
        ("aeb.body_f1", 0.99, 0.95, True),
        ("aed.author_false_pos", 0.21, 0.2, False),
        ("aed.author_false_pos", 0.2, 0.2, True),
        ("aed.author_false_pos", 0.0, 0.2, True),
    ],
)
def test_a_figure_under_its_floor_fails_and_says_its_value(name: str, value: float, floor: float, holds: bool) -> None:
    verdict = page_floors.judge(name, value, floor, pinned=True)
    assert verdict.holds is holds
    assert f"{name} is {value:.4f}" in verdict.told
    assert f"{floor}" in verdict.told


@pytest.mark.parametrize(
    ("name", "value", "floor", "holds"),
    [
        ("aeb.body_f1", 0.947, 0.99, True),  # promised: .966, less .02
        ("aeb.body_f1", 0.945, 0.99, False),
        ("aeb.body_f1", 0.93, 0.945, True),  # a floor below the promise is what counts
        ("trafilatura.title_near", 0.83, 0.88, True),  # nothing was promised: the floor, less .05
        ("trafilatura.title_near", 0.82, 0.88, False),
        ("aed.author_false_pos", 0.44, 0.1, True),  # at most .25 was promised, and .2 more
        ("aed.author_false_pos", 0.46, 0.1, False),
    ],
)
def test_on_other_data_the_promise_is_held_with_slack_and_told(
    name: str, value: float, floor: float, holds: bool
) -> None:
    verdict = page_floors.judge(name, value, floor, pinned=False)
    assert verdict.holds is holds
    assert "on other data" in verdict.told


def make_set(folder: Path, words: str = "Some words.") -> Path:
    (folder / "html").mkdir(parents=True)
    (folder / "html" / "p1.html.gz").write_bytes(b"")
    (folder / "labels.json").write_text(json.dumps({"p1": {"url": "https://a.example/1", "body": words}}), "utf-8")
    return folder


def test_the_fingerprint_knows_other_labels_and_other_pages(tmp_path: Path) -> None:
    one = page_floors.fingerprint(make_set(tmp_path / "one"))
    spaced = make_set(tmp_path / "spaced")
    labels = spaced / "labels.json"
    labels.write_text(json.dumps(json.loads(labels.read_text("utf-8")), indent=4), "utf-8")
    assert page_floors.fingerprint(spaced) == one
    assert page_floors.fingerprint(make_set(tmp_path / "other", "Other words.")) != one
    (spaced / "html" / "p2.html.gz").write_bytes(b"")
    assert page_floors.fingerprint(spaced) != one


@pytest.mark.parametrize(
    ("field", "value", "floor"),
    [
        ("body_f1", 0.97019, 0.970), ("body_f1", 0.97, 0.970), ("body_f1", 1.0, 1.0),
        ("author_false_pos", 4 / 23, 0.174), ("author_false_pos", 0.25, 0.25),
    ],
)  # fmt: skip
def test_a_floor_holds_for_the_value_it_was_made_of(field: str, value: float, floor: float) -> None:
    assert page_floors.rounded(field, value) == floor
    assert page_floors.judge(f"aeb.{field}", value, floor, pinned=True).holds


def test_the_update_raises_and_keeps_the_rest() -> None:
    new = raised({"aeb": {"body_f1": 0.9612, "author_false_pos": 0.15, "date_acc": 0.9}, "aed": {"body_f1": 0.9}})
    assert new["sets"]["aeb"]["floors"] == {"body_f1": 0.961, "author_false_pos": 0.15, "date_acc": 0.9}
    assert new["sets"]["aed"] == {"fingerprint": "dddd", "pages": 9, "floors": {"body_f1": 0.9}}
    assert new["lowered"] == []
    assert raised({"aed": {"body_f1": 0.9}})["sets"]["aeb"] == OLD["sets"]["aeb"]  # type: ignore[index]


GOOD = {"body_f1": 0.96, "author_false_pos": 0.2}


@pytest.mark.parametrize(
    ("figures", "named", "said"),
    [
        ({"body_f1": 0.9499, "author_false_pos": 0.2}, {}, "aeb.body_f1 would drop from 0.95 to 0.949"),
        ({"body_f1": 0.96, "author_false_pos": 0.21}, {}, "aeb.author_false_pos would drop from 0.2 to 0.21"),
        ({"body_f1": 0.96}, {}, "aeb.author_false_pos was not measured; its floor 0.2 would vanish"),
        ({"body_f1": 0.9, "author_false_pos": 0.2}, {"lower": ["aeb.body_f1"]}, 'say why: --because "..."'),
        (
            {"body_f1": 0.9, "author_false_pos": 0.3},
            {"lower": ["aeb.body_f1"], "because": "x"},
            "author_false_pos would",
        ),
        (GOOD, {"lower": ["aeb.body_f1"], "because": "x"}, "aeb.body_f1 did not drop"),
        (GOOD, {"prints": {"aeb": "bbbb"}}, "aeb is other data than its floors are pinned to (--repin aeb)"),
        (GOOD, {"repin": ["aeb"], "because": "x"}, "aeb is the data it was"),
    ],
)
def test_the_update_refuses(figures: dict[str, float], named: dict[str, Any], said: str) -> None:
    before = json.dumps(OLD)
    with pytest.raises(page_floors.Refused) as refused:
        raised({"aeb": figures}, **named)
    assert any(said in sentence for sentence in refused.value.args)
    assert json.dumps(OLD) == before


def test_what_is_lowered_is_recorded() -> None:
    lower = raised({"aeb": GOOD | {"body_f1": 0.9}}, lower=["aeb.body_f1"], because="short news count more")
    assert lower["sets"]["aeb"]["floors"]["body_f1"] == 0.9
    assert lower["lowered"] == [
        {"name": "aeb.body_f1", "from": 0.95, "to": 0.9, "because": "short news count more", "on": "2026-01-05"}
    ]
    moved = raised({"aeb": GOOD}, prints={"aeb": "bbbb"}, repin=["aeb"], because="labels mended")
    assert moved["lowered"] == [
        {"name": "aeb", "from": "aaaa", "to": "bbbb", "because": "labels mended", "on": "2026-01-05"}
    ]


def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reached: float, *arguments: str) -> tuple[int, Any]:
    """The command on a set of one page, with the reading itself set to `reached`."""
    folder = tmp_path / "data" / "pages" / "aeb"
    if not folder.is_dir():
        make_set(folder)
    monkeypatch.setenv("KHAZRI_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(page_floors, "measure", lambda folder, pool: {"body_f1": reached})
    file = tmp_path / "floors.json"
    code = update_floors.main(["--sets", "aeb", "--file", str(file), *arguments])
    return code, json.loads(file.read_text("utf-8"))


@pytest.mark.slow
def test_the_command_writes_refuses_and_records(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, written = command(monkeypatch, tmp_path, 0.95)
    assert (code, written["sets"]["aeb"]["floors"]) == (0, {"body_f1": 0.95})
    assert "aeb.body_f1: none -> 0.95" in capsys.readouterr().out
    assert command(monkeypatch, tmp_path, 0.94) == (1, written)
    assert "aeb.body_f1 would drop from 0.95 to 0.94" in capsys.readouterr().err
    code, lowered = command(monkeypatch, tmp_path, 0.94, "--lower", "aeb.body_f1", "--because", "a reason")
    assert (code, lowered["sets"]["aeb"]["floors"]) == (0, {"body_f1": 0.94})
    assert lowered["lowered"][0]["because"] == "a reason"


@pytest.mark.slow
def test_pages_are_measured_once_for_all(tmp_path: Path, data: Path) -> None:
    calls = []

    class Counting:
        def imap_unordered(self, function: Any, rows: list[Any], chunksize: int) -> Iterator[Any]:
            calls.append(len(rows))
            return iter([(row[0], {"body": "Some words of it here.", "seconds": 1.0}) for row in rows])

    folder = data / "pages" / "fundus_eval"
    first = page_floors.measured_once(folder, tmp_path, Counting)
    assert page_floors.measured_once(folder, tmp_path, Counting) == first
    assert len(calls) == 1
    assert first["body_f1"] < 0.1
