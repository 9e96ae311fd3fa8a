"""Who an article names: endings, boundaries, context, one sense; the floors of tests/eval; hostile texts."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "eval"))

import score_tagging as scoring  # type: ignore[import-not-found]  # noqa: E402

from models.config import Alias, Config, Entity, load_config  # noqa: E402
from models.errors import ConfigError  # noqa: E402
from pipelines.patterns import compile_pattern  # noqa: E402
from pipelines.prominence import main_entities  # noqa: E402
from pipelines.watch import Tagger  # noqa: E402

FLOORS: dict[str, Any] = json.loads((ROOT / "tests" / "eval" / "floors.json").read_text(encoding="utf-8"))
needs_data = pytest.mark.skipif(
    not (scoring.data() / "tagging").is_dir(), reason="the labelled data is not here: set KHAZRI_DATA"
)


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def tagger(config: Config) -> Tagger:
    return Tagger(config)


def one(config: Config, *aliases: Alias, **more: Any) -> Tagger:
    entity = Entity(id="x", type="org", name={"en": "x"}, aliases=aliases)
    return Tagger(replace(config, entities={"x": entity, **more}))


def names(tagger: Tagger, text: str, **more: Any) -> list[tuple[str, str]]:
    return [(mention.entity, mention.surface) for mention in tagger.tag(text, **more) if not mention.ambiguous]


def test_no_title_is_an_empty_one(config: Config) -> None:
    tagger = one(config, Alias("Bakcell"))
    assert tagger.tag("Bakcell", title=None) == tagger.tag("Bakcell", title="")


@pytest.mark.slow
def test_every_test_sentence_of_the_watch_list_holds(config: Config, tagger: Tagger) -> None:
    wrong = [
        case
        for case in config.entity_cases()
        if (case.entity in {entity for entity, _ in names(tagger, case.sentence)}) is not case.expected
    ]
    assert wrong == []


def test_each_watched_organisation_and_project_has_both_kinds_of_test_sentences(config: Config) -> None:
    watched = [one for one in config.entities.values() if one.type in ("org", "project") and not one.decoy]
    assert [one.id for one in watched if not (one.tests.match and one.tests.reject)] == []


@pytest.mark.quality
@pytest.mark.parametrize("name", ["sentences", "more_sentences"])
def test_our_own_sentences_keep_their_floors(tagger: Tagger, name: str) -> None:
    errors: list[str] = []
    counts = scoring.score_sentences(tagger, scoring.rows(ROOT / f"tests/eval/{name}.jsonl"), errors)
    floors = FLOORS[name]
    assert set(floors) == set(counts)
    below = {key: str(counts[key]) for key, floor in floors.items() if _figure(counts[key], key) < floor}
    assert below == {}, errors


@pytest.mark.quality
@needs_data
def test_the_labelled_sentences_keep_their_floors(tagger: Tagger) -> None:
    errors: list[str] = []
    counts = scoring.score_sentences(tagger, scoring.rows(scoring.data() / "tagging" / "sentences.jsonl"), errors)
    floors = FLOORS["open"]
    assert counts["all"].f1 >= floors["sentences"], errors
    assert counts["exact"].precision >= floors["exact"], errors
    assert min(figure.f1 for key, figure in counts.items() if key != "exact") >= floors["language"], errors


@pytest.mark.quality
@needs_data
def test_inflected_names_are_accepted_and_other_names_refused(config: Config) -> None:
    errors: list[str] = []
    rows = scoring.rows(scoring.data() / "tagging" / "inflections.jsonl")
    same, other = scoring.score_inflections(config, rows, errors)
    assert same.recall >= FLOORS["open"]["accepted"], errors
    assert other.recall >= FLOORS["open"]["refused"], errors


@pytest.mark.quality
def test_our_own_inflected_names_keep_their_floors(config: Config) -> None:
    errors: list[str] = []
    same, other = scoring.score_inflections(config, scoring.rows(ROOT / "tests/eval/inflections.jsonl"), errors)
    assert same.recall >= FLOORS["inflections"]["accepted"], errors
    assert other.recall >= FLOORS["inflections"]["refused"], errors


@pytest.mark.quality
@needs_data
def test_the_seed_article_comes_out_whole(tagger: Tagger) -> None:
    title, _, text = (scoring.data() / "seed_article.txt").read_text(encoding="utf-8").partition("\n")
    mentions = tagger.tag(text, title=title, language="en")
    cable = {"tcfo", "tcfo_az_kz"}
    expected = {"azertelecom", "bakcell", "transtelecom_kz", "kaztranscom", "china_telecom", "azerbaijan_digital_hub"}
    expected |= {"bri", "gov_az", "gov_kz", "digital_silk_way"} | cable
    assert {mention.entity for mention in mentions} == expected
    assert not any(mention.ambiguous or mention.decoy for mention in mentions)
    assert all((title if m.part == "title" else text)[m.start : m.end] == m.surface for m in mentions)
    assert all(m.surface in m.sentence and len(m.sentence) <= 300 for m in mentions)


def _figure(counts: scoring.Counts, key: str) -> float:
    if key == "ambiguous":
        return float(counts.recall)  # whole sentences: right or not
    return float(counts.precision if key == "exact" else counts.f1)


@pytest.mark.quality
def test_prominence_keeps_its_floor_in_each_language(config: Config, tagger: Tagger) -> None:
    errors: list[str] = []
    counts = scoring.score_prominence(
        tagger, config.entities, scoring.rows(ROOT / "tests/eval/prominence.jsonl"), errors
    )
    assert {key: round(one.recall, 3) for key, one in counts.items() if one.recall < FLOORS["prominence"]} == {}, errors


def test_the_new_sentences_cover_what_they_must() -> None:
    rows = scoring.rows(ROOT / "tests/eval/more_sentences.jsonl")
    by_language = Counter(row["lang"] for row in rows)
    assert all(by_language[code] >= 25 for code in ("az", "kk", "ka", "uk")), by_language
    assert all(by_language[code] >= 15 for code in ("ru", "tr", "en", "zh")), by_language
    assert sum(row["kind"] == "ambiguous" for row in rows) >= 60
    assert not {row["text"] for row in rows} & {
        row["text"] for row in scoring.rows(ROOT / "tests/eval/sentences.jsonl")
    }


@pytest.mark.parametrize(
    "text",
    [
        "AzerTelecom's",
        "AzerTelecom’s",
        "(AzerTelecom)",
        "#AzerTelecom",
        "Bakcell/AzerTelecom",
        "Azer-Telecom",
        "AZER TELECOM",
    ],
)
def test_a_name_is_found_in_its_surroundings(tagger: Tagger, text: str) -> None:
    assert "azertelecom" in {entity for entity, _ in names(tagger, text)}


@pytest.mark.parametrize(
    "text",
    ["azertelecom.az", "x@azertelecom", "@azertelecom", "https://t.me/azertelecom", "www.x.az/azertelecom",
     "t.me/azertelecom", "MyAzerTelecom", "AzerTelecomX9", "azertelecom_az", "AzerTelecom2"],
)  # fmt: skip
def test_addresses_handles_and_other_words_are_no_mentions(tagger: Tagger, text: str) -> None:
    assert names(tagger, text) == []


def test_a_longer_name_is_another_name_unless_both_are_watched(config: Config, tagger: Tagger) -> None:
    tagger_of_one = one(config, Alias("Самұрық"))
    assert names(tagger_of_one, "Самұрық-Қазынаның") == []
    assert names(tagger_of_one, "Самұрық-24") == []
    assert [entity for entity, _ in names(tagger, "the Turkmenbashi-Siyazan line")] == ["turkmenbashi", "siyazan"]
    assert names(tagger, "Aktau–Alat ferry") == [("aktau", "Aktau")]
    assert names(tagger, "AzerTelecom-led works") == [("azertelecom", "AzerTelecom")]


def test_language_narrows_endings_and_none_allows_all(config: Config) -> None:
    tagger = one(config, Alias("Бакселл"))
    assert names(tagger, "Бакселлдің", language="kk") == [("x", "Бакселлдің")]
    assert names(tagger, "Бакселлдің", language="ru") == []
    assert names(tagger, "Бакселлдің", language=None) == [("x", "Бакселлдің")]
    assert names(tagger, "Бакселлдің", language="fr") == [("x", "Бакселлдің")]


def test_case_rules(config: Config) -> None:
    assert names(one(config, Alias("Belt and Road", case="title")), "belt and road") == []
    assert names(one(config, Alias("Belt and Road", case="title")), "BELT AND ROAD") == [("x", "BELT AND ROAD")]
    assert names(one(config, Alias("BRI", case="exact")), "Bri, bri") == []
    assert names(one(config, Alias("BRI", case="exact")), "BRI") == [("x", "BRI")]


def test_need_reject_and_their_places(config: Config) -> None:
    need = one(config, Alias("KTC", need="kazakh"))
    assert names(need, "KTC of Kazakhstan") == [("x", "KTC")]
    assert names(need, "KTC " + "x " * 200 + "Kazakhstan") == []
    assert names(need, "KTC of Kazakhstan. " + "x " * 200 + "KTC said") == [("x", "KTC"), ("x", "KTC")]
    reject = one(config, Alias("Belt and Road", reject="> news"))
    assert names(reject, "Belt and Road News on the Belt and Road") == [("x", "Belt and Road")]


def test_one_sense_per_article_and_ties_are_ambiguous(tagger: Tagger) -> None:
    far = " Связь развивается." * 30
    alone = tagger.tag("Транстелеком отчитался.")
    assert [mention.ambiguous for mention in alone] == [True]
    decided = tagger.tag("РЖД продаёт Транстелеком в Москве." + far + " Транстелеком отчитался.")
    assert {mention.entity for mention in decided} == {"ttk_ru"}
    assert not any(mention.ambiguous for mention in decided)
    assert all(mention.decoy for mention in decided)


def test_the_outlets_country_is_a_hint(config: Config) -> None:
    tagger = Tagger(config)
    assert names(tagger, "Транстелеком отчитался.", outlet="kazinform") == [("transtelecom_kz", "Транстелеком")]


def test_a_part_inherits_its_parents_names_and_needs_its_own_context(tagger: Tagger) -> None:
    text = "The Trans-Caspian cable is late."
    assert names(tagger, text) == [("tcfo", "Trans-Caspian cable")]
    assert names(tagger, "Kazakhstan waits. " + text)[0][0] == "tcfo_az_kz"
    assert names(tagger, "Turkmenistan waits. " + text)[0][0] == "tcfo_az_tm"
    assert names(tagger, "Turkmenistan and Kazakhstan wait. " + text)[0][0] == "tcfo"


def test_prominence_says_where(tagger: Tagger) -> None:
    text = "AzerTelecom said so. It is true. Bakcell did not answer."
    found = tagger.tag(text, title="Aktau waits")
    assert [(m.part, m.entity, m.prominence) for m in found] == [
        ("title", "aktau", "headline"),
        ("text", "azertelecom", "lead"),
        ("text", "bakcell", "body"),
    ]


def test_a_repeated_headline_is_no_part_of_the_lead(tagger: Tagger) -> None:
    text = "Aktau waits\nIt rains. AzerTelecom said so. Bakcell did not answer."
    found = tagger.tag(text, title="Aktau waits")
    assert [(m.entity, m.prominence) for m in found if m.part == "text" and m.entity != "aktau"] == [
        ("azertelecom", "lead"),
        ("bakcell", "body"),
    ]


@pytest.mark.parametrize("language", ["zh", None])
def test_a_latin_name_in_chinese_needs_no_space(tagger: Tagger, language: str | None) -> None:
    text = "项目由AzerTelecom与Bakcell合作,AzerTelecomist不是。"
    found = tagger.tag(text, language=language)
    assert [(m.surface, m.entity) for m in found] == [("AzerTelecom", "azertelecom"), ("Bakcell", "bakcell")]


def test_regex_characters_in_an_alias_are_letters(config: Config) -> None:
    tagger = one(config, Alias("A.B (C)+[x]*"), Alias("C++"))
    assert names(tagger, "see A.B (C)+[x]* there") == [("x", "A.B (C)+[x]*")]
    assert names(tagger, "AxB C C C[x]") == []


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "a*a*b", ".*.*", "(?:x{1,9}){1,9}", r"(\w+)\1", "x" * 3000, "(", "a?" * 40]
)
def test_patterns_that_could_run_away_are_refused(config: Config, pattern: str) -> None:
    with pytest.raises(ConfigError):
        compile_pattern(pattern)
    with pytest.raises(ConfigError):
        one(config, Alias("Name", need=pattern))


@pytest.mark.parametrize(
    "pattern", ["kazakh|қазақ", "[a-z]{0,20} <", "> news", r"\S+x", "[*+]a", "a.{0,40}b", "(?:a|b)?c"]
)
def test_ordinary_patterns_are_allowed(pattern: str) -> None:
    assert compile_pattern(pattern).pattern == pattern


def test_the_fingerprint_follows_the_watch_list(config: Config, tagger: Tagger) -> None:
    assert tagger.fingerprint == Tagger(config).fingerprint
    fewer = {key: entity for key, entity in config.entities.items() if key != "baku"}
    assert Tagger(replace(config, entities=fewer)).fingerprint != tagger.fingerprint
    assert Tagger(replace(config, outlets={})).fingerprint == tagger.fingerprint


def test_an_empty_watch_list_finds_nothing(config: Config) -> None:
    assert Tagger(replace(config, entities={})).tag("AzerTelecom") == ()


def test_the_prefilter_never_hides_a_mention(tagger: Tagger) -> None:
    for row in scoring.rows(ROOT / "tests/eval/sentences.jsonl"):
        if tagger.tag(row["text"]):
            assert tagger.might_hit("", row["text"])
    assert not tagger.might_hit("", "Nothing of ours is here.")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["a" * 5_000_000, "\u0301" * 1_000_000, "Транстелеком " * 3_000, "AzerTelecom" * 10_000, " " * 2_000_000,
     "aа" * 300_000, "خط أنابيب " * 50_000],
    ids=["letter", "marks", "ambiguous", "glued", "spaces", "mixed", "rtl"],
)  # fmt: skip
def test_hostile_texts_cost_a_few_seconds_at_most(tagger: Tagger, text: str) -> None:
    begun = time.process_time()
    tagger.tag(text)
    assert time.process_time() - begun < 5.0


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("A fire broke out on Baku Street.", []),
        ("The streets of Baku and Baku streets were empty.", ["Baku", "Baku"]),
        ("На улице Баку прорвало трубу, на улицах Баку спокойно.", ["Баку"]),
        ("Bakı küçəsi bağlıdır, Bakının küçələri açıqdır.", ["Bakının"]),
        ("ბაქოს ქუჩა ვიწროა, ბაქოს ქუჩები ფართოა.", ["ბაქოს"]),
        ("Скульптор Анна Баку получила премию.", []),
        ("Rejissor Həsən Məmmədov Bakıda film çəkir.", ["Bakıda"]),
        ("Президент Ильхам Алиев Баку не покидал.", ["Баку"]),
        ("Историк Иванов Баку не знает.", ["Баку"]),
    ],
)
def test_a_street_or_a_person_with_a_place_s_name_is_not_the_place(
    tagger: Tagger, text: str, places: list[str]
) -> None:
    assert [surface for entity, surface in names(tagger, text) if entity == "baku"] == places


def test_a_name_that_two_entities_share_with_both_near_is_a_tie(tagger: Tagger) -> None:
    both = tagger.tag("China and Azerbaijan discussed the Digital Silk Road.", language="en")
    assert [mention.ambiguous for mention in both] == [True]
    ours = tagger.tag("AzerTelecom's Digital Silk Road will link Azerbaijan and China.", language="en")
    assert [(m.entity, m.ambiguous) for m in ours] == [("azertelecom", False), ("digital_silk_way", False)]


@pytest.mark.parametrize(
    ("title", "text", "main"),
    [
        ("", "", set()),
        ("Bakcell opens an office", "AzerTelecom helped. Others did. Prices fell.", {"bakcell"}),
        ("Prices fall", "Bakcell cut prices. It did so twice. AzerTelecom watched. Bakcell is happy.", {"bakcell"}),
        ("Prices fall", "BAKU, May 3. Bakcell cut prices. It did so twice. AzerTelecom watched.", {"bakcell"}),
        ("Prices fall", "They fell. They fell again. AzerTelecom watched. AzerTelecom saw it.", set()),
    ],
)
def test_an_article_is_about_its_headline_or_what_its_lead_follows(
    config: Config, tagger: Tagger, title: str, text: str, main: set[str]
) -> None:
    assert main_entities(tagger.tag(text, title=title, language="en"), config.entities) == main


@pytest.mark.parametrize(
    ("name", "same", "other"),
    [
        ("Казань", "Казанью", "Казаны"),
        ("Матвиенко", "Матвиенко", "Матвиенков"),
        ("Тернопіль", "Тернополя", "Тернопільщина"),
        ("Рівне", "Рівного", "Рівнеобленерго"),
        ("Ведомости", "Ведомостей", "Ведомостный"),
        ("Мәжіліс", "Мәжіліспен", "Мәжілісмен"),
        ("Azərsu", "Azərsunun", "Azərsunla"),
        ("Çin", "Çin'ce", "Çince"),
    ],
)
def test_a_name_takes_the_endings_of_its_own_class(config: Config, name: str, same: str, other: str) -> None:
    tagger = one(config, Alias(name))
    assert names(tagger, same) == [("x", same)]
    assert names(tagger, other) == []


def test_a_hyphen_in_a_name_may_have_spaces_around_it(config: Config) -> None:
    tagger = one(config, Alias("Один пояс - один путь"))
    assert names(tagger, "форум «Один пояс — один путь»") == [("x", "Один пояс — один путь")]


@pytest.mark.parametrize("text", ["Mr Baku Takahashi opened a bar.", "Драматургиня Олена Баку отримала премію."])
def test_a_place_s_name_borne_by_a_person_is_no_mention(tagger: Tagger, text: str) -> None:
    assert names(tagger, text) == []
