"""The digest: what is new to a reader, in words and as a mail, sent at most once."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from lxml import html as lxml_html

from jobs.digests import troubles
from models.config import Config, Reader
from models.errors import ReportError
from models.queries import snapshot
from models.store import Store, connect
from reports import digest, mail
from reports.digest import Digest
from tests.shelf import Shelf, config_of, source

NOW = datetime(2026, 3, 23, 4, 0, tzinfo=UTC)  # 08:00 in Baku
HOUR, DAYS = timedelta(hours=1), timedelta(days=1)
ANA = Reader("ana", "ana@reader.example", topics=("trans_caspian_cable",))
CONFIG = config_of(source("report_en", "report"), source("trend_en", "trend"), readers=(ANA,))
HOSTILE = '<img src=x onerror="alert(1)">\r\nBcc: all@reader.example'


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    made = Shelf(engine)
    made.outlet("report", "Report")
    made.outlet("trend", "Trend", tier=2)
    made.outlet("azertelecom_pr", "AzerTelecom newsroom", own=True)
    yield made
    engine.dispose()


def story(shelf: Shelf, title: str, ago: timedelta | None, outlet: str = "report", **more: Any) -> int:
    """An article primary to the cable, published `ago` before NOW."""
    topic: dict[str, Any] = {"topic": "trans_caspian_cable"}
    topic |= {key: more.pop(key) for key in ("topic", "role", "score", "sentence") if key in more}
    article = shelf.article(outlet, title, None if ago is None else NOW - ago, **more)
    shelf.topic(article, **topic)
    return article


def built(shelf: Shelf, reader: Reader = ANA, config: Config = CONFIG, now: datetime = NOW) -> Digest:
    with snapshot(shelf.engine) as at:
        return digest.build(at, config, reader, now, troubles(config, Store(shelf.engine), now))


def parsed(page: str) -> Any:
    """The page as a tree; what XPath gives is typed too widely to be of use."""
    return lxml_html.fromstring(page)


def had_mail(shelf: Shelf, *articles: int) -> None:
    shelf.delivery("ana", "2026-03-20", "sent", articles)


def titles(made: Digest) -> list[str]:
    return [line.title for line in (*made.top, *made.rest)]


# --- which articles -------------------------------------------------------------------------------------------------


def test_new_is_what_was_published_in_the_window_and_not_had(shelf: Shelf) -> None:
    had = story(shelf, "had", HOUR)
    new = story(shelf, "new", 6 * DAYS)
    older = [
        story(shelf, "older", 8 * DAYS),
        story(shelf, "undated", None),
        story(shelf, "imported", HOUR, via="import"),
    ]
    older.append(story(shelf, "month", 22 * DAYS + 4 * HOUR, precision="month"))
    story(shelf, "passing", HOUR, role="passing")
    story(shelf, "other topic", HOUR, topic="azertelecom")
    had_mail(shelf, had)
    made = built(shelf)
    assert (titles(made), made.older) == (["new"], 4)
    assert made.articles == (new, *sorted(older))


def test_the_window_is_exact_for_minutes_and_whole_for_days(shelf: Shelf) -> None:
    had_mail(shelf)
    story(shelf, "just inside", 7 * DAYS - timedelta(minutes=1))
    story(shelf, "just outside", 7 * DAYS)
    story(shelf, "its day", 7 * DAYS + 4 * HOUR, precision="day")
    story(shelf, "the day before", 8 * DAYS + 4 * HOUR, precision="day")
    assert sorted(titles(built(shelf))) == ["its day", "just inside"]


def test_a_new_reader_gets_24_hours_and_the_rest_as_a_number_once(shelf: Shelf) -> None:
    for title, ago in (("today", 2 * HOUR), ("three days", 3 * DAYS), ("last year", 400 * DAYS)):
        story(shelf, title, ago)
    first = built(shelf)
    assert (titles(first), first.older, len(first.articles)) == (["today"], 2, 3)
    shelf.delivery("ana", "2026-03-23", "sent", first.articles)
    assert built(shelf) == first  # the same day again: the same mail
    tomorrow = built(shelf, now=NOW + DAYS)
    assert (titles(tomorrow), tomorrow.older) == ([], 0)


@pytest.mark.parametrize(("state", "count"), [("sent", 0), ("claimed", 0), ("unknown", 0), ("refused", 1)])
def test_only_a_mail_that_certainly_failed_is_told_again(shelf: Shelf, state: str, count: int) -> None:
    article = story(shelf, "A", HOUR)
    shelf.delivery("ana", "2026-03-22", state, (article,))
    assert built(shelf).stories == count


def test_a_reader_without_topics_gets_all(shelf: Shelf) -> None:
    story(shelf, "cable", HOUR)
    story(shelf, "company", HOUR, topic="azertelecom")
    made = built(shelf, replace(ANA, topics=()))
    assert sorted(titles(made)) == ["cable", "company"]
    assert made.subject == "Khazri, 23 March: 2 new on AzerTelecom and the Trans-Caspian cable"


# --- stories --------------------------------------------------------------------------------------------------------


def test_three_top_stories_by_score_tier_voice_and_time(shelf: Shelf) -> None:
    story(shelf, "own", HOUR, "azertelecom_pr", score=3)
    story(shelf, "older", 3 * HOUR, score=3)
    story(shelf, "newer", 2 * HOUR, score=3)
    story(shelf, "second tier", HOUR, "trend", score=3)
    story(shelf, "best", 20 * HOUR, "trend", score=5)
    story(shelf, "weak", HOUR, score=1)
    made = built(shelf)
    assert [line.title for line in made.top] == ["best", "newer", "older"]
    assert {line.title for line in made.rest} == {"own", "second tier", "weak"}
    assert [line.title for line in made.rest if line.own] == ["own"]


def test_identical_titles_are_one_story_of_the_best_outlet(shelf: Shelf) -> None:
    story(shelf, "Cable  laid", HOUR, "trend", url="https://trend.example/1")
    story(shelf, "CABLE LAID", 2 * HOUR, "azertelecom_pr", url="https://az.example/1")
    lead = story(shelf, "Cable laid", HOUR, "report", url="https://report.example/1")
    story(shelf, "Cable laid", 2 * HOUR, "trend", url="https://trend.example/2")
    shelf.attribution(lead, "trend", "Trend")
    shelf.attribution(lead, None, "Jibek Joly")
    made = built(shelf)
    (line,) = made.top
    assert (line.outlet, line.also, line.citing) == (
        "Report",
        ("AzerTelecom newsroom", "Trend"),
        ("Jibek Joly", "Trend"),
    )
    assert made.subject == "Khazri, 23 March: 1 new on the Trans-Caspian cable"
    assert len(made.articles) == 4


def test_a_flood_is_cut_with_its_number_and_still_had(shelf: Shelf) -> None:
    for index in range(40):
        story(shelf, f"title {index}", HOUR)
    made = built(shelf)
    assert (len(made.top), len(made.rest), made.more, made.stories, len(made.articles)) == (3, 30, 7, 40, 40)
    assert "and 7 more stories" in mail.text(made)
    assert "and 7 more stories" in mail.html(made)


def test_the_sentence_that_was_hit_and_the_time_in_baku(shelf: Shelf) -> None:
    article = story(shelf, "A title", 5 * HOUR, sentence="A title")  # hit in the title: that is no second sentence
    shelf.mention(article, "azertelecom", sentence="x" * 300)
    story(shelf, "Last year", 0 * DAYS, precision="day", sentence="y" * 400)
    made = built(shelf)
    lines = {line.title: line for line in made.top}
    assert (lines["A title"].sentence, lines["A title"].when) == ("x" * 300, "23 March, 03:00")
    assert (len(lines["Last year"].sentence), lines["Last year"].when) == (300, "23 March")


# --- a quiet day, and sources ---------------------------------------------------------------------------------------


def test_a_quiet_day_says_how_many_sources_answered(shelf: Shelf) -> None:
    shelf.polled("report_en", "report", "ok", answered_at=NOW - HOUR)
    shelf.polled("trend_en", "trend", "unreachable", reason="timed out", answered_at=NOW - 3 * DAYS)
    made = built(shelf)
    assert made.subject == "Khazri, 23 March: nothing new"
    assert (made.answered, made.asked) == (1, 2)
    for part in (mail.text(made), mail.html(made)):
        assert "Nothing new; 1 of 2 sources answered." in part
        assert "Trend (trend_en): failing: timed out; since 20 March" in part


def test_what_is_wrong_with_a_source(shelf: Shelf) -> None:
    config = config_of(
        source("fine", "a"), source("weekly", "a", every_minutes=7 * 24 * 60), source("off", "a", enabled=False),
        source("never", "a"), source("silent", "a"), source("hollow", "a"), source("shut", "a"), source("waiting", "a"),
    )  # fmt: skip
    shelf.polled("fine", "a", "unchanged", answered_at=NOW - HOUR)
    shelf.polled("weekly", "a", "ok", answered_at=NOW - 10 * DAYS)
    shelf.polled("silent", "a", "ok", answered_at=NOW - 2 * DAYS)
    shelf.polled("hollow", "a", "empty", answered_at=NOW - HOUR, failing_since=NOW - 30 * DAYS)
    shelf.polled("shut", "a", "refused", reason="403\nForbidden", answered_at=None)
    shelf.polled("waiting", "a", "new")
    made = built(shelf, config=config)
    assert (made.answered, made.asked) == (3, 7)
    assert [(t.source, t.why, t.since) for t in made.troubles] == [
        ("shut", "refused: 403 Forbidden", ""),
        ("hollow", "empty: answers, with no entries", "since 21 February"),
        ("silent", "not run: not asked for 2 d", "since 21 March"),
        ("never", "not asked yet", ""),
        ("waiting", "not asked yet", ""),
    ], "the worst first"


def test_the_footer_names_fifteen_sources_and_counts_the_rest(shelf: Shelf) -> None:
    made = built(shelf, config=config_of(*(source(f"s{index}", "a") for index in range(20))))
    assert (len(made.troubles), made.more_troubles) == (15, 5)
    assert "- and 5 more" in mail.text(made)


# --- the mail -------------------------------------------------------------------------------------------------------


def test_the_same_now_gives_the_same_bytes(shelf: Shelf) -> None:
    story(shelf, "A", HOUR)
    one, two = (mail.message(built(shelf), "Khazri <khazri@news.example>").as_bytes() for _ in range(2))
    assert one == two
    other = mail.message(built(shelf, now=NOW + DAYS), "Khazri <khazri@news.example>")
    assert other["Message-ID"] not in one.decode()
    assert b"Date: Mon, 23 Mar 2026 04:00:00 +0000" in one


def test_the_mail_reads_back_in_both_parts(shelf: Shelf) -> None:
    story(shelf, "Xəzərin dibi ilə kabel", HOUR, language="az", sentence="Sətir: ğışçöü")
    story(shelf, "კასპიის კაბელი", HOUR, language="ka")
    story(shelf, "跨里海海底光缆", HOUR, language="zh")
    body = mail.message(built(shelf), "khazri@news.example").as_bytes()
    back = message_from_bytes(body, policy=SMTP)
    plain, rich = (part.get_content() for part in back.iter_parts())
    assert back["Subject"] == "Khazri, 23 March: 3 new on the Trans-Caspian cable"
    assert (back["To"], back["From"], back["Content-Language"]) == ("ana@reader.example", "khazri@news.example", "en")
    for title in ("Xəzərin dibi ilə kabel", "კასპიის კაბელი", "跨里海海底光缆", "Sətir: ğışçöü"):
        assert title in plain
        assert title in rich
    assert max(len(line) for line in body.split(b"\r\n")) <= 78
    links = parsed(rich).xpath("//a")
    assert {link.get("lang"): link.text for link in links}["ka"] == "კასპიის კაბელი"
    assert links[0].get("href", "").startswith("https://report.example/")


def test_nothing_in_the_html_is_loaded_from_outside(shelf: Shelf) -> None:
    story(shelf, "A", HOUR)
    page = parsed(mail.html(built(shelf)))
    assert page.xpath("//img | //script | //link | //iframe | //object | //@src | //@background") == []
    assert "url(" not in mail.html(built(shelf))
    assert "@import" not in mail.html(built(shelf))
    assert page.xpath("//p[@class='top-title']/@style"), "styles are in the elements"
    assert "prefers-color-scheme: dark" in mail.html(built(shelf))


def test_hostile_words_stay_words(shelf: Shelf) -> None:
    shelf.outlet("evil", HOSTILE)
    article = story(shelf, HOSTILE, HOUR, "evil", url="javascript:alert(1)", language='"><b>', sentence=HOSTILE + "!")
    shelf.attribution(article, None, HOSTILE)
    shelf.polled("report_en", "report", "refused", reason=HOSTILE)
    made = built(shelf)
    page = parsed(mail.html(made))
    assert page.xpath("//img | //b | //a") == []
    assert "javascript" not in mail.html(made)
    sent = message_from_bytes(mail.message(made, "khazri@news.example").as_bytes(), policy=SMTP)
    assert sent["Bcc"] is None
    assert not re.search(r"(?m)^Bcc:", mail.text(made))


def test_control_letters_do_not_reach_a_terminal(shelf: Shelf) -> None:
    story(shelf, "ca\u00adble \u202eesrever\x1b[31m\u00a0end", HOUR, url="https://report.example/c")
    assert titles(built(shelf)) == ["cable esrever [31m end"]


@pytest.mark.parametrize("address", ["a@b.example\r\nBcc: c@d.example", "nobody", "", "a@b@c.example", "a b@c.example"])
def test_an_address_that_is_none_is_refused(shelf: Shelf, address: str) -> None:
    with pytest.raises(ReportError):
        mail.message(built(shelf, replace(ANA, email=address)), "khazri@news.example")
    with pytest.raises(ReportError):
        mail.message(built(shelf), address)


def test_a_topic_name_cannot_break_the_subject(shelf: Shelf) -> None:
    story(shelf, "A", HOUR)
    made = replace(built(shelf), subject="Khazri\r\nBcc: all@reader.example")
    with pytest.raises(ReportError):
        mail.message(made, "khazri@news.example")


def test_preview_writes_three_files(shelf: Shelf, tmp_path: Path) -> None:
    story(shelf, "A", HOUR)
    made = built(shelf, replace(ANA, id="ana/../b"))
    paths = mail.preview(made, "khazri@news.example", tmp_path / "out")
    assert [path.name for path in paths] == [
        f"digest-ana_.._b-2026-03-23.{ending}" for ending in ("html", "txt", "eml")
    ]
    assert paths[2].read_bytes() == mail.message(made, "khazri@news.example").as_bytes()
    assert b"https://report.example/A" in paths[1].read_bytes()
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot write the preview"):
        mail.preview(made, "khazri@news.example", tmp_path / "file")


# --- sending --------------------------------------------------------------------------------------------------------


class Inbox:
    """A relay on loopback: keeps what it is given, or answers `says`."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.says = "250 OK"
        self.hang_up = False

    async def handle_DATA(self, server: Server, session: Any, envelope: Any) -> str:
        if self.hang_up:
            server.transport.abort()  # type: ignore[union-attr]
            return ""
        if self.says.startswith("250"):
            self.mails.append(envelope.content)
        return self.says


