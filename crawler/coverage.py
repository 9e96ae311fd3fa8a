"""Recall, told honestly: which channel would cover an address, and what each channel saw that the others had. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Literal
from urllib.parse import unquote, urlsplit

from crawler.addresses import normalise, site_of
from models.config import Config, Outlet, Source

Verdict = Literal[
    "own",  # an enabled feed, sitemap, listing or API of its own outlet fits it
    "discovery",  # no own channel, but an enabled search over many publishers might find it: an upper bound
    "refused",  # its outlet refuses us: nothing is asked, whoever points there
    "none",  # its outlet is listed, and no enabled channel fits
    "unlisted",  # nobody listed its host
    "no_address",  # not an http or https address
]
VERDICTS: tuple[Verdict, ...] = ("own", "discovery", "refused", "none", "unlisted", "no_address")
DISCOVERING = ("gdelt", "google_alerts", "google_news", "bing_news")  # formats that search over many publishers
STANDING = ("feed", "sitemap", "listing", "api", "url")  # kinds that bring what is new; an archive brings the old
LEAST_BASE = 10  # no share of fewer (DESIGN §7)

# Parts of a listing's address that name no section: the page shows all of the site, in one language.
_WHOLE_SITE = re.compile(
    r"(?:news|xeber|xeberler|novosti|lenta|latest|all|archive|arxiv|index(?:\.\w+)?|category|rubric|feed|rss|main|home|"
    r"janalyqtar|haberler|page|posts?|articles?|s|\d+)",
    re.IGNORECASE,
)
_GLUED = re.compile(r"-(?:xeberleri|xeberler|novosti|news|\d+)$")  # "iqtisadiyyat-xeberleri", "biznes-9"
_FEED_HOSTS = frozenset(["feed", "feeds", "rss", "api", "static", "cdn", "media"])  # they serve any part of a site
_REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Listed:
    """One address of a list to be judged; `language` two letters where the list says it, "" where not."""

    url: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """What became of one address. `sources` fit it; `why` is for a person."""

    url: str
    verdict: Verdict
    outlet: str = ""
    sources: tuple[str, ...] = ()
    why: str = ""


def judge(address: Listed, config: Config, shut: Mapping[str, str] | None = None) -> Covered:
    """Which enabled channel would cover an address, had it been published while the channel was polled.

    shut  source id -> why polling showed that an enabled source is none now (refused, retired).
    An outlet that refuses (every source of it that could ask is off as refused, or shut) is never counted as covered,
    also not where a discovery source points at it: its pages would not be read.
    """
    shut = shut or {}
    if not site_of(address.url):
        return Covered(address.url, "no_address", why="no http or https address")
    outlet = config.outlet_at(address.url)
    if outlet is not None:
        fitting = [source for source in outlet.collect if fits(source, address, outlet)]
        open_ = [source.id for source in fitting if _asks(source) and source.id not in shut]
        if open_:
            return Covered(address.url, "own", outlet.id, tuple(open_))
        if refusal := _refusal(outlet, shut):
            return Covered(address.url, "refused", outlet.id, why=refusal)
    finders = tuple(s.id for s in config.sources if discovers(s) and s.enabled and s.id not in shut)
    why = _why_not(outlet, shut)
    if finders:
        return Covered(address.url, "discovery", outlet.id if outlet else "", finders, why)
    return Covered(address.url, "none" if outlet else "unlisted", outlet.id if outlet else "", why=why)


def _asks(source: Source) -> bool:
    return source.enabled and not source.javascript and source.kind in STANDING and not discovers(source)


def discovers(source: Source) -> bool:
    """Whether a source points at many publishers, so that it is no outlet's own channel."""
    return source.discovers or source.format in DISCOVERING


def _refusal(outlet: Outlet, shut: Mapping[str, str]) -> str:
    """Why the outlet is left alone, "" where it is not: no source of it may be asked, and one says `refused`."""
    if any(_asks(source) and source.id not in shut for source in outlet.collect):
        return ""
    said = (shut.get(source.id, "" if source.enabled else source.reason) for source in outlet.collect)
    return next((reason for reason in said if reason.startswith(_REFUSED)), "")


def _why_not(outlet: Outlet | None, shut: Mapping[str, str]) -> str:
    if outlet is None:
        return "no outlet has this host"
    if not outlet.collect:
        return "the outlet has no source"
    off = [f"{s.id}: {shut.get(s.id) or s.reason}" for s in outlet.collect if s.id in shut or not s.enabled]
    return "no enabled source fits" + (f" ({'; '.join(off)})" if off else "")


