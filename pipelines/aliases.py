"""One alias as a matcher: anchors for the automaton, then word by word with the endings its languages allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from models.config import Alias
from models.text import INVISIBLE, Folded, fold_word, script_of, word_script
from pipelines.suffixes import AFTER_MARK, LANGUAGES, Stem, stems

MAX_TAIL = 24  # letters; the longest chain of endings is shorter, so longer tails are other words
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTERS = f"[^\\W\\d_{_HAN}]"  # Chinese is written on without a space: 由AzerTelecom与 ends at the m
# Looked for behind the match: with these ranges in its pattern each alias took 5 ms to compile.
_HAN_LETTER = re.compile(f"[{_HAN}]")
_SEPARATORS = {" ": "[ -]{1,2}", "-": "[ -]{1,2}", " - ": " ?[-—] ?", "~": "[ -]?"}
_ANCHOR_JOINTS = {" ": (" ", "-"), "-": ("-", " "), " - ": (" - ", "-", " — "), "~": ("", "-", " ")}
_MARK_ENDING = re.compile(f"['-]({_LETTERS}{{1,{MAX_TAIL}}})")
_DOTS = "·・•‧"  # written between the parts of a foreign name in Chinese
DOMAIN = re.compile(
    r"\.(?:com|az|kz|ru|net|org|tr|ge|ua|cn|info|tv|media|io|biz|gov|edu|eu|uk|tm|uz|am|by|de|news|online|site)"
    r"(?![^\W_])"
)
_LEFT_PART = 80  # characters; a longer address is cut by its reader, not by us


@dataclass(frozen=True, slots=True)
class Hit:
    """An alias at a place of the folded text. `end` holds the ending, `stem_end` does not."""

    start: int
    end: int
    stem_end: int
    ending: str
    language: str


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of an alias: what may stand for it."""

    text: str  # as written in the alias
    before: str  # the separator before it: "", " ", "-", " - " or "~"
    stems: tuple[Stem, ...]


class AliasMatcher:
    """Finds one alias at one place. Compiled when its anchor is first met: most aliases never are."""

    def __init__(self, entity: str, alias: Alias) -> None:
        self.entity = entity
        self.alias = alias
        self._words = tuple(_split(alias))
        self._pattern: re.Pattern[str] | None = None
        self.han = bool(self._words) and script_of(alias.text[-1]) == "han"

    def anchors(self) -> Iterator[str]:
        """Folded strings of which one begins every spelling; joined with the second word where the first is bare."""
        first = self._words[0]
        second = self._words[1] if len(self._words) > 1 else None
        bare = word_script(first.text) not in ("cyrillic", "georgian")
        if second is None or not (bare or second.before == "~"):
            yield from {stem.text for stem in first.stems}
            return
        joints = _ANCHOR_JOINTS[second.before]
        for left, joint, right in product(first.stems, joints, second.stems):
            yield left.text + joint + right.text

    def match(self, raw: str, text: Folded, at: int, language: str | None) -> Hit | None:
        """The alias with its ending at the place `at` of `text`, which is `raw` folded.

        None: it is another word, has an ending of no language allowed here, or the case is not the alias's.
        """
        if self._pattern is None:
            self._pattern = re.compile("".join(self._expressions()))
        found = self._pattern.match(text.text, at)
        if found is None:
            return None
        for index, word in enumerate(self._words[:-1]):
            stem, tail = found.group(2 * index + 1, 2 * index + 2)
            if self._ending(word, stem, tail, language) is None:
                return None
        last = 2 * len(self._words) - 1
        stem, tail = found.group(last, last + 1)
        if not tail.isascii() and (han := _HAN_LETTER.search(tail)) is not None:
            tail = tail[: han.start()]
        code = self._ending(self._words[-1], stem, tail, language)
        return None if code is None else self._hit(raw, text, found, tail, code)

    def _ending(self, word: _Word, stem: str, tail: str, language: str | None) -> str | None:
        """The language in which `tail` may follow that stem of the word, or None."""
        languages = self._languages(word, language)
        answers = (one.ending(tail, languages) for one in word.stems if one.text == stem)
        return next((code for code in answers if code is not None), None)

    def _hit(self, raw: str, text: Folded, found: re.Match[str], tail: str, code: str) -> Hit | None:
        if not self._case_fits(raw, text, found):
            return None
        stem_end = found.start(2 * len(self._words))
        end = stem_end + len(tail)
        if self.han or self.alias.inflect == "none":
            return Hit(found.start(), end, stem_end, tail, code)
        marked = _MARK_ENDING.match(text.text, end)
        if marked is not None and marked.group(1) in AFTER_MARK and not letter_at(text.text, marked.end()):
            return Hit(found.start(), marked.end(), stem_end, marked.group(), "any")
        return Hit(found.start(), end, stem_end, tail, code)

    def _languages(self, word: _Word, language: str | None) -> tuple[str, ...]:
        """The text's language and the alias's own; all of the script where the text's says nothing about it."""
        every = LANGUAGES.get(word_script(word.text), ("en",))
        if language not in every:
            return every
        related = ("ru",) if language == "kk" else ()  # Kazakh pages decline Russian names in Russian, too
        return (language, *related, *(code for code in self.alias.lang if code in every))

    def _expressions(self) -> Iterator[str]:
        for word in self._words:
            if word.before:
                yield _SEPARATORS[word.before]
            choices = sorted({stem.text for stem in word.stems}, key=len, reverse=True)
            yield f"({'|'.join(_escape(choice) for choice in choices)})"
            yield f"([^\\W\\d_]{{0,{MAX_TAIL}}})" if not self.han and word.text[-1].isalpha() else "()"

    def _case_fits(self, raw: str, text: Folded, found: re.Match[str]) -> bool:
        if self.alias.case == "any":
            return True
        for index, word in enumerate(self._words):
            start, end = text.span(*found.span(2 * index + 1))
            surface = "".join(letter for letter in raw[start:end] if letter not in INVISIBLE)
            if self.alias.case == "exact":
                if not _same_case(surface, word.text):
                    return False
            elif word.text[:1].isupper() and (index == 0 or word_script(word.text) == "latin"):
                if not surface[:1].isupper():
                    return False
            else:
                continue
        return True


