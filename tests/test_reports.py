"""Reports from a small store: their rows, their days, their bytes."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reports
from models.errors import ReportError
from models.store import connect
from models.tables import EntityVersion, MentionRow, OutletVersion
from reports import ReportQuery, glossary, output
from reports.days import Span, place, span_of
from reports.output import BREAKS, FORMULA, guarded
from reports.trends import percent
from tests.shelf import Shelf, commit_time, config_of

BAKU = ZoneInfo("Asia/Baku")
CONFIG = config_of(outlets={"report": "Report", "trend": "Trend"})
LETTERS = {
    "az": "Xəzərin dibi ilə İŞIQ kabeli çəkilir: ğ, ı, ö, ü, ş, ç",
    "kk": "Қазақстан мен Әзербайжан арасындағы талшықты-оптикалық желі: ң, ғ, ү, ұ, қ, ө, һ",
    "ka": "კასპიის ზღვის ფსკერზე ოპტიკური კაბელი",
    "zh": "跨里海海底光缆项目",
    "uk": "Ґрунт і кабель через Каспій: є, і, ї",
}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    made = Shelf(engine)
    made.outlet("report", "Report")
    made.outlet("trend", "Trend", own=True, tier=2)
    made.entity("azertelecom", "AzerTelecom")
    yield made
    engine.dispose()


def written(shelf: Shelf, name: str, query: ReportQuery, format: str = "csv") -> bytes:
    stream = io.BytesIO()
    output.write(reports.run(name, query, shelf.engine, CONFIG), format, stream)
    return stream.getvalue()


def read(shelf: Shelf, name: str, **query: Any) -> list[dict[str, str]]:
    body = written(shelf, name, ReportQuery(**query)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body, newline="")))


def on(year: int, month: int, day: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


# --- found by name --------------------------------------------------------------------------------------------------


def test_reports_are_found_by_name_with_their_help() -> None:
    assert reports.names() == ["articles", "candidates", "mentions", "trends"]
    for name in reports.names():
        assert reports.summary(name)


def test_listing_reports_imports_neither_sqlalchemy_nor_jinja() -> None:
    code = "import sys, reports; reports.names(); print([m for m in ('sqlalchemy', 'jinja2') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_page_of_columns_is_current() -> None:
    page = Path(reports.__file__).parent.parent / "docs" / "columns.md"
    assert page.read_text("utf-8") == glossary.page()


# --- rows -----------------------------------------------------------------------------------------------------------


def test_mentions_one_row_each(shelf: Shelf) -> None:
    article = shelf.article("report", "A cable", on(2026, 3, 5), language="en", url="https://report.example/1")
    shelf.mention(
        article,
        "azertelecom",
        part="title",
        surface="AzerTelecom",
        prominence="headline",
        main=True,
        sentence="A cable",
    )
    shelf.mention(article, "azertelecom", start=7, decoy=True)
    shelf.mention(article, "unknown_one", start=50, sentence="s" * 300)
    shelf.topic(article, "trans_caspian_cable", "primary", score=3.25)
    first, second = read(shelf, "mentions")
    assert first == {
        "day": "2026-03-05", "time": "12:00", "precision": "minute", "outlet": "report", "outlet_name": "Report",
        "country": "AZ", "voice": "earned", "tier": "1", "language": "en", "title": "A cable",
        "url": "https://report.example/1", "entity": "azertelecom", "entity_name": "AzerTelecom", "entity_type": "org",
        "surface": "AzerTelecom", "prominence": "headline", "standing": "main", "sentence": "A cable",
        "topics": "trans_caspian_cable primary 3.25",
    }  # fmt: skip
    assert (second["entity"], second["entity_name"], len(second["sentence"])) == ("unknown_one", "unknown_one", 300)
    assert [row["entity"] for row in read(shelf, "mentions", entities=("azertelecom",))] == ["azertelecom"]


def test_articles_one_row_each(shelf: Shelf) -> None:
    article = shelf.article("trend", "B", on(2026, 3, 5), precision="day", first_seen=on(2026, 3, 6, 20, 30))
    shelf.revision(article, 2, "B, corrected", on(2026, 3, 5), precision="day")
    shelf.mention(article, "azertelecom")
    shelf.mention(article, "azertelecom", start=40)
    shelf.topic(article, "azertelecom", "passing", score=1)
    shelf.topic(article, "trans_caspian_cable", "none", score=0)
    shelf.attribution(article, "report", "Report")
    shelf.attribution(article, "report", "report.az")
    shelf.attribution(article, None, "Jibek Joly")
    (row,) = read(shelf, "articles")
    assert row == {
        "day": "2026-03-05", "time": "", "precision": "day", "outlet": "trend", "outlet_name": "Trend", "country": "AZ",
        "voice": "own", "tier": "2", "language": "en", "title": "B, corrected", "url": "https://trend.example/B",
        "topics": "azertelecom passing 1.00", "entities": "azertelecom", "mentions": "2",
        "attribution": "Jibek Joly; report", "first_seen": "2026-03-07T00:30:00+04:00", "via": "crawl",
        "revisions": "2", "changed": "", "gone": "",
    }  # fmt: skip


def test_an_empty_report_is_its_header(shelf: Shelf) -> None:
    for name in reports.names():
        lines = written(shelf, name, ReportQuery()).decode("utf-8-sig").split("\r\n")
        assert len(lines) == 2
        assert lines[1] == ""
        assert json.loads(written(shelf, name, ReportQuery(), "json")) == []


def test_a_report_is_one_snapshot_and_repeats_byte_for_byte(shelf: Shelf) -> None:
    for hour in range(3):
        article = shelf.article("report", f"title {hour}", on(2026, 3, 5, hour))
        shelf.mention(article, "azertelecom")
    then = {n: [written(shelf, n, ReportQuery(), f) for f in output.FORMATS] for n in reports.names()}
    table = reports.run("articles", ReportQuery(), shelf.engine, CONFIG)
    later = shelf.article("report", "later", on(2026, 3, 5), since=2)
    shelf.mention(later, "azertelecom", since=2)
    assert len(list(table.rows())) == 3
    as_of = ReportQuery(as_of=commit_time(1))
    assert {n: [written(shelf, n, as_of, f) for f in output.FORMATS] for n in reports.names()} == then
    assert len(read(shelf, "articles")) == 4


def test_as_of_before_a_retag_a_renaming_an_import_and_a_revision(database: str) -> None:
    engine = connect(database)
    shelf = Shelf(engine)
    shelf.outlet("caspian", "Caspian Wire")
    shelf.entity("azertelecom", "AzerTelecom")
    article = shelf.article("caspian", "before", on(2026, 3, 5))
    shelf.mention(article, "azertelecom", since=2)
    then = {name: written(shelf, name, ReportQuery()) for name in reports.names()}
    shelf.end(OutletVersion, 5, outlet="caspian")
    shelf.outlet("caspian", "Caspian News", since=5)
    shelf.end(EntityVersion, 5, entity="azertelecom")
    shelf.entity("azertelecom", "AzerTelecom International", since=5)
    shelf.end(MentionRow, 5)
    shelf.mention(article, "kazakhtelecom", since=5)
    shelf.revision(article, 2, "after", on(2026, 4, 1), since=6)
    shelf.mention(shelf.article("caspian", "imported", on(2026, 3, 5), since=7, via="import"), "azertelecom", since=7)
    as_of = ReportQuery(as_of=commit_time(5) - timedelta(seconds=1))
    assert {name: written(shelf, name, as_of) for name in reports.names()} == then
    first, second = read(shelf, "mentions")
    assert (first["title"], first["entity_name"]) == ("imported", "AzerTelecom International")
    assert (second["outlet_name"], second["entity"], second["title"]) == ("Caspian News", "kazakhtelecom", "after")
    engine.dispose()


# --- days -----------------------------------------------------------------------------------------------------------


def test_a_late_evening_in_utc_is_the_next_day_in_baku(shelf: Shelf) -> None:
    shelf.article("report", "evening", on(2026, 3, 5, 23, 30))
    shelf.article("report", "afternoon", on(2026, 3, 5, 19, 59))
    shelf.article("report", "only the day", on(2026, 3, 5, 0, 0), precision="day")
    days = {row["title"]: (row["day"], row["time"]) for row in read(shelf, "articles")}
    assert days == {
        "evening": ("2026-03-06", "03:30"),
        "afternoon": ("2026-03-05", "23:59"),
        "only the day": ("2026-03-05", ""),
    }


def test_from_and_to_are_inclusive_days_of_baku(shelf: Shelf) -> None:
    for title, time in (
        ("too early", on(2026, 3, 4, 19, 59)),
        ("first minute", on(2026, 3, 4, 20, 0)),
        ("last minute", on(2026, 3, 6, 19, 59)),
        ("too late", on(2026, 3, 6, 20, 0)),
    ):
        shelf.article("report", title, time)
    rows = read(shelf, "articles", first=date(2026, 3, 5), last=date(2026, 3, 6))
    assert [row["title"] for row in rows] == ["first minute", "last minute"]


def test_no_date_is_undated_and_never_the_day_first_seen(shelf: Shelf) -> None:
    shelf.article("report", "dated", on(2026, 3, 5))
    shelf.article("report", "no date", None, first_seen=on(2026, 3, 5))
    rows = read(shelf, "articles")
    assert [(row["day"], row["time"], row["precision"]) for row in rows][1] == ("undated", "", "")
    table = reports.run("articles", ReportQuery(first=date(2026, 3, 1)), shelf.engine, CONFIG)
    assert len(list(table.rows())) == 1
    assert table.notes == ["1 article left out: undated, or dated too coarsely for --from and --to"]


def test_a_coarse_date_is_inside_only_with_all_its_days(shelf: Shelf) -> None:
    shelf.article("report", "month", on(2025, 10, 1, 0), precision="month")
    shelf.article("report", "year", on(2025, 1, 1, 0), precision="year")
    assert [row["day"] for row in read(shelf, "articles")] == ["2025", "2025-10"]
    within = {"first": date(2025, 10, 1), "last": date(2025, 10, 31)}
    assert [row["day"] for row in read(shelf, "articles", **within)] == ["2025-10"]
    table = reports.run("articles", ReportQuery(date(2025, 10, 15), date(2025, 10, 20)), shelf.engine, CONFIG)
    assert (list(table.rows()), table.notes[0][:19]) == ([], "2 articles left out")
    assert read(shelf, "articles", first=date(2026, 1, 1)) == []


days = st.dates(date(1990, 1, 1), date(2050, 1, 1))


@given(days, days, days, st.sampled_from(["minute", "day", "month", "year"]))
def test_a_partition_of_the_calendar_counts_a_dated_article_once_or_says_unclear(
    day: date, cut: date, other: date, precision: str
) -> None:
    published = datetime(day.year, day.month, day.day, 21, tzinfo=UTC)
    span = span_of(published, precision, BAKU)
    assert span is not None
    assert span.first <= span.last
    places = [place(span, None, cut), place(span, cut + timedelta(days=1), None)]
    assert places in (["inside", "outside"], ["outside", "inside"], ["unclear", "unclear"])
    assert place(span, None, None) == "inside"


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="second"):
        span_of(on(2026, 1, 1), "second", BAKU)
    assert span_of(None, "", BAKU) is None
    west = ZoneInfo("America/New_York")
    assert span_of(on(2024, 2, 1, 0), "day", west) == Span(date(2024, 2, 1), date(2024, 2, 1))  # never shifted
    assert span_of(on(2024, 2, 1, 0), "minute", west) == Span(date(2024, 1, 31), date(2024, 1, 31))
    assert span_of(on(2024, 2, 1), "month", BAKU) == Span(date(2024, 2, 1), date(2024, 2, 29))


# --- trends ---------------------------------------------------------------------------------------------------------


def trend(shelf: Shelf, *names: str, **query: Any) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in read(shelf, "trends", **query)]


def test_trends_by_month_with_zeros_and_changes(shelf: Shelf) -> None:
    for month, articles in ((1, 2), (3, 1)):
        for index in range(articles):
            article = shelf.article("report", f"{month}-{index}", on(2026, month, 10))
            shelf.mention(article, "azertelecom")
            shelf.mention(article, "azertelecom", start=30)
            shelf.topic(article, "trans_caspian_cable", "passing")
    columns = ("period", "days", "kind", "id", "name", "articles", "articles_change", "mentions", "mentions_change")
    az, cable = ("entity", "azertelecom", "AzerTelecom"), ("topic", "trans_caspian_cable", "trans_caspian_cable")
    assert trend(shelf, *columns) == [
        ("2026-01", "31", *az, "2", "", "4", ""),
        ("2026-02", "28", *az, "0", "-2", "0", "-4"),
        ("2026-03", "31", *az, "1", "1", "2", "2"),
        ("2026-01", "31", *cable, "2", "", "", ""),
        ("2026-02", "28", *cable, "0", "-2", "", ""),
        ("2026-03", "31", *cable, "1", "1", "", ""),
    ]


def test_trends_compare_the_first_period_with_the_one_before_the_range(shelf: Shelf) -> None:
    for month, articles in ((1, 4), (2, 1), (3, 2)):
        for index in range(articles):
            shelf.mention(shelf.article("report", f"{month}-{index}", on(2026, month, 10)), "azertelecom")
    whole = {"first": date(2026, 2, 1), "last": date(2026, 3, 31)}
    assert trend(shelf, "period", "articles", "articles_change", **whole) == [
        ("2026-02", "1", "-3"),
        ("2026-03", "2", "1"),
    ]
    cut = {"first": date(2026, 1, 10), "last": date(2026, 3, 15)}  # neither January nor March is whole
    assert trend(shelf, "period", "days", "articles", "articles_change", **cut) == [
        ("2026-01", "22", "4", ""),
        ("2026-02", "28", "1", ""),
        ("2026-03", "15", "2", ""),
    ]


def test_a_percentage_needs_a_base_of_ten() -> None:
    assert (percent(2, 1), percent(12, 9), percent(12, 10), percent(0, 10)) == (None, None, 20.0, -100.0)
    assert percent(20, 30) == -33.3


def test_iso_weeks_at_new_year(shelf: Shelf) -> None:
    for title, time in (("sunday", on(2026, 12, 27)), ("monday", on(2026, 12, 28)), ("new year", on(2027, 1, 1))):
        shelf.mention(shelf.article("report", title, time), "azertelecom")
    shelf.mention(shelf.article("report", "sunday night", on(2027, 1, 3, 23)), "azertelecom")  # Monday in Baku
    assert trend(shelf, "period", "articles", by="week") == [("2026-W52", "1"), ("2026-W53", "2"), ("2027-W01", "1")]


def test_the_year_of_an_iso_week_is_not_always_that_of_its_monday(shelf: Shelf) -> None:
    shelf.mention(shelf.article("report", "A", on(2024, 12, 30)), "azertelecom")
    assert trend(shelf, "period", "articles", by="week") == [("2025-W01", "1")]


def test_trends_leave_out_what_lies_just_outside(shelf: Shelf) -> None:
    for day in (27, 28):  # within the database's coarse bounds; the second is the period to compare with
        shelf.mention(shelf.article("report", f"{day}", on(2026, 2, day)), "azertelecom")
    rows = trend(
        shelf, "period", "articles", "articles_change", by="day", first=date(2026, 3, 1), last=date(2026, 3, 1)
    )
    assert rows == [("2026-03-01", "0", "-1")]


def test_trends_put_what_has_no_such_period_in_undated(shelf: Shelf) -> None:
    for title, time, precision in (
        ("day", on(2026, 3, 3), "day"),
        ("month", on(2026, 3, 1, 0), "month"),
        ("year", on(2026, 1, 1, 0), "year"),
        ("none", None, "minute"),
        ("another year", on(2019, 1, 1, 0), "year"),
    ):
        shelf.mention(shelf.article("report", title, time, precision=precision), "azertelecom")
    march = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
    assert trend(shelf, "period", "articles", **march) == [("2026-03", "2"), ("undated", "2")]
    daily = trend(shelf, "period", "articles", "days", by="day", first=date(2026, 3, 2), last=date(2026, 3, 4))
    assert daily == [("2026-03-02", "0", "1"), ("2026-03-03", "1", "1"), ("2026-03-04", "0", "1"), ("undated", "3", "")]


def test_trends_of_what_was_asked_for_and_never_seen_are_zeros(shelf: Shelf) -> None:
    query = {"entities": ("azertelecom",), "first": date(2026, 3, 1), "last": date(2026, 4, 30)}
    assert trend(shelf, "period", "id", "articles", **query) == [
        ("2026-03", "azertelecom", "0"), ("2026-04", "azertelecom", "0"),
    ]  # fmt: skip


def test_trends_count_a_fact_once_an_article_and_no_decoys(shelf: Shelf) -> None:
    article = shelf.article("report", "A", on(2026, 3, 5))
    shelf.mention(article, "azertelecom", decoy=True)
    shelf.mention(article, "azertelecom", ambiguous=True, start=20)
    assert trend(shelf, "period", "id") == []


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (ReportQuery(topics=("azertelekom",)), "there is no topic 'azertelekom'; did you mean 'azertelecom'?"),
        (ReportQuery(entities=("azertelcom",)), "there is no entity 'azertelcom'; did you mean 'azertelecom'?"),
        (ReportQuery(outlets=("reprot",)), "there is no outlet 'reprot'; did you mean 'report'?"),
        (ReportQuery(roles=("primry",)), "there is no role 'primry'; did you mean 'primary'?"),
        (ReportQuery(languages=("AZ ",)), "'AZ ' is not a language code; two letters as in az, or other"),
        (ReportQuery(first=date(2026, 3, 2), last=date(2026, 3, 1)), "--from 2026-03-02 is after --to 2026-03-01"),
        (ReportQuery(first=date(202, 3, 2)), "--from 0202-03-02 is not between 1900-01-01 and 2200-01-01"),
        (ReportQuery(as_of=datetime(2026, 3, 1)), "--as-of 2026-03-01T00:00:00 needs a zone"),
    ],
)
def test_impossible_questions_are_refused_in_one_line(shelf: Shelf, query: ReportQuery, says: str) -> None:
    with pytest.raises(ReportError, match=re.escape(says)) as refused:
        reports.run("articles", query, shelf.engine, CONFIG)
    assert "\n" not in str(refused.value)
    assert shelf.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_unknown_reports_and_formats_are_refused(shelf: Shelf) -> None:
    with pytest.raises(ReportError, match="no report 'mention'; did you mean 'mentions'"):
        reports.run("mention", ReportQuery(), shelf.engine, CONFIG)
    with pytest.raises(ReportError, match="xlsx is not written yet"):
        written(shelf, "articles", ReportQuery(), "xlsx")
    with pytest.raises(ReportError, match="no format 'cvs'; did you mean 'csv'"):
        written(shelf, "articles", ReportQuery(), "cvs")
    assert shelf.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


# --- bytes ----------------------------------------------------------------------------------------------------------


def test_csv_is_rfc_4180_with_a_byte_order_mark(shelf: Shelf) -> None:
    title = 'He said "yes",\r\nthen\nleft'
    shelf.article("report", title, on(2026, 3, 5), url="https://report.example/q")
    body = written(shelf, "articles", ReportQuery())
    assert body.startswith(b"\xef\xbb\xbfday,time,")
    assert b',"He said ""yes"",\r\nthen\nleft",' in body
    assert body.endswith(b"\r\n")
    assert read(shelf, "articles")[0]["title"] == title


def test_letters_survive_csv_and_json(shelf: Shelf) -> None:
    for index, (language, title) in enumerate(LETTERS.items()):
        shelf.article("report", title, on(2026, 3, 5, index), language=language, url=f"https://report.example/{index}")
    assert {row["language"]: row["title"] for row in read(shelf, "articles")} == LETTERS
    body = written(shelf, "articles", ReportQuery(), "json")
    assert {row["language"]: row["title"] for row in json.loads(body)} == LETTERS
    assert LETTERS["ka"].encode() in body


def test_json_is_one_object_a_line_with_stable_keys(shelf: Shelf) -> None:
    shelf.article("report", "=A", on(2026, 3, 5))
    shelf.article("report", "B", None)
    opening, first, second, closing = written(shelf, "articles", ReportQuery(), "json").decode().splitlines()
    assert (opening, closing) == ("[", "]")
    header = written(shelf, "articles", ReportQuery()).decode("utf-8-sig").split("\r\n")[0].split(",")
    assert list(json.loads(first.rstrip(","))) == header
    assert json.loads(second)["day"] == "undated"
    assert json.loads(first.rstrip(","))["title"] == "=A"  # JSON is not a spreadsheet
    assert json.loads(first.rstrip(","))["tier"] == 1


@pytest.mark.parametrize(
    "title", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠A", "\t=1", "\u200b=1", " =1"]
)
def test_a_formula_is_guarded_in_text(shelf: Shelf, title: str) -> None:
    shelf.article("report", title, on(2026, 3, 5), url="https://report.example/f")
    assert read(shelf, "articles")[0]["title"] == f"'{title}"


def test_numbers_are_not_guarded(shelf: Shelf) -> None:
    for month, articles in ((1, 12), (2, 3)):
        for index in range(articles):
            shelf.mention(shelf.article("report", f"{month}-{index}", on(2026, month, 5)), "azertelecom")
    assert trend(shelf, "articles_change", "articles_change_percent")[1] == ("-9", "-75.0")


anything = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(anything)
def test_no_guarded_text_begins_a_formula_and_nothing_is_lost(text: str) -> None:
    cell = guarded(text)
    assert isinstance(cell, str)
    assert cell[:1] not in FORMULA | BREAKS
    assert cell in (text, f"'{text}")
    assert cell == text or text[0] in BREAKS or any(letter in FORMULA for letter in text)


@given(st.lists(st.lists(anything, min_size=2, max_size=2)))
def test_csv_round_trip(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows([[guarded(cell) for cell in row] for row in rows])
    back = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert back == [[guarded(cell) for cell in row] for row in rows]


def test_the_stream_stays_open_and_the_connection_is_given_back(shelf: Shelf) -> None:
    shelf.article("report", "A", on(2026, 3, 5))
    stream = io.BytesIO()
    output.write(reports.run("articles", ReportQuery(), shelf.engine, CONFIG), "csv", stream)
    stream.write(b"more")
    reports.run("articles", ReportQuery(), shelf.engine, CONFIG).close()
    taken = reports.run("articles", ReportQuery(), shelf.engine, CONFIG)
    assert len(list(taken.rows())) == 1  # `taken` is still referred to: only the last row can have closed it
    assert shelf.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
