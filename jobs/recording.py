"""`khazri record`: a page and what is read from it now, as a pair of files that tests compare field by field.

    report_az_news_1.html    the bytes as they came
    report_az_news_1.json    where and when they came from, and each field as read: to be corrected by hand

The pairs are how a hint in config is proven, and how a page that was read badly becomes a test.
"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from jobs.inspection import read_file
from models.article import Page
from models.config import Config, Outlet
from models.config.fields import did_you_mean
from models.errors import KhazriError

if TYPE_CHECKING:
    from crawler.onepage import Fetched
    from models.store import Store

LONGEST_NAME = 80  # characters of a file's name
KEPT_HEADERS = ("Content-Type", "Content-Language")  # what reading looks at; cookies and the rest stay out of files
WORDS_CHARS = 60  # of a line, enough to find it again
MOST_WORDS = 5
USUAL_LINES = 3  # an article has as many paragraphs at least, unless its record says otherwise


def record(
    config: Config, what: str, *, outlet_id: str | None, url: str, folder: Path, now: datetime, store: Store | None
) -> tuple[tuple[Path, Path], tuple[str, ...]]:
    """Write the pair of a page: its paths, and what reading warns of. An address is fetched as a crawl does it.

    outlet_id  whose zone and hints count; None: the outlet at the address, if config lists one.
    url        of a file: where its bytes came from; "": what the page itself names as its address.
    store      holds the host gate, needed for an address only.
    Raises KhazriError: nothing to read, an outlet that config does not know, a pair that is there already.
    """
    if outlet_id is not None and outlet_id not in config.outlets:
        raise KhazriError(f"there is no outlet '{outlet_id}'{did_you_mean(outlet_id, config.outlets)}")
    fetched, page, outlet = _read(config, what, outlet_id, url, now, store)
    name = pair_name(fetched.url or Path(what).name, page)
    paths = (folder / f"{name}.html", folder / f"{name}.json")
    for path in paths:
        if path.exists():
            raise KhazriError(f"{path} is there already, perhaps corrected by hand: move it, or choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    paths[0].write_bytes(fetched.body)
    text = json.dumps(expected_fields(fetched, page, outlet, now), ensure_ascii=False, indent=2)
    paths[1].write_text(text + "\n", encoding="utf-8")
    return paths, page.warnings


def is_address(what: str) -> bool:
    return what.startswith(("http://", "https://"))


def _read(
    config: Config, what: str, outlet_id: str | None, url: str, now: datetime, store: Store | None
) -> tuple[Fetched, Page, Outlet | None]:
    from crawler import loop
    from crawler.onepage import Fetched, fetch_page, read_fetched

    def outlet_of(address: str) -> Outlet | None:
        return config.outlets[outlet_id] if outlet_id else config.outlet_at(address) if address else None

    if is_address(what):
        assert store is not None
        gate_store = store

        async def both() -> tuple[Fetched, Page]:
            fetched = await fetch_page(config, gate_store, what, now)
            return fetched, await read_fetched(fetched, outlet_of(fetched.url), now)

        fetched, page = loop.run(both(), guarded=not config.proxy)
        return fetched, page, outlet_of(fetched.url)
    fetched = Fetched(url, {}, read_file(Path(what)))
    page = asyncio.run(read_fetched(fetched, outlet_of(url), now))
    if not url and page.canonical_url:  # now we know whose it is: read it as that outlet's
        fetched = Fetched(page.canonical_url, {}, fetched.body)
        page = asyncio.run(read_fetched(fetched, outlet_of(fetched.url), now))
    return fetched, page, outlet_of(fetched.url)


def pair_name(address: str, page: Page) -> str:
    """A file name of an address: host and path in plain letters; `kind_` before what is no article."""
    parts = urlsplit(address)
    words = re.sub(r"[^a-z0-9]+", "_", unquote(f"{parts.hostname or ''}{parts.path}").lower()).strip("_")
    words = words.removeprefix("www_").removesuffix("_html")[:LONGEST_NAME].strip("_")
    return ("" if page.kind == "article" else "kind_") + (words or "page")


def expected_fields(fetched: Fetched, page: Page, outlet: Outlet | None, now: datetime) -> dict[str, Any]:
    """The record's JSON. Fields that a person has not judged may be taken out: they are not compared then."""
    headers = {key.title(): value for key, value in fetched.headers.items()}
    record: dict[str, Any] = {
        "url": fetched.url,
        "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
        "outlet": outlet.id if outlet else "",
        "zone": outlet.zone if outlet else "",
        "now": now.isoformat(),
    }
    record = {key: value for key, value in record.items() if value or key == "url"}
    if page.kind != "article":
        return record | {"kind": page.kind}
    return record | {
        "title": page.title,
        **_dates(page),
        "language": page.language,
        "authors": list(page.authors),
        "canonical": page.canonical_url,
        "contains": _words_of(page.text),
        "without": [],
        **({"lines": lines} if (lines := len(page.text.splitlines())) < USUAL_LINES else {}),
    }


def _dates(page: Page) -> dict[str, Any]:
    modified = {"modified": page.modified.value.isoformat()} if page.modified else {}
    if page.published is None:
        return {"published": None, "conflicts": [list(pair) for pair in page.conflicts], **modified}
    known = page.published
    return {"published": known.value.isoformat(), "precision": known.precision, "known": known.zone, **modified}


def _words_of(text: str) -> list[str]:
    """The beginnings of lines spread over the text, the first and the last among them."""
    lines = text.splitlines()
    step = max(1, (len(lines) - 1) // (MOST_WORDS - 1)) if len(lines) > 1 else 1
    chosen = [*lines[::step][: MOST_WORDS - 1], *lines[-1:]]
    return [line[:WORDS_CHARS] for line in dict.fromkeys(chosen)]
