"""What of a sitemap to ask for and to take: which children of an index, which addresses, what to remember. Pure.

An archive lists 50,000 pages and we want the news: only addresses that are new, by the best date they have, become
items. What is left out is counted and said, never silently dropped.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from models.article import Entry, Located, Sitemap

WINDOW = timedelta(days=14)  # how far back an address may be dated and still be news: an outage of a week loses nothing
FIRST_WINDOW = timedelta(days=3)  # the same at a source's first poll: what a feed would show, a weekend included
FIRST_ENTRIES = 100  # at a first poll at most: the longest feeds show as many
MOST_ENTRIES = 1_000  # in one poll at most, as of a feed
MOST_CHILDREN = 10  # of an index asked for in one poll: 20 s of the host's time at the usual delay
DEEPEST = 3  # levels of indexes; the protocol knows one
MOST_REMEMBERED = 2_000  # children noted between polls, 200 bytes each
# Days until a child that yielded nothing recent is looked at again: after its first look, one unchanged look, more.
RESTS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
# So many equal `lastmod` are when the file was built, not a page's change; of bare days more, for a busy day's news.
BUILD_TIME_SHARE, BUILD_TIME_LEAST, BUILD_DAY_LEAST = 0.9, 20, 500
DIGEST_BYTES = 5  # of an undated address we had: 50,000 of them are 333 kB of text and 1 in 20 million is mistaken
MOST_HAD = 100_000  # of them in one source: 0.7 MB of text

_PERIOD = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:([-_/.]?)(0[1-9]|1[0-2])(?:\2(0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_DAY = re.compile(r"/((?:19|20)\d\d)([-/]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?=[/\-_.]|$)")
_NUMBER = re.compile(r"\d+")
_NEWS = re.compile(r"news|latest|recent|current|hot", re.IGNORECASE)


@dataclass(slots=True)
class Child:
    """What one sitemap of an index showed when it was asked last."""

    lastmod: str = ""  # as the index said it then
    etag: str = ""
    last_modified: str = ""
    hash: str = ""
    asked: datetime | None = None
    newest: datetime | None = None  # of its addresses, by the best date of each
    still: int = 0  # looks in a row at which its bytes had not changed
    liar: bool = False  # the index called it changed, and its bytes had not
    index: bool = False
    parent: str = ""  # the index that lists it


@dataclass(slots=True)
class Memory:
    """What a sitemap source remembers between polls.

    since     addresses dated before it were left out at the first poll, and stay out.
    children  address -> what it showed.
    had       address of a sitemap -> digests of its undated addresses.
    """

    since: datetime | None = None
    children: dict[str, Child] = field(default_factory=dict)
    had: dict[str, set[bytes]] = field(default_factory=dict)
    settled: bool = True  # an unchanged index needs no look at its children

    @property
    def first(self) -> bool:
        return self.since is None

    def floor(self, now: datetime) -> datetime:
        """The time from which on an address is news: the beginning of a day, or the end of what a first poll took."""
        oldest = now - (FIRST_WINDOW if self.since is None else WINDOW)
        day = oldest.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(self.since, day) if self.since else day

    def dump(self) -> dict[str, Any]:
        children = {
            url: {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name in Child.__slots__
                if (value := getattr(child, name))
            }
            for url, child in list(self.children.items())[:MOST_REMEMBERED]
        }
        had = {url: base64.b64encode(b"".join(sorted(self.had[url]))).decode("ascii") for url in self._kept()}
        since = self.since.isoformat() if self.since else None
        return {"since": since, "children": children, "had": had, "settled": self.settled}

    def _kept(self) -> list[str]:
        """The sitemaps whose undated addresses are remembered: the live ones first, MOST_HAD in all. One that is not
        is looked into as if for the first time."""
        long_ago = datetime.min.replace(tzinfo=UTC)

        def newest(url: str) -> datetime:
            child = self.children.get(url)
            return datetime.max.replace(tzinfo=UTC) if child is None else child.newest or long_ago  # None: the root

        kept, room = [], MOST_HAD
        for url in sorted(self.had, key=newest, reverse=True):
            if len(self.had[url]) <= room:
                kept.append(url)
                room -= len(self.had[url])
        return kept


def load(cursor: Mapping[str, Any]) -> Memory:
    """The memory of a stored cursor, an empty one of {}."""
    if not cursor.get("since"):
        return Memory()
    children = {url: Child(**{name: _back(name, value) for name, value in said.items()})
                for url, said in cursor["children"].items()}  # fmt: skip
    had: dict[str, set[bytes]] = {}
    for url, text in cursor["had"].items():
        raw = base64.b64decode(text)
        had[url] = {raw[at : at + DIGEST_BYTES] for at in range(0, len(raw), DIGEST_BYTES)}
    return Memory(datetime.fromisoformat(cursor["since"]), children, had, bool(cursor["settled"]))


def _back(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in ("asked", "newest") else value


# ----------------------------------------------------------------------------------------------------------- children


@dataclass(frozen=True, slots=True)
class Due:
    """The children to ask for, the most promising first, and how many of the others rest and why."""

    children: tuple[Located, ...]
    skipped: Mapping[str, int]


def due_children(children: Iterable[Located], memory: Memory, now: datetime) -> Due:
    """Live ones first, then those never asked, then those that rest no longer; within each the newest first.

    Not asked: one whose `lastmod` is what it was, one that is older than what we look for, and (news-crawl's rule) one
    that stopped changing and has nothing recent, until its rest is over.
    """
    ranked: list[tuple[tuple[Any, ...], Located]] = []
    skipped: Counter[str] = Counter()
    for place, child in enumerate({one.link: one for one in children}.values()):
        known = memory.children.get(child.link)
        group, why = _never_asked(child, memory, now) if known is None or known.asked is None else _again(
            child, known, now
        )  # fmt: skip
        if why:
            skipped[why] += 1
            continue
        ranked.append(((group, *(-part for part in _promise(child)), -place), child))
    ranked.sort(key=lambda pair: pair[0])
    return Due(tuple(child for _, child in ranked), skipped)


def _never_asked(child: Located, memory: Memory, now: datetime) -> tuple[int, str]:
    newest = child.changed.value if child.changed else _end_of_period(child.link, months=False)
    return (1, "older") if newest is not None and newest < memory.floor(now) else (1, "")


def _again(child: Located, known: Child, now: datetime) -> tuple[int, str]:
    if child.changed is not None and stamp(child) == known.lastmod:
        return 0, "unchanged"
    if known.index or (known.newest is not None and known.newest >= now - WINDOW):
        return 0, ""
    if child.changed is not None and not known.liar:
        return 0, ""
    assert known.asked is not None
    return 2, "resting" if now < known.asked + RESTS[min(known.still, len(RESTS) - 1)] else ""


def _promise(child: Located) -> tuple[float, ...]:
    """How new a child's content may be: a news sitemap, its change, the date or the last number in its address."""
    period = _end_of_period(child.link)
    when = child.changed.value if child.changed else period
    numbers = _NUMBER.findall(_after_host(child.link))
    return (
        float(bool(_NEWS.search(child.link.rpartition("/")[2]))),
        when.timestamp() if when else 0.0,
        float(int(numbers[-1][:15])) if numbers else 0.0,
    )


def stamp(child: Located) -> str:
    """Its `lastmod` as it is remembered."""
    return child.changed.value.isoformat() if child.changed else ""


def _end_of_period(link: str, *, months: bool = True) -> datetime | None:
    """The end of the year, month or day in an address such as sitemap-2026-03.xml; None where there is none.

    `months` False: a year's end for a month too, because the 11 of sitemap-2026-11.xml may be a running number.
    """
    found = _PERIOD.search(_after_host(link))
    if not found:
        return None
    year, month, day = int(found[1]), found[3], found[4]
    try:
        if day:
            return datetime(year, int(month), int(day), tzinfo=UTC) + timedelta(days=1)
    except ValueError:  # 31 February
        return None
    if month and months and month != "12":
        return datetime(year, int(month) + 1, 1, tzinfo=UTC)
    return datetime(year + 1, 1, 1, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------------------- addresses


@dataclass(frozen=True, slots=True)
class Picked:
    """Entries in the order in which their pages are worth asking for, the newest first; and what was left out."""

    entries: tuple[Entry, ...]
    warnings: tuple[str, ...]


def pick(bodies: Sequence[tuple[str, Sitemap]], fresh: set[str], memory: Memory, now: datetime) -> Picked:
    """The addresses that are news, of all the sitemaps read in one poll (address, sitemap). Updates `memory`.

    Dated by `news:publication_date`, else the day in its address, else `lastmod`: news from `memory.floor` on. Undated:
    news when we had not seen it; at a first poll only the first hundred, and of a sitemap that we look into for the
    first time none, unless it is in `fresh`: the index did not list it before. `memory.children` is of this poll.
    """
    first, floor = memory.first, memory.floor(now)
    dated: list[tuple[datetime, Located]] = []
    undated: list[tuple[str, Located]] = []
    old = baseline = 0
    for url, sitemap in bodies:
        pages = without_build_time(sitemap.pages)
        loose = [page for page in pages if when_of(page) is None]
        had, memory.had[url] = memory.had.get(url), {digest(page.link) for page in loose}
        for page in pages:
            when = when_of(page)
            if when is not None and _is_news(page, when, floor):
                dated.append((when, page))
            elif when is not None:
                old += 1
        if had is None and not first and url not in fresh:
            baseline += len(loose)
        else:
            undated += [(url, page) for page in loose if digest(page.link) not in (had or ())]
    dated.sort(key=lambda pair: pair[0], reverse=True)
    undated.sort(key=lambda pair: _number(pair[1].link), reverse=True)
    most = FIRST_ENTRIES if first else MOST_ENTRIES
    taken = dated[:most]
    loose_taken = undated[: most - len(taken)]
    for url, _ in loose_taken:
        if url in memory.children:
            memory.children[url].newest = now  # what had new addresses is alive
    if not first:  # they come at the next poll
        for url, page in undated[len(loose_taken) :]:
            memory.had[url].discard(digest(page.link))
            memory.settled = False
    memory.since = _since(memory, floor, taken, len(dated) > len(taken))
    entries = tuple(entry_of(page) for page in (*(page for _, page in taken), *(page for _, page in loose_taken)))
    return Picked(entries, _left_out(old, floor, len(dated) - len(taken), len(undated) - len(loose_taken), baseline))


def _since(memory: Memory, floor: datetime, taken: list[tuple[datetime, Located]], cut: bool) -> datetime:
    """At a first poll that took only some of what is in the window: from the oldest of those on."""
    if memory.since is not None:
        return memory.since
    return max(floor, taken[-1][0]) if cut and taken else floor


def _left_out(old: int, floor: datetime, cut: int, cut_undated: int, baseline: int) -> tuple[str, ...]:
    counts = (
        (old, f"addresses older than {floor:%Y-%m-%d} left out"),
        (cut, "newer addresses over the limit of one poll left out"),
        (cut_undated, "undated addresses over the limit of one poll left out"),
        (baseline, "undated addresses of a sitemap not looked into before left out"),
    )
    return tuple(f"{number:,} {words}" for number, words in counts if number)


def when_of(page: Located) -> datetime | None:
    """The best date of an address: when it was published, by its own words or its address, else when it changed."""
    if page.published is not None:
        return page.published.value
    found = _DAY.search(page.link)
    if found:
        with contextlib.suppress(ValueError):  # 31 February
            return datetime(int(found[1]), int(found[3]), int(found[4]), tzinfo=UTC)
    return page.changed.value if page.changed else None


def _is_news(page: Located, when: datetime, floor: datetime) -> bool:
    """Whether the date is not before `floor`; of one known to the day, whether any of the day is not."""
    date = page.published or page.changed
    minute = date is not None and date.value == when and date.precision == "minute"
    return when >= floor if minute else when + timedelta(days=1) > floor


def without_build_time(pages: Sequence[Located]) -> Sequence[Located]:
    """The same pages; without `lastmod` where nearly all have the same one, which is when the file was built."""
    changes = Counter(page.changed for page in pages if page.changed)
    if not changes:
        return pages
    value, number = changes.most_common(1)[0]
    least = BUILD_TIME_LEAST if value.precision == "minute" else BUILD_DAY_LEAST
    if number < least or number < BUILD_TIME_SHARE * changes.total():
        return pages
    return [replace(page, changed=None) if page.changed == value else page for page in pages]


def newest_of(sitemap: Sitemap) -> datetime | None:
    """The newest date of its addresses; None where none has one."""
    return max((when for page in without_build_time(sitemap.pages) if (when := when_of(page))), default=None)


def digest(link: str) -> bytes:
    """A few bytes that stand for an address, as it is written: a sitemap does not spell one in two ways."""
    return blake2b(link.encode("utf-8", "replace"), digest_size=DIGEST_BYTES).digest()


def _number(link: str) -> int:
    """The largest number in an address: articles are numbered upwards nearly everywhere."""
    return max((int(number[:18]) for number in _NUMBER.findall(_after_host(link))), default=0)


def _after_host(link: str) -> str:
    return link.partition("//")[2].partition("/")[2]


def entry_of(page: Located) -> Entry:
    """`lastmod` is no date of publication, so it is none of an entry."""
    return Entry(page.title, page.link, "", page.published, "", page.language)
