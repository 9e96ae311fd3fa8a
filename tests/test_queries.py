"""Analysts' own questions: what they mean, where they hold, which can never be met."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.checking import check_all
from models.config import Config, Topic, load_config
from models.errors import ConfigError
from pipelines.query import MAX_CHARS, MAX_TERMS, QueryError, parse
from pipelines.querylint import compile_query
from pipelines.topics import TopicJudge
from pipelines.watch import Tagger

ROOT = Path(__file__).parents[1]
CASES = [json.loads(line) for line in (ROOT / "tests/eval/queries.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def tagger(config: Config) -> Tagger:
    return Tagger(config)


def topic(query: str) -> Topic:
    return Topic(id="own", name={"en": "Own"}, clauses=(), query=query)


def role(config: Config, tagger: Tagger, query: str, row: dict[str, Any]) -> str:
    title, text, language = row.get("title", ""), row["text"], row.get("language", "en")
    mentions = tagger.tag(text, title=title, language=language)
    judge = TopicJudge(replace(config, topics={"own": topic(query)}))
    (hit,) = judge.judge(title, text, mentions, language=language, outlet=row.get("outlet"))
    assert (hit.role == "none") == (not hit.reasons)
    return hit.role


@pytest.mark.parametrize("case", [case for case in CASES if "refused" not in case], ids=lambda case: case["query"])
def test_a_query_holds_where_it_says(config: Config, tagger: Tagger, case: dict[str, Any]) -> None:
    for row in case["meets"]:
        assert role(config, tagger, case["query"], row) != "none", row
    for row in case["misses"]:
        assert role(config, tagger, case["query"], row) == "none", row


@pytest.mark.parametrize("case", [case for case in CASES if "refused" in case], ids=lambda case: case["query"])
def test_a_query_that_cannot_be_met_is_refused(config: Config, case: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match=".*" + case["refused"].replace("'", ".")):
        compile_query(case["query"], config)


def test_there_are_cases_enough() -> None:
    impossible = [case for case in CASES if "never" in case.get("refused", "") or "nothing" in case.get("refused", "")]
    assert len(CASES) >= 20
    assert len(impossible) >= 6


def test_place_and_count_decide_the_role(config: Config, tagger: Tagger) -> None:
    filler = " ".join(f"Sentence number {number} says nothing of it." for number in range(20))
    assert role(config, tagger, "port", {"title": "A new port", "text": filler}) == "primary"
    assert role(config, tagger, "port", {"text": f"{filler} A port closes."}) == "passing"


def test_reasons_show_what_was_found(config: Config) -> None:
    judge = TopicJudge(replace(config, topics={"own": topic("кабел* AND порт")}))
    (hit,) = judge.judge("", "Кабельщики ушли в порты.", (), language="ru")
    assert hit.reasons == ("query: 'Кабельщики' + 'порты'", "at the beginning")


def test_config_check_tells_a_query_that_cannot_be_met(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "version: 1\noutlets: {}\nentities: {}\ntopics:\n  own: {name: {en: Own}, query: 'port AND NOT port'}\n"
        "  both: {name: {en: Both}, query: port, clauses: [{all: [[x]]}]}\n",
        encoding="utf-8",
    )
    errors, _ = check_all(tmp_path / "config.yaml")
    assert any("either a query or clauses" in line for line in errors), errors
    text = (tmp_path / "config.yaml").read_text(encoding="utf-8").rsplit("  both", 1)[0]
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    errors, _ = check_all(tmp_path / "config.yaml")
    assert errors == ["topics.own.query: can never be met: 'port' is asked for and 'port' refused"]


def test_a_reader_refuses_it_in_one_line(config: Config) -> None:
    with pytest.raises(ConfigError, match=r"topics\.own\.query: can never be met"):
        TopicJudge(replace(config, topics={"own": topic("port NOT port")}))


HOSTILE = {
    "long": "port OR " * 1_000 + "ferry",
    "deep": "(" * 500 + "port" + ")" * 500,
    "wide": " OR ".join(f"word{number}" for number in range(MAX_TERMS + 1))[:MAX_CHARS],
    "quotes": '"' * 999,
    "many ways": " AND ".join(f"(one{number} OR two{number})" for number in range(60)),
    "escapes": "\\" * 999,
    "nul": "port\x00 AND \ud800",
    "stars": "po" + "*" * 500 + "x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_ends_soon(config: Config, name: str) -> None:
    before = time.process_time()
    try:
        query = compile_query(HOSTILE[name], config)
    except QueryError as error:
        assert str(error)
    else:
        assert query.terms
    assert time.process_time() - before < 10  # seconds of CPU; 0.1 to 2 were seen


@pytest.mark.slow
def test_a_query_over_a_long_article_ends_soon(config: Config) -> None:
    text = "ferry port " * 30_000
    judge = TopicJudge(replace(config, topics={"own": topic('(ferry NEAR/3 port) AND "port ferry" AND fe*y')}))
    before = time.process_time()
    (hit,) = judge.judge("", text, (), language="en")
    assert hit.role != "none"
    assert time.process_time() - before < 20  # seconds of CPU for 330 kB; 2 were seen


def test_parse_keeps_what_is_in_quotes(config: Config) -> None:
    assert str(parse('"a NEAR/3 b"', config)) == "a NEAR/3 b"
