"""The health of a source: every state with its reason, from polls, from its rhythm, from its fields."""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, update

from crawler.health import History, arrival, judge, vanished, words
from crawler.rhythm import learn, tail_limit
from jobs.sources import as_text, bar, health_changes, healths, source_rows, summary
from models.health_queries import records
from models.tables import ItemRow, RunRow, SourceRow
from tests.hostile import Answer, Hostile, Operator, feed, healthy
from tests.shelf import config_of, source

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def steady(every: timedelta, days: float, until: datetime = NOW) -> tuple[datetime, ...]:
    """Arrivals like clockwork, give or take a tenth, the last at `until`."""
    chance = random.Random(7)
    times, time = [], until
    while time > until - days * DAY:
        times.append(time)
        time -= every * chance.uniform(0.9, 1.1)
    return tuple(reversed(times))


def office(days: int, until: datetime = NOW) -> tuple[datetime, ...]:
    """Ten items between 6 and 15 UTC on each workday."""
    found = []
    for back in range(days, -1, -1):
        day = until.replace(hour=0, minute=0) - back * DAY
        if day.weekday() < 5:
            found += [day + timedelta(hours=6 + number * 0.9) for number in range(10)]
    return tuple(time for time in found if time <= until)


# --- what config and polls say


@pytest.mark.parametrize(
    ("given", "state", "why"),
    [
        ({"enabled": False, "remark": "a paid wire"}, "disabled", "a paid wire"),
        ({"polls": False}, "waiting", "no spider"),
        ({"retired_at": NOW - DAY, "state": "unreachable", "reason": "http_410"}, "retired", "410"),
        ({"state": "new"}, "never_polled", "not asked yet"),
        ({"state": "refused", "reason": "http_403", "failures": 3}, "refused", "http 403, 3 times in a row"),
        ({"state": "unreachable", "reason": "tls", "failures": 1}, "failing", "tls"),
        ({"state": "empty", "reason": "no entries"}, "empty", "no entries"),
        ({"state": "all_dropped"}, "all_dropped", "none gave an article"),
        ({"polled_at": NOW - 3 * DAY}, "not_run", "not asked for 3 d"),
        ({"polled_at": NOW - 3 * DAY, "every_minutes": 7 * 24 * 60.0}, "ok", ""),
        ({}, "ok", ""),
    ],
)
def test_what_is_told_without_statistics(given: dict[str, Any], state: str, why: str) -> None:
    health = judge(History("s", steady(6 * HOUR, 60), **given), NOW)
    assert (health.state, why in health.why) == (state, True), health


def test_a_failure_says_since_when() -> None:
    history = History("s", state="unreachable", reason="dns", failing_since=NOW - 2 * DAY, polled_at=NOW)
    assert judge(history, NOW).since == NOW - 2 * DAY


# --- silence


def test_silence_follows_the_sources_own_rhythm() -> None:
    quick, slow = History("quick", steady(3 * HOUR, 60)), History("slow", steady(3 * DAY, 200))
    assert judge(quick, NOW + 6 * HOUR).state in ("ok", "quiet")
    assert judge(quick, NOW + 30 * HOUR).state == "silent"
    assert judge(slow, NOW + 30 * HOUR).state == "ok"
    assert judge(slow, NOW + 3.5 * DAY).state in ("ok", "quiet")
    late = judge(slow, NOW + 9 * DAY)
    assert (late.state, late.since) == ("silent", NOW)
    assert late.why.startswith("nothing for 9 d; 95 % of its gaps are under ")


def test_a_weekend_is_no_silence_and_a_silent_monday_is() -> None:
    friday = datetime(2026, 11, 27, 15, tzinfo=UTC)
    history = History("s", office(100, friday))
    assert history.arrivals[-1] > friday - HOUR
    monday = datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert judge(history, monday).state in ("ok", "quiet")
    assert judge(history, datetime(2026, 12, 1, 7, tzinfo=UTC)).state == "silent"


