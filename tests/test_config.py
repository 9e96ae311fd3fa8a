# ruff: noqa: E501 - one mistake and its message are one line, however long
"""config.yaml: every mistake is one line that names file, line and place; what is right comes through whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.config import (
    Alias,
    Config,
    EntityCase,
    PageHints,
    Relation,
    check_config,
    inspect_config,
    load_config,
    show_config,
)
from models.config.yamlfile import MAX_DEPTH, parse_yaml
from models.errors import ConfigError

ROOT = Path(__file__).parents[1]

GOOD = """\
version: 1
include: [watch/]
reports: {zone: Asia/Baku}
digest:
  at: 10:30
  sender: khazri@khazri.example
  readers: [{id: ann, email: ann@khazri.example, topics: [cable]}]
schedule: {read_every_seconds: 5}
politeness: {fastest_minutes: 5, slowest_minutes: 600, recheck_hours: [12, 48]}
"""
OUTLETS = """\
outlets:
  report:
    name: {en: Report, az: Report}
    also_known_as: [Репорт]
    country: AZ
    languages: [az, en]
    kind: agency
    tier: 1
    zone: Asia/Baku
    hosts: [report.az]
    collect:
    - {id: report_en, feed: "https://report.az/en/rss/", language: en, every_minutes: 30, verified: 2026-09}
    - {id: report_az, listing: "https://report.az/", enabled: false, reason: refused, selectors: {link: a.x, date: time},
       url_pattern: '/\\d+$', min_per_week: 3, max_per_week: 90, format: telegram, discovers: true, pages: 3, javascript: true}
    hints:
    - {title: h1.t, body: div.text p, date: 'meta[name="d"]@content', author: span.by, zone: Asia/Tbilisi, date_order: dmy,
       valid_until: 2026-04-05, url_pattern: '/en/', verified: 2026-09}
    - {body: div.new}
"""
ENTITIES = """\
entities:
  azertelecom:
    type: org
    name: {en: AzerTelecom}
    aliases: [AzerTelecom, {text: "Azer~Telecom", lang: [en, az]}, {text: KTC, case: exact, need: "fibre|cable"}]
    tests: {match: ["AzerTelecom-un xətti"], reject: ["Aztelekom"]}
  cable:
    type: project
    name: Trans-Caspian cable
    aliases: {en: [the cable, {text: TCFO, case: exact}], az: [the cable], ru: [кабель]}
    parent: azertelecom
    roles: [{role: line, years: 2019}]
relations:
- {s: azertelecom, p: builder_of, o: cable, years: 2019-}
topics:
  cable:
    name: {en: The cable}
    terms: {fibre: {en: [fiber, fibre], ru: [волокон]}}
    veto: {gas: [gas pipeline]}
    clauses:
    - {all: [[fibre], ["entity:cable", "entity:azertelecom"]], near: 200, weight: 1.5, unless: [gas]}
    primary_at: 3
