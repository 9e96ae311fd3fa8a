"""The demo newsroom: its answers cover its articles exactly, and every address is served as its outlet's habits say."""

from __future__ import annotations

import gzip
import http.client
import importlib.util
import itertools
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
import yaml

pytestmark = pytest.mark.slow  # fetches every page of both editions

DEMO = Path(__file__).resolve().parents[1] / "demo"
FEWEST_WORDS = {"kk": 70, "az": 70, "tr": 70, "ka": 70}  # endings are glued on there: 70 words are 90 English ones
RESULTS = {"ok", "unchanged", "empty", "all_dropped", "unreachable", "refused"}


def load_newsroom() -> Any:
    """demo/ is a program, not a package of ours: loaded by its path."""
    spec = importlib.util.spec_from_file_location("demo_newsroom", DEMO / "newsroom.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo_newsroom"] = module
    spec.loader.exec_module(module)
    return module


newsroom = load_newsroom()
OUTLETS: dict[str, Any] = newsroom.load_outlets()
ANSWERS: dict[str, Any] = yaml.safe_load((DEMO / "answers.yaml").read_text(encoding="utf-8"))
CONFIG: dict[str, Any] = yaml.safe_load((DEMO / "config.yaml").read_text(encoding="utf-8"))


def address(outlet: str, path: str) -> str:
    return f"http://{OUTLETS[outlet]['host']}{path}"


def articles(edition: int) -> dict[str, tuple[str, Any]]:
    """Address -> (outlet, article) of everything shown in an edition."""
    return {address(o, a.path): (o, a) for o in OUTLETS for a in newsroom.load_articles(o, edition)}


def is_text(article: Any) -> bool:
    """False for the missing page, the challenge pages and the page behind a robots.txt that forbids."""
    return article.status == 200 and not article.template and article.path != "/2026/03/harbour-list"


