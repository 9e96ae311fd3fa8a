"""Folding, casing, cleaning, scripts, sentences."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import (
    EVIDENCE_CHARS,
    MAX_MARKS,
    clean,
    evidence,
    fold,
    fold_word,
    lower,
    printable,
    sentences,
    word_script,
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("İstanbul IŞIK ılıq", "istanbul işik iliq"),
        ("Ёлка", "елка"),
        ("Trans‑Caspian–line", "trans-caspian-line"),
        ("AzerTelecom’un", "azertelecom'un"),
        ("a\u00a0b\nc\td", "a b c d"),
        ("Trans\u00adcaspian", "transcaspian"),
        ("I\u0307lham", "ilham"),
        ("и\u0306од", "йод"),
    ],
)
def test_fold_makes_equal_names_equal(written: str, folded: str) -> None:
    assert fold_word(written) == folded


@pytest.mark.parametrize(
    ("mixed", "plain"),
    [("АзерTелеком", "АзерТелеком"), ("Аzertelekom", "Azertelekom"), ("Бакcелл", "Бакселл"), ("HУР", "НУР")],
)
def test_look_alike_letters_are_mended(mixed: str, plain: str) -> None:
    assert fold_word(mixed) == fold_word(plain)


def test_an_ending_of_another_script_is_no_look_alike() -> None:
    assert fold_word("AzerTelecomның") == "azertelecomның"


def test_look_alikes_are_mended_in_texts_of_both_scripts() -> None:
    latin = "The company was founded long ago. " * 20 + "Аzertelekom"
    cyrillic = "Компания была основана давно. " * 20 + "АзерTелеком"
    assert fold_word(latin).endswith("azertelekom")
    assert fold_word(cyrillic).endswith("азертелеком")


def test_offsets_lead_back_through_composition_and_soft_hyphens() -> None:
    text = "x Trans\u00adcaspian I\u0307lham y"
    folded = fold(text)
    at = folded.text.index("transcaspian ilham")
    start, end = folded.span(at, at + len("transcaspian ilham"))
    assert text[start:end] == "Trans\u00adcaspian I\u0307lham"
    assert folded.position(start) == at


@given(st.text(max_size=200))
def test_fold_keeps_a_place_for_every_character(text: str) -> None:
    folded = fold(text)
    for at in range(len(folded.text)):
        start, end = folded.span(at, at + 1)
        assert 0 <= start < end <= len(text)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_clean_text_can_be_stored(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in cleaned)
    assert clean(cleaned) == cleaned


def test_clean_drops_nul_surrogates_and_carriage_returns() -> None:
    assert clean("a\x00b\r\nc\ud800d\re\u0007") == "ab\ncd\ne"


def test_a_million_marks_cost_less_than_their_square() -> None:
    attack = "a" + "\u0316\u0301" * 500_000
    begun = time.process_time()
    assert len(clean(attack)) <= 31
    fold(attack)
    assert time.process_time() - begun < 2.0


def test_lower_case_is_turkic_where_the_language_is() -> None:
    assert lower("IĞDIR İL", "az") == "ığdır il"
    assert lower("IĞDIR İL", "tr") == "ığdır il"
    assert lower("INTERNET İ", "en") == "internet i"


@pytest.mark.parametrize(
    ("word", "script"),
    [
        ("Bakı", "latin"),
        ("«Актау", "cyrillic"),
        ("ბაქო", "georgian"),
        ("里海", "han"),
        ("123", "other"),
        ("قزوين", "arabic"),
    ],
)
def test_the_first_letter_decides_the_script(word: str, script: str) -> None:
    assert word_script(word) == script


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("On Aug. 23 A. Mussin spoke. Then “X did.” Next!", ["On Aug. 23 A. Mussin spoke.", "Then “X did.”", "Next!"]),
        ("В 2019 г. подписали. Потом нет.", ["В 2019 г. подписали.", "Потом нет."]),
        ("他来了。好的！", ["他来了。", "好的！"]),
        (
            "გემი გავიდა. ღირს 4 მლნ. ლარი. მას კაბელი მიაქვს.",
            ["გემი გავიდა.", "ღირს 4 მლნ. ლარი.", "მას კაბელი მიაქვს."],
        ),
        ("One line\nanother abc.az line", ["One line", "another abc.az line"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == parts


def test_evidence_is_the_sentence_on_one_line() -> None:
    text = "First one. The cable of AzerTelecom\xa0is laid. Last one."
    start = text.index("AzerTelecom")
    assert evidence(text, start, start + 11) == "The cable of AzerTelecom is laid."


@given(st.integers(0, 3000), st.integers(1, 200))
def test_evidence_is_never_over_its_length_and_holds_the_place(at: int, length: int) -> None:
    text = "word " * 300 + "NAME" * 50 + " word" * 300
    start = min(at, len(text) - 1)
    end = min(start + length, len(text))
    cut = evidence(text, start, end)
    assert len(cut) <= EVIDENCE_CHARS
    assert " ".join(text[start:end].split()) in cut


def test_printable_is_one_line_that_obeys_nobody() -> None:
    assert printable("a\x1b[31mb\r\nc\u2028d\u202ee\x9bf") == "a [31mb c d e f"
    assert printable("Bakı — çıraq, Қазақстан") == "Bakı — çıraq, Қазақстан"


@pytest.mark.parametrize("before", range(MAX_MARKS + 2))
def test_a_long_run_of_marks_is_found_wherever_it_begins(before: int) -> None:
    marks = MAX_MARKS + 1
    assert clean("x" * before + "q" + "\u0323" * marks) == "x" * before + "q" + "\u0323" * MAX_MARKS