"""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("KHAZRI_"):
            monkeypatch.delenv(name)


def write(folder: Path, config: str = GOOD, outlets: str = OUTLETS, entities: str = ENTITIES) -> Path:
    (folder / "watch").mkdir(exist_ok=True)
    (folder / "watch" / "outlets.yaml").write_text(outlets, encoding="utf-8")
    (folder / "watch" / "entities.yaml").write_text(entities, encoding="utf-8")
    path = folder / "config.yaml"
    path.write_text(config, encoding="utf-8")
    return path


@pytest.fixture
def good(tmp_path: Path) -> Config:
    return load_config(write(tmp_path))


def error_of(path: Path | None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    line = str(caught.value)
    assert "\n" not in line
    assert check_config(path)[0] == line
    return line


def test_everything_comes_through(good: Config, tmp_path: Path) -> None:
    report = good.outlets["report"]
    assert report.names == ("Report", "Репорт")
    assert [(s.id, s.kind, s.zone, s.every_minutes, s.enabled) for s in good.sources] == [
        ("report_en", "feed", "Asia/Baku", 30, True),
        ("report_az", "listing", "Asia/Baku", 60, False),
    ]
    assert good.sources[1].selectors.link == "a.x"
    assert good.sources[1].url_pattern == r"/\d+$"
    telegram = good.sources[1]
    assert (telegram.format, telegram.discovers, telegram.pages, telegram.javascript) == ("telegram", True, 3, True)
    assert report.hints == (
        PageHints(
            "h1.t",
            "div.text p",
            'meta[name="d"]@content',
            "span.by",
            "Asia/Tbilisi",
            "dmy",
            date(2026, 4, 5),
            "/en/",
            "2026-09",
        ),
        PageHints(body="div.new"),
    )
    polite = good.politeness
    assert (polite.fastest_minutes, polite.slowest_minutes, polite.recheck_hours) == (5, 600, (12, 48))
    assert good.entities["azertelecom"].aliases == (
        Alias("AzerTelecom"),
        Alias("Azer~Telecom", lang=("en", "az")),
        Alias("KTC", case="exact", need="fibre|cable"),
    )
    assert good.entities["cable"].name == {"en": "Trans-Caspian cable"}
    assert good.entities["cable"].roles == ({"role": "line", "years": "2019"},)
    assert good.relations == (Relation("azertelecom", "builder_of", "cable", "2019-"),)
    clause = good.topics["cable"].clauses[0]
    assert clause.all_of == (("fibre",), ("entity:cable", "entity:azertelecom"))
    assert (clause.near, clause.weight, clause.unless) == (200, 1.5, ("gas",))
    assert (good.topics["cable"].primary_at, good.topics["cable"].passing_at) == (3.0, 1.0)
    assert good.digest.at == "10:30"  # YAML 1.1 alone would make it the number 630
    assert good.schedule.read_every_seconds == 5
    assert good.database == f"sqlite:///{tmp_path}/var/khazri.db"
    assert good.var == tmp_path / "var"


def test_aliases_by_language_are_merged(good: Config) -> None:
    assert good.entities["cable"].aliases == (
        Alias("the cable", lang=("en", "az")),
        Alias("TCFO", lang=("en",), case="exact"),
        Alias("кабель", lang=("ru",)),
    )


def test_entity_cases_are_the_test_sentences(good: Config) -> None:
    assert list(good.entity_cases()) == [
        EntityCase("azertelecom", "AzerTelecom-un xətti", expected=True),
        EntityCase("azertelecom", "Aztelekom", expected=False),
    ]


@pytest.mark.parametrize("address", ["https://report.az/x", "http://www.Report.AZ:80/ru", "en.report.az", "report.az."])
def test_an_address_has_its_outlet(good: Config, address: str) -> None:
    outlet = good.outlet_at(address)
    assert outlet is not None
    assert outlet.id == "report"


@pytest.mark.parametrize("address", ["https://notreport.az/", "https://report.az.evil.example", "", "az"])
def test_a_strange_address_has_none(good: Config, address: str) -> None:
    assert good.outlet_at(address) is None


# (file, old text, new text, the one line)
MISTAKES = [
    ("outlets", 'feed: "https', 'fed: "https', "watch/outlets.yaml:12: outlets.report.collect[0]: unknown key 'fed'; did you mean 'feed'?"),
    ("outlets", "    kind: agency", "    kind: agencie", "watch/outlets.yaml:7: outlets.report.kind: unknown kind 'agencie'; did you mean 'agency'?"),
    ("outlets", "    kind: agency\n", "", "watch/outlets.yaml:3: outlets.report: missing key 'kind'"),
    ("outlets", "tier: 1", "tier: 4", "watch/outlets.yaml:8: outlets.report.tier: must be between 1 and 3, not 4"),
    ("outlets", "tier: 1", "tier: one", "watch/outlets.yaml:8: outlets.report.tier: must be a whole number, not 'one'"),
    ("outlets", "tier: 1", "tier: 1\n    own: 'yes'", "watch/outlets.yaml:9: outlets.report.own: must be true or false, not 'yes'"),
    ("outlets", "tier: 1", "tier: 1\n    tier: 2", "watch/outlets.yaml:9: outlets.report: duplicate key 'tier', first on line 8"),
    ("outlets", "Asia/Baku", "Asia/Bakku", "watch/outlets.yaml:9: outlets.report.zone: unknown zone 'Asia/Bakku'; did you mean 'Asia/Baku'?"),
    ("outlets", "country: AZ", "country: Azerbaijan", "watch/outlets.yaml:5: outlets.report.country: must be a two-letter country code in capitals, not 'Azerbaijan'"),
    ("outlets", "country: AZ", "country: NO", "watch/outlets.yaml:5: outlets.report.country: YAML reads NO as false; put it in quotes: 'NO'"),
    ("outlets", "[az, en]", "[az, no]", "watch/outlets.yaml:6: outlets.report.languages[1]: YAML reads no as false; put it in quotes: 'no'"),
    ("outlets", "{en: Report, az", "{en: Report, no", "watch/outlets.yaml:3: outlets.report.name: YAML reads no as false; put it in quotes: 'no'"),
    ("outlets", "[az, en]", "[az, eng]", "watch/outlets.yaml:6: outlets.report.languages[1]: 'eng' is not a two-letter language code"),
    ("outlets", "hosts: [report.az]", "hosts: [https://report.az]", "watch/outlets.yaml:10: outlets.report.hosts: 'https://report.az' is not a host name such as report.az"),
    ("outlets", "id: report_az", "id: report_en", "watch/outlets.yaml:13: outlets.report.collect[1]: source 'report_en' is already defined at watch/outlets.yaml:12: outlets.report.collect[0]"),
    ("outlets", "reason: refused, ", "", "watch/outlets.yaml:13: outlets.report.collect[1]: is not enabled: say why in 'reason'"),
    ("outlets", "language: en, every", 'api: "https://x.example", every', "watch/outlets.yaml:12: outlets.report.collect[0]: needs exactly one of feed, sitemap, listing, api, archive, url, found feed and api"),
    ("outlets", 'feed: "https://report.az/en/rss/", ', "", "watch/outlets.yaml:12: outlets.report.collect[0]: needs exactly one of feed, sitemap, listing, api, archive, url"),
    ("outlets", "https://report.az/en/rss/", "ftp://report.az/", "watch/outlets.yaml:12: outlets.report.collect[0].feed: must be an http or https address without a password, not 'ftp://report.az/'"),
    ("outlets", "'/\\d+$'", "'/(\\d+$'", "watch/outlets.yaml:14: outlets.report.collect[1].url_pattern: not a regular expression: missing ), unterminated subpattern at position 1"),
    ("outlets", "2026-09", "2026-13", "watch/outlets.yaml:12: outlets.report.collect[0].verified: must be a month such as 2026-09, not '2026-13'"),
    ("outlets", "min_per_week: 3", "min_per_week: 300", "watch/outlets.yaml:13: outlets.report.collect[1]: min_per_week 300 is more than max_per_week 90"),
    ("outlets", "every_minutes: 30", "every_minutes: 0", "watch/outlets.yaml:12: outlets.report.collect[0].every_minutes: must be between 1 and 10080, not 0"),
    ("outlets", "  report:\n", "  Report.az:\n", "watch/outlets.yaml:2: outlets: bad id 'Report.az': small letters, digits and _ only"),
    ("outlets", "outlets:\n", "version: 1\noutlets:\n", "watch/outlets.yaml:1: unknown key 'version'; known: entities, outlets, relations, topics"),
    ("outlets", OUTLETS, "- a\n- b\n", "watch/outlets.yaml:1: must be a block of keys, not a list"),
    ("outlets", "title: h1.t", "titel: h1.t", "watch/outlets.yaml:16: outlets.report.hints[0]: unknown key 'titel'; did you mean 'title'?"),
    ("outlets", "body: div.text p", "body: 'div[x'", "watch/outlets.yaml:16: outlets.report.hints[0].body: not a CSS selector: Operator expected, got <EOF at 5>"),
    ("outlets", "date_order: dmy", "date_order: dym", "watch/outlets.yaml:16: outlets.report.hints[0].date_order: unknown date_order 'dym'; did you mean 'ymd'?"),
    ("outlets", "valid_until: 2026-04-05", "valid_until: 2026-04", "watch/outlets.yaml:17: outlets.report.hints[0].valid_until: must be a day such as 2026-04-05, not '2026-04'"),
    ("outlets", "Asia/Tbilisi", "Tbilisi", "watch/outlets.yaml:16: outlets.report.hints[0].zone: unknown zone 'Tbilisi'; did you mean 'Asia/Tbilisi'?"),
    ("outlets", "url_pattern: '/en/'", "url_pattern: '(en'", "watch/outlets.yaml:17: outlets.report.hints[0].url_pattern: not a regular expression: missing ), unterminated subpattern at position 0"),
    ("outlets", "verified: 2026-09}\n    - {body: div.new}", "verified: soon}\n    - {body: div.new}", "watch/outlets.yaml:17: outlets.report.hints[0].verified: must be a month such as 2026-09, not 'soon'"),
    ("outlets", "- {body: div.new}", "- {url_pattern: x}", "watch/outlets.yaml:18: outlets.report.hints[1]: hints at nothing: give one of title, body, date, author, zone, date_order"),
    ("outlets", "- {body: div.new}", "- div.new", "watch/outlets.yaml:18: outlets.report.hints[1]: must be a block of keys, not 'div.new'"),
    ("entities", "type: org", "type: orgg", "watch/entities.yaml:3: entities.azertelecom.type: unknown type 'orgg'; did you mean 'org'?"),
    ("entities", "case: exact, need", "case: exakt, need", "watch/entities.yaml:5: entities.azertelecom.aliases[2].case: unknown case 'exakt'; did you mean 'exact'?"),
    ("entities", '"fibre|cable"', '"[[fibre"', "watch/entities.yaml:5: entities.azertelecom.aliases[2].need: not a regular expression: Possible nested set at position 1"),
    ("entities", "parent: azertelecom", "parent: azertelekom", "watch/entities.yaml:8: entities.cable: unknown parent 'azertelekom'; did you mean 'azertelecom'?"),
    ("entities", "parent: azertelecom", "parent: cable", "watch/entities.yaml:8: entities.cable: is its own ancestor over parent 'cable'"),
    ("entities", "o: cable", "o: cabel", "watch/entities.yaml:14: relations[0]: unknown entity 'cabel'; did you mean 'cable'?"),
    ("entities", "[[fibre]", "[[fiber]", "watch/entities.yaml:17: topics.cable: clauses[0].all: unknown term list 'fiber'; did you mean 'fibre'?"),
    ("entities", "entity:cable", "entity:kable", "watch/entities.yaml:17: topics.cable: clauses[0].all: unknown entity 'kable'; did you mean 'cable'?"),
    ("entities", "unless: [gas]", "unless: [gass]", "watch/entities.yaml:17: topics.cable: clauses[0].unless: unknown term list 'gass'; did you mean 'gas'?"),
    ("entities", "ru: [кабель]", "rus: [кабель]", "watch/entities.yaml:10: entities.cable.aliases: 'rus' is not a two-letter language code"),
    ("entities", "- {s: azertelecom", "- {x: azertelecom", "watch/entities.yaml:14: relations[0]: unknown key 'x'; known: o, p, s, years"),
    ("config", "version: 1", "version: 2", "config.yaml:1: version: this program reads version 1, not 2"),
    ("config", "version: 1\n", "", "config.yaml:1: missing key 'version'"),
    ("config", "[watch/]", "[watsch/]", "watsch: no such file"),
    ("config", "topics: [cable]", "topics: [kable]", "config.yaml:7: digest.readers[0].topics: unknown topic 'kable'; did you mean 'cable'?"),
    ("config", "at: 10:30", "at: 25:30", "config.yaml:5: digest.at: must be a time such as '08:00', not '25:30'"),
    ("config", "ann@khazri", "ann at khazri", "config.yaml:7: digest.readers[0].email: must be an e-mail address, not 'ann at khazri.example'"),
    ("config", "  sender: khazri@khazri.example\n", "", "config.yaml:5: digest: missing key 'sender'"),
    ("config", "schedule:", "smtp_password: hunter2\nschedule:", "config.yaml:8: 'smtp_password' does not belong in a file; secrets come from KHAZRI_SMTP_URL and its like"),
    ("config", "schedule:", "database: postgresql://u:hunter2@db/x\nschedule:", "config.yaml:8: database: a password does not belong in a file; put the whole address in KHAZRI_DATABASE"),
    ("config", "schedule:", "proxy: http://u:hunter2@p\nschedule:", "config.yaml:8: proxy: a password does not belong in a file; put the whole address in KHAZRI_PROXY"),
    ("config", "schedule:", "ner: off\nschedule:", "config.yaml:8: ner: YAML reads off as false; put it in quotes: 'off'"),
    ("config", "schedule:", "ner: \"a\\0b\"\nschedule:", "config.yaml:8: ner: holds a control character: 'a\\x00b'"),
    ("config", "fastest_minutes: 5", "delay_seconds: -1", "config.yaml:9: politeness.delay_seconds: must be between 0 and 1e+09, not -1"),
    ("config", "schedule:", "? [a]\n: b\nschedule:", "config.yaml:8: a key must be a plain word"),
    ("config", "schedule:", "var: !!python/name:os.system\nschedule:", "config.yaml:8: var: unknown tag 'tag:yaml.org,2002:python/name:os.system'"),
    ("outlets", "format: telegram", "format: telegramm", "watch/outlets.yaml:14: outlets.report.collect[1].format: unknown format 'telegramm'; did you mean 'telegram'?"),
    ("outlets", "format: telegram", "format: gdelt", "watch/outlets.yaml:13: outlets.report.collect[1]: format 'gdelt' is not for a listing"),
    ("outlets", "verified: 2026-09}\n    - {id: report_az", "javascript: true}\n    - {id: report_az", "watch/outlets.yaml:12: outlets.report.collect[0]: javascript is for a listing, not for a feed"),
    ("outlets", "pages: 3", "pages: 51", "watch/outlets.yaml:14: outlets.report.collect[1].pages: must be between 1 and 50, not 51"),
    ("config", "fastest_minutes: 5", "fastest_minutes: 700", "config.yaml:9: politeness: fastest_minutes 700 is more than slowest_minutes 600"),
    ("config", "[12, 48]", "[48, 12]", "config.yaml:9: politeness.recheck_hours[1]: the hours must grow"),
    ("config", "[12, 48]", "[day]", "config.yaml:9: politeness.recheck_hours[0]: must be a whole number of hours between 1 and 2160"),
    ("config", "read_every_seconds: 5", "read_every_seconds: 0.5", "config.yaml:8: schedule.read_every_seconds: must be a whole number, not 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "line"), MISTAKES, ids=[line.rpartition(": ")[2][:50] for *_, line in MISTAKES]
)
def test_a_mistake_is_one_line(tmp_path: Path, file: str, old: str, new: str, line: str) -> None:
    texts = {"config": GOOD, "outlets": OUTLETS, "entities": ENTITIES}
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new, 1)
    assert error_of(write(tmp_path, **texts)) == line


def test_the_same_id_in_two_files_names_both(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "watch" / "z.yaml").write_text("outlets:\n\n  report: {name: R, kind: agency}\n", encoding="utf-8")
    assert error_of(path) == "watch/z.yaml:3: outlets.report: is already defined at watch/outlets.yaml:3"


def test_one_host_belongs_to_one_outlet(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "watch" / "z.yaml").write_text(
        "outlets:\n  r2: {name: R, kind: agency, hosts: [report.az]}\n", encoding="utf-8"
    )
    assert error_of(path) == (
        "watch/z.yaml:2: outlets.r2: host 'report.az' already belongs to 'report' at watch/outlets.yaml:3: outlets.report"
    )


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    bad = (
        OUTLETS.replace("tier: 1", "tier: 9")
        .replace("kind: agency", "kind: agencie")
        .replace("country: AZ", "land: AZ")
    )
    assert [line.split(": ")[0] for line in check_config(write(tmp_path, outlets=bad))] == [
        "watch/outlets.yaml:5",
        "watch/outlets.yaml:7",
        "watch/outlets.yaml:8",
    ]


def test_lints_do_not_stop_the_config(tmp_path: Path) -> None:
    bad = ENTITIES.replace('    tests: {match: ["AzerTelecom-un xətti"], reject: ["Aztelekom"]}\n', "")
    outlets = OUTLETS.replace("hosts: [report.az]", "hosts: [report.example]")
    checked = inspect_config(write(tmp_path, entities=bad, outlets=outlets))
    assert checked.config is not None
    assert checked.errors == ()
    assert checked.lints == (
        "watch/outlets.yaml:3: outlets.report: lint: source 'report_en' is on report.az, which is not among its hosts",
        "watch/outlets.yaml:3: outlets.report: lint: source 'report_az' is on report.az, which is not among its hosts",
        "watch/entities.yaml:3: entities.azertelecom: lint: alias 'KTC' is shorter than 4 letters: give the entity 'tests'",
    )


def test_names_that_two_share_are_lints(tmp_path: Path) -> None:
    outlets = OUTLETS + "  other: {name: {en: REPORT}, kind: portal}\n"
    entities = ENTITIES.replace("{en: [the cable,", "{en: [azertelecom, the cable,")
    assert check_config(write(tmp_path, outlets=outlets, entities=entities)) == [
        "watch/outlets.yaml:19: outlets.other: lint: name 'REPORT' is also a name of 'report': "
        "an attribution to it cannot be resolved",
        "watch/entities.yaml:8: entities.cable: lint: alias 'azertelecom' is also of 'azertelecom': give both one 'group'",
    ]


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    assert error_of(tmp_path / "nowhere.yaml") == "nowhere.yaml: no such file"
    (tmp_path / "folder.yaml").mkdir()
    assert error_of(tmp_path / "folder.yaml") == "folder.yaml: cannot be read: Is a directory"
    path = write(tmp_path)
    for file in (tmp_path / "watch").iterdir():
        file.unlink()
    assert error_of(path) == "config.yaml:2: include[0]: no *.yaml file below 'watch/', or it cannot be read"


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "watch" / "outlets.yaml").write_bytes(OUTLETS.encode("cp1251"))
    assert error_of(path) == "watch/outlets.yaml:4: not UTF-8 (byte 0xd0); save the file as UTF-8"


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    line = error_of(
        write(tmp_path, outlets=OUTLETS.replace("name: {en: Report, az: Report}", "name: {en: Report, az: Report"))
    )
    assert re.fullmatch(r"watch/outlets\.yaml:[45]: not YAML: .*expected ',' or '}'.*", line)
    assert (
        error_of(write(tmp_path, config="a: b: c\n"))
        == "config.yaml:1: not YAML: mapping values are not allowed in this context"
    )
    assert error_of(write(tmp_path, config="a: \x01\n")).startswith("config.yaml:1: not YAML: ")


def test_a_value_can_be_named_and_used_again(tmp_path: Path) -> None:
    entities = ENTITIES.replace('need: "fibre|cable"', 'need: &near "fibre|cable"').replace(
        "{text: TCFO,", "{text: TCFO, need: *near,"
    )
    assert load_config(write(tmp_path, entities=entities)).entities["cable"].aliases[1].need == "fibre|cable"
    block = parse_yaml(b"a: &a {x: [1]}\nb: *a\n", "x.yaml").entries["b"]
    assert (block.line, block.entries["x"].place) == (1, "a.x")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_config(path).version == 1


def test_an_empty_config(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# nothing yet\n", encoding="utf-8")
    assert error_of(path) == "config.yaml:1: must be a block of keys, not nothing"


def test_an_included_file_of_comments_is_fine(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "watch" / "later.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert load_config(path).version == 1


def test_hostile_yaml_ends() -> None:
    bomb = b"a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + b"".join(
        b"%c: &%c [%s]\n" % (letter, letter, b", ".join([b"*%c" % (letter - 1)] * 10)) for letter in range(98, 106)
    )
    with pytest.raises(ConfigError, match=r"^x\.yaml:\d: [a-z]: more than 200,000 values"):
        parse_yaml(bomb, "x.yaml")
    with pytest.raises(ConfigError, match=r"^x\.yaml:1: a: \*a stands for nothing: no &a ends before it$"):
        parse_yaml(b"a: &a [*a]\n", "x.yaml")
    with pytest.raises(ConfigError, match=r"^x\.yaml:2: a second document begins here; one file holds one$"):
        parse_yaml(b"a: 1\n--- b\n", "x.yaml")
    with pytest.raises(ConfigError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse_yaml(b"[" * 100_000, "x.yaml")
    with pytest.raises(ConfigError, match="larger than"):
        parse_yaml(b" " * 9_000_000, "x.yaml")


# --- environment


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    monkeypatch.setenv("KHAZRI_CONFIG", str(path))
    monkeypatch.setenv("KHAZRI_DATABASE", "postgresql+psycopg://khazri:hunter2@db/khazri")
    monkeypatch.setenv("KHAZRI_SMTP_URL", "smtps://ann:hunter2@mail.example:465")
    monkeypatch.setenv("KHAZRI_PROXY", "http://ann:hunter2@proxy.example:3128")
    monkeypatch.setenv("KHAZRI_NOW", "2026-02-24T08:00:00+04:00")
    monkeypatch.setenv("KHAZRI_DATA", "anywhere")
    config = load_config()
    assert config.path == path
    assert config.database == "postgresql+psycopg://khazri:hunter2@db/khazri"
    assert config.smtp_url == "smtps://ann:hunter2@mail.example:465"
    assert config.proxy == "http://ann:hunter2@proxy.example:3128"
    assert config.now is not None
    assert config.now.isoformat() == "2026-02-24T08:00:00+04:00"
    shown = show_config(config)
    assert "hunter2" not in shown
    assert "# KHAZRI_SMTP_URL smtps://ann:***@mail.example:465\n" in shown
    assert "database: postgresql+psycopg://khazri:***@db/khazri\n" in shown
    assert "proxy: http://ann:***@proxy.example:3128\n" in shown
    assert "hunter2@mail" not in repr(config)


def test_an_unknown_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHAZRI_DATABSE", "sqlite://")
    assert error_of(write(tmp_path)) == "environment: unknown variable KHAZRI_DATABSE; did you mean 'KHAZRI_DATABASE'?"


@pytest.mark.parametrize("now", ["yesterday", "2026-02-24T08:00:00"])
def test_a_clock_needs_its_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: str) -> None:
    monkeypatch.setenv("KHAZRI_NOW", now)
    assert error_of(write(tmp_path)).startswith("environment: KHAZRI_NOW: Input should ")


def test_sqlite_paths_count_from_the_config_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD + "database: sqlite:///var/other.db\nvar: elsewhere\n"))
    assert config.database == f"sqlite:///{tmp_path}/var/other.db"
    assert config.var == tmp_path / "elsewhere"
    assert load_config(write(tmp_path, GOOD + "database: 'sqlite:///:memory:'\n")).database == "sqlite:///:memory:"


# --- show


def test_show_loads_to_the_same_config(good: Config, tmp_path: Path) -> None:
    shown = tmp_path / "shown.yaml"
    shown.write_text(show_config(good), encoding="utf-8")
    again = load_config(shown)
    assert replace(again, path=good.path) == good


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:p@ss@h/x?sslpassword=k&a=1", "postgresql://u:***@h/x?sslpassword=***&a=1"),
        ("sqlite:////var/khazri.db", "sqlite:////var/khazri.db"),
        ("smtp://:p@h", "smtp://:***@h"),
        ("http://[broken:p@h", "***"),
    ],
)
def test_redaction(good: Config, address: str, shown: str) -> None:
    assert f"database: {shown}" in show_config(replace(good, database=address)).replace("'", "")


# --- cost


def test_the_import_is_light() -> None:
    """The nouns are imported everywhere: neither YAML nor pydantic may come with them (they cost 0.1 and 0.4 s CPU)."""
    code = "import sys, models.config; print(sorted({'yaml', 'pydantic', 'pydantic_settings'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


# --- whatever comes

WORDS = (
    *(
        "outlets",
        "entities",
        "name",
        "type",
        "kind",
        "aliases",
        "text",
        "lang",
        "need",
        "collect",
        "id",
        "feed",
        "zone",
    ),
    *(
        "tests",
        "match",
        "clauses",
        "all",
        "terms",
        "veto",
        "readers",
        "email",
        "s",
        "p",
        "o",
        "en",
        "ru",
        "tier",
        "hosts",
    ),
)
TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.text(max_size=6),
                st.sampled_from(WORDS),
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=25,
)


def refuses_or_loads(path: Path) -> None:
    try:
        load_config(path)
    except ConfigError as error:
        line = str(error)
        assert line
        assert "\n" not in line
        assert line.isprintable()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_random_bytes_are_refused_in_one_line(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(body)
    refuses_or_loads(path)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=st.dictionaries(st.sampled_from(["outlets", "entities", "topics", "relations", "digest", "ner"]), TREES))
def test_random_yaml_is_refused_in_one_line(tmp_path: Path, tree: dict[str, object]) -> None:
    import yaml

    path = tmp_path / "config.yaml"
    path.write_text("version: 1\n" + (yaml.safe_dump(tree, allow_unicode=True) if tree else ""), encoding="utf-8")
    refuses_or_loads(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_config_is_refused_in_one_line(tmp_path: Path, data: st.DataObject) -> None:
    text = GOOD.replace("include: [watch/]\n", "") + OUTLETS + ENTITIES
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 12))
    path = tmp_path / "config.yaml"
    path.write_text(
        text[:at] + data.draw(st.text(max_size=6)) + text[at + length :], encoding="utf-8", errors="replace"
    )
    refuses_or_loads(path)