def _same_case(surface: str, written: str) -> bool:
    return all(a.isupper() == b.isupper() for a, b in zip(surface, written, strict=False))


def _escape(folded: str) -> str:
    return "".join(f"[{_DOTS}]" if letter in _DOTS else re.escape(letter) for letter in folded)


def _split(alias: Alias) -> Iterator[_Word]:
    """The words of an alias; pieces before `~` take no ending."""
    pieces = re.split(r"([ ~-]+)", alias.text.strip())
    words, joints = pieces[::2], ["", *(_joint(one) for one in pieces[1::2])]
    for index, (written, joint) in enumerate(zip(words, joints, strict=True)):
        folded = fold_word(written)
        glued = index + 1 < len(words) and joints[index + 1] == "~"
        last = index == len(words) - 1
        inflects = alias.inflect != "none" and not glued
        yield _Word(written, joint, stems(folded, last=last or alias.inflect == "all", inflect=inflects))


def _joint(written: str) -> str:
    """A hyphen with spaces around it stands for a dash: `Один пояс — один путь`."""
    return " - " if "-" in written and " " in written else written.strip()[:1] or " "


def letter_at(text: str, at: int) -> bool:
    return at < len(text) and text[at].isalnum()


def stands_alone(raw: str, text: Folded, hit: Hit, han: bool) -> bool:
    """Whether the hit is a word of its own and no part of an address, e-mail or handle."""
    folded = text.text
    if not han and hit.end < len(folded):
        after = folded[hit.end]
        if (after.isalnum() and script_of(after) != "han") or after in "_@" or DOMAIN.match(folded, hit.end):
            return False
    if hit.start == 0 or folded[hit.start - 1] in " ,;:()[]\"'«“„#":
        return True
    left = folded[max(0, hit.start - _LEFT_PART) : hit.start].rsplit(" ", 1)[-1]
    if "://" in left or "www." in left or left[-1:] in ("@", "_"):
        return False
    if left[-1:] == "/":
        return "." not in left  # Bakcell/AzerTelecom is prose, t.me/azertelecom an address
    if left[-1:] == "." and left[-2:-1].isalnum():
        start = text.span(hit.start, hit.end)[0]
        return raw[start].isupper() and "." not in left[:-1]  # a full stop without its space
    return True
