"""New names: what a name's forms have in common, what is no new name, the report, whether a lost name comes back."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import reports
from crawler.archives import import_files
from jobs import read_now
from models.article import Reading
from models.config import Config, Entity, load_config
from models.name_queries import NameAt
from models.store import Store
from pipelines import nlp
from pipelines.candidates import Known, is_organisation, key_of, single_names
from pipelines.topics import TopicJudge
from pipelines.watch import Tagger
from reports import output
from reports.candidates import FEWEST_ARTICLES, joined, ranked
from reports.query import ReportQuery

ROOT = Path(__file__).resolve().parents[1]
NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def config() -> Config:
    return replace(load_config(ROOT / "config.yaml"), ner="off")


@pytest.mark.parametrize(
    "forms",
    [
        ("Казахтелеком", "Казахтелекома", "Казахтелекомом", "Қазақтелекомның", "Қазақтелеком"),
        ("Kazakhtelecom", "Kazakhtelecom's", "Qazaxtelekom", "Qazaxtelekomdan", "Kazakhtelecom-un"),
        ("Delta Telecom", "Delta Telecomun", "Delta Telecom-dan"),
        ("NEQSOL Holding", "НЕКСОЛ Холдинг", "НЕКСОЛ Холдинга"),
        ("ТОО «Морская Связь»", "Морской Связи", "Морскую Связь"),
        ("The Northern Link", "Northern Link Ltd"),
    ],
)
def test_forms_have_one_key(forms: tuple[str, ...]) -> None:
    assert len({key_of(form) for form in forms}) == 1, {form: key_of(form) for form in forms}


def test_other_names_have_other_keys() -> None:
    names = ["Azertelecom", "Aztelekom", "Kazakhtelecom", "Turkmentelecom", "Rostelecom", "Bakcell", "Azercell"]
    assert len({key_of(name) for name in names}) == len(names)


def names(text: str) -> set[tuple[str, str]]:
    return {(text[start:end], label) for start, end, label in single_names(text)}


def test_single_names() -> None:
    text = "Engineers of Xtera met Rostelecom-un people. Huawei left; Operators wait. Договор с Нексолом подписан."
    found = names(text)
    assert {("Xtera", "NAME"), ("Rostelecom-un", "ORG"), ("Huawei", "WORD"), ("Нексолом", "NAME")} <= found
    assert ("Operators", "ORG") not in found
    assert names("Big News Of The Day Comes From Aktau Port") == set(), "a headline in title case tells no names"
    assert ("华海通信", "ORG") in names("项目由华海通信负责。")


def test_head_words() -> None:
    assert is_organisation("Delta Telecom")
    assert is_organisation("Туркментелеком")
    assert not is_organisation("Operators")
    assert not is_organisation("Elmar Quliyev")


def test_what_is_no_new_name(config: Config) -> None:
    known = Known(config)
    for name in ("Kazakhstan", "Казахстаном", "Qazaxıstan", "Europe", "Monday", "Caspian Sea", "Каспия", "Azerbaijani",
                 "Report", "Caspian", "April", "The"):  # fmt: skip
        assert name in known, name
    for name in ("China Telecom", "DataVolt", "Turkmentelecom", "Xtera", "Turkcell", "Нексол"):
        assert name not in known, name


def name_at(article: int, key: str, surface: str, label: str = "ORG", *, on: bool = True, outlet: str = "a") -> NameAt:
    return NameAt(article, outlet, f"http://a.example/{article}", key, surface, label, on, None, "")


def test_a_name_is_told_from_three_articles_on() -> None:
    two = [name_at(1, "nksl", "Neqsol"), name_at(2, "nksl", "Neqsol")]
    assert list(ranked(joined(two))) == []
    lines = list(ranked(joined([*two, name_at(FEWEST_ARTICLES, "nksl", "NEQSOL")])))
    assert [(line.name, line.articles, line.forms) for line in lines] == [("Neqsol", 3, ("NEQSOL",))]


def test_spellings_are_one_row_and_sentences_first_words_go() -> None:
    rows = [
        *(name_at(number, "rstlkm", "Rostelecom") for number in (1, 2, 3)),
        *(name_at(number, "rstlk", "Ростелекома") for number in (4, 5)),
        name_at(6, "insnr rstlkm", "Инженеры Rostelecom"),
        *(name_at(number, "dgvr", "Договор", "WORD") for number in range(9)),
        *(name_at(number, "elsw", "Elsewhere", on=number < 3) for number in range(20)),
    ]
    lines = list(ranked(joined(rows)))
    assert [(line.name, line.articles) for line in lines] == [("Rostelecom", 6), ("Elsewhere", 3)]
    assert set(lines[0].forms) == {"Ростелекома", "Инженеры Rostelecom"}
    assert lines[1].elsewhere == 17


@pytest.mark.slow
def test_the_report(store: Store, tmp_path: Path, config: Config) -> None:
    rows = [
        {"url": f"http://wire.example/{number}", "title": "A cable",
         "text": f"AzerTelecom will lay the Trans-Caspian fiber-optic cable. {text}", "language": "en"}
        for number, text in enumerate(
            ["The survey was done by Deepline Marine Ltd.", "Deepline Marine, an old firm, has two ships.",
             "Its chief praised Deepline Marine's crew.", "Wind was strong in Kazakhstan on Monday."]
        )
    ]  # fmt: skip
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), "utf-8")
    import_files([path], config, store, now=NOON)
    read_now(config, store, NOON)
    stream = io.BytesIO()
    query = ReportQuery(topics=("trans_caspian_cable",))
    table = reports.run("candidates", query, store.engine, config)
    output.write(table, "csv", stream)
    assert [note for note in table.notes if "names left out" in note] == table.notes
    found = list(csv.DictReader(io.StringIO(stream.getvalue().decode("utf-8-sig"), newline="")))
    assert [(row["kind"], row["articles"], row["elsewhere"]) for row in found] == [("ORG", "3", "0")]
    assert found[0]["name"].startswith("Deepline Marine")


# --- a listed name taken out comes back ----------------------------------------------------------------------------

SENTENCES = {
    "en": ["{} joined the project last spring.", "The contract with {} was signed on Tuesday."],
    "ru": ["К проекту весной присоединилась компания {}.", "Инженеры {} проверят линию."],
    "az": ["Layihəyə yazda {} da qoşulub.", "Xətti {} mühəndisləri yoxlayacaq."],
    "kk": ["Жобаға көктемде {} қосылды.", "Желіні {} мамандары тексереді."],
    "tr": ["Projeye baharda {} de katıldı.", "Sözleşmeyi {} imzaladı."],
    "uk": ["До проєкту навесні приєдналася {}.", "Угоду підписала {}."],
    "ka": ["პროექტს {} შეუერთდა."],
    "zh": ["{}已加入该项目。"],
}
ARTICLES = 4  # that name each organisation: the real ones, or real ones with a sentence added
BEST = 20

Text = tuple[str, str, str]  # title, text, language


def corpus(data: Path) -> Iterator[Text]:
    for path in sorted((data.parent / "domain" / "pages").glob("*.json")):
        page = json.loads(path.read_text("utf-8"))
        yield page["title"] or "", page["text"], page["lang"]
    for path in sorted((ROOT / "demo" / "articles").glob("*.yaml")):
        for article in yaml.safe_load(path.read_text("utf-8")):
            if article.get("text") and article.get("language"):
                yield article["title"], article["text"], article["language"]


def with_name(texts: list[Text], on_topic: list[int], entity: Entity, tagger: Tagger, seed: int) -> list[Text]:
    """The corpus, the entity named in ARTICLES articles on the topic at least."""
    chance = random.Random(seed)
    named = {
        at
        for at in on_topic
        if any(one.entity == entity.id for one in tagger.tag(texts[at][1], title=texts[at][0], language=texts[at][2]))
    }
    more = list(texts)
    rest = [at for at in on_topic if at not in named]
    for at in chance.sample(rest, max(0, ARTICLES - len(named))):
        title, text, language = texts[at]
        name = entity.name.get(language) or entity.name["en"]
        more[at] = title, f"{text} {chance.choice(SENTENCES[language]).format(name)}", language
    return more


def names_near(texts: list[Text], readings: list[Reading]) -> Iterator[NameAt]:
    for number, reading in enumerate(readings):
        on = any(hit.topic == "trans_caspian_cable" and hit.role != "none" for hit in reading.topics)
        for one in {(found.key, found.surface, found.label) for found in reading.candidates if found.key}:
            yield name_at(number, *one, on=on, outlet=str(number % 9))


@pytest.mark.long
@pytest.mark.quality
def test_a_listed_organisation_comes_back(data: Path, config: Config) -> None:
    """30 organisations taken out of the watch list one at a time, with no installed model."""
    texts = list(corpus(data))
    tagger, judge = Tagger(config), TopicJudge(config)
    on_topic = [
        at
        for at, (title, text, language) in enumerate(texts)
        if any(
            hit.topic == "trans_caspian_cable" and hit.role != "none"
            for hit in judge.judge(title, text, tagger.tag(text, title=title, language=language), language=language)
        )
    ]
    listed = [one for one in config.entities.values() if one.type == "org" and not one.decoy]
    listed += [one for one in config.entities.values() if one.type == "gov" and not one.decoy]
    back: dict[str, bool] = {}
    for seed, entity in enumerate(listed[:30]):
        others = {key: one for key, one in config.entities.items() if key != entity.id}
        without = replace(config, entities=others, relations=())
        alone = Tagger(replace(config, entities={entity.id: replace(entity, parent=None)}, relations=(), topics={}))
        changed = with_name(texts, on_topic, entity, tagger, seed)
        rows = [(at, title, text, language, None, None) for at, (title, text, language) in enumerate(changed)]
        lines = list(ranked(joined(names_near(changed, list(nlp.build(without).read_many(rows))))))[:BEST]
        forms = [form for line in lines for form in (line.name, *line.forms)]
        back[entity.id] = any(alone.might_hit("", form) for form in forms)
    print(
        f"leave one out: {sum(back.values())} of {len(back)}; lost: {[key for key, found in back.items() if not found]}"
    )
    assert len(back) == 30
    assert sum(back.values()) >= 0.7 * len(back), back
