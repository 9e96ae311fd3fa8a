"""Names with endings as a list of strings, for peers that can only look strings up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product

from models.config import Alias
from models.text import fold_word
from pipelines.suffixes import AFTER_MARK, stems

MOST = 20_000  # forms of one name; with every word inflected by itself some would have 10**14
_JOINTS = {"": ("",), " ": (" ",), "-": ("-", " "), "~": ("", "-", " ")}

Keep = Callable[[str], bool]


def spellings(alias: str) -> list[str]:
    """An alias as it stands, its optional separators written out."""
    return ["".join(one) for one in product(*(_JOINTS.get(piece, (piece,)) for piece in re.split("(~)", alias)))]


def forms(alias: Alias, keep: Keep, *, every_word: bool, marks: Iterable[str] = ()) -> list[str]:
    """An alias with the endings of our tables, lower case, 20,000 at most.

    keep        which forms of a word are wanted: a list of all would not end.
    every_word  False: only the last word takes endings.
    marks       apostrophes behind which an ending may follow the last word.
    """
    pieces = re.split(r"([ ~-]+)", alias.text.strip())
    choices: list[list[str]] = []
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        if index % 2:
            choices.append(list(_JOINTS.get(piece.strip()[:1] or " ", (" ",))))
        elif not (last or every_word) or alias.inflect == "none" or (not last and "~" in pieces[index + 1]):
            choices.append([_lower(piece)])
        else:
            choices.append(list(dict.fromkeys((_lower(piece), *_inflected(piece, last, keep, marks if last else ())))))
    return ["".join(one) for one in islice(product(*choices), MOST)]


def _lower(word: str) -> str:
    """As spaCy's LOWER has it."""
    return word.lower()


def _inflected(word: str, last: bool, keep: Keep, marks: Iterable[str]) -> Iterator[str]:
    folded, written = fold_word(word), _lower(word)
    alike = len(folded) == len(written)
    for stem in stems(folded, last=last, inflect=True):
        # Folding writes i for ı and е for ё: the letters of the alias itself are what a text has.
        base = written[: len(stem.text)] if alike and folded.startswith(stem.text) else stem.text
        for tails in stem.tails.values():
            for rest, endings in tails:
                for ending in endings:
                    yield from filter(keep, {f"{base}{rest}{ending}", f"{base}{rest}{ending.replace('i', 'ı')}"})
    for mark in marks:
        for ending in AFTER_MARK:
            yield from filter(keep, {f"{written}{mark}{ending}", f"{written}{mark}{ending.replace('i', 'ı')}"})
