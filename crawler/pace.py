"""How long to wait after a poll, and which poll is due: decided from what was seen, without clock or database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.config import Politeness, Source

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
# The steps of news-crawl (+50 %, -20 %), which polls some 10,000 feeds; its floor of 90 minutes is too slow for an
# agency whose window of 25 entries turns over in 2 to 6 hours.
LONGER, SHORTER = 1.5, 0.8
# From this share of new entries on the next window may have lost some: Media Cloud halves by the share of duplicates.
CROWDED, HALVED = 0.5, 0.5
# A source is left alone for at most this part of its silence: a night must not cost the morning's news. A tenth of the
# silence is early enough to tell it, which is judged by more than twice the longest usual gap.
PATIENCE = 0.1
AGREED = 3  # permanent redirects in a row that say the same, after which the new address is asked directly
RETIRED = 410  # "gone": the one status that says nobody need ask again

GOOD = ("ok", "unchanged", "empty")  # results of a poll that was answered


@dataclass(frozen=True, slots=True)
class Limits:
    """Minutes between two polls: the least, where a source begins, the most."""

    fastest: float
    start: float
    slowest: float


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll as it ended.

    result   as in a run: ok, unchanged, empty, unreachable, refused, not_run.
    seen     entries of the answer; 0 where it was not read (304, same bytes).
    new      those of them that were not known.
    first    whether the source was never read before: then all is new and says nothing of its rhythm.
    elapsed  minutes since the poll before, None for the first.
    quiet    minutes since it last brought something new, None where it never did.
    fresh    minutes for which the answer said that it holds (Cache-Control: max-age), 0 when it did not.
    recovered  whether the poll before had failed.
    """

    result: str
    seen: int = 0
    new: int = 0
    first: bool = False
    elapsed: float | None = None
    quiet: float | None = None
    fresh: float = 0.0
    recovered: bool = False


def limits_of(source: Source, politeness: Politeness) -> Limits:
    """The limits of one source. `every_minutes` outside those of politeness widens them: the operator meant it; and
    what is normal (`min_per_week`) shortens them: a source is asked about as often as something is expected."""
    start = float(source.every_minutes)
    slowest = max(float(politeness.slowest_minutes), start)
    if source.min_per_week:
        slowest = max(start, min(slowest, WEEK_MINUTES / source.min_per_week))
    return Limits(min(float(politeness.fastest_minutes), start), start, slowest)


def next_minutes(limits: Limits, current: float | None, poll: Poll) -> float:
    """Minutes to wait after this poll. `current` is what was waited before, None for a source that never was polled.

    Shorter when it brings something new, half when most of its window is new, both from where it begins; longer when
    nothing comes, yet never over PATIENCE of its silence, so that a source that speaks every day is asked many times a
    day. Failures are waited out in the same steps up to a day, a refusal is respected for a day.
    """
    now = limits.start if current is None else current
    if poll.result == "refused":
        return max(limits.slowest, float(DAY_MINUTES))
    if poll.result == "unreachable":
        return min(max(now, limits.start) * LONGER, max(limits.start, min(limits.slowest, float(DAY_MINUTES))))
    if poll.result not in GOOD:
        return now  # nobody was asked
    if poll.first:
        return limits.start
    if poll.new or poll.recovered:
        now = min(now, limits.start)  # who speaks again after a silence is asked as at first
    if poll.new:
        now *= HALVED if poll.new >= CROWDED * poll.seen else SHORTER
    elif poll.elapsed is None or poll.elapsed >= now / 2:  # two looks within a moment say no more than one
        most = max(limits.start, PATIENCE * poll.quiet) if poll.quiet is not None else limits.slowest
        now = max(now, min(now * LONGER, most))
    # An answer that holds for an hour is not asked for in ten minutes; static files claim a year, so it ends at start.
    now = max(now, min(poll.fresh, limits.start))
    return min(max(now, limits.fastest), limits.slowest)


def due_at(source: Source, known: Mapping[str, Any] | None) -> datetime | None:
    """When a source is to be polled next by what earlier polls learned; None: at once."""
    if known is None or known.get("polled_at") is None or known.get("address") != source.address:
        return None
    polled: datetime = known["polled_at"]
    return polled + timedelta(minutes=known.get("interval_minutes") or source.every_minutes)


def slot_of(source: Source, known: Mapping[str, Any] | None, now: datetime) -> str | None:
    """The name of the poll that is due now, None when none is: the same in every process that looks at the same row.

    It is the poll that follows the last one, so an interval may change as it likes; should that poll end without a
    trace, the next interval has a name of its own.
    """
    if due_at(source, known) is None or known is None:
        return f"first+{int(now.timestamp() // (source.every_minutes * 60))}"
    polled: datetime = known["polled_at"]
    minutes = known.get("interval_minutes") or source.every_minutes
    passed = int((now - polled) / timedelta(minutes=minutes) // 1)
    return None if passed == 0 else f"{polled:%Y-%m-%dT%H:%M:%S.%f}+{passed}"


def is_retired(source: Source, known: Mapping[str, Any] | None) -> bool:
    """Whether its address answered 410 and is still the one in config."""
    return known is not None and known.get("retired_at") is not None and known.get("address") == source.address


def address_to_ask(source: Source, known: Mapping[str, Any] | None) -> str:
    """The configured address, or where it has moved to once AGREED polls in a row were sent there for good."""
    if known is None or known.get("address") != source.address or int(known.get("moved_agreed") or 0) < AGREED:
        return source.address
    return str(known.get("moved_to") or source.address)
