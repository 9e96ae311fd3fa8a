"""Which languages a page is in: of its text, of its title, and of paragraphs in another one. Pure.

A text is judged paragraph by paragraph. Letters and frequent words decide where they are plain (most paragraphs of the
news: fast); statistics (py3langid, kept to languages that news are written in), the alphabets and those words together
decide the rest. The figures are of `tests/data/languages.jsonl` and its test.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from crawler.languagewords import (
    ENDINGS,
    ENGLISH,
    FOREIGN_LETTERS,
    PLAIN_TURKISH,
    RUSSIAN,
    WORDS,
    WRITTEN_IN,
    is_latin_kazakh,
)

OURS = ("en", "ru", "az", "kk", "tr", "uk", "ka", "zh")
ENOUGH = 6_000  # characters that decide; later ones are quotations, lists and names
STATISTICS_CHARS = 1_000  # of them for statistics, 0.3 ms; more changed no verdict of the labelled pages
WEIGHED_CHARS = 500  # of them for words and endings: more than a headline, less than a text
FEWEST_LETTERS = 2
PARAGRAPH_LETTERS = 30  # a shorter one is a name, a byline, a figure
PROSE_LETTERS = 60  # the fewest in which the letters and words of a language come in their usual shares
MOST_UNCLEAR = 8  # paragraphs that statistics are asked about, 0.15 ms each
ALSO = 0.2  # of the paragraphs: from here on a page is in another language, too
TITLE_WORDS = 3  # in another script than the text; fewer are names

_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC_LANGUAGES = ("ru", "uk", "kk", "ky", "mn", "tt", "ba", "tg", "be", "bg", "sr", "mk", "uz")
# Not the 140 of the model: the small ones take headlines away from English and Turkish and are on no news site here.
_LATIN_LANGUAGES = (
    "en", "az", "tr", "uz", "tk", "crh", "ku", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "nn", "fi", "et",
    "lv", "lt", "pl", "cs", "sk", "sl", "hr", "bs", "hu", "ro", "sq", "ca", "id", "ms", "tl", "vi", "sw", "so", "af",
    "is", "eu", "gl", "ga",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Languages:
    """What a page is written in: codes of OURS or "other".

    text   None where there are no letters.
    title  None where there are none; names in another script than the text's say nothing and count as the text's.
    also   (language, share of the paragraphs 0 to 1) of each other of OURS that has a fifth of them or more.
    """

    text: str | None
    title: str | None = None
    also: tuple[tuple[str, float], ...] = ()


def languages_of(text: str, title: str = "", said: str | None = None) -> Languages:
    """Languages of a text and its title.

    said  two letters that the source or the page claims: they tip the scales of a short text and never of a long one.
    """
    paragraphs = [one for one in map(_Sample, text[:ENOUGH].splitlines()) if one.letters >= PARAGRAPH_LETTERS]
    if any(one.script == "kana" for one in paragraphs):  # some paragraphs of Japanese have next to no kana
        paragraphs = [one.as_script("kana") if one.script == "han" else one for one in paragraphs]
    known = [(one, plainly(one)) for one in paragraphs]
    letters: Counter[str] = Counter()
    for one, language in known:
        letters[language or ""] += one.letters
    unknown = letters.pop("", 0)
    if not paragraphs:
        found = _judged(_Sample(f"{title}\n{text}"[:ENOUGH]), said=said)
    elif letters and max(letters.values()) > unknown:
        found = letters.most_common(1)[0][0]
    else:  # what is not plain is one language as a rule
        found = _judged(_Sample("\n".join(one.text for one, language in known if language is None)), said=said)
        letters[found or "other"] += unknown
        found = letters.most_common(1)[0][0]
    return Languages(found, _of_title(title, found), _also(known, found))


def language_of(text: str, title: str = "") -> str | None:
    """The language of a text: one of OURS, "other", or None where there are no letters."""
    return languages_of(text, title).text


def _also(paragraphs: list[tuple[_Sample, str | None]], main: str | None) -> tuple[tuple[str, float], ...]:
    """A paragraph that is in no language plainly is one of the main language unless much speaks against it."""
    unclear = [one for one, language in paragraphs if language is None and one.letters >= PROSE_LETTERS]
    told = [language for _, language in paragraphs if language is not None]
    if main in told:  # else it is what is not plain that is the main language
        told += [_judged(one, main) or "other" for one in unclear[:MOST_UNCLEAR]]
    counts = Counter(language for language in told if language in OURS and language != main)
    shares = [(language, count / len(paragraphs)) for language, count in counts.most_common()]
    return tuple((language, round(share, 2)) for language, share in shares if share >= ALSO)


def _of_title(title: str, main: str | None) -> str | None:
    sample = _Sample(title)
    if sample.letters < FEWEST_LETTERS:
        return None
    if main is not None and main != "other" and sample.script != _SCRIPT_OF[main]:
        words = [word for word in _WORD.findall(title) if len(word) > 1]
        if sample.script in ("latin", "cyrillic") and len(words) < TITLE_WORDS:
            return main
    return _judged(sample, main)


# ------------------------------------------------------------------------------------------------------------- letters

_RANGES = {
    "latin": ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x259, 0x259), (0x18F, 0x18F), (0x1E00, 0x1EFF)),
    "cyrillic": ((0x400, 0x52F),),
    "georgian": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "han": ((0x3400, 0x9FFF),),
    "kana": ((0x3040, 0x30FF), (0xAC00, 0xD7AF)),
    "other": ((0x370, 0x3FF), (0x530, 0x8FF), (0x900, 0x109F), (0x1100, 0x13FF), (0x1780, 0x18AF)),
}
_SCRIPT_OF = {
    "en": "latin", "az": "latin", "tr": "latin", "ru": "cyrillic", "uk": "cyrillic", "kk": "cyrillic",
    "ka": "georgian", "zh": "han",
}  # fmt: skip


@cache
def _script_of(letter: str) -> str:
    code = ord(letter)
    for script, ranges in _RANGES.items():
        if any(first <= code <= last for first, last in ranges):
            return script if letter.isalpha() else ""
    return ""


class _Sample:
    """A piece of text with its letters counted once, lower case: one pass in C, then some 60 different characters."""

    __slots__ = ("counts", "letters", "lower", "script", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lower = text.replace("İ", "i").lower()
        self.counts = Counter(self.lower)
        scripts: Counter[str] = Counter()
        for letter, count in self.counts.items():
            scripts[_script_of(letter)] += count
        scripts.pop("", None)
        # A character is about a syllable: two Latin names do not outweigh a Chinese sentence.
        scripts["han"], scripts["kana"] = 2 * scripts["han"], 2 * scripts["kana"]
        self.script, self.letters = max(scripts.items(), key=lambda one: one[1])
        if self.script == "han" and scripts["kana"] * 10 > scripts["han"]:
            self.script = "kana"

    def as_script(self, script: str) -> _Sample:
        self.script = script
        return self

    def share(self, letters: Iterable[str]) -> float:
        """Of the letters of the sample's script."""
        return sum(self.counts.get(letter, 0) for letter in letters) / max(self.letters, 1)


