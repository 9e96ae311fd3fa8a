"""`khazri import`: every form of file, every refusal word for word, and that nothing is added twice."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from crawler.archives import ImportResult, Row, import_date, import_files, read_rows, to_collected
from crawler.rowfiles import MAX_ROW, unguarded
from models.config import Config, Digest, Outlet, Politeness
from models.errors import ImportRefused
from models.schema import upgrade
from models.store import Store, connect
from models.tables import ArticleRow, OutletVersion, RevisionRow

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
DATA = Path(os.environ.get("KHAZRI_DATA", "../shared/data"))


def outlet(key: str, *names: str, zone: str = "Asia/Baku", hosts: tuple[str, ...] = ()) -> Outlet:
    return Outlet(key, {"en": names[0]}, names, "AZ", ("en",), "portal", 2, False, zone, hosts)


def make_config(*outlets: Outlet) -> Config:
    return Config(
        version=1,
        path=Path("config.yaml"),
        database="",
        outlets={one.id: one for one in outlets},
        entities={},
        topics={},
        relations=(),
        politeness=Politeness("test", 0.0, 5, 1_000_000, 8_000_000),
        digest=Digest("08:00", (), "khazri@reader.example"),
        zone=ZoneInfo("Asia/Baku"),
        var=Path("var"),
    )


CONFIG = make_config(
    outlet("wire", "Caspian Wire", "Каспиан Вайр", hosts=("wire.example",)),
    outlet("steppe", "Steppe Telegraph", "The Daily", zone="Asia/Almaty", hosts=("steppe.example",)),
    outlet("second", "Second", "The Daily", hosts=("second.example",)),
)
ONE = {
    "url": "https://www.wire.example/a?utm_source=x",
    "outlet": "Caspian Wire",
    "title": "A cable reaches the shore",
    "text": "The ship laid the last part of the cable on Monday and the crew went home.",
    "language": "en",
    "published": "2025-08-08",
}
TWO = {"title": "Second piece", "text": "Nobody said where this was printed, but it was.", "outlet": "Old Paper"}


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with the outlets in it: copying it takes a hundredth of making it."""
    file = tmp_path_factory.mktemp("empty") / "store.db"
    engine = connect(f"sqlite:///{file}")
    upgrade(engine)
    Store(engine).sync(CONFIG, NOW)
    engine.dispose()
    return file


@pytest.fixture
def store(tmp_path: Path, empty_database: Path) -> Iterator[Store]:
    copy = tmp_path / "store.db"
    shutil.copy(empty_database, copy)
    engine = connect(f"sqlite:///{copy}")
    yield Store(engine)
    engine.dispose()


def taken(store: Store, *paths: Path, ignore_extra: bool = False) -> ImportResult:
    return import_files(paths, CONFIG, store, now=NOW, ignore_extra=ignore_extra)


def articles(store: Store) -> list[dict[str, Any]]:
    query = (
        select(ArticleRow.outlet, ArticleRow.url, ArticleRow.via, ArticleRow.first_seen, RevisionRow.number,
               RevisionRow.title, RevisionRow.text, RevisionRow.language, RevisionRow.published,
               RevisionRow.published_info)
        .join(RevisionRow, RevisionRow.id == ArticleRow.revision_id)
        .order_by(ArticleRow.id)
    )  # fmt: skip
    with store.engine.connect() as conn:
        return [dict(row) for row in conn.execute(query).mappings()]


def row(**values: str) -> Row:
    return Row("x.jsonl:1", {"title": "t", **values})


# ---------------------------------------------------------------------------------------------------------------- forms


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    names = list(dict.fromkeys(key for one in rows for key in one))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return ("\ufeff" + stream.getvalue()).encode()


def as_jsonl(rows: list[dict[str, str]]) -> bytes:
    return b"\n\n".join(json.dumps(one, ensure_ascii=False).encode() for one in rows) + b"\n"


