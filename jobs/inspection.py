"""`khazri inspect`: what reading makes of a text or page, and why; nothing is stored."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from crawler.rowfiles import shown
from models.article import Page, Reading
from models.config import Config, Outlet
from models.dates import KnownDate
from models.errors import KhazriError
from models.text import printable
from pipelines.prominence import main_entities

log = logging.getLogger("khazri.inspect")

ROW_KEYS = {"id", "url", "file", "text", "title", "language", "outlet", "published", "fetched", "zone"}
MOST_NAMED = 10  # fields that are not read, named in the log; rows of chance could have one each
FILE_BYTES = 20_000_000  # after un-gzip; a page larger than this is not read into memory at all


@dataclass(frozen=True, slots=True)
class Inspector:
    """The two readers that an inspection needs: pages in killable workers, texts in spaCy."""

    config: Config
    workers: Any
    reader: Any

    async def answer(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one row. Raises KhazriError for a row that says too little or what nobody can read."""
        row = checked_row({name: value for name, value in row.items() if name in ROW_KEYS})
        started = time.process_time()
        page, seconds = await self._page(row)
        published = page.published or _given_date(row.get("published"))
        outlet = row.get("outlet") or _outlet_of(self.config, row.get("url"))
        reading = next(
            self.reader.read_many([(row.get("id"), page.title, page.text, page.language, outlet, published)])
        )
        return {
            "id": row.get("id"),
            "page": page_fields(page),
            **reading_fields(reading, self.config),
            "milestones": [],
            "seconds": round(time.process_time() - started + seconds, 6),
        }

    async def _page(self, row: Mapping[str, Any]) -> tuple[Page, float]:
        if "file" not in row:
            if "text" not in row:
                raise KhazriError("a row needs 'file' or 'text'")
            return _text_page(row), 0.0
        body = read_file(Path(row["file"]))
        outlet = _row_outlet(self.config, row)
        page, seconds = await self.workers.timed_page(
            body,
            row.get("url") or "",
            headers=None,
            language=row.get("language"),
            zone=row.get("zone") or (outlet.zone if outlet else None),
            now=_time(row.get("fetched")),
            hints=outlet.hints if outlet else None,
        )
        return page, float(seconds)


def _text_page(row: Mapping[str, Any]) -> Page:
    from crawler.language import languages_of

    text, title = row["text"], row.get("title") or ""
    spoken = languages_of(text, title)
    return Page(
        title=title,
        text=text,
        authors=(),
        published=_given_date(row.get("published")),
        modified=None,
        language=row.get("language") or spoken.text,
        canonical_url=row.get("url") or "",
        kind="article" if text.strip() else "empty",
        title_language=spoken.title,
        also_in=spoken.also,
    )


