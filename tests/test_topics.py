"""What an article is to a topic: clauses, place, count, vetoes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "eval"))

import score_tagging as scoring  # type: ignore[import-not-found]  # noqa: E402

from models.article import TopicHit  # noqa: E402
from models.config import Config, load_config  # noqa: E402
from pipelines.topics import TopicJudge, judge  # noqa: E402
from pipelines.watch import Tagger  # noqa: E402

ALL_FLOORS = json.loads((ROOT / "tests" / "eval" / "floors.json").read_text(encoding="utf-8"))
FLOORS = ALL_FLOORS["open"]
CABLE = "trans_caspian_cable"


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def parts(config: Config) -> tuple[Tagger, TopicJudge]:
    return Tagger(config), TopicJudge(config)


def hits(parts: tuple[Tagger, TopicJudge], text: str, title: str = "") -> dict[str, TopicHit]:
    tagger, topics = parts
    return {hit.topic: hit for hit in topics.judge(title, text, tagger.tag(text, title=title))}


@pytest.mark.quality
@pytest.mark.skipif(not (scoring.data().parent / "domain" / "pages").is_dir(), reason="labelled pages are not here")
def test_the_pages_keep_their_floors(parts: tuple[Tagger, TopicJudge]) -> None:
    errors: list[str] = []
    counts = scoring.score_topics(*parts, errors)
    assert counts["azertelecom"].f1 >= FLOORS["azertelecom"], errors
    assert counts[CABLE].f1 >= FLOORS[CABLE], errors


@pytest.mark.quality
@pytest.mark.skipif(not (scoring.data().parent / "domain" / "pages").is_dir(), reason="labelled pages are not here")
def test_no_confusable_page_is_primary(parts: tuple[Tagger, TopicJudge]) -> None:
    confusable = [row for row in scoring.pages() if row["class"] == "confusable"]
    assert confusable
    for row in confusable:
        assert {hit.role for hit in hits(parts, row["text"]).values()} <= {"none", "passing"}, row["id"]


@pytest.mark.quality
def test_our_own_articles_keep_their_roles(parts: tuple[Tagger, TopicJudge]) -> None:
    errors: list[str] = []
    counts = scoring.score_roles(*parts, scoring.rows(ROOT / "tests/eval/topics.jsonl"), errors)
    assert {topic: one.recall >= ALL_FLOORS["roles"][topic] for topic, one in counts.items()} == dict.fromkeys(
        ALL_FLOORS["roles"], True
    ), errors


def test_every_topic_answers_and_nothing_is_none(parts: tuple[Tagger, TopicJudge], config: Config) -> None:
    found = hits(parts, "It rained in the hills.")
    assert set(found) == set(config.topics)
    assert {(hit.role, hit.score, hit.reasons) for hit in found.values()} == {("none", 0.0, ())}


@pytest.mark.parametrize(
    "text",
    [
        "Xəzər dənizinin dibi ilə fiber-optik kabel çəkiləcək.",
        "Каспий түбімен талшықты-оптикалық кабель тартылады.",
        "Дном Каспію прокладуть волоконно-оптичний кабель.",
        "კასპიის ზღვის ფსკერზე კაბელს გაიყვანენ.",
        "里海海底光缆即将铺设。",
        "Hazar Denizi'nin tabanına fiber optik kablo döşenecek.",
        "Волоконно-оптический кабель проложат по дну Каспия.",
        "Turkmentelecom and AzerTelecom talked about the joint line.",
        "The cable will run from Aktau to Sumgait.",
    ],
)
def test_the_cable_is_primary_in_eight_languages(parts: tuple[Tagger, TopicJudge], text: str) -> None:
    hit = hits(parts, text)[CABLE]
    assert hit.role == "primary"
    assert hit.reasons
    assert hit.sentence == text


@pytest.mark.parametrize(
    "text",
    [
        "The Trans-Caspian gas pipeline will cross the Caspian seabed.",
        "A power cable will bring green energy under the Caspian Sea.",
        "The Trans-Caspian International Transport Route grew; a cable maker visited the port.",
        "The fibre cable in the Black Sea will end far from the Caspian region.",
        "Caspian Policy Center wrote about cable television.",
        "Kazakhtelecom and Tele2 have a joint venture.",
    ],
)
def test_false_friends_are_not_the_cable(parts: tuple[Tagger, TopicJudge], text: str) -> None:
    assert hits(parts, text)[CABLE].role == "none"


def test_place_and_count_make_it_primary(parts: tuple[Tagger, TopicJudge]) -> None:
    late = "One thing was said in the morning session today. Another thing was said then. "
    assert hits(parts, late + "AzerTelecom was there.")["azertelecom"].role == "passing"
    assert hits(parts, late + "AzerTelecom came. " + late + "AzerTelecom left.")["azertelecom"].role == "primary"
    assert hits(parts, late, title="AzerTelecom wins")["azertelecom"].role == "primary"
    assert "in the title" in hits(parts, late, title="AzerTelecom wins")["azertelecom"].reasons


LATE = "One thing was said in the morning session today. Another thing was said then. "
CABLE_ONCE = "Some day the Trans-Caspian Fiber Optic Cable may come. "


def test_clauses_at_one_place_are_one_reason(parts: tuple[Tagger, TopicJudge]) -> None:
    hit = hits(parts, LATE + CABLE_ONCE)[CABLE]
    assert (hit.role, hit.score) == ("passing", 1.5)
    assert hit.reasons == ("clause 1: 'Trans-Caspian Fiber Optic Cable'", "one place")


def test_a_long_article_must_name_it_more_often(parts: tuple[Tagger, TopicJudge]) -> None:
    short, long = LATE + CABLE_ONCE + LATE + CABLE_ONCE, LATE * 20 + CABLE_ONCE + LATE + CABLE_ONCE
    assert hits(parts, short)[CABLE].role == "primary"
    assert hits(parts, long)[CABLE].role == "passing"
    assert "only 2 places in 44 sentences" in hits(parts, long)[CABLE].reasons
    assert hits(parts, long + (LATE + CABLE_ONCE) * 3)[CABLE].role == "primary"


def test_words_two_sentences_apart_are_not_near(parts: tuple[Tagger, TopicJudge]) -> None:
    assert hits(parts, "The cable is old. The Caspian is calm.")[CABLE].role != "none"
    assert hits(parts, "The cable is old. It rains. The Caspian is calm.")[CABLE].role == "none"


def test_a_landing_town_at_the_beginning_supports_but_makes_no_topic(parts: tuple[Tagger, TopicJudge]) -> None:
    town = "The landing station in Aktau has a roof. "
    assert hits(parts, town + LATE)[CABLE].role == "none"
    supported = hits(parts, town + LATE + CABLE_ONCE)[CABLE]
    assert supported.role == "primary"
    assert any("supported by clause" in reason and "at the beginning" in reason for reason in supported.reasons)
    assert hits(parts, LATE + town + CABLE_ONCE)[CABLE].role == "passing"


def test_a_repeated_headline_is_not_the_beginning(parts: tuple[Tagger, TopicJudge]) -> None:
    headline = "A course for young welders opens in the old depot"
    text = headline + "\nThe course starts on Monday. AzerTelecom pays for the tools. Twelve welders come."
    assert hits(parts, text)["azertelecom"].role == "passing"
    assert hits(parts, text, title=headline)["azertelecom"].role == "primary"


def test_a_veto_lowers_and_does_not_drop(parts: tuple[Tagger, TopicJudge]) -> None:
    cable = "A fibre cable will cross the Caspian seabed next year, the minister said. "
    gas = "The gas pipeline is late. " + "It is far away and much was said of it. " * 3
    assert hits(parts, cable)[CABLE].role == "primary"
    lowered = hits(parts, cable + gas * 3)[CABLE]
    assert lowered.role == "passing"
    assert any(reason.startswith("veto gas") for reason in lowered.reasons)
    named_once = LATE + "A fibre cable will cross the Caspian seabed. "
    assert hits(parts, named_once + gas * 3)[CABLE].role == "passing"


def test_ambiguous_mentions_count_for_nothing(config: Config, parts: tuple[Tagger, TopicJudge]) -> None:
    tagger, _ = parts
    mentions = tagger.tag("Транстелеком отчитался.")
    assert mentions[0].ambiguous
    assert {hit.role for hit in judge(config, "", "Транстелеком отчитался.", mentions)} == {"none"}


@pytest.mark.slow
def test_ten_thousand_names_and_terms_do_not_cost_their_square(parts: tuple[Tagger, TopicJudge]) -> None:
    found = hits(parts, "Trans-Caspian gas pipeline and cable of AzerTelecom. " * 2_000)
    assert found["azertelecom"].role == "primary"