FORMS: dict[str, Callable[[list[dict[str, str]]], bytes]] = {
    "a.json": lambda rows: json.dumps(rows).encode(),
    "a.JSON.gz": lambda rows: gzip.compress(json.dumps(rows).encode()),
    "a.jsonl": as_jsonl,
    "a.ndjson": lambda rows: b"\xef\xbb\xbf" + as_jsonl(rows),
    "a.jsonl.gz": lambda rows: gzip.compress(as_jsonl(rows)),
    "a.csv": as_csv,
    "semicolons.csv": lambda rows: as_csv(rows, ";"),
    "a.csv.gz": lambda rows: gzip.compress(as_csv(rows)),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_stores_the_same_and_nothing_twice(name: str, tmp_path: Path, store: Store) -> None:
    file = tmp_path / name
    file.write_bytes(FORMS[name]([ONE, TWO]))
    first = taken(store, file)
    assert (first.rows, first.outcomes) == (2, {"new": 2})
    assert first.unlisted == {"unlisted:old paper": 1}
    stored = articles(store)
    assert [one["outlet"] for one in stored] == ["wire", "unlisted:old paper"]
    assert {one["via"] for one in stored} == {"import"}
    assert stored[0]["url"] == ONE["url"]
    assert (stored[0]["title"], stored[0]["text"]) == (ONE["title"], ONE["text"])
    assert stored[0]["published"] == datetime(2025, 8, 8, tzinfo=UTC)
    assert stored[0]["published_info"]["precision"] == "day"
    assert stored[0]["published_info"]["origin"] == "import"
    assert stored[1]["published"] is None
    again = taken(store, file)
    assert (again.rows, again.outcomes) == (2, {"known": 2})
    assert articles(store) == stored


def test_one_json_object_is_one_row(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(ONE))
    assert taken(store, file).outcomes == {"new": 1}


def test_folder_is_read_through_in_order_and_others_are_counted(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "in"
    (folder / "b").mkdir(parents=True)
    for name, title in (("b/1.json", "third"), ("a.json", "second"), ("0.jsonl", "first")):
        (folder / name).write_text(json.dumps({"title": title, "outlet": "wire"}))
    (folder / "notes.txt").write_text("not ours")
    (folder / ".hidden.json").write_text("{")
    os.mkfifo(folder / "pipe.json")
    result = taken(store, folder)
    assert [one["title"] for one in articles(store)] == ["first", "second", "third"]
    assert result.remarks == {"other_file": 3}


def test_rows_come_before_the_file_is_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(as_jsonl([ONE] * 3) + b"broken\n")
    rows = read_rows(file)
    assert [next(rows).where for _ in range(3)] == [f"{file}:1", f"{file}:3", f"{file}:5"]
    with pytest.raises(ImportRefused, match="broken JSON"):
        next(rows)


def test_batches_of_a_long_file(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "long.jsonl"
    file.write_bytes(
        as_jsonl([{"url": f"https://wire.example/{n}", "title": f"n {n}", "lang": "en"} for n in range(210)])
    )
    assert taken(store, file).outcomes == {"new": 210}
    assert taken(store, file).outcomes == {"known": 210}


def test_our_own_csv_guard_is_undone_in_title_and_text(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(as_csv([{"outlet": "wire", "title": "'-5 degrees in Aktau", "text": "'quoted' words stay"}]))
    taken(store, file)
    assert articles(store)[0]["title"] == "-5 degrees in Aktau"
    assert articles(store)[0]["text"] == "'quoted' words stay"


@pytest.mark.parametrize("text", ["=1+1", "+5", "@home", "\t=x", " -1", "\u200b=x", "plain", "'quoted'", ""])
def test_guard_of_the_reports_is_what_is_undone(text: str) -> None:
    from reports.output import guarded

    assert unguarded(str(guarded(text))) == text


def test_cells_over_lines_and_blank_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b'title,text\r\n"one","first\nsecond"\r\n,\r\n\r\n"two","third"\r\n')
    rows = list(read_rows(file))
    assert [(one.where, one.get("text")) for one in rows] == [
        (f"{file}: row 2", "first\nsecond"),
        (f"{file}: row 5", "third"),
    ]


def test_long_cells_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(as_csv([{"title": "long", "text": "word " * 60_000}]))  # 300,000 > the csv module's own limit
    assert len(next(read_rows(file)).get("text")) == 300_000


# -------------------------------------------------------------------------------------------------------------- refused

GOOD = json.dumps(ONE).encode()
REFUSED: dict[str, tuple[str, bytes, str]] = {
    "unknown key": (
        "a.jsonl",
        GOOD + b'\n{"titel": "x"}',
        ":2: unknown key 'titel'; did you mean 'title'? (--ignore-extra leaves out what is unknown)",
    ),
    "unknown column": (
        "a.csv",
        b"TITLE,text\nx,y\n",
        ": row 1: unknown key 'TITLE'; did you mean 'title'? (--ignore-extra leaves out what is unknown)",
    ),
    "nothing said": ("a.json", b'[{"title": "x"}, {"url": "https://wire.example/1", "title": " "}]',
                     ": row 2: neither title nor text"),
    "bad date": (
        "a.jsonl",
        GOOD + b'\n\n{"title": "x", "date": "08.08.2025"}',
        ":3: published '08.08.2025' is no date; YYYY, YYYY-MM, YYYY-MM-DD or a full ISO time, ~ for about",
    ),
    "no such day": ("a.csv", b"title,published\nx,2025-02-30\n",
                    ": row 2: published '2025-02-30' is no date in the calendar"),
    "too old": ("a.json", b'{"title": "x", "date": 1066}', ": published '1066' is before 1900"),
    "seen in the future": ("a.json", b'{"title": "x", "first_seen": "2027"}', ": first_seen '2027' is in the future"),
    "list as text": ("a.json", b'{"title": "x", "text": ["y"]}', ": text '['y']' is no text"),
    "number as title": ("a.json", b'{"title": 7}', ": title '7' is no text"),
    "truth as date": ("a.json", b'{"title": "x", "date": true}', ": date 'True' is no text"),
    "no object": ("a.json", b'[{"title": "x"}, "y"]', ": row 2: 'y' is no object"),
    "no list": ("a.json", b"7", ": neither a JSON object nor a list of them"),
    "broken json": ("a.json", b'[{"title": "x"', ": broken JSON at column 15: Expecting ',' delimiter"),
    "json lines in json": ("a.json", GOOD + b"\n" + GOOD,
                           ": broken JSON at line 2, column 1: Extra data; JSON lines are named .jsonl"),
    "too deep": ("a.json", b"[" * 200_000, ": JSON nested too deep"),
    "endless number": ("a.jsonl", b'{"title": ' + b"9" * 5_000 + b"}", ":1: broken JSON: "),
    "not utf-8": ("a.jsonl", GOOD + '\n{"title": "Кабель"}'.encode("cp1251"), ":2: not UTF-8: byte 0xca at 11"),
    "csv not utf-8": ("a.csv", "title\nКабель\n".encode("cp1251"), ":2: not UTF-8: byte 0xca at 0"),
    "too few cells": ("a.csv", b"title,text,outlet\nx,y\n", ": row 2: 2 cells under a header of 3"),
    "open quote": ("a.csv", b'title,text\nx,"y\n', ": row 2: broken CSV: unexpected end of data"),
    "column twice": ("a.csv", b"title,title\nx,y\n", ": row 1: the column 'title' comes twice"),
    "no header": ("a.csv", b"", ": row 1: no header; the first row names the columns"),
    "script address": ("a.json", b'{"title": "x", "url": "javascript:alert(1)"}',
                       ": url 'javascript:alert(1)' is no http or https address"),
    "bare address": ("a.json", b'{"title": "x", "url": "www.wire.example/1"}',
                     ": url 'www.wire.example/1' is no http or https address"),
    "invisible in address": ("a.json", b'{"title": "x", "url": "https://wire.example/\\ud800"}',
                             ": url 'https://wire.example/\\ud800' has an invisible character in it"),
    "long address": ("a.json", b'{"title": "x", "url": "https://wire.example/' + b"a" * 3_000 + b'"}',
                     ": url 'https://wire.example/" + "a" * 39 + "…' is longer than 2,083 characters"),
    "language": ("a.json", b'{"title": "x", "lang": "English"}', ": language 'English' is no two-letter code"),
    "two languages": ("a.json", b'{"title": "x", "lang": "en", "language": "ru"}',
                      ": language 'ru' and lang 'en' disagree"),
    "no gzip": ("a.json.gz", b"{}", ": no gzip file, or a damaged one"),
    "gzip cut off": ("a.json.gz", gzip.compress(GOOD)[:-10], ": the gzip file is cut off or damaged"),
    "lines of old Macs": ("a.csv", b"url,title\rhttps://a.example/1,x\r",
                          ": row 1: broken CSV: lines that end in CR alone; save it with LF or CRLF"),
    "long line": ("a.jsonl", b'{"title": "' + b"x" * MAX_ROW + b'"}', ":1: a line of more than 10,000,000 bytes"),
    "unknown kind": ("a.txt", b"x", ": unknown kind of file; known: .json .jsonl .ndjson .csv .warc, each also .gz"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_file_and_place_in_one_line_and_store_nothing(case: str, tmp_path: Path, store: Store) -> None:
    name, body, message = REFUSED[case]
    file = tmp_path / name
    file.write_bytes(body)
    with pytest.raises(ImportRefused) as caught:
        taken(store, file)
    said = str(caught.value)
    assert said.startswith(f"{file}{message}") if message.endswith(": ") else said == f"{file}{message}"
    assert "\n" not in said
    assert articles(store) == []


def test_missing_empty_and_unreadable_paths(tmp_path: Path, store: Store) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    for name, message in (
        ("none.json", "no such file or folder"),
        ("empty", "no file to import in this folder; known: .json .jsonl .ndjson .csv .warc, each also .gz"),
        ("pipe.jsonl", "no plain file; rows are read twice, so save the stream to a file first"),
    ):
        with pytest.raises(ImportRefused) as caught:
            taken(store, tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_a_bad_row_far_down_stores_nothing_of_its_file_but_earlier_files_stay(tmp_path: Path, store: Store) -> None:
    good, bad = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    good.write_bytes(as_jsonl([ONE]))
    bad.write_bytes(as_jsonl([{"title": f"n {n}", "lang": "en"} for n in range(450)]) + b'{"date": "soon"}\n')
    with pytest.raises(ImportRefused, match=r"2\.jsonl:900: neither title nor text$"):
        taken(store, good, bad)
    assert [one["title"] for one in articles(store)] == [ONE["title"]]


def test_ignore_extra_leaves_unknown_keys_out(tmp_path: Path, store: Store) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.csv"
    a.write_text(json.dumps({**ONE, "id": 7, "topics": {"x": []}}))
    b.write_bytes(b"id;title;id;\n1;x;2;\n")
    assert taken(store, a, b, ignore_extra=True).outcomes == {"new": 2}


# --------------------------------------------------------------------------------------------------- outlets, addresses


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("wire", "https://other.example/1", "wire"),
        ("  КАСПИАН ВАЙР ", "", "wire"),
        ("caspian wire", "https://steppe.example/1", "wire"),  # what the row says goes before where it was found
        ("Unheard Of", "https://ru.steppe.example:8080/1", "steppe"),
        ("", "https://WIRE.example/1", "wire"),
        ("The Daily", "https://second.example/1", "second"),  # a name of two outlets says nothing
        ("The Daily", "", "unlisted:the daily"),
        ("Unheard Of", "https://www.unheard.example/1", "unlisted:unheard.example"),
        ("", "https://notwire.example/1", "unlisted:notwire.example"),
        ("Unheard  Of", "", "unlisted:unheard of"),
        ("unlisted:unheard of", "", "unlisted:unheard of"),
        ("", "", "unlisted:unknown"),
    ],
)
def test_outlet_by_id_then_name_then_host(name: str, url: str, expected: str) -> None:
    assert to_collected(row(outlet=name, url=url), CONFIG, NOW).outlet == expected


def test_long_outlet_names_stay_apart_and_fit(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(as_jsonl([{"title": "x", "outlet": "long " * 100 + end, "lang": "en"} for end in "ab"]))
    assert len(taken(store, file).unlisted) == 2
    with store.engine.connect() as conn:
        rows = conn.execute(select(OutletVersion.outlet, OutletVersion.name).where(OutletVersion.listed.is_(False)))
        assert all(len(found.outlet) <= 120 and len(found.name) <= 120 for found in rows)


def test_unlisted_outlets_are_stored_with_the_name_the_row_gave(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(as_jsonl([TWO, {**TWO, "title": "another"}]))
    assert taken(store, file).unlisted == {"unlisted:old paper": 2}
    taken(store, file)
    with store.engine.connect() as conn:
        query = select(OutletVersion.outlet, OutletVersion.name).where(OutletVersion.listed.is_(False))
        assert [tuple(found) for found in conn.execute(query)] == [("unlisted:old paper", "Old Paper")]


def test_urn_is_the_same_for_ever_and_different_for_other_rows() -> None:
    made = to_collected(row(outlet="Wire Service", text="Words."), CONFIG, NOW)
    assert made.url == made.address_key == "urn:khazri:sha256:11d22b71c90402ce48e6d332f98581e1"
    assert to_collected(row(outlet="wire  service", text="Words.\n"), CONFIG, NOW).url == made.url
    for other in (row(outlet="Wire", text="Words."), row(outlet="Wire Service", text="Words"), row(text="Words.")):
        assert to_collected(other, CONFIG, NOW).url != made.url


def test_a_space_in_an_address_is_escaped() -> None:
    assert to_collected(row(url="https://wire.example/a b"), CONFIG, NOW).url == "https://wire.example/a%20b"


def test_two_texts_of_one_address_imported_twice_add_nothing(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(as_jsonl([ONE, {**ONE, "text": "A later text of it."}]))
    assert taken(store, file).outcomes == {"new": 1, "changed": 1}
    assert taken(store, file).outcomes == {"known": 2}
    assert [(one["number"], one["text"]) for one in articles(store)] == [(2, "A later text of it.")]


def test_hostile_text_is_cleaned_before_it_is_stored(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(
        b'{"title": "A\\u0000 \\ud800 b\\n c", "text": "e\\u0301\\r\\nx\\u0007", "outlet": "o\\u0000\\ud800"}'
    )
    assert taken(store, file).outcomes == {"new": 1}
    assert (articles(store)[0]["title"], articles(store)[0]["text"]) == ("A b c", "é\nx")


def test_language_as_given_or_guessed() -> None:
    assert to_collected(row(language="ru-RU"), CONFIG, NOW).language == "ru"
    assert to_collected(row(text="Kabel Xəzər dənizinin dibi ilə çəkilir"), CONFIG, NOW).language == "az"
    assert to_collected(Row("x", {"title": "12"}), CONFIG, NOW).language is None


# ---------------------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("written", "value", "precision", "approximate"),
    [
        ("2019", "2019-01-01", "year", False),
        ("2019~", "2019-01-01", "year", True),
        ("2025-08", "2025-08-01", "month", False),
        ("2025-08~", "2025-08-01", "month", True),
        ("2016-10-20", "2016-10-20", "day", False),
        ("2016-10-20~", "2016-10-01", "month", True),
        ("2016-10-20T01:30+04:00", "2016-10-19T21:30", "minute", False),
        ("2016-10-20T01:30+04:00~", "2016-10-20", "day", True),
        ("2016-10-20 01:30", "2016-10-19T21:30", "minute", False),  # the zone given, Asia/Baku
        ("2016-10-20T01:30:59.5Z", "2016-10-20T01:30:59", "minute", False),
        ("2016-10-20T01:30:00+0430", "2016-10-19T21:00", "minute", False),
        ("2016-10-20T24:00", "", "", False),
        ("2016-10-20T01:30+99:00", "", "", False),
        ("9999-12-31T23:59-12:00", "", "", False),
        ("2016-00", "", "", False),
        ("2016-13", "", "", False),
        ("20161020", "", "", False),
        ("1476924600", "", "", False),
        ("yesterday", "", "", False),
        ("~", "", "", False),
        ("2016~~", "", "", False),
        ("٢٠١٦", "", "", False),
    ],
)
def test_dates_keep_what_was_written(written: str, value: str, precision: str, approximate: bool) -> None:
    if not value:
        with pytest.raises(ImportRefused):
            import_date(written, zone="Asia/Baku")
        return
    known = import_date(written, zone="Asia/Baku")
    assert known.value == datetime.fromisoformat(value).replace(tzinfo=UTC)
    assert (known.precision, known.origin) == (precision, "import")
    assert known.conflicts == ((("approximate", written),) if approximate else ())
    assert known.zone == ("known" if "+" in written or "Z" in written else "assumed")


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from([4, 7, 10]), st.booleans())
def test_no_date_is_finer_than_it_was_written(day: date, length: int, approximate: bool) -> None:
    known = import_date(day.isoformat()[:length] + "~" * approximate, zone="Asia/Almaty")
    finest = {4: "year", 7: "month", 10: "month" if approximate else "day"}[length]
    assert known.precision == finest
    assert known.value.time() == datetime.min.time()
    kept = {"year": 4, "month": 7, "day": 10}[finest]
    assert known.value.date().isoformat() == (day.isoformat()[:kept] + "-01-01")[:10]


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1)),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_full_times_are_read_to_the_second(moment: datetime, zone: timezone) -> None:
    aware = moment.replace(tzinfo=zone)
    assert import_date(aware.isoformat()).value == aware.replace(microsecond=0)


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        known = import_date(text)
    except ImportRefused as error:
        assert "\n" not in str(error)
    else:
        assert known.value.tzinfo is UTC


def test_published_in_the_future_is_left_out_and_said(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**ONE, "published": "2026-09-03"}))
    assert taken(store, file).remarks == {"future_date": 1}
    assert articles(store)[0]["published"] is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2020-06-23T10:00:00Z", "2020-06-23T10:00:00"),
        ("2020-06-23", "2020-06-23T23:59:59"),
        ("2020-02", "2020-02-29T23:59:59"),
        ("2020-12", "2020-12-31T23:59:59"),
        ("2019", "2019-12-31T23:59:59"),
        ("2026", "2026-09-01T12:00:00"),  # never after now
    ],
)
def test_first_seen_is_never_earlier_than_was_written(
    written: str, expected: str, tmp_path: Path, store: Store
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**ONE, "first_seen": written}))
    taken(store, file)
    assert articles(store)[0]["first_seen"] == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_first_seen_is_now_where_the_row_does_not_say(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(ONE))
    taken(store, file)
    assert articles(store)[0]["first_seen"] == NOW