def test_holidays_of_the_country_put_silence_off() -> None:
    last = datetime(2026, 12, 31, 12, tzinfo=UTC)
    arrivals = steady(2 * DAY, 300, last)
    new_year = datetime(2027, 1, 7, 12, tzinfo=UTC)
    assert judge(History("s", arrivals), new_year).state == "silent"
    assert judge(History("s", arrivals, country="AZ"), new_year).state != "silent"
    assert judge(History("s", arrivals, country="AZ"), new_year + 8 * DAY).state == "silent", "put off, not off"


def test_what_nobody_asked_cannot_have_been_silent() -> None:
    history = History("s", steady(3 * HOUR, 60), polled_at=NOW + 30 * HOUR, answered_at=NOW + HOUR)
    assert judge(history, NOW + 30 * HOUR).state == "ok"


def test_a_young_source_is_judged_by_config_and_says_so() -> None:
    arrivals = steady(8 * HOUR, 1)
    asked = History("s", arrivals, min_per_week=7)
    assert judge(asked, NOW + DAY).basis == "min_per_week"
    assert judge(asked, NOW + 3 * DAY).state == "ok"
    assert judge(asked, NOW + 5 * DAY).state == "silent"
    assert judge(asked, NOW + 5 * DAY).why == "nothing new; at least 7 a week expected"
    unknown = History("s", arrivals)
    assert (judge(unknown, NOW + 5 * DAY).state, judge(unknown, NOW + 29 * DAY).state) == ("ok", "silent")
    never = History("s", state="ok", watched_since=NOW)
    assert (judge(never, NOW + DAY).state, judge(never, NOW + 29 * DAY).state) == ("quiet", "silent")


def test_the_present_gap_does_not_teach() -> None:
    history = History("s", steady(3 * HOUR, 60))
    before = judge(history, NOW + 2 * DAY)
    after = judge(history, NOW + 100 * DAY)
    assert after.state == "silent"
    assert after.silent_after == before.silent_after


def test_the_future_does_not_count() -> None:
    arrivals = steady(6 * HOUR, 60, NOW + 30 * DAY)
    past = tuple(time for time in arrivals if time <= NOW)
    assert judge(History("s", arrivals), NOW) == judge(History("s", past), NOW)


def test_an_outage_of_ours_is_no_gap_of_the_source() -> None:
    arrivals = tuple(t for t in steady(3 * HOUR, 60) if not NOW - 20 * DAY < t < NOW - 10 * DAY)
    outage = ((NOW - 20 * DAY, NOW - 10 * DAY),)
    with_it = learn(arrivals, 60.0, "UTC", "", outage)
    assert with_it is not None
    assert with_it.expected((NOW - 19 * DAY).timestamp(), (NOW - 11 * DAY).timestamp()) == 0
    assert with_it.limit < 6


def test_one_old_outage_of_the_source_does_not_make_it_patient() -> None:
    gaps = sorted((random.Random(3).expovariate(1) for _ in range(300)), reverse=True)
    assert tail_limit([80.0, *gaps], 0.3) < 1.2 * tail_limit(gaps, 0.3)


# --- decay


def test_a_fall_of_volume_is_a_state_of_its_own() -> None:
    chance = random.Random(1)
    arrivals = tuple(t for t in steady(2 * HOUR, 90) if t < NOW - 7 * DAY or chance.random() < 0.2)
    health = judge(History("s", arrivals), NOW)
    assert (health.state, health.alarm) == ("decayed", True)
    assert "were usual" in health.why


@pytest.mark.parametrize(("field", "word"), [("dated", "dates"), ("stored", "texts")])
def test_dates_and_texts_that_vanish(field: str, word: str) -> None:
    arrivals = steady(3 * HOUR, 60)
    flags = [True] * (len(arrivals) - 6) + [False] * 6
    health = judge(History("s", arrivals, **{field: flags}), NOW)
    assert (health.state, health.why) == ("decayed", f"its last 6 items have no {word}")
    assert health.since == arrivals[-6]
    always = [number % 3 == 0 for number in range(len(arrivals))]
    assert judge(History("s", arrivals, **{field: always}), NOW).state == "ok", "it never had many"


def test_what_is_not_known_of_a_field_does_not_count() -> None:
    assert vanished([True] * 50 + [False, None, False, None, False, False, False], 57) == 5
    assert vanished([True] * 50 + [None] * 20, 70) == 0


