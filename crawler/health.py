"""Is a source well? Judged from its history alone: no I/O, no clock. The doors are `History`, `judge` and `Health`.

judge = what config and the last polls say (disabled, retired, refused, failing, empty …)
        -> silence, by the source's own rhythm -> decay: volume, dates, texts
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from crawler.rhythm import DAY, WEEK, WINDOW_DAYS, WINDOW_LEAST, WINDOW_MOST_DAYS, Fall, Rhythm, fallen, learn

State = Literal[
    "failing", "refused", "retired", "silent", "empty", "all_dropped", "decayed", "not_run", "never_polled", "quiet",
    "ok", "waiting", "disabled",
]  # fmt: skip
Basis = Literal["rhythm", "min_per_week", "nothing"]
STATES: tuple[State, ...] = (  # the worst first: the order of `khazri sources`
    "failing", "refused", "retired", "silent", "empty", "all_dropped", "decayed", "not_run", "never_polled", "quiet",
    "ok", "waiting", "disabled",
)  # fmt: skip
ALARMS: frozenset[State] = frozenset(
    {"failing", "refused", "retired", "silent", "empty", "all_dropped", "decayed", "not_run"}
)
BAR_WEEKS = 12  # in the bar of items a week: a quarter
NOTICE = timedelta(hours=24)  # a death noticed within a day is noticed in time, whatever the source
NOTICE_GAPS = 2.5  # or within so many of its own 95 % gaps, if that is longer
# Silence is not told before this share of that time: an earlier word would be no gain and more often a wrong one.
NOT_BEFORE = 0.6
QUIET_SHARE = 0.5  # of its limit: from there on a source is shown as quiet
YOUNG_DAYS = 14  # two weekends: until then no week is known
NOTHING_DAYS = 28  # without any rhythm, so long without anything is silence: one item a week pauses 14 days too often
WEEKEND = timedelta(hours=96)  # Friday noon to Tuesday noon: what a young source is granted
YOUNG_GAPS = 3.0  # times its longest gap so far, where that is longer
YOUNG_EVENTS = 4.0  # of min_per_week: events that were to be expected and did not come, where no rhythm is known yet
NOT_RUN = timedelta(hours=24)  # without a poll, or three of its own intervals if that is longer: nobody looks at it
LATEST = timedelta(days=7)  # an item published longer ago than this came when we saw it: a sign of life is not old
FIELD_LEAST = 5  # new items in a row without a date or text before that is told
FIELD_CHANCE = 1e-6  # of that many in a row while all is as before
FIELD_ITEMS = 400  # looked back at for what was usual
FAR_MORE = 3.0  # times its own usual week


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one source. Only `source` and `arrivals` are needed; the rest has plain defaults.

    arrivals      aware times of its new items, ascending; see `arrival` for which time of an item that is
    dated, stored one for each arrival: whether the item has a date; whether its page became an article (None: open,
                  or the item was another source's article already). Empty: not known
    state, reason result of the last poll as in DESIGN §4 ("new" before the first), and its short word
    failing_since first poll of the present run of failures or empty answers
    polled_at     last poll; answered_at: last readable answer. None with state "ok": just now
    watched_since first poll ever; None: the first arrival
    retired_at    it answered 410
    every_minutes the real time between two polls
    outages       spans in which nobody asked it, so that nothing could arrive
    polls         whether there is a spider for its kind
    """

    source: str
    arrivals: Sequence[datetime] = ()
    dated: Sequence[bool] = ()
    stored: Sequence[bool | None] = ()
    state: str = "ok"
    reason: str = ""
    failing_since: datetime | None = None
    polled_at: datetime | None = None
    answered_at: datetime | None = None
    watched_since: datetime | None = None
    retired_at: datetime | None = None
    failures: int = 0
    every_minutes: float = 60.0
    min_per_week: int = 0
    max_per_week: int = 0
    enabled: bool = True
    polls: bool = True
    remark: str = ""
    zone: str = "UTC"
    country: str = ""
    outages: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """A source's state with its reason.

    why           one short line an operator understands
    since         when the state began; None where that means nothing
    warnings      what is odd and no fault by itself: volume outside config's bounds, far more than usual
    last_new      its last new item
    usual_gap     95 % of its gaps are shorter; None while its rhythm is not known
    silent_after  when it will be, or was, called silent if nothing comes
    per_week      its usual items a week, over the weeks it was watched, the present gap left aside
    weeks         items of each of the last 12 weeks, the oldest first; each ends at `now` less whole weeks
    basis         what silence is judged by: its own "rhythm", config's "min_per_week", or "nothing" yet
    """

    source: str
    state: State
    why: str = ""
    since: datetime | None = None
    warnings: tuple[str, ...] = ()
    last_new: datetime | None = None
    usual_gap: timedelta | None = None
    silent_after: datetime | None = None
    per_week: float = 0.0
    weeks: tuple[int, ...] = ()
    basis: Basis = "nothing"

    @property
    def alarm(self) -> bool:
        """Whether an operator should look at it."""
        return self.state in ALARMS