# ------------------------------------------------------------------------------------------------------ real folder


@pytest.mark.slow
def test_the_folder_of_real_pages(store: Store) -> None:
    folder = DATA.parent / "domain" / "pages"
    if not folder.is_dir():
        pytest.skip(f"no real pages at {folder}; set KHAZRI_DATA")
    with pytest.raises(ImportRefused, match=r"003\.json: unknown key 'id'"):
        taken(store, folder)
    result = taken(store, folder, ignore_extra=True)
    assert result.rows == sum(result.outcomes.values()) == 84
    assert result.outcomes == {"new": 84}
    coarse = [one for one in articles(store) if one["published_info"] and one["published_info"]["conflicts"]]
    assert coarse
    assert {one["published_info"]["precision"] for one in coarse} <= {"month", "year"}
    assert taken(store, folder, ignore_extra=True).outcomes == {"known": 84}


# ----------------------------------------------------------------------------------------------------------------- WARC

SENTENCE = "The ship laid the last part of the cable near the town on Monday and then the crew went home to rest. "
PAGE = (
    "<html lang=en><head><title>A cable reaches the shore</title></head><body><article><h1>A cable reaches the shore"
    "</h1>" + "".join(f"<p>{SENTENCE * 3} Part {n}.</p>" for n in range(6)) + "</article></body></html>"
).encode()