def checked_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without its nulls; every field but `id` is text, a language in small letters and without its region.

    A year may be a number, as in an import; an empty text is one, any other empty field says nothing.
    Raises KhazriError for a field that is no text.
    """
    known = {name: value for name, value in row.items() if value is not None and (value != "" or name == "text")}
    if type(known.get("published")) is int:
        known["published"] = str(known["published"])
    for name, value in known.items():
        if name != "id" and not isinstance(value, str):
            raise KhazriError(f"{name} {shown(value)} is no text")
    if "language" in known:
        known["language"] = re.split("[-_]", known["language"].lower(), maxsplit=1)[0]
    return known


def _time(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise KhazriError(f"{shown(value)} is no time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _given_date(value: str | None) -> KnownDate | None:
    """The date a row gives, as an import would read it."""
    from crawler.archives import import_date

    return None if value is None else import_date(value)


def _row_outlet(config: Config, row: Mapping[str, Any]) -> Outlet | None:
    """The outlet that a row names, else the one at its address: its zone and hints are for reading the page."""
    return config.outlets.get(row.get("outlet", "")) or config.outlet_at(row.get("url", ""))


def _outlet_of(config: Config, url: str | None) -> str | None:
    outlet = config.outlet_at(url or "")
    return outlet.id if outlet else None


def read_file(path: Path) -> bytes:
    """A file's bytes, un-gzipped by its magic number, capped. Raises KhazriError."""
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else path.open("rb") as stream:
            body = stream.read(FILE_BYTES + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:  # ValueError: a name with a NUL in it
        raise KhazriError(f"cannot read {path.name}: {getattr(error, 'strerror', None) or error}") from error
    if len(body) > FILE_BYTES:
        raise KhazriError(f"{path.name} is larger than {FILE_BYTES:,} bytes")
    return body


def date_fields(date: KnownDate | None) -> dict[str, Any] | None:
    if date is None:
        return None
    # The source's own offset where it gave one: its calendar day is not always UTC's.
    return {"value": date.local.isoformat(), "precision": date.precision, "zone": date.zone, "origin": date.origin}


def page_fields(page: Page) -> dict[str, Any]:
    return {
        "title": page.title,
        "text": page.text,
        "authors": list(page.authors),
        "published": date_fields(page.published),
        "modified": date_fields(page.modified),
        "language": page.language,
        "title_language": page.title_language,
        "also_in": [{"language": language, "share": share} for language, share in page.also_in],
        "canonical_url": page.canonical_url,
        "kind": page.kind,
    }


def reading_fields(reading: Reading, config: Config) -> dict[str, Any]:
    """What one reading found. `main`: the entities that the article is about, every other one it names is secondary."""
    hits = {hit.topic: hit for hit in reading.topics}
    return {
        "main": sorted(main_entities(reading.mentions, config.entities)),
        "mentions": [
            {"part": m.part, "start": m.start, "end": m.end, "surface": m.surface, "entity": m.entity, "rule": m.rule,
             "ambiguous": m.ambiguous, "decoy": m.decoy, "prominence": m.prominence}
            for m in reading.mentions
        ],
        "topics": {
            topic: {
                "role": hits[topic].role if topic in hits else "none",
                "score": hits[topic].score if topic in hits else 0.0,
                "reasons": list(hits[topic].reasons) if topic in hits else [],
            }
            for topic in config.topics
        },
        "attributions": [
            {"outlet": a.outlet, "name": a.name, "part": a.part, "start": a.start, "end": a.end}
            for a in reading.attributions
        ],
    }  # fmt: skip


def inspect_lines(lines: Iterable[bytes], config: Config) -> Iterator[str]:
    """One JSON answer per JSON row, in order, also for a row that fails: {"id", "error"}.

    Fields that no row has are left alone, so that labelled rows can be given as they are; the log names each once, with
    the rows that had it, because one of them may be a slip of the pen.
    """
    from crawler.workers import Workers
    from pipelines.nlp import build

    workers = Workers()
    inspector = Inspector(config, workers, build(config))
    unknown: Counter[str] = Counter()
    try:
        with asyncio.Runner() as runner:
            for line in lines:
                if line.strip():
                    yield as_line(runner.run(_one(inspector, line, unknown)))
    finally:
        workers.close()
        for name, rows in unknown.most_common(MOST_NAMED):
            log.warning("field %s is not read (in %d row%s)", shown(name), rows, "" if rows == 1 else "s")


def as_line(answer: Mapping[str, Any]) -> str:
    """The answer as one line of JSON that any stream of UTF-8 takes: halves of letters, which JSON can write and UTF-8
    cannot, stay escaped, and the places of everything stay."""
    try:
        line = json.dumps(answer, ensure_ascii=False, allow_nan=False)
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(answer)
    except ValueError:  # Python reads NaN and infinity as numbers; JSON has neither, and only an id is given back
        return json.dumps({"id": None, "error": "the id is a number that JSON does not have"})
    return line


async def _one(inspector: Inspector, line: bytes, unknown: Counter[str]) -> dict[str, Any]:
    """The one catch per row: whatever goes wrong is that row's answer, and the next row is read."""
    name: object = None
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            return {"id": None, "error": "a row is a JSON object"}
        name = row.get("id")
        unknown.update(row.keys() - ROW_KEYS)
        return await inspector.answer(row)
    except Exception as error:
        if not isinstance(error, KhazriError | ValueError | RecursionError):
            log.exception("inspecting row %r failed", name)
        return {"id": name, "error": " ".join(str(error).split()) or type(error).__name__}


def inspect_file(path: Path, config: Config) -> dict[str, Any]:
    """The answer for one file. Raises KhazriError."""
    body = read_file(path)
    looks_html = b"<" in body[:2000] and (b"<html" in body[:5000].lower() or b"<!doctype" in body[:200].lower())
    row: dict[str, Any] = {"id": path.name}
    if looks_html:
        row["file"] = str(path)
    else:
        title, _, text = body.decode("utf-8", "replace").strip().partition("\n")
        row |= {"title": title.strip(), "text": text.strip()}
    answer = json.loads(next(iter(inspect_lines([json.dumps(row).encode()], config))))
    if "error" in answer:
        raise KhazriError(f"{path.name}: {answer['error']}")
    return dict(answer)


def show(answer: Mapping[str, Any], console: Console) -> None:
    """A person's view of one answer: what it is, each mention with its rule, each topic with its reasons.

    Where the console has colours: in colour, and with the text."""
    colours = console.is_terminal and not console.no_color
    for line in in_colour(answer) if colours else map(Text, map(printable, _person_view(answer))):
        console.print(line, soft_wrap=True)


def in_colour(answer: Mapping[str, Any]) -> Iterator[Text]:
    """As a person reads it at a terminal: the same lines, then title and text with every name in its colour."""
    for line in _person_view(answer):
        yield Text(printable(line), style=_line_style(line))
    page = answer["page"]
    for part in ("title", "text"):
        # Letter by letter, so that the places stay: what a terminal would obey is a space.
        plain = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in page[part])
        shown = Text(f"\n{plain}", style="bold" if part == "title" else "")
        for mention in answer["mentions"]:
            if mention["part"] == part:
                shown.stylize(_mention_style(mention), mention["start"] + 1, mention["end"] + 1)
        for one in answer["attributions"]:
            if one["part"] == part:
                shown.stylize(ATTRIBUTED, one["start"] + 1, one["end"] + 1)
        yield shown


