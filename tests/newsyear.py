"""A simulated year of sources: when each publishes, what a poll sees, and 20 of them that die or decay.

Kinds: `regular` (near clockwork), `poisson`, `bursty` (clusters about random times), `hawkes` (items that bring
further items), `lognormal` (heavy-tailed gaps). Each on a week of its own: every day alike, quieter weekends, workdays
only, office hours. All times are made in expected events (a cumulative week) and carried back into hours, so a night
or a weekend is empty whatever the kind. Nothing here is known to the judge: its profile and its tails are other ones.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise

from crawler.health import History, judge

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WARM_DAYS = 120  # before the year: a source that is watched for a year was watched before
YEAR_DAYS = 365
HOUR, DAY = 3600.0, 86400.0
KINDS = ("regular", "poisson", "bursty", "hawkes", "lognormal")
WEEKS = ("flat", "softer weekends", "workdays", "office hours")
FAULTS = ("death", "fall", "slow fall", "dates", "texts")
HOLIDAYS = (((1, 1), (1, 8)), ((3, 20), (3, 30)))  # Azerbaijan and Kazakhstan: first and last day


@dataclass(frozen=True, eq=False)
class Planted:
    """A source of the year. `times` are when polls first saw its items, ascending, after its fault did its work.

    at   seconds since 1970 of the fault; None: a healthy source.
    """

    name: str
    kind: str
    week: str
    per_day: float
    every_minutes: int
    country: str
    times: tuple[datetime, ...]
    dated: tuple[bool, ...]
    stored: tuple[bool, ...]
    fault: str = ""
    at: float | None = None


def year(
    seed: int, *, sources: int = 60, faults: int = 20, deaths: int = 14, kinds: tuple[str, ...] = KINDS[:3],
    holidays: bool = False,
) -> list[Planted]:  # fmt: skip
    """One simulated year. `deaths` of the `faults` are deaths, the others decays in turn. Deterministic by seed."""
    random_ = random.Random(seed)
    broken = random_.sample(range(sources), faults)
    made = []
    for number in range(sources):
        place = broken.index(number) if number in broken else -1
        fault = "" if place < 0 else "death" if place < deaths else FAULTS[1 + (place - deaths) % (len(FAULTS) - 1)]
        made.append(_source(random_, number, kinds[number % len(kinds)], fault, holidays))
    return made


def _source(random_: random.Random, number: int, kind: str, fault: str, holidays: bool) -> Planted:
    # most sources bring 1 to 30 items a day, a quarter of them 1 to 5 a week
    per_day = math.exp(random_.uniform(0, math.log(30))) if random_.random() < 0.75 else random_.uniform(1, 5) / 7
    week = random_.choice(WEEKS)
    every = random_.choice((30, 60, 60, 120))
    country = random_.choice(("AZ", "KZ"))
    running = _week(week, random_)
    start = START.timestamp() - WARM_DAYS * DAY
    end = START.timestamp() + YEAR_DAYS * DAY
    at = START.timestamp() + random_.uniform(20, YEAR_DAYS - 70) * DAY if fault else None
    clock = MAKERS[kind](random_, per_day * ((end - start) / DAY + 14), per_day)  # two weeks too many, cut off below
    times = [time for amount in clock if (time := _back(amount / per_day, running, start)) < end]
    times = [time for time in times if not (holidays and _holiday(time) and random_.random() > 0.25)]
    if at is not None:
        times = [time for time in times if random_.random() < _kept(fault, time - at)]
    phase = random_.uniform(0, every * 60)
    seen = sorted(math.ceil((time - phase) / (every * 60)) * every * 60 + phase for time in times)
    has_dates, has_texts = random_.uniform(0.9, 1.0), random_.uniform(0.85, 1.0)
    dated = tuple(random_.random() < has_dates and not (fault == "dates" and at is not None and t > at) for t in seen)
    stored = tuple(random_.random() < has_texts and not (fault == "texts" and at is not None and t > at) for t in seen)
    return Planted(
        f"{kind}_{number}", kind, week, per_day, every, country if holidays else "",
        tuple(datetime.fromtimestamp(time, UTC) for time in seen), dated, stored, fault, at,
    )  # fmt: skip


def _kept(fault: str, after: float) -> float:
    """The share of items that survive so many seconds after the fault."""
    if after < 0 or fault in ("dates", "texts"):
        return 1.0
    if fault == "death":
        return 0.0
    if fault == "fall":
        return 0.15
    return max(0.1, 1.0 - after / (30 * DAY))  # a slow fall: to a tenth within a month


def _holiday(time: float) -> bool:
    day = datetime.fromtimestamp(time, UTC)
    return any(first <= (day.month, day.day) <= last for first, last in HOLIDAYS)


# --- the week: cumulative share of a week's items by hour, Monday 0:00 UTC first


def _week(name: str, random_: random.Random) -> list[float]:
    day = [{"flat": 1.0, "softer weekends": 0.4, "workdays": 0.03, "office hours": 0.0}[name] if d >= 5 else 1.0
           for d in range(7)]  # fmt: skip
    shift = random_.randrange(-3, 3)
    if name == "office hours":
        hours = [1.0 if 5 <= (hour + shift) % 24 < 14 else 0.0 for hour in range(24)]
    elif name == "flat" and random_.random() < 0.5:
        hours = [1.0] * 24
    else:
        hours = [1.0 + 0.9 * math.sin((hour + shift - 5) / 24 * 2 * math.pi) for hour in range(24)]
    rates = [day[d] * hours[h] for d in range(7) for h in range(24)]
    total = sum(rates)
    return list(accumulate((rate / total for rate in rates), initial=0.0))


def _back(days: float, running: list[float], start: float) -> float:
    """From operational days (a seventh of a week's items each) to seconds since 1970."""
    weeks, share = divmod(days / 7, 1)
    hour = min(bisect_right(running, share) - 1, 167)
    width = running[hour + 1] - running[hour]
    monday = start - (start - 4 * DAY) % (7 * DAY)
    return monday + (weeks * 168 + hour + ((share - running[hour]) / width if width else 0.0)) * HOUR


# --- kinds: operational times with mean rate 1, up to `total`


def _renewal(total: float, gap: Callable[[], float]) -> Iterator[float]:
    time = gap()
    while time < total:
        yield time
        time += gap()


def _regular(random_: random.Random, total: float, per_day: float) -> list[float]:
    return list(_renewal(total, lambda: random_.gammavariate(20, 1 / 20)))


def _poisson(random_: random.Random, total: float, per_day: float) -> list[float]:
    return list(_renewal(total, lambda: random_.expovariate(1)))


def _lognormal(random_: random.Random, total: float, per_day: float) -> list[float]:
    return list(_renewal(total, lambda: random_.lognormvariate(-0.5, 1.0)))  # mean 1, variance e - 1


def _bursty(random_: random.Random, total: float, per_day: float) -> list[float]:
    """Clusters of 1 to 6 items within about an hour, at Poisson times."""
    times = []
    for time in _renewal(total, lambda: random_.expovariate(1 / 3.5)):
        times += [time + random_.expovariate(1) * per_day / 24 for _ in range(random_.randint(1, 6))]
    return sorted(times)


def _hawkes(random_: random.Random, total: float, per_day: float) -> list[float]:
    """Each item brings 0.6 further ones, some two hours later: 40 % of all come by themselves."""
    times: list[float] = []
    fresh = list(_renewal(total, lambda: random_.expovariate(0.4)))
    while fresh:
        times += fresh
        fresh = [
            time + random_.expovariate(1) * per_day / 12 for time in fresh for _ in range(_poisson_number(random_, 0.6))
        ]
    return sorted(time for time in times if time < total)


def _poisson_number(random_: random.Random, mean: float) -> int:
    limit, product, number = math.exp(-mean), random_.random(), 0
    while product > limit:
        product *= random_.random()
        number += 1
    return number


MAKERS: dict[str, Callable[[random.Random, float, float], list[float]]] = {
    "regular": _regular, "poisson": _poisson, "bursty": _bursty, "hawkes": _hawkes, "lognormal": _lognormal,
}  # fmt: skip


# --- the score


@dataclass(frozen=True)
class Scored:
    """What came of one source: delay in hours and its bound for a fault, false alarms in its healthy years."""

    source: Planted
    noticed: bool
    delay: float
    bound: float
    false_alarms: int
    healthy_years: float


def bound_hours(planted: Planted) -> float:
    """The larger of 24 h and 2.5 times the 95 % quantile of its gaps before the fault, as polls saw them."""
    end = (
        len(planted.times)
        if planted.at is None
        else bisect_left(planted.times, datetime.fromtimestamp(planted.at, UTC))
    )
    seen = planted.times[:end]
    gaps = sorted((b - a).total_seconds() / HOUR for a, b in pairwise(seen) if b > a)
    return max(24.0, 2.5 * gaps[int(0.95 * (len(gaps) - 1))]) if gaps else 24.0


def score(planted: Planted, alarm: Callable[[Planted, datetime], bool], step_minutes: int = 60) -> Scored:
    """Ask for an alarm every hour of the year. A false alarm is one that begins while the source is well."""
    now, end = START, START + timedelta(days=YEAR_DAYS)
    fault = datetime.fromtimestamp(planted.at, UTC) if planted.at is not None else None
    before, false_alarms = False, 0
    while now < end:
        rings = alarm(planted, now)
        if rings and fault is not None and now >= fault:
            delay = (now - fault).total_seconds() / HOUR
            return Scored(
                planted, True, delay, bound_hours(planted), false_alarms, (fault - START) / timedelta(days=365)
            )
        if rings and not before and (fault is None or now < fault):
            false_alarms += 1
        before = rings
        now += timedelta(minutes=step_minutes)
    healthy = ((fault or end) - START) / timedelta(days=365)
    return Scored(planted, fault is None, math.inf if fault else 0.0, bound_hours(planted), false_alarms, healthy)


@lru_cache(maxsize=2)
def _history(planted: Planted) -> History:
    return History(
        planted.name, planted.times, planted.dated, planted.stored, every_minutes=planted.every_minutes,
        country=planted.country,
    )  # fmt: skip


def rings(planted: Planted, now: datetime) -> bool:
    """Whether the judge calls for an operator."""
    return judge(_history(planted), now).alarm