class Client:
    """One kept-alive connection through the newsroom as a proxy."""

    def __init__(self, proxy: str) -> None:
        parts = urlsplit(proxy)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)

    def get(self, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", url, headers={"Host": urlsplit(url).netloc, **fields})
        answer = self.connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture(scope="module")
def room() -> Iterator[Any]:
    with newsroom.Newsroom() as opened:
        yield opened


@pytest.fixture
def client(room: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(newsroom.time, "sleep", lambda seconds: None)
    room.edition = 1
    return Client(room.address)


def test_there_is_enough_of_everything() -> None:
    first = [a for _, a in articles(1).values() if is_text(a)]
    assert len({outlet for outlet, a in articles(1).values() if is_text(a)}) >= 12
    assert len(first) >= 80
    languages = Counter(a.language for a in first)
    assert min(languages[code] for code in ("en", "ru", "az", "kk", "tr")) >= 8
    assert [languages[code] for code in ("uk", "ka", "zh")] == [1, 1, 1]
    days = sorted(a.published[:10] for a in first if a.published)
    assert (days[0], days[-1]) == ("2026-03-02", "2026-03-22")
    new = [a for _, a in articles(2).values() if a.from_edition == 2]
    assert len(new) == 8
    assert {a.published[:10] for a in new} == {"2026-03-23"}
    assert all(datetime.fromisoformat(a.published) <= newsroom.NOW for a in new)


def test_articles_are_texts_of_their_own() -> None:
    for url, (_, article) in articles(2).items():
        if is_text(article):
            count = len(article.text) / 2 if article.language == "zh" else len(article.text.split())
            assert FEWEST_WORDS.get(article.language, 90) <= count <= 220, url
    copies = {url for url, row in ANSWERS["articles"].items() if "copy_of" in row}
    paragraphs = Counter(p for url, (_, a) in articles(2).items() if url not in copies for p in a.text.split("\n") if p)
    assert [p for p, n in paragraphs.items() if n > 1] == []


def test_answers_cover_every_article_exactly() -> None:
    shown = {url: pair for url, pair in articles(2).items() if is_text(pair[1])}
    assert set(ANSWERS["articles"]) == set(shown)
    assert set(ANSWERS["not_articles"]) == set(articles(2)) - set(shown)
    before = articles(1)
    for url, (outlet, article) in shown.items():
        row = ANSWERS["articles"][url]
        first = before.get(url, (outlet, article))[1]
        assert (row["outlet"], row["language"], row["title"]) == (outlet, first.language, first.title), url
        assert row.get("title_2", first.title) == article.title, url
        assert row.get("edition", 1) == article.from_edition, url
        assert row["own"] == CONFIG["outlets"][outlet]["own"], url
        assert published_in_utc(url, row) == stated(article), url


def published_in_utc(url: str, row: dict[str, Any]) -> str:
    """The answer's date, cut to what the newsroom can be compared with."""
    known = row["published"]
    if known is None:
        return ""
    if known["precision"] == "day" and known["value"].replace("-", "/") in url:
        return ""  # only the address says it
    return str(known["value"])


def stated(article: Any) -> str:
    if not article.published:
        return ""
    moment = datetime.fromisoformat(article.published)
    if "hazar" in article.path or article.language == "tr":
        return f"{moment:%Y-%m-%d}"
    return f"{moment.astimezone(newsroom.UTC):%Y-%m-%dT%H:%MZ}"


def test_answers_name_known_things_only() -> None:
    watched = yaml.safe_load((DEMO.parent / "watch" / "entities.yaml").read_text(encoding="utf-8"))["entities"]
    for url, row in ANSWERS["articles"].items():
        assert set(row["entities"]) <= {i for i, e in watched.items() if not e.get("decoy")}, url
        assert set(row["decoys"]) <= {i for i, e in watched.items() if e.get("decoy")} | {"azercell"}, url
        assert {watched[i]["type"] for i in row["entities"] + row["decoys"]} <= set(ANSWERS["checked_types"]), url
        assert set(row["topics"].values()) <= {"primary", "passing", "none"}, url
        assert (row["topics"]["azertelecom"] != "none") == ("azertelecom" in row["entities"]), url
        assert set(row["attribution"]) <= set(CONFIG["outlets"]) - {row["outlet"]}, url
        if "copy_of" in row:
            assert ANSWERS["articles"][row["copy_of"]]["outlet"] in row["attribution"], url


def test_one_release_is_copied_by_five_outlets_in_three_languages() -> None:
    copies = [row for row in ANSWERS["articles"].values() if "copy_of" in row]
    assert len({row["outlet"] for row in copies}) == 5
    assert {row["language"] for row in copies} == {"en", "ru", "az"}
    for url, row in ANSWERS["articles"].items():
        if "copy_of" in row:
            (copy, original) = (words(articles(2)[u][1].text) for u in (url, row["copy_of"]))
            assert len(copy & original) / len(copy) > 0.8, url


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("edition", [1, 2])
def test_source_answers_add_up(edition: int) -> None:
    expected = ANSWERS["editions"][edition]
    addresses = {s["id"]: s.get("feed") or s["listing"] for o in CONFIG["outlets"].values() for s in o["collect"]}
    assert set(expected["sources"]) == set(addresses)
    served = {
        address(o, path)
        for o, facts in OUTLETS.items()
        for path, f in facts["feeds"].items()
        if "from_edition" not in f
    }
    assert set(addresses.values()) == served
    counted: Counter[str] = Counter()
    for source, row in expected["sources"].items():
        assert row["result"] in RESULTS, source
        assert (row["result"] in {"ok", "all_dropped"}) == bool(row.get("items")), source
        for outcome, urls in row.get("items", {}).items():
            assert set(urls) <= set(articles(edition)), source
            counted[outcome] += len(urls)
    shared = counted.pop("new_or_known", 0)
    counted.update({"new": shared // 2, "known": shared // 2})
    assert dict(counted) == expected["totals"]
    in_store = [row for row in ANSWERS["articles"].values() if row.get("edition", 1) <= edition]
    assert ANSWERS["store"][edition]["articles"] == len(in_store)
    corrected = ANSWERS["editions"][2]["totals"]["changed"] if edition == 2 else 0
    assert ANSWERS["store"][edition]["revisions"] == len(in_store) + corrected


@pytest.mark.parametrize("edition", [1, 2])
def test_every_address_is_served(room: Any, client: Client, edition: int) -> None:
    room.edition = edition
    for url, (outlet, article) in articles(edition).items():
        status, headers, body = client.get(url + "?utm_source=test")
        assert status == article.status, url
        if is_text(article):
            charset = OUTLETS[outlet].get("charset", "utf-8")
            assert headers["Content-Type"] == f"text/html; charset={charset}"
            page = body.decode(charset)
            assert newsroom.escape(article.title) in page, url
            assert page.count(newsroom.MARK) == 2, url  # a meta tag and the footer
            assert ("2026" in page.partition("<h1")[2].partition("</ul>")[0]) == (OUTLETS[outlet]["date"] != "none"), (
                url
            )


def test_dates_are_written_as_their_language_does(client: Client) -> None:
    forms = {
        "http://bakixeber.example/texnologiya/kabel-muhendisleri-aktauda": "17 mart, 2026 / 13:55",
        "http://mangystau.example/kk/news/2026/bautino-kabel-kemesi": "16:06, 12 Наурыз 2026",
        "http://stepnoy.example/news/20260312-izyskaniya": "12 марта 2026, 14:05",
        "http://hazarposta.example/haber/2026/kiyi-incelemesi-bitti": "13 Mart 2026",
        "http://caspianwire.example/2026/03/05/gas-talks-resume-in-ashgabat-841207": 'd": "2026-03-05T16:40+04:00"',
        "http://newsroom-azertelecom.example/en/press/2026/transit-price-list": 'content="2026-03-19T11:30+04:00"',
    }
    for url, form in forms.items():
        charset = "windows-1251" if "stepnoy" in url else "utf-8"
        assert form in client.get(url)[2].decode(charset), url


def test_feeds_have_their_habits(room: Any, client: Client) -> None:
    kinds = {f["kind"] for facts in OUTLETS.values() for f in facts["feeds"].values()}
    assert kinds == {"rss", "rdf", "atom", "listing", "html", "status"}
    wire = feedparser.parse(client.get("http://caspianwire.example/rss/all.xml")[2])
    assert all("?utm_source=rss" in entry.link for entry in wire.entries)
    assert wire.entries[0].published.endswith("+0400")
    zoneless = feedparser.parse(client.get("http://bakixeber.example/rss")[2]).entries[0].published
    assert re.search(r"\d\d:\d\d:\d\d$", zoneless)
    assert b"pubDate" not in client.get("http://shorenotes.example/index.xml")[2]
    assert feedparser.parse(client.get("http://hazarposta.example/rdf.xml")[2]).version == "rss10"
    assert feedparser.parse(client.get("http://mangystau.example/atom.xml")[2]).version == "atom10"
    assert feedparser.parse(client.get("http://stillwater.example/rss")[2]).entries == []
    assert b"<html" in client.get("http://frontpage.example/rss")[2]
    liar = client.get("http://svyazvestnik.example/rss")[2]
    assert b"windows-1251" in liar[:60]
    assert "Прайс АзерТелекома" in liar.decode("utf-8")
    stepnoy = client.get("http://stepnoy.example/export/rss.xml")[2]
    assert "Как менялся проект" in stepnoy.decode("windows-1251")
    before = guid_of_price_list(client)
    room.edition = 2
    assert before != guid_of_price_list(client)


def guid_of_price_list(client: Client) -> str:
    feed = feedparser.parse(client.get("http://newsroom-azertelecom.example/feed")[2])
    return str(next(entry.id for entry in feed.entries if entry.link.endswith("transit-price-list")))


def test_refusals_and_the_moved_feed(room: Any, client: Client) -> None:
    assert client.get("http://fortress.example/rss")[0] == 403
    assert client.get("http://quietcoast.example/rss")[0] == 404
    assert client.get("http://xezer-report.example/robots.txt")[0] == 404
    assert b"Disallow: /\n" in client.get("http://closedharbour.example/robots.txt")[2]
    assert b"Crawl-delay: 0.2" in client.get("http://mangystau.example/robots.txt")[2]
    assert client.get("http://silkroute.example/rss")[0] == 200
    room.edition = 2
    status, headers, _ = client.get("http://silkroute.example/rss")
    assert (status, headers["Location"]) == (301, "http://silkroute.example/feed.xml")
    assert b"Reservation form" in client.get("http://silkroute.example/feed.xml")[2]
    status, headers, body = client.get("http://elsewhere.test/")
    assert (status, headers["Content-Type"]) == (502, "text/plain; charset=utf-8")
    assert b"elsewhere.test" in body


def test_validators_give_304_and_only_where_nothing_changed(room: Any, client: Client) -> None:
    seen = 0
    for url, answer in newsroom.edition_answers(1).items():
        if answer.status != 200:
            continue
        headers = client.get(url)[1]
        for name, condition in (("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")):
            if name in headers:
                status, again, body = client.get(url, **{condition: headers[name]})
                assert (status, body, again.get("Content-Length")) == (304, b"", None), url
                assert room.log[-1].conditional
                seen += 1
    assert seen > 200
    assert client.get("http://svyazvestnik.example/rss", If_None_Match='"x"')[0] == 200
    headers = client.get("http://caspianwire.example/rss/all.xml")[1]
    room.edition = 2
    for name, condition in (("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")):
        assert client.get("http://caspianwire.example/rss/all.xml", **{condition: headers[name]})[0] == 200


def test_edition_two_changes_what_the_answers_say_and_nothing_else() -> None:
    first, second = newsroom.edition_answers(1), newsroom.edition_answers(2)
    items = [row.get("items", {}) for row in ANSWERS["editions"][2]["sources"].values()]
    told = {
        kind: set(itertools.chain.from_iterable(row.get(kind, []) for row in items))
        for kind in ("new", "new_or_known", "changed")
    }
    pages = set(articles(2))
    assert {url for url in pages if url not in first} == told["new"] | told["new_or_known"]
    assert {url for url in pages if url in first and first[url] != second[url]} == told["changed"]
    assert set(first) <= set(second)
    ids = {s.get("feed") or s["listing"]: s["id"] for o in CONFIG["outlets"].values() for s in o["collect"]}
    moved_or_new = {ids[url] for url in ids if first[url] != second[url]}
    assert moved_or_new == {i for i, row in ANSWERS["editions"][2]["sources"].items() if row["result"] == "ok"}


def test_gzip_keeps_the_bytes(client: Client) -> None:
    plain = client.get("http://caspianwire.example/rss/all.xml")
    packed = client.get("http://caspianwire.example/rss/all.xml", Accept_Encoding="gzip, deflate")
    assert packed[1]["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed[2]) == plain[2]
    assert "Content-Encoding" not in client.get("http://bakixeber.example/rss", Accept_Encoding="gzip")[1]


def test_no_clock(client: Client) -> None:
    assert client.get("http://caspianwire.example/")[1]["Date"] == "Mon, 23 Mar 2026 06:00:00 GMT"
    again = {url: a for o, f in OUTLETS.items() for url, a in newsroom.Press(o, f, 1).answers()}
    assert again == newsroom.edition_answers(1)


def test_slow_outlet_waits(room: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(newsroom.time, "sleep", waits.append)
    client.get("http://garabogaz.example/rss.xml")
    client.get("http://bakixeber.example/rss")
    assert waits == [0.8, 0.0]


@pytest.mark.slow
def test_command_serves_and_follows_its_state_file(tmp_path: Path) -> None:
    state = tmp_path / "edition"
    command = [sys.executable, str(DEMO / "newsroom.py"), "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert re.fullmatch(r"listening 127\.0\.0\.1:\d+\n", line)
            client = Client("http://" + line.split()[1])
            assert client.get("http://silkroute.example/rss")[0] == 200
            state.write_text("2\n")
            assert client.get("http://silkroute.example/rss")[0] == 301
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()  # a failed assertion must not leave it, and the test, waiting