# Colours are what most terminals show as they are called; the words beside them say the same.
NAMED, UNSURE, DECOY, ATTRIBUTED = "bold green", "bold yellow", "strike red", "underline cyan"
ROLES = {"primary": "bold green", "passing": "green", "none": "dim"}


def _mention_style(mention: Mapping[str, Any]) -> str:
    return UNSURE if mention["ambiguous"] else DECOY if mention["decoy"] else NAMED


def _line_style(line: str) -> str:
    topic = re.match(r"  topic \S+: (\w+)", line)
    if topic:
        return ROLES[topic.group(1)]
    if line.startswith("  citing "):
        return "cyan"
    return UNSURE if " [ambiguous]" in line else "red" if " [decoy]" in line else ""


def _person_view(answer: Mapping[str, Any]) -> Iterator[str]:
    page = answer["page"]
    published = page["published"]
    yield page["title"] or "(no title)"
    yield f"  {page['kind']}, language {page['language'] or 'unknown'}, {len(page['text'])} characters"
    yield from _also_in(page)
    yield (
        f"  published {published['value']} ({published['precision']}, {published['origin']})"
        if published
        else ("  published: not said")
    )
    for topic, hit in answer["topics"].items():
        yield f"  topic {topic}: {hit['role']} ({hit['score']:g})  {'; '.join(hit['reasons'])}"
    for mention in answer["mentions"]:
        marks = "".join(f" [{word}]" for word in ("ambiguous", "decoy") if mention[word])
        place = f"{mention['part']} {mention['start']}-{mention['end']}"
        yield f"  {mention['entity']}{marks}: '{mention['surface']}' at {place}: {mention['rule']}"
    for one in answer["attributions"]:
        yield f"  citing {one['outlet'] or 'unresolved'}: '{one['name']}'"


def _also_in(page: Mapping[str, Any]) -> Iterator[str]:
    if page["title_language"] not in (None, page["language"]):
        yield f"  title in {page['title_language']}"
    for one in page["also_in"]:
        yield f"  {one['share']:.0%} of the paragraphs in {one['language']}"
