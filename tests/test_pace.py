"""How often a source is asked: the rule by itself, and over simulated months of several kinds of publisher."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.pace import (
    AGREED,
    DAY_MINUTES,
    Limits,
    Poll,
    address_to_ask,
    due_at,
    is_retired,
    limits_of,
    next_minutes,
    slot_of,
)
from models.config import Politeness, Source

NOW = datetime(2026, 3, 23, 6, tzinfo=UTC)
LIMITS = Limits(10, 60, DAY_MINUTES)
POLITE = Politeness("KhazriTest/1.0", 0.0, 5, 1_000_000, 1_000_000)
SOURCE = Source("one", "outlet", "feed", "http://one.example/rss", "en", "Asia/Baku", 60, True)


def test_it_begins_where_config_says() -> None:
    assert next_minutes(LIMITS, None, Poll("ok", seen=25, new=25, first=True)) == 60, "all is new at first"
    assert next_minutes(LIMITS, None, Poll("unreachable")) > 60


def test_news_makes_it_shorter_and_a_crowded_window_much() -> None:
    assert next_minutes(LIMITS, 60, Poll("ok", 25, 1, elapsed=60, quiet=60)) == 48
    assert next_minutes(LIMITS, 60, Poll("ok", 25, 20, elapsed=60, quiet=60)) == 30
    assert next_minutes(LIMITS, 12, Poll("ok", 25, 25, elapsed=12, quiet=12)) == 10, "never under the limit"


def test_silence_makes_it_longer_by_a_part_of_itself() -> None:
    assert next_minutes(LIMITS, 60, Poll("unchanged", elapsed=60, quiet=1200)) == 90
    assert next_minutes(LIMITS, 60, Poll("ok", 25, 0, elapsed=60, quiet=600)) == 60, "a night is no silence"
    assert next_minutes(LIMITS, 1000, Poll("empty", elapsed=1000, quiet=60_000)) == DAY_MINUTES
    assert next_minutes(LIMITS, 100, Poll("unchanged", elapsed=100, quiet=200)) == 100, "it is not shortened either"
    assert next_minutes(LIMITS, 60, Poll("unchanged", elapsed=1, quiet=600)) == 60, "asked twice in a minute"


def test_what_fails_is_asked_at_least_daily_and_a_refusal_at_most() -> None:
    minutes: float | None = 60
    for _ in range(20):
        minutes = next_minutes(LIMITS, minutes, Poll("unreachable", elapsed=minutes))
    assert minutes == DAY_MINUTES
    week = Limits(10, 60, 7 * DAY_MINUTES)
    assert next_minutes(week, 2000, Poll("unreachable", elapsed=2000)) == DAY_MINUTES
    assert next_minutes(LIMITS, 60, Poll("refused")) == DAY_MINUTES
    assert next_minutes(Limits(10, 60, 600), 60, Poll("refused")) == DAY_MINUTES
    assert next_minutes(LIMITS, 75, Poll("not_run")) == 75, "nobody was asked"


def test_who_speaks_again_is_asked_as_at_first() -> None:
    assert next_minutes(LIMITS, 1000, Poll("ok", 25, 1, elapsed=1000, quiet=10_000)) == 48
    assert next_minutes(LIMITS, 1000, Poll("ok", 25, 25, elapsed=1000, quiet=10_000)) == 30
    assert next_minutes(LIMITS, 1000, Poll("unchanged", elapsed=1000, quiet=1000, recovered=True)) == 90


def test_a_weekly_source_is_not_asked_oftener_for_failing() -> None:
    weekly = Limits(10, 7 * DAY_MINUTES, 7 * DAY_MINUTES)
    assert next_minutes(weekly, None, Poll("unreachable")) == 7 * DAY_MINUTES


def test_an_answer_that_holds_is_not_asked_for_sooner() -> None:
    new = Poll("ok", 25, 20, elapsed=60, quiet=60)
    assert next_minutes(LIMITS, 40, replace(new, fresh=45)) == 45
    assert next_minutes(LIMITS, 60, replace(new, fresh=525_600)) == 60, "a year is a file server's word"


def test_limits_follow_what_the_operator_wrote() -> None:
    assert limits_of(SOURCE, POLITE) == Limits(10, 60, 1440)
    assert limits_of(replace(SOURCE, every_minutes=5), POLITE) == Limits(5, 5, 1440)
    assert limits_of(replace(SOURCE, every_minutes=10_080), POLITE) == Limits(10, 10_080, 10_080)
    assert limits_of(replace(SOURCE, min_per_week=28), POLITE).slowest == 360, "four a day are expected"
    assert limits_of(replace(SOURCE, min_per_week=1), POLITE).slowest == 1440


# -------------------------------------------------------------------------------------------------- due, moved, retired


def row(**more: object) -> dict[str, object]:
    return {"address": SOURCE.address, "polled_at": NOW, "interval_minutes": 90.0, **more}


def test_due_an_interval_after_the_last_poll() -> None:
    assert due_at(SOURCE, None) is None
    assert due_at(SOURCE, row(address="http://one.example/old")) is None, "a new address is asked at once"
    assert due_at(SOURCE, row()) == NOW + timedelta(minutes=90)
    assert due_at(SOURCE, row(interval_minutes=None)) == NOW + timedelta(minutes=60)


def test_a_slot_is_the_poll_after_the_last_one() -> None:
    after = slot_of(SOURCE, row(), NOW + timedelta(minutes=91))
    assert after is not None
    assert after == slot_of(SOURCE, row(), NOW + timedelta(minutes=150)), "the same in a process that is later"
    assert slot_of(SOURCE, row(), NOW + timedelta(minutes=89)) is None, "not due"
    assert slot_of(SOURCE, row(), NOW + timedelta(minutes=181)) not in (after, None), "it came to nothing: the next"
    moved_on = row(polled_at=NOW + timedelta(minutes=91))
    assert slot_of(SOURCE, moved_on, NOW + timedelta(minutes=92)) is None, "another process has polled"
    first = slot_of(SOURCE, None, NOW)
    assert first is not None
    assert first == slot_of(SOURCE, None, NOW + timedelta(seconds=5))
    assert slot_of(SOURCE, row(), NOW - timedelta(minutes=5)) is not None, "a poll dated ahead keeps nobody away"


def test_moved_once_three_polls_agree() -> None:
    moved = row(moved_to="http://two.example/rss", moved_agreed=AGREED)
    assert address_to_ask(SOURCE, moved) == "http://two.example/rss"
    assert address_to_ask(SOURCE, moved | {"moved_agreed": AGREED - 1}) == SOURCE.address
    assert address_to_ask(SOURCE, moved | {"address": "http://one.example/old"}) == SOURCE.address
    assert address_to_ask(SOURCE, None) == SOURCE.address


def test_retired_until_the_address_changes() -> None:
    assert is_retired(SOURCE, row(retired_at=NOW))
    assert not is_retired(replace(SOURCE, address="http://one.example/new"), row(retired_at=NOW))
    assert not is_retired(SOURCE, row())
    assert not is_retired(SOURCE, None)


# ---------------------------------------------------------------------------------------------------------- simulation


def agency(rng: random.Random) -> Iterator[float]:
    """60 entries a working day, 15 at the week-end, four of five between 6 and 18 h; minutes."""
    for day in range(28):
        for _ in range(60 if day % 7 < 5 else 15):
            hour = rng.uniform(6, 18) if rng.random() < 0.8 else rng.uniform(0, 24)
            yield day * DAY_MINUTES + hour * 60


def paper(rng: random.Random) -> Iterator[float]:
    """Ten a day, at any hour."""
    return (rng.uniform(0, 60) * DAY_MINUTES for _ in range(600))


def weekly(rng: random.Random) -> Iterator[float]:
    return (week * 7 * DAY_MINUTES + rng.uniform(0, DAY_MINUTES) for week in range(8))


def bursty(rng: random.Random) -> Iterator[float]:
    """Nothing for days, then a dozen within three hours."""
    for _ in range(12):
        start = rng.uniform(0, 60) * DAY_MINUTES
        for _ in range(12):
            yield start + rng.uniform(0, 180)


def simulate(times: list[float], window: int) -> tuple[float, float, float]:
    """(share of entries never seen, polls a day, median delay in minutes) from the first entry to the last."""
    at, current, shown, last = 0.0, None, 0, None
    polled = new_at = None
    polls, lost, delays = 0, 0, []
    while at < times[-1]:
        polls += 1
        there = sum(time <= at for time in times)
        new = there - shown
        seen = min(new, window)
        lost += new - seen if polled is not None else 0
        if polled is not None:
            delays += [at - time for time in times[there - seen : there]]
        poll = Poll(
            "ok" if new else "unchanged", min(there, window) if new else 0, seen, polled is None,
            None if polled is None else at - polled, None if new_at is None else at - new_at,
        )  # fmt: skip
        current = next_minutes(LIMITS, current, poll)
        new_at = at if new else new_at
        polled, shown, last = at, there, current
        at += last
    delays.sort()
    return lost / len(times), polls / (times[-1] / DAY_MINUTES), delays[len(delays) // 2] if delays else 0.0


@pytest.mark.parametrize(
    ("publisher", "window", "most_polls", "most_delay"),
    # An hourly poll makes 24 a day and a median delay of 30 minutes, whatever the publisher.
    [(agency, 25, 70, 25.0), (paper, 20, 30, 90.0), (weekly, 10, 8, 24 * 60.0), (bursty, 30, 10, 360.0)],
)
def test_a_simulated_season(
    publisher: Callable[[random.Random], Iterator[float]], window: int, most_polls: float, most_delay: float
) -> None:
    for seed in range(3):
        lost, polls, delay = simulate(sorted(publisher(random.Random(seed))), window)
        print(f"{publisher.__name__} {seed}: lost {lost:.2%}, {polls:.1f} polls a day, median delay {delay:.0f} min")
        assert lost <= 0.02
        assert polls <= most_polls
        assert delay <= most_delay