def record(url: str, body: bytes, *, kind: str = "response", status: str = "200 OK", http: str = "", warc: str = "",
           content_type: str = "text/html; charset=utf-8") -> bytes:  # fmt: skip
    block = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{http}\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:0>\r\nWARC-Date: 2020-06-23T10:00:00Z\r\n"
        f"WARC-Target-URI: {url}\r\n{warc}Content-Type: application/http; msgtype={kind}\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def captures(body: bytes, file: Path, max_bytes: int = 1_000_000) -> tuple[list[Any], ImportResult]:
    pytest.importorskip("fastwarc")
    from crawler.warcs import read_captures

    file.write_bytes(body)
    result = ImportResult()
    return list(read_captures(file, result, max_bytes=max_bytes)), result


def test_warc_pages_are_html_answers_of_status_200(tmp_path: Path) -> None:
    body = b"".join([
        record("https://wire.example/1", b"<p>one"),
        record("<https://wire.example/2>", gzip.compress(b"<p>two"), http="Content-Encoding: gzip\r\n"),
        record("https://wire.example/3", b"6\r\n<p>thr\r\n2\r\nee\r\n0\r\n\r\n", http="Transfer-Encoding: chunked\r\n"),
        record("https://wire.example/4", b"<p>four", http="Content-Encoding: gzip\r\n"),  # unpacked under old headers
        record("https://wire.example/5", b"x", content_type="image/png"),
        record("https://wire.example/6", b"x", status="404 Not Found"),
        record("https://wire.example/7", b"", kind="request"),
        record("dns:wire.example", b"x"),
        record("https://wire.example/8", b"<p>" + b"x" * 2_000),
    ])  # fmt: skip
    found, result = captures(body, tmp_path / "a.warc", max_bytes=1_000)
    assert [one.body for one in found] == [b"<p>one", b"<p>two", b"<p>three", b"<p>four", b""]
    assert [one.url for one in found][1] == "https://wire.example/2"
    assert found[-1].reason == "too_large"
    assert {one.seen for one in found} == {datetime(2020, 6, 23, 10, tzinfo=UTC)}
    assert result.remarks == {"not_html": 1, "http_404": 1, "bad_address": 1}


