"""The demo newsroom: an HTTP forward proxy on loopback that answers for fictional outlets `http://<name>.example`.

    python demo/newsroom.py --port 0 --edition 1 --state FILE     # prints `listening 127.0.0.1:PORT`

Outlets and their habits are in `outlets.yaml`, their articles in `articles/`, page furniture in `templates/`.
Two editions: 1 ends on 2026-03-22, 2 adds the items of 2026-03-23 and changes some. FILE holds the number of the
edition served; writing `2` into it switches a running newsroom. No clock: the time is an argument.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

HERE = Path(__file__).resolve().parent
NOW = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)  # the morning both editions are read
MARK = "Fictional page of the Khazri demo newsroom"
SUMMARY_CHARACTERS = 200  # of the first paragraph, as feeds give it
RELATED = 3  # links under an article
MONTHS = {
    "az": "yanvar fevral mart aprel may iyun iyul avqust sentyabr oktyabr noyabr dekabr",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "kk": "Қаңтар Ақпан Наурыз Сәуір Мамыр Маусым Шілде Тамыз Қыркүйек Қазан Қараша Желтоқсан",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "en": "January February March April May June July August September October November December",
}
FORMS = {  # as pages in these languages write a date and time
    "az": "{d} {month}, {y} / {hm}",
    "ru": "{d} {month} {y}, {hm}",
    "kk": "{hm}, {d} {month} {y}",
    "tr": "{d} {month} {y}",
    "en": "{d} {month} {y}, {hm}",
}
RSS_DATES = {"rfc822": "%a, %d %b %Y %H:%M:%S %z", "no_zone": "%a, %d %b %Y %H:%M:%S"}
FEED_TYPES = {"rss": "application/rss+xml", "rdf": "application/rdf+xml", "atom": "application/atom+xml"}
MORE = {"az": "Son xəbərlər", "ru": "Читайте также", "kk": "Тағы оқыңыз", "tr": "Son haberler", "en": "Latest"}


@dataclass(frozen=True, slots=True)
class Article:
    """One page as an edition shows it. `published` is local ISO text with its offset, "" where nobody says."""

    path: str
    language: str
    title: str
    text: str
    feeds: tuple[str, ...]
    published: str = ""
    updated: str = ""
    guid: str = ""
    status: int = 200
    template: str = ""  # another template than the outlet's
    from_edition: int = 1

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.published) if self.published else NOW

    @property
    def changed(self) -> datetime:
        return datetime.fromisoformat(self.updated) if self.updated else self.time


@dataclass(frozen=True, slots=True)
class Answer:
    """What the newsroom answers, before conditions and compression are looked at."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    gzip: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the request log."""

    method: str
    url: str
    status: int
    conditional: bool


def load_outlets() -> dict[str, dict[str, Any]]:
    """Outlets by id, as in outlets.yaml."""
    return dict(yaml.safe_load((HERE / "outlets.yaml").read_text(encoding="utf-8")))


@lru_cache(maxsize=64)
def article_rows(outlet: str) -> tuple[dict[str, Any], ...]:
    """The rows of articles/<outlet>.yaml; none where an outlet has no articles."""
    file = HERE / "articles" / f"{outlet}.yaml"
    return tuple(yaml.safe_load(file.read_text(encoding="utf-8"))) if file.exists() else ()


def load_articles(outlet: str, edition: int) -> tuple[Article, ...]:
    """The articles an outlet shows in `edition`, newest first, undated last."""
    found = []
    for row in article_rows(outlet):
        later = row.get("edition_2", {})
        first = {key: value for key, value in row.items() if key != "edition_2"}
        article = Article(**{**first, "feeds": tuple(row["feeds"])})
        if article.from_edition <= edition:
            found.append(replace(article, **later) if edition >= 2 else article)
    return tuple(sorted(found, key=lambda a: (bool(a.published), a.time), reverse=True))


