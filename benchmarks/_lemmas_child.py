"""Dictionary forms of words, in the peers' environment: `.venv-peers/bin/python benchmarks/_lemmas_child.py < rows`.

A row is `{"language", "words"}`, its answer a list of lemmas in the same order, one JSON line each: pymorphy3's first
parse for ru and uk, simplemma for en and tr, the word in lower case for every other language. Imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache


@cache
def lemmatiser(language: str) -> Callable[[str], str]:
    if language in ("ru", "uk"):
        import pymorphy3

        analyzer = pymorphy3.MorphAnalyzer(lang=language)
        return lambda word: str(analyzer.parse(word)[0].normal_form)
    if language in ("en", "tr"):
        import simplemma

        return lambda word: str(simplemma.lemmatize(word, lang=language)).lower()
    return str.lower


def main() -> None:
    for line in sys.stdin:
        row = json.loads(line)
        print(json.dumps([lemmatiser(row["language"])(word) for word in row["words"]]), flush=True)


if __name__ == "__main__":
    main()