def test_volume_outside_config_is_a_warning_and_no_state() -> None:
    history = History("s", steady(12 * HOUR, 60), min_per_week=20, max_per_week=0)
    assert judge(history, NOW).state == "ok"
    assert judge(history, NOW).warnings == ("15 items in 7 days, at least 20 expected by config",)
    much = History("s", (*steady(DAY, 60, NOW - 3 * DAY), *steady(HOUR, 2)), max_per_week=10)
    assert len(judge(much, NOW).warnings) == 2


# --- which time of an item counts


def test_when_an_item_came() -> None:
    seen = NOW
    assert arrival(seen, NOW - 2 * HOUR, "minute") == NOW - 2 * HOUR
    assert arrival(seen, NOW - 2 * HOUR, "day") == seen
    assert arrival(seen, NOW + HOUR, "minute") == seen, "the future is nobody's date"
    assert arrival(seen, NOW - 30 * DAY, "minute") == seen, "an old one shown now is a sign of life now"
    assert arrival(seen, NOW - 30 * DAY, "minute", first_poll=True) == NOW - 30 * DAY
    assert arrival(seen, None, "") == seen


# --- the store


def put(engine: Engine, name: str, times: list[datetime], **row: Any) -> None:
    values = {
        "outlet": "a",
        "address": f"https://a.example/{name}",
        "state": "ok",
        "polled_at": NOW,
        "answered_at": NOW,
    }
    items = [
        {
            "source": name, "key": str(number), "url": "u", "address_key": "u", "title": "t", "summary": "",
            "entry_hash": "h", "state": "done", "first_seen": time, "outcome": "new",
            "published": time - HOUR if number % 2 else None,
            "published_info": {"precision": "minute", "zone": "known", "origin": "feed", "conflicts": []} if number % 2
            else None,
        }
        for number, time in enumerate(times)
    ]  # fmt: skip
    with engine.begin() as conn:
        conn.execute(insert(SourceRow).values(source=name, **(values | row)))
        if items:
            conn.execute(insert(ItemRow), items)


def run(engine: Engine, name: str, start: datetime, result: str) -> None:
    values = {"source": name, "slot": "x", "started_at": start, "result": result, "outcomes": {}}
    with engine.begin() as conn:
        conn.execute(insert(RunRow).values(**values))


def test_the_records_of_all_sources_on_both_databases(engine: Engine) -> None:
    put(engine, "one", [NOW - 500 * DAY, NOW - 300 * DAY, NOW - DAY, NOW - HOUR, NOW + DAY])
    put(engine, "none", [])
    for start, result in ((NOW - 50 * DAY, "ok"), (NOW - 40 * DAY, "unchanged"), (NOW - 5 * HOUR, "unreachable")):
        run(engine, "one", start, result)
    found = records(engine, NOW)
    assert set(found) == {"one", "none"}
    one = found["one"]
    assert [item.first_seen for item in one.items] == [NOW - 300 * DAY, NOW - DAY, NOW - HOUR]
    assert [(item.published, item.precision) for item in one.items[:2]] == [
        (NOW - 300 * DAY - HOUR, "minute"), (None, ""),
    ]  # fmt: skip
    assert one.asked == [(NOW - 50 * DAY, NOW - 50 * DAY), (NOW - 40 * DAY, NOW - 40 * DAY)], "an answer, 304 included"


