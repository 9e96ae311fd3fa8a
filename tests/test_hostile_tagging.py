"""Hostile texts and hostile patterns: never a crash, never the square of the length, never a heap of mentions.

Bounds are CPU seconds of this process and generous; a text four times as long may cost seven times as much.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from jobs.checking import check_all
from models.config import Alias, Config, Entity, load_config
from models.errors import ConfigError
from pipelines.nlp import TOKENISED, Reader
from pipelines.patterns import MAX_LENGTH, REACH, WINDOW, compile_pattern, found_anywhere
from pipelines.watch import MOST_HITS, Tagger

ROOT = Path(__file__).resolve().parents[1]
NAME = "AzerTelecom"
MEGA = 1_000_000


@cache
def config() -> Config:
    return load_config(ROOT / "config.yaml")


@cache
def tagger() -> Tagger:
    return Tagger(config())


@cache
def reader() -> Reader:
    return Reader(config())


def aliases() -> list[str]:
    """What is written for every alias."""
    return [a.text.replace("~", "-") for one in config().entities.values() for a in one.aliases if a.text != "*"]


def one(*given: Alias) -> Tagger:
    entity = Entity(id="x", type="org", name={"en": "x"}, aliases=given)
    return Tagger(replace(config(), entities={"x": entity}))


def cpu(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def filled(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


# Each is repeated to a length; a name in front makes the reader tokenise it.
PIECES = {
    "one letter": "a", "Cyrillic letter": "а", "Georgian": "ა", "Chinese": "里", "spaces": " ", "newlines": "\n",
    "combining marks": "\u0301", "letters under marks": "a\u0301\u0302", "right to left": "خط أنابيب ",
    "marks of direction": "\u200f\u202e", "look-alikes glued": "aа", "look-alike words": "aаb вбb ", "tildes": "a~b",
    "separators": "Trans- Caspian - ", "hyphens": "-", "dots": ".", "quotes": '"', "digits": "1", "numbers": "1 .",
    "capitals": "Aa ", "lines of capitals": "Aa Bb: \n", "cue": "According to ", "initials": "A. B. C. D. ",
    "handles": "azertelecom@", "addresses": "https://azertelecom.az/", "names glued": NAME, "need missing": "KTC ",
    "metacharacters": ".*+?[](){}|^$\\ ", "NUL": "\x00", "lone surrogates": "\ud800\udfff ", "suffixes": "'s",
}  # fmt: skip
NAMES = {
    "a name": f"{NAME} ", "a sentence": f"{NAME} said so. ", "two senses": "Транстелеком ", "hyphens": "Azer-Telecom-",
    "invisible": "\u200fAzer\u00adTelecom\u200f ", "mixed letters": "АзерTелеком ",
    "surrogates": f"\ud800{NAME}\udfff ", "every name": "",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "\u0301", "\u200f", "\n", "a", "-", "'"])
def test_next_to_nothing_holds_no_names(text: str) -> None:
    assert tagger().tag(text, title=text) == ()
    assert not tagger().might_hit(text, text)
    assert reader().read(text, text, None).mentions == ()


@pytest.mark.long
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_long_nonsense_costs_its_length(piece: str) -> None:
    """1 MB in 10 s to tag; reading it, which folds it four times and tokenises 200,000 characters, in 40 s."""
    short, long = (f"{NAME} said. {filled(piece, length)}" for length in (MEGA // 4, MEGA))
    took = cpu(lambda: tagger().tag(short)), cpu(lambda: tagger().tag(long))
    assert took[1] < 10
    assert took[1] < 7 * max(took[0], 0.05)
    assert cpu(lambda: reader().read(short[:30], long, "en")) < 40


@pytest.mark.long
def test_five_megabytes_of_one_letter() -> None:
    for letter in ("a", "а", "里"):
        text = f"{NAME} said. {letter * 5 * MEGA}"
        assert cpu(lambda text=text: tagger().tag(text)) < 10  # type: ignore[misc]
        assert cpu(lambda text=text: reader().read("", text, "en")) < 40  # type: ignore[misc]


@pytest.mark.long
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_reading_what_is_tokenised_is_no_square(piece: str) -> None:
    parts = [f"{NAME} said. {filled(piece, length)}" for length in (TOKENISED // 8, TOKENISED // 2)]
    took = [cpu(lambda text=text: reader().read("", text, None)) for text in parts]  # type: ignore[misc]
    assert took[1] < 7 * max(took[0], 0.3)


@pytest.mark.long
@pytest.mark.parametrize("piece", NAMES.values(), ids=NAMES)
def test_a_page_of_names_is_read_so_far(piece: str) -> None:
    """At most 20,000 hits of a text become mentions: in 10 s, however long it is."""
    text = filled(piece or " ".join(aliases()) + " ", MEGA)
    found: list[Any] = []
    assert cpu(lambda: found.extend(tagger().tag(text))) < 10
    assert 1_000 < len(found) <= MOST_HITS
    assert all(text[one.start : one.end] == one.surface for one in found)


@pytest.mark.slow
def test_a_page_of_names_takes_no_heap_of_memory() -> None:
    tracemalloc.start()
    try:
        tagger().tag(f"{NAME} " * 60_000)
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_200_000_sentences_of_one_name() -> None:
    reading: list[Any] = []
    assert cpu(lambda: reading.append(reader().read("", f"{NAME} said so. " * 200_000, "en"))) < 30
    assert 1_000 < len(reading[0].mentions) <= MOST_HITS


@pytest.mark.long
def test_every_alias_ten_thousand_times() -> None:
    """100 MB: what is folded and found of it takes no more than a minute."""
    text = f"{' '.join(aliases())} " * 10_000
    assert cpu(lambda: tagger().tag(text)) < 60


@pytest.mark.long
def test_each_alias_by_itself_many_times() -> None:
    for alias in aliases()[::25]:
        assert cpu(lambda alias=alias: tagger().tag(f"{alias}, " * 10_000)) < 10, alias  # type: ignore[misc]


def test_names_are_found_among_marks_surrogates_and_nul() -> None:
    text = f"\ud800{NAME}\udfff \x00{NAME}\x00 \u202e{NAME}\u202c خط {NAME}، \u0301 Azer\u00adTelecom"
    found = tagger().tag(text)
    assert [one.surface for one in found] == [NAME] * 4 + ["Azer\u00adTelecom"]
    assert [one.surface for one in reader().read("", text, "en").mentions] == [one.surface for one in found]


@pytest.mark.parametrize(
    "name", ["(a+)+$", "a|b", "[x]", "^a$", r"\d+", "a{9}", "A.B.", "C++", "?", "*x", "(?i)x", "\\", ")(", "ż.*"]
)
def test_metacharacters_of_an_alias_are_letters(name: str) -> None:
    made = one(Alias(name, inflect="none"))
    assert [m.surface for m in made.tag(f"the {name} there")] in ([name], [])  # a name of signs alone may stand in none
    assert made.tag("aaaaaaaa 9 b x d AXBX C xyz") == () or name in ("*x", "a|b", "[x]", "^a$")


def test_an_alias_of_200_words() -> None:
    name = " ".join(f"Word{number}" for number in range(200))
    assert len(name) > 1_000
    made = one(Alias(name))
    assert [m.surface for m in made.tag(f"It is {name}.")] == [name]
    assert made.tag(name[:-8]) == ()
    assert cpu(lambda: made.tag("Word0 Word1 " * 20_000)) < 5


RUNAWAY = (
    "(a+)+$", "(.*a){20}", "(?=(?=(?=a+)+)+)", "(?=.*(?=.*(?=.*b)))", "(?!.*(?!.*b))", r"(a)\1", "(?P<x>a)(?P=x)",
    "a" * 10_240, "a{100000}", "a{1,99999999}", "a{65536}b", "(?:a?){60}a{60}", "a?" * 20 + "a" * 20, "a*+a*+a*+b",
    "(?:a|a)" * 24 + "b", "(?:a|ab|abc)" * 30 + "x", "(a|a?)" * 10 + "b", r"(?:a|b|[ab]|\w|.)" * 8 + "!",
    "(?:a|a|a|a)" * 9 + "!", "(?:|a)" * 30 + "b", "(a{0,20}|b){,30}c", "(?:" * 600 + "a" + ")" * 600,
)  # fmt: skip


@pytest.mark.parametrize("pattern", RUNAWAY)
@pytest.mark.parametrize("key", ["need", "hint", "reject"])
def test_a_pattern_that_could_run_away_is_refused_at_once(pattern: str, key: str) -> None:
    def build() -> None:
        with pytest.raises(ConfigError):
            one(Alias("Name", **{key: pattern}))  # type: ignore[arg-type]

    assert cpu(build) < 1


ACCEPTED = (
    ".*b", r"\S+x", "[a-z]{0,99}[a-z]{0,39}!", r"\w{0,300}\w{0,10}!", "(a+)?b", "a?" * 12 + "b", "(?:a|ab)" * 11 + "!",
    "(?:kazakh|turkmen|azeri)" * 9 + "!", r"[a-z]*[a-z]{0,10}!", "a{420}b",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ACCEPTED)
def test_what_is_accepted_ends_soon(pattern: str) -> None:
    """0.5 s for the worst window, ten times what 2,000,000 steps take here; 10 s for a far hint in 5 MB."""
    try:
        compiled = compile_pattern(pattern)
    except ConfigError:
        return  # refused is bounded as well
    assert len(pattern) <= MAX_LENGTH
    for text in ("a" * 420, "ab" * 210, "kazakh" * 70):
        assert cpu(lambda text=text: compiled.search(text)) < 0.5  # type: ignore[misc]
    assert cpu(lambda: found_anywhere(pattern, "a" * 5 * MEGA)) < 10


def test_a_far_hint_is_looked_for_in_pieces() -> None:
    text = "x" * (REACH - 100)
    assert found_anywhere("baku", f"{text} baku")
    assert found_anywhere("ba+ku", f"{text} baaku")
    assert found_anywhere("ba+ku", f"{'x' * (WINDOW - 2)}baaku{text}")  # over the end of the first piece
    assert found_anywhere("ba+ku", "baaku")
    assert not found_anywhere("ba+ku", "")
    assert not found_anywhere("baku", f"{text}{'x' * 200} baku")


def test_config_check_says_which_pattern(tmp_path: Path) -> None:
    pattern = "(?:a|a)" * 13
    (tmp_path / "config.yaml").write_text(
        "version: 1\noutlets: {}\nentities:\n  x: {type: org, name: {en: X}, aliases: "
        f"[{{text: Name of it, need: '{pattern}'}}]}}\n"
        "topics: {}\n", "utf-8",
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"pattern .*multiply"):
        check_all(tmp_path / "config.yaml")