def arrival(first_seen: datetime, published: datetime | None, precision: str, *, first_poll: bool = False) -> datetime:
    """When an item came: its own time where that is known to the minute and lies shortly before we saw it, so that the
    hours in which nobody asked are no gap of its own; else when we saw it. The entries of the first poll may be as old
    as the window: they already show a rhythm."""
    if published is None or precision != "minute" or published > first_seen:
        return first_seen
    return published if first_seen - published < (timedelta(days=WINDOW_DAYS) if first_poll else LATEST) else first_seen


def judge(history: History, now: datetime) -> Health:
    """The health of one source at `now`. The same history and now give the same answer; arrivals after now do not
    count. A source judged every hour is learned anew once a day only."""
    end = bisect_left(history.arrivals, now + timedelta(microseconds=1))
    last = history.arrivals[end - 1] if end else None
    told = _told(history, last, now)
    rhythm, fall = _rhythm(history, end, now)
    state, why, since = told if told else _silence(history, rhythm, last, now)
    if state in ("ok", "quiet"):
        found = _decay(history, fall, end, now)
        if found is not None:
            state, (why, since) = "decayed", found
    weeks = _weeks(history.arrivals, end, now)
    basis: Basis = "rhythm" if rhythm else "min_per_week" if history.min_per_week else "nothing"
    return Health(
        history.source, state, why, since, _warnings(history, weeks, end, now), last,
        timedelta(seconds=rhythm.usual) if rhythm else None,
        _silent_after(history, rhythm, last), _per_week(history, end), weeks, basis,
    )  # fmt: skip


# --- what config and the last polls say -----------------------------------------------------------------------------


def _told(history: History, last: datetime | None, now: datetime) -> tuple[State, str, datetime | None] | None:
    """States that need no statistics, the worst first; None where the source answers as it should."""
    if not history.enabled:
        return "disabled", history.remark, None
    if not history.polls:
        return "waiting", "no spider polls its kind yet", None
    if history.retired_at is not None:
        return "retired", "410: gone for good, says the host", history.retired_at
    if history.state == "new" and history.polled_at is None:
        return "never_polled", "not asked yet", None
    since = history.failing_since or history.answered_at or history.polled_at
    reason = history.reason.replace("_", " ")
    times = f", {history.failures} times in a row" if history.failures > 1 else ""
    if history.state == "refused":
        return "refused", f"{reason or 'refused'}{times}", since
    if history.state == "unreachable":
        return "failing", f"{reason or 'no answer'}{times}", since
    patience = max(NOT_RUN, timedelta(minutes=3 * history.every_minutes))
    asked = history.polled_at or history.answered_at
    if asked is not None and now - asked > patience:
        return "not_run", f"not asked for {words(now - asked)}", asked
    if history.state == "empty":
        return "empty", "answers, with no entries", since or last
    if history.state == "all_dropped":
        return "all_dropped", "has new entries, none gave an article", since or last
    return None


