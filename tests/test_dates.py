"""Every date form that our sources are known to write, and strings that say no date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.date_words import MONTHS
from models.dates import KnownDate, is_date, month_number, parse_date, too_far_ahead

NOW = datetime(2026, 1, 5, 9, 7, tzinfo=UTC)

# text, value in UTC (source in Baku, UTC+4), precision, zone
FORMS = [
    ("17 noyabr, 2025 / 13:55", "2025-11-17T09:55", "minute", "assumed"),
    ("6 Dekabr 2025 15:49 (UTC +04:00)", "2025-12-06T11:49", "minute", "known"),
    ("15 Noy 2025", "2025-11-15T00:00", "day", "assumed"),
    ("18 İyun 2025", "2025-06-18T00:00", "day", "assumed"),
    ("29 İYUL 2025 20:56", "2025-07-29T16:56", "minute", "assumed"),
    ("21.02.2025 [19:22]", "2025-02-21T15:22", "minute", "assumed"),
    ("09.11.2025 | 10:59", "2025-11-09T06:59", "minute", "assumed"),
    ("22:30 - 15 / 11 / 2025", "2025-11-15T18:30", "minute", "assumed"),
    ("16:06, 26 Желтоқсан 2025", "2025-12-26T12:06", "minute", "assumed"),
    ("2025 жылғы 21 қараша", "2025-11-21T00:00", "day", "assumed"),
    ("26 декабря 2025, 14:05", "2025-12-26T10:05", "minute", "assumed"),
    ("13:51, 15 Август 2025", "2025-08-15T09:51", "minute", "assumed"),
    ("13 авг. 2005 г. 19:13", "2005-08-13T14:13", "minute", "assumed"),
    ("Пт, 21 ноя 2025 10:00:00 +0400", "2025-11-21T06:00", "minute", "known"),
    ("29 Kasım 2025", "2025-11-29T00:00", "day", "assumed"),
    ("29 AĞUSTOS 2025 09:30", "2025-08-29T05:30", "minute", "assumed"),
    ("Понеділок, 17 листопада 2025, 12:30", "2025-11-17T08:30", "minute", "assumed"),
    ("15 ნოემბერს 2025", "2025-11-15T00:00", "day", "assumed"),
    ("15 ნოემბერი, 2025 12:30", "2025-11-15T08:30", "minute", "assumed"),
    ("2025年11月17日 13:55", "2025-11-17T09:55", "minute", "assumed"),
    ("2020/10/9 下午 02:26", "2020-10-09T10:26", "minute", "assumed"),
    ("7 January 2026 12:22 (UTC+04:00)", "2026-01-07T08:22", "minute", "known"),
    ("Fri, 21 Nov 2025 10:00:00 AZT", "2025-11-21T06:00", "minute", "known"),
    ("Wed, 26 Dec 2018 10:00:54 PST", "2018-12-26T18:00:54", "minute", "known"),
    ("Fri, 31 Mar 2023 20:19:00 America/Los_Angeles", "2023-04-01T03:19", "minute", "known"),
    ("Sun Jul 15 01:16:00 +0000 2012", "2012-07-15T01:16", "minute", "known"),
    ("Friday, December 22, 2017 - 3:09pm", "2017-12-22T11:09", "minute", "assumed"),
    ("2025-11-21T10:00:00Z", "2025-11-21T10:00", "minute", "known"),
    ("2025-11-21T10:00:00.123+04:00", "2025-11-21T06:00", "minute", "known"),
    ("20251121T100000", "2025-11-21T06:00", "minute", "assumed"),
    ("2025-11-21 10:00:00", "2025-11-21T06:00", "minute", "assumed"),
    ("2003-12", "2003-12-01T00:00", "month", "assumed"),
    ("Nov. 2020", "2020-11-01T00:00", "month", "assumed"),
    ("Di, 23 März 2018 00:00:00 +0100", "2018-03-22T23:00", "minute", "known"),
    ("jeu., 02 avril 2020 00:00:00 +0200", "2020-04-01T22:00", "minute", "known"),
    ("Fri, 21 Nov 2025 10:00:00 MSK", "2025-11-21T07:00", "minute", "known"),
    ("Sat, 21 Jul 2012 10:00:00 MSK", "2012-07-21T06:00", "minute", "known"),
    ("Fri, 24 Nov 2023 10:00:00 ALMT", "2023-11-24T04:00", "minute", "known"),
    ("Fri, 21 Nov 2025 10:00:00 ALMT", "2025-11-21T05:00", "minute", "known"),
    ("Fri, 21 Nov 2025 10:00:00 IST", "2025-11-21T06:00", "minute", "assumed"),
    ("Пт, 21 лис 2025 24:00 +0200", "2025-11-21T22:00", "minute", "known"),
    ("2025-11-21T24:00:00Z", "2025-11-22T00:00", "minute", "known"),
    ("2003-012-31T10:14:55+00:00", "2003-12-31T10:14:55", "minute", "known"),
    ("2025-335", "2025-12-01T00:00", "day", "assumed"),
    ("2020/10/9 PM 2:26", "2020-10-09T10:26", "minute", "assumed"),
    ("2023. 3. 18 오후 10:58", "2023-03-18T18:58", "minute", "assumed"),
    ("21.11.2025 ÖS 03:45", "2025-11-21T11:45", "minute", "assumed"),
    ("am 21.11.2025 12:30 Uhr", "2025-11-21T08:30", "minute", "assumed"),
    ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00", "minute", "known"),
    ("2004-július-13T9:15-05:00", "2004-07-13T14:15", "minute", "known"),
    ("Fri, 21 Nov 25 10:00 +0400", "2025-11-21T06:00", "minute", "known"),
    ("29 KASIM 2025 CUMARTESİ 10:30", "2025-11-29T06:30", "minute", "assumed"),
    ("2025-ci il noyabrın 17-si, 13:55", "2025-11-17T09:55", "minute", "assumed"),
    ("24 نيسان / أبريل 2020 09:22 مساءً", "2020-04-24T17:22", "minute", "assumed"),
    # resolved by now
    ("11月15日 10:32", "2025-11-15T06:32", "minute", "assumed"),
    ("cегодня, 12:51", "2026-01-05T08:51", "minute", "assumed"),
    ("Бугун, 10:05", "2026-01-05T06:05", "minute", "assumed"),
    ("час назад", "2026-01-05T08:07", "minute", "known"),
    ("bir saat əvvəl", "2026-01-05T08:07", "minute", "known"),
    ("an hour ago", "2026-01-05T08:07", "minute", "known"),
    ("Bu gün / 12:18", "2026-01-05T08:18", "minute", "assumed"),
    ("Dünən / 22:30", "2026-01-04T18:30", "minute", "assumed"),
    ("18:28, Bu gün", "2026-01-05T14:28", "minute", "assumed"),
    ("сегодня, 13:51", "2026-01-05T09:51", "minute", "assumed"),
    ("Кеше, 10:05", "2026-01-04T06:05", "minute", "assumed"),
    ("2 saat əvvəl", "2026-01-05T07:07", "minute", "known"),
    ("2 сағат бұрын", "2026-01-05T07:07", "minute", "known"),
    ("2 години тому", "2026-01-05T07:07", "minute", "known"),
    ("2 საათის წინ", "2026-01-05T07:07", "minute", "known"),
    ("3 gün önce", "2026-01-02T00:00", "day", "known"),
    ("29 İyul 20:56", "2025-07-29T16:56", "minute", "assumed"),
    ("15 Noyabr 10:31 (UTC+04)", "2025-11-15T06:31", "minute", "known"),
    ("26 желтоқсанда", "2025-12-26T00:00", "day", "assumed"),
]


@pytest.mark.parametrize(("text", "value", "precision", "zone"), FORMS)
def test_forms(text: str, value: str, precision: str, zone: str) -> None:
    known = parse_date(text, zone="Asia/Baku", now=NOW)
    assert known is not None
    assert known.value == datetime.fromisoformat(value).replace(tzinfo=UTC)
    assert (known.precision, known.zone) == (precision, zone)


@pytest.mark.parametrize(
    "text",
    ["", "7", "2024", "17-ci il", "99 Jun 2009", "31 fevral 2025", "2025-13-01", "9999-12-31T23:59:59-99:99",
     "may the 7th be", "version 1.2.3.4", "tel. 012 345 67 89", "2013-01-28T09:xx:00Z", "0001-01-01T00:00:00Z",
     "Qazan şəhəri", "12:30", "03/04/2020",
     "1763712000", "1763712000000", "20251", "Sun, 16 Dec 2012 11:47:32 +00:zz", "2025-366", "-0312", "03-12-31"],
)  # fmt: skip
def test_nothing_is_invented(text: str) -> None:
    assert parse_date(text, now=NOW) is None


@pytest.mark.parametrize("text", ["Bu gün / 12:18", "2 hours ago", "29 İyul 20:56", "вчера"])
def test_without_now_it_stays_open(text: str) -> None:
    assert parse_date(text, zone="Asia/Baku") is None


def test_slashes_need_a_reason() -> None:
    assert parse_date("03/30/2020") is not None, "only one order is possible"
    american = parse_date("03/04/2020", language="en", zone="America/New_York")
    european = parse_date("03/04/2020", language="tr", zone="Europe/Istanbul")
    assert american is not None
    assert european is not None
    assert (american.value.month, european.value.month) == (3, 4)


def test_the_sources_own_day_is_kept() -> None:
    known = parse_date("2020-04-02T04:11:00+05:30")
    assert known is not None
    assert known.value.day == 1
    assert known.local.day == 2


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="Asia/Nowhere"):
        parse_date("2025-01-01", zone="Asia/Nowhere")


def test_future() -> None:
    tomorrow = KnownDate(NOW + timedelta(hours=23), "minute", "known", "feed")
    later = KnownDate(NOW + timedelta(hours=25), "minute", "known", "feed")
    assert [too_far_ahead(date, NOW) for date in (tomorrow, later)] == [False, True]
    assert not too_far_ahead(later, None)


@pytest.mark.parametrize(("word", "number"), [("қаңтардағы", 1), ("noyabrın", 11), ("Ekim'de", 10), ("Şubat", 2)])
def test_inflected_months(word: str, number: int) -> None:
    assert month_number(word) == number


@pytest.mark.parametrize("word", ["mayor", "maraq", "dekan", "marks", "листя", "серце"])
def test_words_that_only_begin_like_months(word: str) -> None:
    assert month_number(word) == 0


@given(st.text(max_size=300))
def test_any_text_is_read_or_left(text: str) -> None:
    known = parse_date(text, now=NOW)
    assert known is None or known.value.tzinfo is UTC


@given(
    st.dates(min_value=datetime(1990, 1, 1).date(), max_value=datetime(2030, 1, 1).date()),
    st.sampled_from(sorted(MONTHS)),
)
def test_every_month_word_next_to_a_day_and_a_year(day: object, word: str) -> None:
    known = parse_date(f"{getattr(day, 'day', 1) % 28 + 1} {word} {getattr(day, 'year', 2000)}")
    assert known is not None
    assert known.value.month == MONTHS[word]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("03/04/2025", "mdy", "2025-03-04"),
        ("03/04/2025", "dmy", "2025-04-03"),
        ("03.04.2025", "mdy", "2025-03-04"),
        ("25/04/03 10:15", "ymd", "2025-04-03"),
        ("2025-04-03", "dmy", "2025-04-03"),
        ("13/04/2025", "mdy", None),
    ],
)
def test_the_order_of_a_source_is_kept_to(text: str, order: str, expected: str | None) -> None:
    known = parse_date(text, order=order)
    assert (known.value.date().isoformat() if known else None) == expected


@pytest.mark.parametrize(("text", "expected"), [("Monday, 17 November 2025, 12:30 (UTC+04:00)", True),
    ("Bakı, 17 noyabr 2025", True), ("The harbour of 2025 was built by many hands", False)])  # fmt: skip
def test_a_date_and_little_else(text: str, expected: bool) -> None:
    assert is_date(text) is expected