def date_in_words(moment: datetime, language: str) -> str:
    """`17 mart, 2026 / 13:55`, as FORMS has it; English where the language has no form."""
    known = language if language in FORMS else "en"
    month = MONTHS[known].split()[moment.month - 1]
    return FORMS[known].format(d=moment.day, month=month, y=moment.year, hm=f"{moment:%H:%M}")


@lru_cache(maxsize=32)
def template(name: str) -> Template:
    """A page, a feed or a feed entry with $places; parts are escaped before they are put in."""
    return Template((HERE / "templates" / name).read_text(encoding="utf-8"))


class Press:
    """Renders everything one outlet shows in one edition."""

    def __init__(self, outlet: str, facts: Mapping[str, Any], edition: int) -> None:
        self.facts = facts
        self.edition = edition
        self.base = f"http://{facts['host']}"
        self.charset = str(facts.get("charset", "utf-8"))
        self.articles = load_articles(outlet, edition)
        self.first_edition = load_articles(outlet, 1)  # related links, so that a page stays the same in both

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Every address of the outlet with its answer."""
        robots = self.facts.get("robots", "User-agent: *\nDisallow:\n")
        if robots is not None:
            yield f"{self.base}/robots.txt", Answer(200, robots.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        for path, feed in self.facts["feeds"].items():
            if feed.get("from_edition", 1) <= self.edition:
                yield self.base + path, self.feed(path, feed)
        yield f"{self.base}/", self.listing("all", self.articles)
        for article in self.articles:
            yield self.base + article.path, self.page(article)

    def answer(self, body: str, kind: str, charset: str, changed: datetime) -> Answer:
        raw = body.encode(charset, errors="xmlcharrefreplace")
        wanted = self.facts.get("validators", ["etag", "last_modified"])
        headers = {"Content-Type": kind}
        if "etag" in wanted:
            headers["ETag"] = f'"{hashlib.sha256(raw).hexdigest()[:16]}"'
        if "last_modified" in wanted:
            headers["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
        slow = float(self.facts.get("slow_seconds", 0))
        return Answer(200, raw, headers, bool(self.facts.get("gzip")), slow)

    def page(self, article: Article) -> Answer:
        """An article as its outlet's template, charset and date habit have it."""
        kind = f"text/html; charset={self.charset}"
        if article.status != 200:
            return Answer(article.status, f"{article.status}. {MARK}".encode(), {"Content-Type": kind})
        facts, habit = self.facts, self.facts["date"]
        dated = bool(article.published) and habit != "none"
        words = date_in_words(article.time, article.language) if dated else ""
        others = [a for a in self.first_edition if a.language == article.language and a.path != article.path]
        shown = {
            "title": escape(article.title),
            "site": escape(facts["site"]),
            "language": article.language,
            "charset": self.charset,
            "address": self.base + article.path,
            "desk": escape(facts.get("desk", "")),
            "iso": article.published if dated else "",
            "when": words,
            "meta": self.dates_in_head(article) if dated else "",
            "more": MORE.get(article.language, MORE["en"]),
            "paragraphs": "\n".join(f"<p>{escape(p, quote=False)}</p>" for p in article.text.strip().split("\n") if p),
            "related": "".join(f'<li><a href="{a.path}">{escape(a.title)}</a></li>' for a in others[:RELATED]),
        }
        body = template(f"{article.template or facts['template']}.html").substitute(shown)
        return self.answer(body, kind, self.charset, article.changed)

    def dates_in_head(self, article: Article) -> str:
        """Meta tag or JSON-LD; nothing for the outlets that only write the date in words."""
        habit = self.facts["date"]
        if habit == "iso":
            return f'<meta property="article:published_time" content="{article.published}">'
        if habit == "jsonld":
            data = {
                "@context": "https://schema.org",
                "@type": "NewsArticle",
                "headline": article.title,
                "datePublished": article.published,
                "publisher": {"@type": "Organization", "name": self.facts["site"]},
            }
            return f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'
        return ""

    def listing(self, tag: str, articles: tuple[Article, ...]) -> Answer:
        """A page of links, newest first: the home page, and the only door of a listing-only outlet."""
        taken = [a for a in articles if tag == "all" or tag in a.feeds]
        cards = "\n".join(
            f'<article class="card"><h2><a class="card-link" href="{a.path}">{escape(a.title)}</a></h2>'
            + (f'<time datetime="{a.published}">{date_in_words(a.time, a.language)}</time>' if a.published else "")
            + "</article>"
            for a in taken
        )
        shown = {"site": escape(self.facts["site"]), "language": self.facts["language"], "charset": self.charset}
        body = template("listing.html").substitute(shown, cards=cards)
        changed = max((a.changed for a in taken), default=NOW)
        return self.answer(body, f"text/html; charset={self.charset}", self.charset, changed)

    def feed(self, path: str, feed: Mapping[str, Any]) -> Answer:
        kind = feed["kind"]
        if kind == "status":
            text = f"{feed['status']}. {MARK}"
            return Answer(feed["status"], text.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        if feed.get("moves_to") and self.edition >= 2:
            return Answer(301, b"moved", {"Location": self.base + feed["moves_to"], "Content-Type": "text/plain"})
        if kind == "listing":
            return self.listing(feed["takes"], self.articles)
        if kind == "html":
            return self.listing("all", self.articles)
        taken = [a for a in self.articles if feed["takes"] in a.feeds]
        declared = feed.get("declared", "utf-8")
        newest = max((a.changed for a in taken), default=NOW)
        entries = [self.entry(article, feed) for article in taken]
        shown = {
            "declared": declared,
            "site": escape(self.facts["site"]),
            "home": f"{self.base}/",
            "address": self.base + path,
            "mark": MARK,
            "language": feed.get("language", self.facts["language"]),
            "newest": newest.isoformat(),
            "order": "".join(f'<rdf:li rdf:resource="{entry["guid"]}"/>' for entry in entries),
            "items": "".join(template(f"{kind}-item.xml").substitute(entry) for entry in entries),
        }
        body = template(f"{kind}.xml").substitute(shown)
        return self.answer(body, f"{FEED_TYPES[kind]}; charset={declared}", feed.get("bytes", "utf-8"), newest)

    def entry(self, article: Article, feed: Mapping[str, Any]) -> dict[str, str]:
        """The escaped parts that the templates of feed entries take."""
        first = article.text.strip().split("\n")[0]
        cut = first if len(first) <= SUMMARY_CHARACTERS else first[:SUMMARY_CHARACTERS].rsplit(" ", 1)[0] + "…"
        form = RSS_DATES.get(feed["dates"], "") if article.published else ""
        return {
            "title": escape(article.title),
            "link": escape(self.base + article.path + feed.get("tracking", "")),
            "guid": escape(article.guid or self.base + article.path),
            "permalink": "false" if article.guid else "true",
            "summary": escape(f"<p>{escape(cut)}</p>" if feed.get("html_summary") else cut),
            "pubdate": f"<pubDate>{article.time.strftime(form)}</pubDate>" if form else "",
            "day": f"{article.time:%Y-%m-%d}",
            "published": article.time.isoformat(),
            "updated": article.changed.isoformat(),
        }


@lru_cache(maxsize=4)
def edition_answers(edition: int) -> dict[str, Answer]:
    """Address -> answer, for all outlets in one edition."""
    return {
        url: answer
        for outlet, facts in load_outlets().items()
        for url, answer in Press(outlet, facts, edition).answers()
    }


class Newsroom:
    """The newsroom on loopback, as a context manager. `edition` may be set while it runs.

    address  http://127.0.0.1:PORT, to be used as an HTTP proxy.
    log      every request answered, in order of answering.
    """

    def __init__(self, edition: int = 1, *, port: int = 0, now: datetime = NOW, state: Path | None = None) -> None:
        self._edition = edition
        self.now = now
        self.state = state
        self.log: list[Seen] = []
        for number in (1, 2):
            edition_answers(number)  # rendered before the first request: about 0.5 s
        self.hosts = {facts["host"] for facts in load_outlets().values()}
        if state is not None and not state.exists():
            state.write_text(f"{edition}\n", encoding="ascii")
        handler = type("BoundHandler", (Handler,), {"newsroom": self})
        self.server = Server(("127.0.0.1", port), handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def edition(self) -> int:
        return int(self.state.read_text(encoding="ascii")) if self.state is not None else self._edition

    @edition.setter
    def edition(self, number: int) -> None:
        self._edition = number
        if self.state is not None:
            self.state.write_text(f"{number}\n", encoding="ascii")

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a crawler opens a connection for every host at once; the default of 5 refuses some

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A crawler that is killed hangs up in the middle of an answer: no news. Anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection: absolute-form GET and HEAD, kept alive."""

    newsroom: Newsroom
    protocol_version = "HTTP/1.1"
    server_version = "KhazriDemoNewsroom"
    sys_version = ""
    disable_nagle_algorithm = True  # small answers on loopback: no 40 ms waits for an ACK

    def do_GET(self) -> None:
        url, answer = self.find()
        time.sleep(answer.seconds)
        if answer.status == 200 and self.not_modified(answer):
            answer = Answer(304, b"", {k: v for k, v in answer.headers.items() if k in ("ETag", "Last-Modified")})
        self.reply(url, answer)

    do_HEAD = do_GET

    def do_CONNECT(self) -> None:
        self.reply(
            self.path, Answer(502, b"the demo newsroom speaks plain http only\n", {"Content-Type": "text/plain"})
        )

    def find(self) -> tuple[str, Answer]:
        """The address asked for without its query, and the answer of the edition served now."""
        asked = self.path if "://" in self.path else f"http://{self.headers.get('Host', '')}{self.path}"
        parts = urlsplit(asked)
        host = parts.hostname or ""
        if parts.scheme != "http" or host not in self.newsroom.hosts:
            text = f"the demo newsroom does not answer for {host or asked!r}\n"
            return asked, Answer(502, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        answers = edition_answers(self.newsroom.edition)
        missing = Answer(404, f"404. {MARK}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})
        return asked, answers.get(f"http://{host}{parts.path or '/'}", missing)

    def not_modified(self, answer: Answer) -> bool:
        """If-None-Match first; If-Modified-Since counts only without it (RFC 9110, 13.1.3)."""
        tag, since = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        if tag is not None:
            given = {part.strip().removeprefix("W/") for part in tag.split(",")}
            return answer.headers.get("ETag") in given
        if since is None or "Last-Modified" not in answer.headers:
            return False
        try:
            return parsedate_to_datetime(answer.headers["Last-Modified"]) <= parsedate_to_datetime(since)
        except (TypeError, ValueError):  # a date nobody can read is no condition (RFC 9110, 13.1.3)
            return False

    def reply(self, url: str, answer: Answer) -> None:
        body, headers = answer.body, dict(answer.headers)
        if answer.gzip and re.search(r"\bgzip\b", self.headers.get("Accept-Encoding", "")):
            body = gzip.compress(body, mtime=0)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        conditional = any(name in self.headers for name in ("If-None-Match", "If-Modified-Since"))
        self.newsroom.log.append(Seen(self.command, url, answer.status, conditional))
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The newsroom's fixed time, so that two runs on two days see the same bytes."""
        moment = self.newsroom.now if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
        return format_datetime(moment.astimezone(UTC), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are kept in `Newsroom.log`; stderr stays quiet."""


def main() -> int:
    parser = argparse.ArgumentParser(description="The Khazri demo newsroom: fictional outlets behind an HTTP proxy.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument(
        "--edition", type=int, choices=(1, 2), default=1, help="used when the state file does not exist"
    )
    parser.add_argument("--state", type=Path, help="file with the number of the edition served")
    parser.add_argument("--now", type=datetime.fromisoformat, default=NOW, help="the time in Date headers")
    args = parser.parse_args()
    stop = threading.Event()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Newsroom(args.edition, port=args.port, now=args.now, state=args.state) as newsroom:
        print("listening", newsroom.address.removeprefix("http://"), flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
