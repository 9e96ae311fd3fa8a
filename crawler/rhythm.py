"""A source's own rhythm, learned from when its items arrived: when it publishes, how long it may pause.

learn = thin (arrivals of one poll are one event) -> profile (events by hour of the week, shrunk to the overall rate)
        -> rescale (every past gap in expected events instead of hours) -> tail (the gap that is a fault, not a pause)

A night or a weekend without news is no long gap once gaps are counted in events that were to be expected: a Poisson
source has gaps with mean 1 in that time whatever its week looks like; a regular one has shorter, a bursty one longer
extremes, and the tail is fitted to its own. Measured by benchmarks/silence.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

WINDOW_DAYS = 112  # 16 weeks: each weekday 16 times, and a change of habits is forgotten within a season
WINDOW_LEAST = 60  # arrivals: a source with fewer in that time is looked at further back, to
WINDOW_MOST_DAYS = 400  # days: a year and the gap before it
LEAST_GAPS = 6  # fewer say nothing of a tail; until then config's min_per_week speaks
FALSE_A_YEAR = 0.12  # false alarms that a source's own gaps may cause in a year; 0.3 are allowed for all causes
DAY_PRIOR = 2.0  # events' worth of belief that a weekday is like any other day
HOUR_PRIOR = 12.0  # events' worth of belief that an hour of the day is like any other hour
SPARSE = 200  # events: with fewer, a week that is all alike may explain the gaps better than one drawn from noise
TAIL_SHARE = 0.10  # of all gaps: the longest tenth shows how the extremes thin out
TAIL_LEAST, TAIL_MOST = 5, 60  # gaps in the tail
TAIL_PRIOR = 3.0  # gaps' worth of belief about how extremes thin out
REGULAR = 0.15  # the least spread believed of a clockwork that was seen a few times
SHAPE_PRIOR = 20.0  # tail gaps' worth of belief that they thin out exponentially
HEAVIEST = 0.4  # of the tail's shape: at 0.5 its variance would be infinite, and no gap would ever be a fault
OUTLIER = 4.0  # a gap this many times the second longest was an outage of the source, not its habit
BEYOND = 1.25  # times its longest gap: what it did once it may do again, and a little later
QUIET_SHARE = 0.25  # of its usual volume is what a source brings on holidays
FALL_DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 28)  # spans in which a fall of volume may show
FALL_DAYS_LONG = (14, 21, 28)  # spans in which fewer items an event may show
FALL_DAYS_SPARSE = (42, 56, 84)  # for a few items a week, where we look back further than WINDOW_DAYS
FALL_SHARE = 0.5  # of what was to be expected: less is a fall
FALL_SURPRISE_SPARSE = 2.7  # for six weeks and more of a source that brings a few items a week
FALL_SHARE_LONG = 0.35  # for those spans, which see a milder fall in every quiet month
BACK_SHARE = 0.7  # of what was usual, in the newest quarter of a span: more and the fall is over
FALL_SURPRISE = 4.5  # standard deviations: some 150 looks a year at a source must not cry wolf
FALL_SURPRISE_LONG = 3.2  # for spans of two weeks and more: a year has only a handful of them
BASE_DAYS_LEAST = 14  # to compare with; fewer days have no level
HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0  # seconds

# Days on which newsrooms rest, by country: (month, day) first and last. Orthodox and Islamic feasts move and are short.
NEW_YEAR, NOVRUZ = ((1, 1), (1, 8)), ((3, 20), (3, 30))
HOLIDAYS = {
    "AZ": (NEW_YEAR, NOVRUZ), "KZ": (NEW_YEAR, NOVRUZ), "TM": (NEW_YEAR, NOVRUZ), "UZ": (NEW_YEAR, NOVRUZ),
    "GE": (NEW_YEAR,), "RU": (NEW_YEAR,), "UA": (NEW_YEAR,),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)  # a key of caches by identity: hashing thousands of events is dear
class Rhythm:
    """What was learned. Times are seconds since 1970; expected events are numbers without a unit.

    items          the arrivals it was learned from, ascending
    events         the signs of life it was learned from, ascending
    rates          expected events an hour, by hour of the week, Monday 0:00 local first
    limit          expected events after which the absence of any is a fault
    usual          seconds: 95 % of its gaps are shorter
    rests          (start, end, share): spans in which only a share of the usual volume is expected
    """

    events: tuple[float, ...]
    items: tuple[float, ...]
    shift: float
    rates: tuple[float, ...]
    running: tuple[float, ...]
    rests: tuple[tuple[float, float, float], ...]
    gaps: int = 0
    limit: float = 0.0
    usual: float = 0.0

    def expected(self, start: float, end: float) -> float:
        """Events that were to be expected between two times."""
        whole = self._until(end) - self._until(start)
        for first, last, share in self.rests:
            if first < end and start < last:
                whole -= (1.0 - share) * (self._until(min(end, last)) - self._until(max(start, first)))
        return max(whole, 0.0)  # two rests may overlap

    def _until(self, time: float) -> float:
        """Expected events since some Monday long ago, holidays left aside."""
        weeks, rest = divmod(time + self.shift, WEEK)
        hour, part = divmod(rest, HOUR)
        place = int(hour)
        return weeks * self.running[-1] + self.running[place] + self.rates[place] * part / HOUR

    def reached(self, start: float, amount: float) -> float:
        """The time at which `amount` events were to be expected since `start`; rests put it off, two years at most."""
        end = self._at(self._until(start) + amount)
        for _ in range(20):  # each rest within adds to the wait; twenty holidays and outages are more than a window has
            missing = amount - self.expected(start, end)
            if missing < 1e-6 or end > start + 104 * WEEK:
                break
            end = self._at(self._until(end) + missing)
        return end

    def _at(self, amount: float) -> float:
        """The way back of `_until`."""
        weeks, rest = divmod(amount, self.running[-1])
        place = min(bisect_right(self.running, rest) - 1, 167)
        return weeks * WEEK + (place + (rest - self.running[place]) / self.rates[place]) * HOUR - self.shift


@lru_cache(maxsize=512)
def learn(
    arrivals: tuple[datetime, ...],
    every_minutes: float,
    zone: str,
    country: str,
    outages: tuple[tuple[datetime, datetime], ...],
) -> Rhythm | None:
    """The rhythm of ascending aware arrival times; None while there are too few of them.

    `outages` are times in which nobody asked the source: a gap over one of them is not its own. Kept, because a year
    of hourly judging would learn the same thing 24 times a day.
    """
    items = tuple(arrival.timestamp() for arrival in arrivals)
    events = thin(items, every_minutes * 60.0 * 0.9)
    if len(events) <= LEAST_GAPS:
        return None
    offset = arrivals[-1].astimezone(ZoneInfo(zone)).utcoffset()
    seconds = offset.total_seconds() if offset else 0.0
    unasked = [(start.timestamp(), end.timestamp()) for start, end in outages]
    pairs = [pair for pair in pairwise(events) if not _over(pair, unasked)]
    if len(pairs) < LEAST_GAPS:
        return None
    shift = 3 * DAY + seconds  # 1970 began on a Thursday; three days later it is Monday
    rests = (*_holidays(events[0], country, seconds), *((start, end, 0.0) for start, end in unasked))
    years = max(events[-1] - events[0], DAY) / (365.0 * DAY)
    usual = sorted(end - start for start, end in pairs)[int(0.95 * (len(pairs) - 1))]
    weeks = [_profile(events, shift)]
    if len(events) < SPARSE:
        weeks.append([sum(weeks[0]) / 168] * 168)
    tried = []
    for rates in weeks:
        one = Rhythm(
            tuple(events), items, shift, tuple(rates), tuple(accumulate(rates, initial=0.0)), rests, usual=usual
        )
        gaps = sorted((one.expected(start, end) for start, end in pairs), reverse=True)
        tried.append(replace(one, gaps=len(gaps), limit=tail_limit(gaps, years)))
    return min(tried, key=lambda one: one.limit)


def thin(times: Sequence[float], least: float) -> list[float]:
    """Times at least `least` seconds apart: what one poll brought is one sign of life, however many items it was."""
    events: list[float] = []
    for time in times:
        if not events or time - events[-1] >= least:
            events.append(time)
    return events


def _over(pair: tuple[float, float], spans: Sequence[tuple[float, float]]) -> bool:
    return any(start < pair[1] and pair[0] < end for start, end in spans)


def _holidays(first: float, country: str, offset: float) -> list[tuple[float, float, float]]:
    """The holidays of three years from `first` on: more than a window."""
    spans = []
    year = datetime.fromtimestamp(first, UTC).year
    for start, end in HOLIDAYS.get(country, ()):
        for each in (year, year + 1, year + 2):
            from_, to = ((date(each, *day) - date(1970, 1, 1)).days * DAY - offset for day in (start, end))
            spans.append((from_, to + DAY, QUIET_SHARE))
    return spans


def _profile(events: Sequence[float], shift: float) -> list[float]:
    """Expected events by hour of the week: weekday by hour of day, workdays and weekends each with hours of their own.

    Both factors are shrunk: few events leave a flat week, many show nights and Sundays as empty as they are.
    """
    total, span = len(events), max(events[-1] - events[0], DAY) / DAY
    by_day, by_hour = [0.0] * 7, [[0.0] * 24, [0.0] * 24]
    for event in events:
        hour = int(((event + shift) % WEEK) // HOUR)
        by_day[hour // 24] += 1
        by_hour[hour // 24 >= 5][hour % 24] += 1
    a_day = total / span
    days = [(seen + DAY_PRIOR) / (span / 7 + DAY_PRIOR / a_day) for seen in by_day]
    factor = total / span * 7 / sum(days)  # shrinking must not change the week's sum
    work = _hours(by_hour[0], [1 / 24] * 24)
    hours = (work, _hours(by_hour[1], work))
    return [days[day] * factor * hours[day >= 5][hour] for day in range(7) for hour in range(24)]


def _hours(seen: Sequence[float], prior: Sequence[float]) -> list[float]:
    total = sum(seen) + HOUR_PRIOR
    smooth = [0.25 * seen[hour - 1] + 0.5 * seen[hour] + 0.25 * seen[(hour + 1) % 24] for hour in range(24)]
    return [(count + HOUR_PRIOR * share) / total for count, share in zip(smooth, prior, strict=True)]


def tail_limit(gaps: Sequence[float], years: float) -> float:
    """How many expected events without one are a fault: exceeded by its own habit FALSE_A_YEAR times a year.

    `gaps` descending, observed over `years`. The longest tenth are taken for a generalised Pareto tail whose scale and
    shape are shrunk to those of a Poisson source; the scale's own uncertainty makes the tail of few gaps heavier (the
    predictive distribution of an exponential tail is a Pareto of shape 1/k).
    """
    if len(gaps) > LEAST_GAPS and gaps[0] > OUTLIER * max(gaps[1], 1.0):
        gaps = gaps[1:]
    k = min(max(int(TAIL_SHARE * len(gaps)), TAIL_LEAST), TAIL_MOST, len(gaps) - 1)
    edge = gaps[k]
    over = [gap - edge for gap in gaps[:k]]
    # Unseen extremes are believed to spread as its gaps do: 1 for a Poisson source, less for clockwork.
    middle = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - middle) ** 2 for gap in gaps) / len(gaps))
    believed = min(max(deviation, REGULAR), 1.0)
    scale = (sum(over) + TAIL_PRIOR * believed) / (k + TAIL_PRIOR)
    shape = 0.0
    mean = sum(over) / k
    if mean > 0:
        spread = sum((one - mean) ** 2 for one in over) / (k - 1) / mean**2  # 1 where the tail is exponential
        shape = min(max(0.5 * (1 - 1 / spread), 0.0), HEAVIEST) * k / (k + SHAPE_PRIOR) if spread > 1 else 0.0
    rarer = max(k / years / FALSE_A_YEAR, 1.0)  # how many times rarer than the edge the limit is to be
    heavy = shape + 1 / (k + TAIL_PRIOR)
    return max(float(edge + scale * (1 - shape) * (rarer**heavy - 1) / heavy), BEYOND * gaps[0])


@dataclass(frozen=True, slots=True)
class Fall:
    """The volume fell: so many seen in the last `days` days where `expected` were usual; items, or signs of life."""

    days: int
    seen: int
    expected: float


def fallen(rhythm: Rhythm, until: float) -> Fall | None:
    """Whether the last days before `until` brought far less than the weeks before them, and in how many days it shows.

    The weeks before are those that end four weeks ago where there are enough, so that a slow decay does not become
    its own yardstick. The bar counts in the source's own spread: bursts and busy weeks are part of it.
    """
    found = _looked(rhythm, rhythm.events, until, FALL_DAYS, (FALL_SURPRISE, FALL_SHARE))
    # Clusters that shrink leave as many signs of life: the items themselves show it, if one looks long enough.
    found = found or _looked(
        rhythm, rhythm.items, _every(7, until), FALL_DAYS_LONG, (FALL_SURPRISE_LONG, FALL_SHARE_LONG)
    )
    return found or _looked(
        rhythm, rhythm.items, _every(14, until), FALL_DAYS_SPARSE, (FALL_SURPRISE_SPARSE, FALL_SHARE)
    )


def _every(days: int, until: float) -> float:
    """The last of the times so many days apart: a long span looked at daily is nearly the same span each day, and its
    state would flicker with every single item that enters or leaves it."""
    return until - until % (days * DAY)


def _looked(
    rhythm: Rhythm, times: Sequence[float], until: float, spans: Sequence[int], bars: tuple[float, float]
) -> Fall | None:  # fmt: skip
    """Whether one of the spans before `until` shows a fall; None too where there is too little to compare it with."""
    whole = min(int((until - rhythm.events[0]) // DAY), WINDOW_MOST_DAYS)
    if whole < max(2 * BASE_DAYS_LEAST, spans[-1] + 3 * BASE_DAYS_LEAST if spans is FALL_DAYS_SPARSE else 0):
        return None
    week = [rhythm.expected(until - (back + 1) * DAY, until - back * DAY) for back in range(7)]
    hoped = [week[back % 7] for back in range(whole)]
    if rhythm.rests:
        hoped = [rhythm.expected(until - (back + 1) * DAY, until - back * DAY) for back in range(whole)]
    old = max(min(max(spans[-1], FALL_DAYS[-1]), whole - 2 * BASE_DAYS_LEAST), BASE_DAYS_LEAST // 2)
    return _fall(_by_day(times, until, whole), hoped, spans, old, *bars)


def _by_day(times: Sequence[float], until: float, days: int) -> list[int]:
    """How many in each of the days before `until`, the newest first."""
    seen = [0] * days
    for time in times:
        back = int((until - time) // DAY)
        if 0 <= back < days:
            seen[back] += 1
    return seen


def _fall(
    seen: Sequence[int], hoped: Sequence[float], spans: Sequence[int], old: int, bar: float, share: float
) -> Fall | None:  # fmt: skip
    """The first of the spans that shows a fall against the days older than `old`; newest day first."""
    level = sum(seen[old:]) / max(sum(hoped[old:]), 1e-9)
    usual = [one * level for one in hoped]
    by_day, by_week = _spread(seen[old:], usual[old:], 1), _spread(seen[old:], usual[old:], 7)
    for days in spans:
        if days > old:
            break
        count, expected = sum(seen[:days]), sum(usual[:days])
        part = -(-days // 4)  # of the span, the newest quarter: a source that is back is not falling
        if sum(seen[:part]) > BACK_SHARE * sum(usual[:part]):
            continue
        if not count:
            continue  # a span without any is for silence to judge, by the tail of its gaps
        spread = max(1.0, by_day, by_week)
        if count < share * expected and surprise(count, expected) > bar * math.sqrt(spread):
            return Fall(days, count, expected)
    return None


def _spread(seen: Sequence[int], usual: Sequence[float], days: int) -> float:
    """Variance over mean of the counts of so many days: 1 for a Poisson source, more for bursts."""
    found = []
    for start in range(0, len(seen) - days + 1, days):
        expected = sum(usual[start : start + days])
        if expected > 0.2:  # of an empty Sunday nothing can be told
            found.append((sum(seen[start : start + days]) - expected) ** 2 / expected)
    return sum(found) / len(found) if found else 1.0


def surprise(seen: float, expected: float) -> float:
    """How many standard deviations too few: the signed root of the Poisson deviance, 0 where there are not too few."""
    if seen >= expected:
        return 0.0
    return math.sqrt(2 * ((seen * math.log(seen / expected) if seen else 0.0) + expected - seen))