# ------------------------------------------------------------------------------------------------------ plain evidence

PLAIN_ENGLISH = 0.15  # of the words; English prose has 35 % of ENGLISH, a German one under 3 %
PLAIN_TURKIC = 0.06
_NOT_RUSSIAN = "іїєґўјљњћђџѓќѕәғқңөұүһҡҙҫҗҝҹҳӣӯҷ"
_NOT_KAZAKH = "їєґўјљњћђџѓќѕҡҙҫҗҝҹҳӣӯҷ"
_CYRILLIC_AZERI_LACKS = "йцщьэюяёъңқұіїҡҙҫҗљњћђџ"


def plainly(one: _Sample) -> str | None:
    """The language of a paragraph where its letters and frequent words say so plainly, else None."""
    if one.script == "latin":
        return _plain_latin(one)
    if one.script == "cyrillic":
        return _plain_cyrillic(one)
    return {"georgian": "ka", "han": "zh"}.get(one.script, "other")


def _plain_cyrillic(one: _Sample) -> str | None:
    """Prose of some length has its telling letters: 12 % in Kazakh, 7 % і ї є in Ukrainian, 2 % ы in Russian."""
    if one.letters < PROSE_LETTERS:
        return None
    if one.share("ғқұі") > 0.05 and one.share("қғұ") > 0.02 and one.share(_NOT_KAZAKH) == 0:
        return "kk"
    if one.share("іїєґ") > 0.04 and one.share("ыэёъўәқғ") == 0:
        return "uk"
    if one.share("ы") > 0.005 and one.share("и") > 0.03 and one.share(_NOT_RUSSIAN) == 0 and _russian(one) > 0.08:
        return "ru"
    return None


