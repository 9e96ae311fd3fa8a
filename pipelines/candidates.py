"""New names: single capitalised words, Chinese organisations, what a name's forms have in common, what is geography.

Candidates are suggestions for the watch list (`khazri report candidates`); nothing here is ever counted as watched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from anyascii import anyascii
from babel import Locale

from models.config import Config, Topic
from models.text import fold_word, script_of, sentences, word_script
from pipelines.names import LEGAL_FORMS, OFFICES
from pipelines.suffixes import AFTER_MARK, ENDINGS, LANGUAGES

LOCALES = ("en", "ru", "az", "kk", "tr", "uk", "ka", "zh")
WORD = "WORD"  # the label of a sentence's first word
ENDING_LETTERS = 2  # behind a topic's stem, whatever they are: the stem may be cut before the word's own
SINGLE_LETTERS = 4  # a shorter capitalised word is rarely a name; abbreviations are taken from three letters
ROOT_LETTERS = 4  # endings are taken off as long as so many letters stay: a shorter root joins different names
SKELETON_LETTERS = 4  # consonants; with fewer, different names look alike
_SAID = (
    ("kh", "k"), ("gh", "g"), ("ph", "f"), ("sh", "s"), ("ch", "k"), ("zh", "s"), ("ts", "s"), ("x", "k"), ("c", "k"),
    ("q", "k"), ("h", "k"), ("w", "v"), ("z", "s"),
)  # fmt: skip
COMPOUND_LETTERS = 3  # before a head word inside a compound: KazTransCom, Rostelecom
WORDS_KEPT = 20_000  # answers about a name, each asked again in nearly every article; about 4 MB each
KEY_CHARS = 120  # the column's width
LINE_WORDS = 4  # the fewest of a headline
SHOUTED = 0.5  # of a line's words capitalised: a headline in title case tells no names

_CAPITAL = re.compile(r"(?<![\w@#./-])[^\W\d_a-zа-яёәғқңөұүһіїєґəöüğışç][\w'’]*(?:-[\w'’]+)?")
_WORD = re.compile(r"[^\W\d_]+")
# Chinese is written on: small words such as "by" and "with" bound a name, as what is no Chinese letter does.
_SMALL_HAN = "由与和的在了等及是将向被对为从该本据称"
_HAN = re.compile("[\u4e00-\u9fff]")
_HAN_NAME = re.compile(
    f"(?:(?<=[{_SMALL_HAN}])|(?<![\u4e00-\u9fff]))(?:(?![{_SMALL_HAN}])[\u4e00-\u9fff]){{2,6}}?"
    "(?:公司|集团|电信|通信|银行|联通|移动|电缆|海缆)"
)
_MARK = re.compile(r"['’\u02bc-]([^\W\d_]+)$")
# Words that stand at the head of an organisation's name, as stems of folded text.
_ORG_STEMS = tuple(
    """telecom telekom телеком tелеком bank банк group holding holdinq холдинг company şirkət şirket компани компанія
    network networks connect fund фонд qor agency агентств agentli agent ministr министерств міністерств nazirli bakanl
    министрліг университет universit institut институт consorti консорциум консорціум konsorsium corporation корпорац
    association ассоциац assosiasiya operator оператор cable marine submarine systems solutions technolog технолог
    telekommunik телекоммуник communications satellite datacenter authority комитет committee komitə commission комисс
    კომპანი ბანკ ტელეკომ""".split()  # noqa: SIM905 a list of words
)
_ORG_STEM = re.compile("|".join(map(re.escape, _ORG_STEMS)))
_LEADING = frozenset(
    """the a an in on at of by for from to with and but as if when this that these those its his her their our it he
    she we they according after before since while both all some many more most new also however last next first
    second в на по из от до с со к у о об при за для как это эта этот эти его её их но между а и или также если
    когда после ранее кроме однако все новый новая первый bu bir həmin o və ilə üçün lakin amma isə yeni ilk hər
    bütün belə daha sonra ki de da ama için ile ve göre tüm бұл осы сол ол және мен бірақ сондай барлық жаңа
    алғашқы це цей ця ці та і й але після також між всі від що як нова новий""".split()  # noqa: SIM905
)
_SEAS = ("sea", "ocean", "мор", "океан", "dəniz", "deniz", "теңіз", "ზღვ")
_EVERY = {script: frozenset().union(*(ENDINGS[code] for code in codes)) - {""} for script, codes in LANGUAGES.items()}
_LONGEST = {script: max(map(len, endings)) for script, endings in _EVERY.items()}


def single_names(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, label) of capitalised words and of Chinese companies; the label is WORD where any word would have
    its capital: a name only if it is one elsewhere."""
    chinese = _HAN.search(text) is not None
    for start, end in sentences(text):
        if chinese:
            for found in _HAN_NAME.finditer(text, start, end):
                yield found.start(), found.end(), "ORG"
        capitals = [found for found in _CAPITAL.finditer(text, start, end) if _is_name_like(found.group())]
        if len(capitals) > SHOUTED * LINE_WORDS:  # else it is no headline: its words need not be counted
            words = len(_WORD.findall(text, start, end))
            if words >= LINE_WORDS and len(capitals) > SHOUTED * words:
                continue
        for found in capitals:
            if _begins(text, start, found):
                yield found.start(), found.end(), "ORG" if is_organisation(found.group()) else WORD
            else:
                yield found.start(), found.end(), "ORG" if is_organisation(found.group()) else "NAME"