# --- silence --------------------------------------------------------------------------------------------------------


def _rhythm(history: History, end: int, now: datetime) -> tuple[Rhythm | None, Fall | None]:
    """What was learned until the last midnight (UTC): the day itself would make each look a new lesson."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    to = bisect_left(history.arrivals, midnight, 0, end)
    if to == 0:
        return None, None
    # the window ends with the last arrival, not now: what is judged, the present gap, must not teach
    start = _window(history.arrivals, to)
    rhythm = learn(
        tuple(history.arrivals[start:to]), history.every_minutes, history.zone, history.country, history.outages
    )
    return (rhythm, _fallen(rhythm, midnight.timestamp())) if rhythm else (None, None)


def _window(arrivals: Sequence[datetime], to: int) -> int:
    """Where the window of learning begins: the last WINDOW_DAYS, or as far back as the last WINDOW_LEAST arrivals."""
    start = bisect_left(arrivals, arrivals[to - 1] - timedelta(days=WINDOW_DAYS), 0, to)
    if to - start >= WINDOW_LEAST or start == 0:
        return start
    oldest = bisect_left(arrivals, arrivals[to - 1] - timedelta(days=WINDOW_MOST_DAYS), 0, to)
    return max(oldest, to - WINDOW_LEAST, 0)


@lru_cache(maxsize=1024)
def _fallen(rhythm: Rhythm, until: float) -> Fall | None:
    return fallen(rhythm, until)


@lru_cache(maxsize=1024)
def _deadlines(rhythm: Rhythm, last: datetime) -> tuple[datetime, datetime]:
    """(from when it is quiet, from when it is silent) if nothing comes after `last`."""
    in_time = max(NOTICE.total_seconds(), NOTICE_GAPS * rhythm.usual)
    begin = last.timestamp()
    silent = max(rhythm.reached(begin, rhythm.limit), begin + NOT_BEFORE * in_time)
    if rhythm.events[-1] - rhythm.events[0] < YOUNG_DAYS * DAY:
        silent = max(silent, begin + WEEKEND.total_seconds())
    quiet = max(rhythm.reached(begin, QUIET_SHARE * rhythm.limit), begin + rhythm.usual)
    return datetime.fromtimestamp(min(quiet, silent), UTC), datetime.fromtimestamp(silent, UTC)


def _silent_after(history: History, rhythm: Rhythm | None, last: datetime | None) -> datetime | None:
    if last is None:
        begin = history.watched_since
    elif rhythm is not None:
        return _deadlines(rhythm, last)[1]
    else:
        begin = last
    if begin is None:
        return None
    if history.min_per_week:
        return begin + max(WEEKEND, YOUNG_EVENTS * timedelta(days=7) / history.min_per_week)
    return begin + max(timedelta(days=NOTHING_DAYS), YOUNG_GAPS * _longest(history.arrivals, last))


def _longest(arrivals: Sequence[datetime], last: datetime | None) -> timedelta:
    """The longest gap of a handful of arrivals."""
    known = [one for one in arrivals[-2 * WINDOW_LEAST :] if last is not None and one <= last]
    return max((end - start for start, end in pairwise(known)), default=timedelta())


def _silence(
    history: History, rhythm: Rhythm | None, last: datetime | None, now: datetime
) -> tuple[State, str, datetime | None]:
    """ok, quiet or silent. Only the time in which it answered counts: what nobody asked cannot have been silent."""
    looked = min(now, history.answered_at or now)
    until = _silent_after(history, rhythm, last)
    if until is None:
        return "quiet", "no item yet", None
    if rhythm is None:
        by = f"at least {history.min_per_week} a week expected" if history.min_per_week else "rhythm not known yet"
        if looked >= until:
            return "silent", f"{'no item yet' if last is None else 'nothing new'}; {by}", last or history.watched_since
        return ("quiet", "no item yet", None) if last is None else ("ok", by, None)
    assert last is not None
    if looked >= until:
        usual = words(timedelta(seconds=rhythm.usual))
        return "silent", f"nothing for {words(now - last)}; 95 % of its gaps are under {usual}", last
    if looked >= _deadlines(rhythm, last)[0]:
        return "quiet", f"silent if nothing comes by {until.astimezone(UTC):%d %b %H:%M} UTC", None
    return "ok", "", None


# --- decay ----------------------------------------------------------------------------------------------------------


def _decay(history: History, fall: Fall | None, end: int, now: datetime) -> tuple[str, datetime | None] | None:
    """(why, since) where volume, dates or texts are far from what they were."""
    if fall is not None:
        why = f"only {fall.seen} arrivals in {fall.days} days, {fall.expected:.0f} were usual"
        return why, now - timedelta(days=fall.days)
    for name, flags in (("dates", history.dated), ("texts", history.stored)):
        lost = vanished(flags, min(end, len(flags)))
        if lost:
            known = [place for place in range(min(end, len(flags))) if flags[place] is not None]
            return f"its last {lost} items have no {name}", history.arrivals[known[-lost]]
    return None


def vanished(flags: Sequence[bool | None], end: int) -> int:
    """How many of the items before `end`, in a row to the last one, lack what most had before; 0 while that may be
    chance. A flag of None is not known and does not count."""
    run, place = 0, end
    while place and not flags[place - 1]:
        place -= 1
        run += flags[place] is not None
    if run < FIELD_LEAST:
        return 0
    before = [flag for flag in flags[max(0, place - FIELD_ITEMS) : place] if flag is not None]
    if len(before) < FIELD_LEAST:
        return 0
    share = sum(before) / (len(before) + 1)  # never 1: nothing is sure
    return run if (1 - share) ** run < FIELD_CHANCE else 0


# --- numbers for a person -------------------------------------------------------------------------------------------


def _weeks(arrivals: Sequence[datetime], end: int, now: datetime) -> tuple[int, ...]:
    edges = [
        bisect_left(arrivals, now - timedelta(weeks=back) + timedelta(microseconds=1), 0, end)
        for back in range(BAR_WEEKS, -1, -1)
    ]
    return tuple(to - start for start, to in pairwise(edges))


def _per_week(history: History, end: int) -> float:
    if end < 2:
        return float(end)
    start = bisect_left(history.arrivals, history.arrivals[end - 1] - timedelta(days=WINDOW_DAYS), 0, end)
    span = (history.arrivals[end - 1] - history.arrivals[start]).total_seconds()
    return (end - start) / max(span / WEEK, DAY / WEEK)


def _warnings(history: History, weeks: Sequence[int], end: int, now: datetime) -> tuple[str, ...]:
    """Volume outside what config calls normal, or far more than its own usual week; only over whole weeks watched."""
    begin = history.watched_since or (history.arrivals[0] if end else None)
    if begin is None or now - begin < timedelta(weeks=1):
        return ()
    found = []
    if weeks[-1] < history.min_per_week:
        found.append(f"{weeks[-1]} items in 7 days, at least {history.min_per_week} expected by config")
    if history.max_per_week and weeks[-1] > history.max_per_week:
        found.append(f"{weeks[-1]} items in 7 days, at most {history.max_per_week} expected by config")
    before = [count for count in weeks[:-1] if count]
    if len(before) >= 4:  # weeks; fewer are no usual week
        usual = sorted(before)[len(before) // 2]
        if weeks[-1] > FAR_MORE * usual and weeks[-1] - usual >= 10:
            found.append(f"{weeks[-1]} items in 7 days, {usual} were usual")
    return tuple(found)


def words(span: timedelta) -> str:
    """A span in words as short as a table needs: 40 min, 5 h, 3 d, 6 wk."""
    minutes = max(int(span.total_seconds() // 60), 0)
    for least, unit, per in ((14 * 1440, "wk", 7 * 1440), (48 * 60, "d", 1440), (120, "h", 60)):
        if minutes >= least:
            return f"{minutes / per:.0f} {unit}"
    return f"{minutes} min"