def _plain_latin(one: _Sample) -> str | None:
    if one.share("ə") > 0.04:
        return "az"
    words = _WORD.findall(one.lower)
    if len(words) < 8:
        return None
    if sum(map(ENGLISH.__contains__, words)) / len(words) > PLAIN_ENGLISH and one.share("ığşəäößñ") < 0.01:
        return "en"
    if one.share("ığş") > 0.02 and one.share("əqxwäñ") == 0:
        share = sum(map(PLAIN_TURKISH.__contains__, words)) / len(words)
        return "tr" if share > PLAIN_TURKIC else None
    return None


def _russian(one: _Sample) -> float:
    words = _WORD.findall(one.lower)
    return sum(map(RUSSIAN.__contains__, words)) / max(len(words), 1)


# ---------------------------------------------------------------------------------------------------- weighed evidence

# Of the same unit as the statistics, natural logarithms of likelihoods; a headline's two best differ by about 10.
WORD_WEIGHT = 6.0
ENDING_WEIGHT = 5.0
LETTER_WEIGHT = 4.0  # against a language, for each letter that its alphabet lacks
MOST_LETTERS = 8  # that count; a longer text has names of others
# For a part of a page, in favour of the text's language: many titles have a foreign name or a fashionable English word.
SAME_AS_TEXT = 15.0
CLAIM = 10.0  # templates claim a language that some of their pages are not in


def _judged(one: _Sample, main: str | None = None, said: str | None = None) -> str | None:
    if one.letters < FEWEST_LETTERS:
        return None
    plain = plainly(one)
    if plain is not None:
        return plain
    if one.script == "cyrillic" and _is_cyrillic_azeri(one):
        return "az"
    if one.script == "latin" and is_latin_kazakh(one.lower):
        return "kk"
    languages = _CYRILLIC_LANGUAGES if one.script == "cyrillic" else _LATIN_LANGUAGES
    scores = {code: score for code, score in _statistics(one.lower[:STATISTICS_CHARS]) if code in languages}
    for language, weight in _weights(one).items():
        if language in scores:
            scores[language] += weight
    if said in scores:
        scores[said] += CLAIM
    for code in scores:
        if code == main or (main == "other" and code not in OURS):
            scores[code] += SAME_AS_TEXT
    best = max(scores, key=lambda code: scores[code])
    return best if best in OURS else "other"


def _weights(one: _Sample) -> dict[str, float]:
    """For and against languages: their frequent words and endings, and letters that they do not have."""
    weights: dict[str, float] = {}
    words = set(_WORD.findall(one.lower[:WEIGHED_CHARS]))
    for language, frequent in WORDS.items():
        weights[language] = WORD_WEIGHT * len(frequent & words)
    for language, ending in ENDINGS.items():
        if WRITTEN_IN[language] == one.script:
            weights[language] += ENDING_WEIGHT * sum(1 for word in words if ending.search(word))
    for language, letters in FOREIGN_LETTERS.items():
        if WRITTEN_IN[language] != one.script:
            continue
        lacking = sum(one.counts.get(letter, 0) for letter in letters)
        weights[language] = weights.get(language, 0.0) - LETTER_WEIGHT * min(lacking, MOST_LETTERS)
    return weights


def _is_cyrillic_azeri(one: _Sample) -> bool:
    """The alphabet of 1958: ә is every tenth letter, ј stands for й, and ы is rarer than in any other with ә."""
    if one.counts.get("ә", 0) == 0 or one.share("ңқұіљњћђџ") > 0:
        return False
    return bool(one.counts.get("ҹ") or one.counts.get("ҝ") or one.counts.get("ј")) or (
        one.share("ә") > 0.05 and one.share(_CYRILLIC_AZERI_LACKS) == 0
    )


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([*_CYRILLIC_LANGUAGES, *_LATIN_LANGUAGES])
    return identifier


def _statistics(text: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = _identifier().rank(text)
    return found


def warm_up() -> None:
    """Load the model now, once a process: about 0.1 s."""
    _statistics("warm")