def test_warc_bomb_is_not_unpacked_into_memory(tmp_path: Path) -> None:
    body = record("https://wire.example/1", gzip.compress(b"\0" * 50_000_000), http="Content-Encoding: gzip\r\n")
    found, _ = captures(body, tmp_path / "a.warc", max_bytes=10_000)
    assert [(one.body, one.reason) for one in found] == [(b"", "too_large")]


def test_warc_page_with_damaged_packing_does_not_end_the_archive(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(bytes(n * n % 251 for n in range(90_000)), 1))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    body = record("https://wire.example/1", bytes(packed), http="Content-Encoding: gzip\r\n")
    found, _ = captures(body + record("https://wire.example/2", b"<p>two"), tmp_path / "a.warc")
    assert [one.body for one in found] == [bytes(packed), b"<p>two"]  # read_page says what is wrong with it


def test_warc_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = record("https://wire.example/1", b"<p>one") + record("https://wire.example/2", b"<p>" + b"two" * 100)
    found, result = captures(whole[:-100], tmp_path / "a.warc")
    assert [one.url[-1] for one in found] == ["1", "2"]
    assert found[1].body.startswith(b"<p>two")
    assert result.remarks == {"truncated": 1}
    marked = record("https://wire.example/3", b"<p>x", warc="WARC-Truncated: length\r\n")
    assert captures(marked, tmp_path / "b.warc")[1].remarks == {"truncated": 1}
    packed = gzip.compress(record("https://wire.example/1", b"<p>one")) + gzip.compress(whole)[:-60]
    found, _ = captures(packed, tmp_path / "c.warc.gz")
    assert found[0].body == b"<p>one"


