"""The reader: spaCy pipelines with our components, candidates that are never counted, batches in order."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from models.config import Config, load_config
from models.errors import ConfigError
from pipelines import nlp
from pipelines.names import DATE, MONEY, UNRESOLVED, dates, trimmed

pytestmark = pytest.mark.slow  # imports spaCy

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def config() -> Config:
    return replace(load_config(ROOT / "config.yaml"), ner="off")


@pytest.fixture(scope="module")
def reader(config: Config) -> nlp.Reader:
    return nlp.build(config)


def test_candidates_have_exact_offsets_and_leave_watched_names_out(reader: nlp.Reader) -> None:
    text = "AzerTelecom hired Caspix Marine LLC; chairman Elmar Quliyev of DeepLine paid $5 million on 3 May 2025."
    reading = reader.read("Oceanic Works Ltd wins", text, "en")
    found = {(one.label, one.surface) for one in reading.candidates}
    assert {("ORG", "Caspix Marine LLC"), ("PERSON", "Elmar Quliyev"), ("ORG", "DeepLine")} <= found
    assert ("ORG", "Oceanic Works Ltd") in found
    assert any(label == "MONEY" for label, _ in found)
    assert any(label == "DATE" for label, _ in found)
    assert not any("AzerTelecom" in surface for _, surface in found)
    for one in reading.candidates:
        part = "Oceanic Works Ltd wins" if one.part == "title" else text
        assert part[one.start : one.end] == one.surface


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("ru", "AzerTelecom и ТОО «Каспий Бор» подписали договор.", "Каспий Бор"),
        ("kk", "AzerTelecom мен «Теңіз Кабель» ЖШС келісті.", "Теңіз Кабель"),
        ("az", "AzerTelecom və Dəniz Kabel MMC razılaşıb.", "Dəniz Kabel MMC"),
        ("tr", "AzerTelecom ile Deniz Hat Holding anlaştı.", "Deniz Hat Holding"),
        ("uk", "AzerTelecom і ТОВ «Морський Кабель» домовилися.", "Морський Кабель"),
    ],
)
def test_candidates_in_other_languages(reader: nlp.Reader, language: str, text: str, name: str) -> None:
    assert any(name in one.surface for one in reader.read("", text, language).candidates)


def test_readings_come_in_the_order_of_the_rows(reader: nlp.Reader) -> None:
    texts = [
        "Nothing here.",
        "AzerTelecom is here.",
        "Каспий и кабель.",
        "Bakcell də burada.",
        "阿塞拜疆电信签约。",
    ] * 40
    languages = ["en", "en", "ru", "az", "zh"] * 40
    rows = [(i, "", text, code, None, None) for i, (text, code) in enumerate(zip(texts, languages, strict=True))]
    readings = list(reader.read_many(rows))
    assert len(readings) == len(rows)
    entities = [[mention.entity for mention in reading.mentions] for reading in readings]
    assert entities[:5] == [[], ["azertelecom"], [], ["bakcell"], ["azertelecom"]]
    assert entities == entities[:5] * 40
    assert {hit.role for hit in readings[0].topics} == {"none"}
    assert readings[2].topics[1].role == "primary"


def test_an_article_without_names_or_terms_is_not_tokenised(
    reader: nlp.Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("tokenised")

    monkeypatch.setattr(reader, "_language", refuse)
    assert reader.read("Rain", "It rained in the hills.", "en").mentions == ()
    with pytest.raises(AssertionError, match="tokenised"):
        reader.read("", "AzerTelecom", "en")


def test_spans_carry_entity_ids_and_tokens_never_move_offsets(config: Config) -> None:
    from pipelines import components
    from pipelines.watch import Tagger

    language = components.pipeline("az", "off", Tagger(config))
    doc = language("AzerTelecom-un yeni xətti və «Bakcell»də görüş.")
    assert [span.id_ for span in doc.spans["watch"]] == ["azertelecom", "bakcell"]
    assert [(m.start, m.end) for m in doc._.khazri_mentions] == [(0, 14), (30, 37)]


@pytest.mark.parametrize("language", ["en", "ru", "az", "kk", "tr", "uk", "ka", "zh", None, "other", "ar"])
def test_every_language_has_a_pipeline(reader: nlp.Reader, language: str | None) -> None:
    assert reader.read("", "AzerTelecom", language).mentions[0].entity == "azertelecom"


@pytest.mark.slow
def test_very_long_texts_are_read_whole(reader: nlp.Reader) -> None:
    text = "word " * 100_000 + "AzerTelecom"
    assert reader.read("", text, "en").mentions[0].start == 500_000


def test_fingerprints_follow_their_own_part(config: Config, reader: nlp.Reader) -> None:
    assert nlp.fingerprints(config) == reader.fingerprints
    assert set(reader.fingerprints) == {"watch", "names", "topics", "attribution"}
    no_topics = nlp.fingerprints(replace(config, topics={}))
    assert no_topics["topics"] != reader.fingerprints["topics"]
    assert no_topics["watch"] == reader.fingerprints["watch"]


def test_a_model_that_is_not_installed_is_an_error(config: Config) -> None:
    with pytest.raises(ConfigError, match="not installed"):
        nlp.build(replace(config, ner="en_no_such_model")).read("", "AzerTelecom", "en")


@pytest.mark.slow
def test_fingerprints_and_the_matcher_do_not_import_spacy() -> None:
    code = (
        "import sys; from pipelines import nlp; from models.config import load_config;"
        "nlp.fingerprints(load_config('config.yaml')); sys.exit('spacy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_money_and_dates() -> None:
    assert MONEY.search("cost $50 million to build")
    assert MONEY.search("20-30 milyon manat borc")
    assert MONEY.search("400 млн тенге")
    assert not MONEY.search("380 kilometres long")
    assert [match.group() for match in DATE.finditer("on November 19, 2019 and 26 Желтоқсан 2025, not 2025")] == [
        "November 19, 2019",
        "26 Желтоқсан 2025",
    ]


def test_common_words_are_no_names() -> None:
    assert trimmed("The report", 0, 10) is None
    assert trimmed("«Ведомости»", 0, 11) == (1, 10)
    assert not any(pattern.search("nobody said anything") for _, pattern in UNRESOLVED)


@pytest.mark.parametrize(
    "text",
    ["", "1", "12 March 2026", "on March 5, 2026 and 5 мая 2026 г.", "x" * 50 + " 01.02.2026", "7" * 300,
     "5 мартта" + " x" * 40 + "Haziran 12" + " 1 2 3" * 30 + " 31 dekabrda 2025", "может 5 маяка"],
)  # fmt: skip
def test_dates_are_those_of_the_pattern(text: str) -> None:
    assert list(dates(text)) == [match.span() for match in DATE.finditer(text)]


@pytest.mark.parametrize("language", ["en", "ru", "az", "tr", "uk", "zh", "xx"])
def test_a_light_pipeline_has_the_tokens_of_a_heavy_one(reader: nlp.Reader, language: str) -> None:
    from spacy.util import get_lang_class

    text = (
        "“Don't,” said U.S. Mr. O'Neil-Smith (aged 5km) of AzerTelecom's e.g. $5m C++ plan… 10°C. т.д. г-н Иванов-2, "
        "Bakıda'kı 3-cü 中国电信的 https://a.az/b?c=1#d a@b.az :) can't gonna 5pm naïve. co-op/x 100% #tag"
    )
    light = [token.text for token in reader._language(language).make_doc(text)]
    assert light == [token.text for token in get_lang_class(language)().make_doc(text)]


def test_a_pipeline_that_met_too_many_words_is_built_anew(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines import components

    fresh = nlp.Reader(config)
    first = fresh._language("en")
    assert fresh._language("en") is first
    monkeypatch.setattr(components, "MOST_STRINGS", 10)
    assert fresh._language("en") is not first