def fits(source: Source, address: Listed, outlet: Outlet) -> bool:
    """Whether an address belongs to the part of an outlet that a source shows: sub-domain, language, section, pattern.

    A language that neither the list nor the address tells cannot speak against a source; a section that the address
    does not tell does: a page of one section shows only some articles.
    """
    # What others list often carries tracking or an AMP form that the source's own links do not have.
    if not any(re.search(source.url_pattern, form) for form in (address.url, f"https:{normalise(address.url)}")):
        return False
    theirs, ours = _subdomain(source.address), _subdomain(address.url)
    languages = set(outlet.languages)
    if theirs and ours and theirs != ours and not ({theirs, ours} <= languages or theirs in _FEED_HOSTS):
        return False
    language = _language_in(address.url, languages) or address.language
    if source.language and language and source.language != language:
        return False
    section = _section(source, languages)
    return not section or any(part.lower().startswith(section) for part in _parts(address.url)[:-1])


def _subdomain(url: str) -> str:
    """What stands before the site's name: "ru" for "https://ru.trend.az/x"; www. and m. count as nothing."""
    host = normalise(url)[2:].partition("/")[0].partition(":")[0]
    return host.removesuffix(site_of(url)).rstrip(".")


def _parts(url: str) -> list[str]:
    return [unquote(part) for part in urlsplit(url).path.split("/") if part]


def _language_in(url: str, languages: Iterable[str]) -> str:
    """The language that an address names as its sub-domain or first part, "" where it names none of these."""
    told = (_subdomain(url), *_parts(url)[:1])
    return next((word for word in told if word in languages), "")


def _section(source: Source, languages: Iterable[str]) -> str:
    """The section a listing shows, "" for the whole site. Only listings: feeds' paths name files, not sections."""
    if source.kind != "listing":
        return ""
    parts = [part.lower() for part in _parts(source.address)]
    named = [part for part in parts if part not in languages and not _WHOLE_SITE.fullmatch(part)]
    return _GLUED.sub("", named[-1]) if named else ""


# ---------------------------------------------------------------------------------------------- what each channel saw


@dataclass(frozen=True, slots=True)
class Saw:
    """One article as one channel saw it, of the outlet whose article it is. `timed`: the time is a crawl's own, not
    an import's."""

    article: int
    outlet: str
    channel: str
    seen: datetime
    timed: bool = True


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel of one outlet: how many articles it saw, how many nobody else saw, how many it saw first."""

    outlet: str
    channel: str
    articles: int
    alone: int
    first: int


@dataclass(frozen=True, slots=True)
class PairRow:
    """Of the `finds` that channel `of` had at this outlet, channel `by` had `had`.

    share  had / finds, None where there are fewer than LEAST_BASE finds.
    lag_minutes  median of how much later `by` saw what both saw (negative: earlier), None where nothing tells.
    """

    outlet: str
    by: str
    of: str
    finds: int
    had: int
    share: float | None
    lag_minutes: float | None


def channel_rows(seen: Sequence[Saw]) -> list[ChannelRow]:
    """One row for each channel of each outlet that has articles, by outlet and channel."""
    by_article = _by_article(seen)
    counts: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for saw in by_article.values():
        earliest = min((one.seen for one in saw.values() if one.timed), default=None)
        for channel, one in saw.items():
            count = counts[one.outlet, channel]
            count[0] += 1
            count[1] += len(saw) == 1
            count[2] += one.timed and one.seen == earliest
    return [ChannelRow(*key, *counts[key]) for key in sorted(counts)]


def pair_rows(seen: Sequence[Saw]) -> list[PairRow]:
    """One row for each ordered pair of channels that both saw something of one outlet."""
    by_outlet: defaultdict[str, defaultdict[str, dict[int, Saw]]] = defaultdict(lambda: defaultdict(dict))
    for one in seen:
        by_outlet[one.outlet][one.channel][one.article] = one
    rows = []
    for outlet, channels in sorted(by_outlet.items()):
        for by, mine in sorted(channels.items()):
            for of, theirs in sorted(channels.items()):
                if by != of:
                    rows.append(_pair(outlet, (by, mine), (of, theirs)))
    return rows


def _pair(outlet: str, mine: tuple[str, Mapping[int, Saw]], theirs: tuple[str, Mapping[int, Saw]]) -> PairRow:
    (by, had), (of, found) = mine, theirs
    both = had.keys() & found.keys()
    lags = [
        (had[article].seen - found[article].seen).total_seconds() / 60
        for article in both
        if had[article].timed and found[article].timed
    ]
    share = len(both) / len(found) if len(found) >= LEAST_BASE else None
    return PairRow(outlet, by, of, len(found), len(both), share, median(lags) if lags else None)


def _by_article(seen: Sequence[Saw]) -> dict[int, dict[str, Saw]]:
    by_article: defaultdict[int, dict[str, Saw]] = defaultdict(dict)
    for one in seen:
        by_article[one.article][one.channel] = one
    return by_article