class Row:
    """The delivery row, as the store would keep it."""

    def __init__(self, state: str | None = None) -> None:
        self.state, self.detail = state, ""

    def claim(self) -> str | None:
        if self.state not in (None, "refused"):
            return self.state
        self.state = "claimed"
        return None

    def mark(self, state: str, detail: str) -> None:
        self.state, self.detail = state, detail


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def to(inbox: Inbox) -> Iterator[mail.Relay]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    yield mail.relay(f"smtp://127.0.0.1:{port}")
    server.stop()


@pytest.fixture
def letter(shelf: Shelf) -> Any:
    story(shelf, "Xəzər", HOUR)
    return mail.message(built(shelf), "Khazri <khazri@news.example>")


def test_a_mail_arrives_once(letter: Any, to: mail.Relay, inbox: Inbox) -> None:
    row = Row()
    assert mail.send(letter, to, row.claim, row.mark).state == "sent"
    assert mail.send(letter, to, row.claim, row.mark).state == "had"
    (arrived,) = inbox.mails
    assert arrived == letter.as_bytes()
    assert row.state == "sent"


def test_a_crash_between_claim_and_answer_is_never_sent_again(letter: Any, to: mail.Relay, inbox: Inbox) -> None:
    row = Row("claimed")
    first = mail.send(letter, to, row.claim, row.mark)
    second = mail.send(letter, to, row.claim, row.mark)
    assert (first.state, second.state, row.state, inbox.mails) == ("unknown", "unknown", "unknown", [])
    assert "not sent again" in first.detail


