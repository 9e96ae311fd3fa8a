"""One reader of pages in a process of its own: JSON lines in, JSON lines out. Only "khazri" imports anything of ours.

    PYTHON benchmarks/_peers_child.py READER < rows     # row: {"id", "url", "file"}, the file is gzipped HTML

Answers one line a row, in order: `id, title, body, authors, published, seconds` (CPU of this process), or `id, error,
seconds` where the reader raised or took more than PAGE_SECONDS. It runs in whichever environment has the reader.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE_SECONDS = 60  # CPU seconds; no reader took more than 20 for a page of these sets

Answer = dict[str, Any]
Reader = Callable[[bytes, str], Answer]


def khazri() -> Reader:
    """Ours: its own process is outside the product, so the product's folder is put on the path by the caller."""
    from crawler.pages import read_page

    def read(body: bytes, url: str) -> Answer:
        page = read_page(body, url)
        day = None
        if page.published:
            exact = page.published.precision == "minute"
            day = page.published.local.isoformat() if exact else page.published.value.date().isoformat()
        return {"title": page.title, "body": page.text, "authors": list(page.authors), "published": day}

    return read


def _trafilatura(**mode: Any) -> Reader:
    import trafilatura

    def read(body: bytes, url: str) -> Answer:
        found = trafilatura.bare_extraction(body, url=url, include_comments=False, with_metadata=True, **mode)
        if found is None:
            return {}
        return {"title": found.title, "body": found.text, "authors": _names(found.author), "published": found.date}

    return read


def trafilatura_standard() -> Reader:
    return _trafilatura()


def trafilatura_precision() -> Reader:
    return _trafilatura(favor_precision=True)


def newspaper4k() -> Reader:
    import newspaper

    def read(body: bytes, url: str) -> Answer:
        article = newspaper.Article(url, fetch_images=False, number_threads=1)
        article.download(input_html=_text(body))
        article.parse()
        day = article.publish_date
        return {
            "title": article.title, "body": article.text, "authors": list(article.authors),
            "published": day.isoformat() if hasattr(day, "isoformat") else day,
        }  # fmt: skip

    return read


def readability_lxml() -> Reader:
    """Title and body; it reads no authors and no dates."""
    import lxml.html
    import readability

    def read(body: bytes, url: str) -> Answer:
        document = readability.Document(_text(body), url=url)
        tree = lxml.html.fromstring(document.summary(html_partial=True))
        for block in tree.iter("p", "br", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "blockquote"):
            block.tail = f"\n{block.tail or ''}"
        return {"title": document.short_title(), "body": tree.text_content(), "authors": [], "published": None}

    return read


def news_please() -> Reader:
    from newsplease import NewsPlease

    def read(body: bytes, url: str) -> Answer:
        article = NewsPlease.from_html(_text(body), url=url, fetch_images=False)
        day = article.date_publish
        return {
            "title": article.title, "body": article.maintext, "authors": list(article.authors or ()),
            "published": day.isoformat() if day else None,
        }  # fmt: skip

    return read


def goose3() -> Reader:
    from goose3 import Goose

    reader = Goose({"enable_image_fetching": False, "strict": False})

    def read(body: bytes, url: str) -> Answer:
        article = reader.extract(raw_html=_text(body), url=url)
        day = article.publish_datetime_utc
        names = [name for name in article.authors or () if isinstance(name, str)]  # some are lists of lists
        return {
            "title": article.title, "body": article.cleaned_text, "authors": names,
            "published": day.isoformat() if day else article.publish_date,
        }  # fmt: skip

    return read


READERS: dict[str, Callable[[], Reader]] = {
    one.__name__: one
    for one in (
        khazri, trafilatura_standard, trafilatura_precision, newspaper4k, readability_lxml, news_please, goose3,
    )
}  # fmt: skip


def _names(value: str | None) -> list[str]:
    return [name.strip() for name in (value or "").split(";") if name.strip()]


def _text(body: bytes) -> str:
    """For readers that want a string, the decoding of trafilatura where it is installed: no peer loses by its bytes."""
    from trafilatura.utils import decode_file

    return str(decode_file(body))


def _too_slow(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"more than {PAGE_SECONDS} s of CPU")


def answer(read: Reader, row: dict[str, str]) -> Answer:
    body = gzip.decompress(Path(row["file"]).read_bytes())
    signal.setitimer(signal.ITIMER_PROF, PAGE_SECONDS)
    start = time.process_time()
    try:
        found = read(body, row["url"])
    except Exception as error:  # noqa: BLE001 -- a peer may raise anything; the page counts as empty for it
        found = {"error": f"{type(error).__name__}: {error}"[:300]}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {"id": row["id"], **found, "seconds": time.process_time() - start}


def main() -> None:
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGPROF, _too_slow)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a reader prints must not get among the answers
    read = READERS[sys.argv[1]]()
    for number, line in enumerate(sys.stdin):
        row = json.loads(line)
        if not number:  # once for nothing: what is loaded with the first page is no cost of a page
            answer(read, row)
        print(json.dumps(answer(read, row), ensure_ascii=True), file=answers, flush=True)


if __name__ == "__main__":
    main()