def _begins(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether the word stands where any word is written with a capital."""
    before = text[max(start, found.start() - 3) : found.start()].rstrip(' «“"„(')
    return before[-1:] in ("", ".", ":", "!", "?", "…", "•")


@lru_cache(maxsize=WORDS_KEPT)
def _is_name_like(word: str) -> bool:
    if script_of(word[0]) in ("han", "georgian") or is_head_word(word):
        return False
    if word.isupper():
        return 3 <= len(word) <= 8
    return len(word) >= SINGLE_LETTERS


def without_leading(surface: str) -> int:
    """How many characters of a run of capitals are a sentence's first small words: `The`, `В`, `Bu`."""
    cut = 0
    for word in surface.split(" "):
        if fold_word(word) not in _LEADING:
            return cut
        cut += len(word) + 1
    return len(surface)


@lru_cache(maxsize=WORDS_KEPT)
def is_organisation(surface: str) -> bool:
    """Whether a word of the name says that it is one: a head word behind others, or inside a compound.

    `Operators` alone is a common noun; `Delta Telecom` and `Turkmentelecom` are names.
    """
    words = fold_word(surface).split()
    if len(words) == 1:
        if _ORG_STEM.search(words[0], COMPOUND_LETTERS) is None:
            return False
        return any(words[0].find(stem) >= COMPOUND_LETTERS for stem in _ORG_STEMS)
    return any(_ORG_STEM.search(word) for word in words) or any(word in LEGAL_FORMS for word in words)


@lru_cache(maxsize=WORDS_KEPT)
def is_head_word(word: str) -> bool:
    """Whether a word alone is a legal form or kind of company and no name: `Holding`, `Company`."""
    plain = fold_word(word)
    return plain in LEGAL_FORMS or _root(plain) in legal_roots()


@cache
def legal_roots() -> frozenset[str]:
    """The long legal forms without endings; the short ones have none (`ао` would be `а`)."""
    return frozenset(_root(word) for word in LEGAL_FORMS if len(word) > ROOT_LETTERS)


@lru_cache(maxsize=WORDS_KEPT)
def key_of(surface: str) -> str:
    """What the forms of a name have in common, in every script; "" where nothing is left.

    Endings are taken off each word as long as any can be, then its consonants are kept as they sound: Қазақтелекомның,
    Казахтелеком and Kazakhtelecom differ in the last one only. A key is no word: it is only compared, and two keys of
    which one begins the other are one name (reports/candidates.py).
    """
    return " ".join(_sound(root) for root in roots_of(surface).split())[:KEY_CHARS]


@lru_cache(maxsize=WORDS_KEPT)
def roots_of(surface: str) -> str:
    """A name's words without endings, legal forms, offices and a sentence's first small word."""
    words = [word.strip("«»“”\"„'’.,()") for word in fold_word(surface).split()]
    kept = [
        word
        for word in words
        if word and word not in LEGAL_FORMS and _root(word) not in legal_roots() and word not in OFFICES
    ]
    if kept and kept[0] in _LEADING:
        kept = kept[1:]
    return " ".join(_root(word) for word in kept)


def _sound(root: str) -> str:
    """A root's consonants, those alike that languages write for one another; all of it where that leaves too little."""
    plain = anyascii(root).lower()
    heard = plain
    for written, said in _SAID:
        heard = heard.replace(written, said)
    skeleton = re.sub(r"(.)\1+", r"\1", re.sub(r"(?<=.)[aeiouyj']", "", heard))
    return skeleton if len(skeleton) >= SKELETON_LETTERS else plain


@lru_cache(maxsize=WORDS_KEPT)
def _root(word: str) -> str:
    marked = _MARK.search(word)
    if marked is not None and (marked.group(1) in AFTER_MARK or marked.group(1) == "s"):
        word = word[: marked.start()]
    script = word_script(word)
    endings = _EVERY.get(script)
    while endings:
        longest = min(_LONGEST[script], len(word) - ROOT_LETTERS)
        cut = next((size for size in range(longest, 0, -1) if word[-size:] in endings), 0)
        if not cut:
            break
        word = word[:-cut]
    return word


class Known:
    """What is no new name under a config: geography and the calendar, outlets, the topics' own words."""

    def __init__(self, config: Config) -> None:
        outlets = (name for outlet in config.outlets.values() for name in (*outlet.names, *outlet.name.values()))
        self._roots = known_words() | {roots_of(name) for name in outlets}
        stems = {fold_word(stem) for topic in config.topics.values() for stem in _stems(topic)}
        # A short stem such as `link` begins too many names.
        self._stems = frozenset(stem for stem in stems if len(stem) >= SINGLE_LETTERS)
        self._answered = lru_cache(maxsize=WORDS_KEPT)(self._is_known)

    def __contains__(self, surface: str) -> bool:
        return self._answered(surface)

    def _is_known(self, surface: str) -> bool:
        roots = roots_of(surface)
        if not roots or roots in self._roots:
            return True
        words = [word for word in fold_word(surface).split() if not word.startswith(_SEAS)]
        if is_organisation(surface):  # China Telecom: two known words, and a name
            return False
        return all(roots_of(word) in self._roots or self._is_term(word) for word in words)

    def _is_term(self, word: str) -> bool:
        """Whether it is a word of a topic with an ending, and no name that begins like one: Turkmentelecom."""
        endings = _EVERY.get(word_script(word), frozenset())
        rests = (word[size:] for size in range(SINGLE_LETTERS, len(word) + 1) if word[:size] in self._stems)
        return any(len(rest) <= ENDING_LETTERS or rest in endings for rest in rests)


def _stems(topic: Topic) -> Iterator[str]:
    for by_language in topic.terms.values():
        for stems in by_language.values():
            yield from stems


@cache
def known_words() -> frozenset[str]:
    """Roots of countries, continents, languages, months and weekdays in our languages (CLDR): names, but not new."""
    found: set[str] = set()
    for code in LOCALES:
        locale = Locale(code)
        said: Iterable[str] = (
            *locale.territories.values(),
            *locale.languages.values(),
            *locale.months["format"]["wide"].values(),
            *locale.days["format"]["wide"].values(),
        )
        found.update(roots_of(name) for name in said)
        found.update(roots_of(name.split()[0]) for name in locale.languages.values() if " " in name)
    return frozenset(found) - {""}
