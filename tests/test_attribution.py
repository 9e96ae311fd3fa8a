"""Which outlets an article names as its origin."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "eval"))

import score_tagging as scoring  # type: ignore[import-not-found]  # noqa: E402

from models.config import Config, load_config  # noqa: E402
from pipelines.attribution import Attributor  # noqa: E402

FLOORS = json.loads((ROOT / "tests" / "eval" / "floors.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def attributor(config: Config) -> Attributor:
    return Attributor(config)


@pytest.mark.quality
def test_our_own_sentences_keep_their_floors(attributor: Attributor) -> None:
    errors: list[str] = []
    rows = scoring.rows(ROOT / "tests/eval/attributions.jsonl")
    counts = scoring.score_attributions(attributor, rows, errors)
    floors = FLOORS["attributions"]
    assert counts["all"].precision >= floors["precision"], errors
    assert counts["all"].recall >= floors["recall"], errors
    assert set(floors["f1"]) == set(counts) - {"all"}
    below = {key: str(counts[key]) for key, floor in floors["f1"].items() if counts[key].f1 < floor}
    assert below == {}, errors


@pytest.mark.quality
@pytest.mark.skipif(not (scoring.data().parent / "domain" / "pages").is_dir(), reason="labelled pages are not here")
def test_the_pages_keep_their_precision(config: Config, attributor: Attributor) -> None:
    errors: list[str] = []
    counts = scoring.score_page_attributions(config, attributor, errors)
    assert counts.precision >= FLOORS["open"]["attribution_precision"], errors


@pytest.mark.quality
@pytest.mark.skipif(not (scoring.data() / "seed_article.txt").is_file(), reason="the seed article is not here")
def test_the_seed_article_names_belt_and_road_news(attributor: Attributor) -> None:
    title, _, text = (scoring.data() / "seed_article.txt").read_text(encoding="utf-8").partition("\n")
    found = attributor.find(title, text, "en")
    assert [one.outlet for one in found] == ["beltroadnews"]
    assert text[found[0].start : found[0].end] == "Belt and Road News"
    assert found[0].name in found[0].sentence


def test_the_chain_is_kept_without_the_outlet_itself(attributor: Attributor) -> None:
    text = "Об этом сообщает Day.Az со ссылкой на Trend."
    assert [one.outlet for one in attributor.find("", text, "ru")] == ["dayaz", "trend"]
    assert [one.outlet for one in attributor.find("", text, "ru", outlet="dayaz")] == ["trend"]
    own = "Работы начнутся летом, сообщает Trend."
    assert [one.outlet for one in attributor.find("", own, "ru", outlet="dayaz")] == ["trend"]
    assert attributor.find("", own, "ru", outlet="trend") == ()


def test_unknown_names_are_kept_apart(attributor: Attributor) -> None:
    found = attributor.find("", "According to Gorus Weekly, the work goes on. Kazakh media reported the same.", "en")
    assert [(one.outlet, one.name) for one in found] == [(None, "Gorus Weekly"), (None, "Kazakh media")]


@pytest.mark.parametrize(
    "text",
    [
        "The report says a trend is clear.",
        "Trend lines rise and capital grows.",
        "Reuters opened an office in Baku.",
        "Власть сменилась.",
    ],
)
def test_a_name_without_a_cue_is_no_origin(attributor: Attributor, text: str) -> None:
    assert attributor.find("", text) == ()


def test_language_is_optional(attributor: Attributor) -> None:
    assert [one.outlet for one in attributor.find("", "Trend-ə istinadən xəbər verilir.")] == ["trend"]


def test_each_outlet_is_named_once(attributor: Attributor) -> None:
    text = "Trend reports. Later Trend reported again. Citing Trend, others wrote."
    assert [one.outlet for one in attributor.find("", text, "en")] == ["trend"]


@pytest.mark.parametrize(
    ("language", "text", "named"),
    [
        ("en", "The ship sank, Interfax said.", ["interfaxru"]),
        ("en", "The BBC said it would appeal against its fine.", []),
        ("en", "According to Kazakh news agency Kazinform, it sank.", ["kazinform"]),
        ("ru", "Источник: Tengrinews.kz", ["tengrinews"]),
        ("ru", "По сообщению газеты «Береговая жизнь», судно затонуло.", ["Береговая жизнь"]),
        ("ru", "По сообщению «Казахтелекома», работы идут.", []),
        ("kk", "«Жағалау үні» газетінің жазуынша, кеме батты.", ["Жағалау үні"]),
        ("kk", "Zakon.kz кеме батты деп жазды.", ["zakon"]),
        ("ka", "მინისტრმა BMG-ს უთხრა, რომ გემი ჩაიძირა.", ["bmge"]),
    ],
)
def test_origins_by_name_and_nothing_that_only_introduces_them(
    attributor: Attributor, language: str, text: str, named: list[str]
) -> None:
    assert [one.outlet or one.name for one in attributor.find("", text, language)] == named


def test_an_outlet_named_by_a_common_word_needs_its_quotes(attributor: Attributor) -> None:
    def told(text: str, language: str) -> list[str | None]:
        return [one.outlet for one in attributor.find("", text, language)]

    assert told("Власть сообщила о переносе выборов.", "ru") == []
    assert told("«Власть» сообщила о переносе выборов.", "ru") == ["vlast"]
    assert told("Vlast.kz сообщила о переносе выборов.", "ru") == ["vlast"]
    assert told("Лада сообщила мужу, что остаётся.", "ru") == []


def test_an_unknown_paper_is_kept_by_its_name_without_the_words_around(attributor: Attributor) -> None:
    def told(text: str, language: str) -> list[str]:
        return [one.outlet or one.name for one in attributor.find("", text, language)]

    assert told("Yerel Liman Postası gazetesinin haberine göre feribot gecikti.", "tr") == ["Liman Postası"]
    assert told("Local outlet Harbour Daily reported that the pier was closed.", "en") == ["Harbour Daily"]
    assert told("Anadolu Ajansı'nın haberine göre feribot gecikti.", "tr") == ["aa"]


@pytest.mark.parametrize(
    ("language", "text", "outlets"),
    [
        ("en", "He told TASS and Interfax that the port was safe.", ["tass", "interfaxru"]),
        ("en", "Bloomberg’s Jane Doe Smith reported that it sank.", ["bloomberg"]),
        ("en", "The study in the journal Scientific Reports estimates the cost.", []),
        ("az", "Trend-ə verdiyi müsahibədə usta bunu deyib.", ["trend"]),
        ("az", "Trend-in səhmləri ucuzlaşıb.", []),
        ("tr", "Xinhua, limanın kapandığını duyurdu.", ["xinhua"]),
        ("tr", "Reuters'ın yeni genel müdürü göreve başladı.", []),
        ("kk", "Reuters-ке берген сұхбатында ол бағаны атады.", ["reuters"]),
        ("kk", "Reuters-ке айыппұл салынды.", []),
        ("kk", "Кеме келді. «Судно пришло», сообщает Report.", ["report"]),
        ("ru", "БАКУ, 3 марта — АЗЕРТАДЖ. Порт открыт.", ["azertac"]),
    ],
)
def test_the_case_of_a_name_and_its_verb_tell_its_part(
    attributor: Attributor, language: str, text: str, outlets: list[str]
) -> None:
    assert [one.outlet for one in attributor.find("", text, language)] == outlets


@pytest.mark.parametrize(
    ("language", "text", "outlets"),
    [
        ("en", "In remarks aired by AZERTAC, he thanked the crews.", ["azertac"]),
        ("en", "Reuters, citing two officials, says the talks stalled.", ["reuters"]),
        ("en", "Bloomberg warned its own staff of cuts.", []),
        ("en", "Line cut off Japan LONDON, Jan 1 of this year and still so (Reuters) - A line is cut.", ["reuters"]),
        ("en", "The line is cut, and nobody knows for how long it will be so. (Reuters, AP)", ["reuters"]),
        ("en", "The line (built by Bloomberg) is cut, and nobody knows for how long it will be.", []),
        ("ru", "По подсчётам Bloomberg, убыток вырос.", ["bloomberg"]),
        ("ru", "ТАСС указывает своим сотрудникам на ошибки.", []),
        ("az", "Bloomberg hesab edir ki, qiymət artacaq.", ["bloomberg"]),
        ("az", "Bloomberg özünün məlumat mərkəzini yayıb.", []),
        ("tr", "Interfax'ın iddiasına göre anlaşma yok.", ["interfaxru"]),
        ("kk", "Reuters-тің дерегіне сүйенсек, келісім дайын.", ["reuters"]),
        ("uk", "За оцінкою Reuters, збитки зросли.", ["reuters"]),
        ("ka", "ინტერპრესნიუსს მინისტრმა უთხრა, რომ გემი ჩაიძირა.", ["interpressnews"]),
        ("zh", "彭博社认为价格会上涨。", ["bloomberg"]),
    ],
)
def test_what_is_said_and_who_says_it_name_the_origin(
    attributor: Attributor, language: str, text: str, outlets: list[str]
) -> None:
    assert [one.outlet for one in attributor.find("", text, language)] == outlets