def test_the_table_shows_the_worst_first_and_counts(engine: Engine) -> None:
    config = config_of(
        source("well", "a"), source("dead", "a"), source("shut", "a"), source("off", "a", enabled=False),
        source("new", "a"), outlets={"a": "Bakı Xəbər Evi"},
    )  # fmt: skip
    put(engine, "well", list(steady(6 * HOUR, 60)))
    put(engine, "dead", list(steady(6 * HOUR, 60, NOW - 20 * DAY)))
    put(engine, "shut", [], state="refused", reason="http_403", failing_since=NOW - DAY)
    assert {name: health.state for name, health in healths(config, engine, NOW).items()} == {
        "well": "ok", "dead": "silent", "shut": "refused", "off": "disabled", "new": "never_polled",
    }  # fmt: skip
    rows = source_rows(config, engine, NOW)
    assert [row["source"] for row in rows] == ["well", "dead", "shut", "off", "new"], "a program gets config's order"
    assert rows[1]["since"] is not None
    assert len(rows[0]["weeks"]) == 12
    for width in (80, 100, 140):
        lines = as_text(rows, width).splitlines()
        assert max(map(len, lines)) <= width
        told = [line.split()[0] for line in lines[1 : lines.index("")] if not line.startswith(" ")]
        assert told == ["shut", "dead", "new", "well"], lines
        counted = " ".join(lines[lines.index("") + 1 :])
        assert counted == (
            "5 sources: 1 refused, 1 silent, 1 never polled, 1 ok, 1 disabled; why disabled: watch/outlets/"
        )
        assert ("Bakı Xəbər Evi" in lines[1]) == (width == 140)


def test_the_log_tells_each_change_once(engine: Engine) -> None:
    config = config_of(source("well", "a"), source("dead", "a"), source("new", "a"))
    put(engine, "well", list(steady(6 * HOUR, 60)))
    put(engine, "dead", list(steady(6 * HOUR, 60, NOW - 20 * DAY)))
    states: dict[str, str] = {}
    said = health_changes(config, engine, NOW, states)
    assert [(level, line.partition(":")[0]) for level, line in said] == [
        (logging.WARNING, "source=dead is silent since 2026-11-05 12"),
    ]  # fmt: skip
    assert health_changes(config, engine, NOW + HOUR, states) == []
    with engine.begin() as conn:
        conn.execute(delete(ItemRow).where(ItemRow.source == "dead"))
        conn.execute(update(ItemRow).where(ItemRow.source == "well").values(source="dead"))  # as if it had never paused
    said = health_changes(config, engine, NOW + HOUR, states)
    assert said == [(logging.INFO, "source=dead is well again: ok, was silent")]
    assert health_changes(config, engine, NOW + 10 * DAY, states)[0][1].startswith("source=well is not_run since")


def test_bars_and_words() -> None:
    assert bar([0, 1, 4, 8]) == "·▁▄█"
    assert bar([0, 0]) == "··"
    assert [words(timedelta(minutes=m)) for m in (5, 119, 120, 47 * 60, 72 * 60, 20 * 1440)] == [
        "5 min", "119 min", "2 h", "47 h", "3 d", "3 wk",
    ]  # fmt: skip
    assert summary([]) == "0 sources: "


# --- what a poll may change


@pytest.mark.long
def test_a_304_does_not_make_a_source_well(tmp_path: Path) -> None:
    """Empty stays empty and a failure stays one until a whole body was read; then all is well again."""
    with Hostile() as web:
        address = healthy(web, "a.example")
        well = web.routes[address]
        operator = Operator(tmp_path, web.address, {"a": {"a": address}})
        operator.run("db", "upgrade")

        def state(hour: int, answer: Answer) -> tuple[Any, ...]:
            web.routes[address] = answer
            operator.crawl(now=f"2026-03-22T{hour:02}:00:00Z")
            return operator.rows("SELECT state, reason, failing_since IS NULL, failures FROM source")[0]

        assert state(1, well) == ("ok", "", 1, 0)
        assert state(2, Answer(status=500)) == ("unreachable", "http_500", 0, 1)
        assert state(3, Answer(status=304)) == ("unreachable", "http_304", 0, 2), "nobody asked for changes"
        assert [one.headers["If-None-Match"] for one in web.to(address)[-1:]] == [None], "the whole body is wanted"
        assert state(4, well) == ("ok", "", 1, 0)
        assert state(5, well)[:2] == ("unchanged", "same body")
        assert state(6, feed()) == ("empty", "no entries", 0, 0)
        assert state(7, feed()) == ("empty", "no entries", 0, 0)
        assert operator.results() == {"a": ("unchanged", "same body")}, "the run says what it saw"
        since = operator.rows("SELECT failing_since FROM source")
        assert since[0][0].startswith("2026-03-22 06:00")
        assert state(8, well)[2:] == (1, 0)