def test_a_file_that_is_no_warc_is_refused(tmp_path: Path, store: Store) -> None:
    pytest.importorskip("fastwarc")
    file = tmp_path / "a.warc"
    file.write_bytes(b"this is something else\n" * 50)
    with pytest.raises(ImportRefused) as caught:
        taken(store, file)
    assert str(caught.value) == f"{file}: no web archive: Invalid WARC header"


def written(kind: str, url: str, block: bytes, **headers: str) -> bytes:
    """A record as fastwarc writes it, in a gzip member of its own, as CC-NEWS has them."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    made = WarcRecord()
    made.init_headers(getattr(WarcRecordType, kind))
    for name, value in {"WARC-Target-URI": url, **headers}.items():
        made.headers[name.replace("_", "-")] = value
    made.set_bytes_content(block)
    plain = io.BytesIO()
    made.write(plain, checksum_data=True)
    return gzip.compress(plain.getvalue())


def test_a_file_as_common_crawl_s_news_has_it(tmp_path: Path) -> None:
    """warcinfo, request, response, metadata by fastwarc's own hand; whole, and broken off inside the last member."""
    page = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>words "
        + random.Random(1).randbytes(9_000).hex().encode()
    )
    parts = [
        written("warcinfo", "", b"software: x\r\n", Content_Type="application/warc-fields"),
        written("request", "https://wire.example/1", b"GET /1 HTTP/1.1\r\n\r\n"),
        written("response", "https://wire.example/1", page),
        written("metadata", "https://wire.example/1", b"fetchTimeMs: 1\r\n"),
        written("revisit", "https://wire.example/1", b"HTTP/1.1 200 OK\r\n\r\n"),
        written("response", "https://wire.example/2", page),
    ]
    found, result = captures(b"".join(parts), tmp_path / "a.warc.gz")
    assert [(one.url, len(one.body)) for one in found] == [
        ("https://wire.example/1", 18_009), ("https://wire.example/2", 18_009),
    ]  # fmt: skip
    assert result.remarks == {}
    for cut in (1, 100, len(parts[-1]) // 2, len(parts[-1]) - 12):
        found, result = captures(b"".join(parts)[:-cut], tmp_path / "b.warc.gz")
        assert found[0].url == "https://wire.example/1", cut
        assert result.remarks == {"truncated": 1}, cut


@pytest.mark.slow
def test_warc_is_read_in_workers_stored_once_and_counted(tmp_path: Path, store: Store) -> None:
    pytest.importorskip("fastwarc")
    file = tmp_path / "a.warc.gz"
    parts = [
        record("https://www.wire.example/news/1", PAGE),
        record("https://elsewhere.example/news/2", PAGE.replace(b"Part 1", b"Part one")),
        record("https://wire.example/empty", b"<html><body></body></html>"),
        record("https://wire.example/6", b"x", status="404 Not Found"),
    ]
    file.write_bytes(b"".join(gzip.compress(part) for part in parts))
    first = taken(store, file)
    stored = articles(store)
    assert [one["outlet"] for one in stored] == ["wire", "unlisted:elsewhere.example"]
    assert {one["first_seen"] for one in stored} == {datetime(2020, 6, 23, 10, tzinfo=UTC)}
    assert "laid the last part" in stored[0]["text"]
    assert (stored[0]["language"], stored[0]["title"]) == ("en", "A cable reaches the shore")
    dropped = [outcome for outcome in first.outcomes if outcome.startswith("dropped:")]
    assert (first.rows, first.outcomes["new"], len(dropped)) == (3, 2, 1)
    assert first.unlisted == {"unlisted:elsewhere.example": 1}
    assert first.remarks == {"http_404": 1}
    assert taken(store, file).outcomes == {"known": 2, dropped[0]: 1}
    assert articles(store) == stored