def test_a_refusal_may_be_tried_again(letter: Any, to: mail.Relay, inbox: Inbox) -> None:
    row, inbox.says = Row(), "554 no thanks"
    refused = mail.send(letter, to, row.claim, row.mark)
    assert (refused.state, row.state) == ("refused", "refused")
    assert "554 no thanks" in row.detail
    inbox.says = "250 OK"
    assert mail.send(letter, to, row.claim, row.mark).state == "sent"
    assert len(inbox.mails) == 1


def test_a_relay_that_hangs_up_over_the_mail_leaves_it_unknown(letter: Any, to: mail.Relay, inbox: Inbox) -> None:
    row, inbox.hang_up = Row(), True
    assert mail.send(letter, to, row.claim, row.mark).state == "unknown"
    assert row.state == "unknown"


def test_no_relay_is_a_refusal(letter: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    row = Row()
    outcome = mail.send(letter, mail.relay(f"smtp://127.0.0.1:{port}"), row.claim, row.mark)
    assert (outcome.state, row.state) == ("refused", "refused")
    assert f"127.0.0.1:{port}" in outcome.detail


def test_the_relay_address_is_read_and_never_repeated() -> None:
    found = mail.relay("smtps://user:p%40ss@mail.example")
    assert (found.host, found.port, found.tls, found.user, found.password) == (
        "mail.example",
        465,
        True,
        "user",
        "p@ss",
    )
    assert "p@ss" not in repr(found)
    assert mail.relay("smtp://mail.example").port == 587
    for url in ("http://user:secret@mail.example", "smtp://", "smtp://user:secret@mail.example:port", "secret"):
        with pytest.raises(ReportError) as refused:
            mail.relay(url)
        assert "secret" not in str(refused.value)


def test_a_password_does_not_cross_a_bare_line(monkeypatch: pytest.MonkeyPatch, to: mail.Relay, letter: Any) -> None:
    monkeypatch.setattr(mail, "_is_loopback", lambda host: False)
    row = Row()
    outcome = mail.send(letter, replace(to, user="u", password="secret"), row.claim, row.mark)
    assert (outcome.state, "no encryption" in outcome.detail) == ("refused", True)
