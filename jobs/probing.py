"""`khazri sources probe URL`: look for a site's feeds and sitemaps, and write the config block for what was found."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from models.errors import KhazriError

if TYPE_CHECKING:
    from crawler.spiders.probe import Found, Probe
    from models.config import Config, Outlet
    from models.store import Store

ALIVE = timedelta(days=30)  # newer entries than this: the source is in use
_RANK = {"feed": 3, "sitemap": 2, "listing": 1}  # a feed has titles and dates; a listing only what its page shows


def probe_site(config: Config, store: Store, text: str, now: datetime) -> Probe:
    """Look at the site of `text`, an address with or without its scheme. Raises KhazriError for what is no address."""
    from crawler import loop
    from crawler.probing import probe

    address = text if "://" in text else f"https://{text}"
    if not re.match(r"https?://[^/\s@]+\.?[^/\s@]*", address) or " " in address or not _host(address):
        raise KhazriError(f"'{text}' is no http or https address")
    return loop.run(probe(config, store, address, now), guarded=not config.proxy)


def complaints(seen: Probe) -> list[str]:
    """What was refused, a line each: said, and left at that."""
    return [f"refused: {address}: {reason}" for address, reason in seen.refused]


def as_block(seen: Probe, config: Config, now: datetime) -> str:
    """YAML for a file in watch/outlets/: the best source, the others as comments with their figures.

    Of an outlet that config has already only the lines for its `collect`. Raises KhazriError when nothing was found.
    """
    ranked = sorted(seen.found, key=lambda found: _worth(found, now), reverse=True)
    good = [found for found in ranked if found.entries]
    if not good:
        raise KhazriError(f"nothing to collect from found at {seen.address}: {_why(seen)}")
    outlet = _outlet_of(seen.address, config)
    name = outlet.id if outlet else _fresh(_id(_label(seen.address)), set(config.outlets))
    lines = _lines(ranked, name, seen, config, now)
    head = f"# {seen.address} as seen on {now:%Y-%m-%d}, {seen.asked} addresses asked"
    if outlet is not None:
        return "\n".join([f"{head}; for `collect:` of the outlet {outlet.id}, which is in config", *lines])
    return "\n".join([f"{head}; look at kind, tier, country and zone", *_outlet_lines(name, seen, good[0]), *lines])


def _worth(found: Found, now: datetime) -> tuple[bool, bool, int, bool, float, int]:
    recent = found.newest is not None and found.newest >= now - ALIVE
    when = found.newest.timestamp() if found.newest else 0.0
    return bool(found.entries), recent, _RANK[found.kind], "news" in found.note, when, found.entries


def _why(seen: Probe) -> str:
    if seen.refused and not seen.found:
        address, reason = seen.refused[0]
        more = f" and {len(seen.refused) - 1} more" if len(seen.refused) > 1 else ""
        return f"refused ({reason} at {address}{more}), which we respect"
    if seen.asked == len(seen.failed) == 1:
        return seen.failed[0][1]
    return f"{seen.asked} addresses asked, none has entries we can read"


def _outlet_lines(name: str, seen: Probe, best: Found) -> list[str]:
    shown = seen.front.name or _host(seen.address)
    language = best.language or seen.front.language
    return [
        "outlets:",
        f"  {name}:",
        f"    name: {{en: {_quoted(shown)}}}",
        *([f"    languages: ['{language}']"] if language else []),
        "    kind: other",
        "    tier: 3",
        f"    hosts: [{_quoted(_host(seen.address).removeprefix('www.'))}]",
        "    collect:",
    ]


def _lines(ranked: list[Found], name: str, seen: Probe, config: Config, now: datetime) -> list[str]:
    """One line a source; all but the first are comments, so that the block is right as it stands."""
    taken = {source.id for source in config.sources}
    known = {source.address: source.id for source in config.sources}
    lines = []
    for place, found in enumerate(ranked):
        source_id = _fresh(name if not place else f"{name}_{found.kind}", taken)
        taken.add(source_id)
        language = found.language or seen.front.language
        keys = [f"id: {source_id}", f"{found.kind}: {_quoted(found.address)}"]
        keys += [f"language: '{language}'"] if language else []
        keys.append(f"verified: {now:%Y-%m}")
        already = f"; is in config as {known[found.address]}" if found.address in known else ""
        mark = "    - " if not place else "    # - "
        lines.append(f"{mark}{{{', '.join(keys)}}}  # {_figures(found)}{already}")
    return lines


def _figures(found: Found) -> str:
    newest = f"newest {found.newest:%Y-%m-%d}" if found.newest else "no dates"
    return ", ".join(part for part in (f"{found.entries:,} entries", newest, found.note) if part)


def _outlet_of(address: str, config: Config) -> Outlet | None:
    """The outlet whose host it is, or is below."""
    host = _host(address).removeprefix("www.")
    for outlet in config.outlets.values():
        if any(host == own or host.endswith(f".{own}") for own in outlet.hosts):
            return outlet
    return None


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:  # urlsplit on a broken [IPv6] host
        return ""


def _label(address: str) -> str:
    """What a person calls the site: report.az -> report."""
    from crawler.addresses import site_of

    site = site_of(address)
    return site if site.replace(".", "").isdigit() else site.partition(".")[0]


def _id(word: str) -> str:
    plain = re.sub(r"[^a-z0-9_]+", "_", word.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"outlet_{plain}"


def _fresh(word: str, taken: set[str]) -> str:
    number = 2
    fresh = word
    while fresh in taken:
        fresh, number = f"{word}_{number}", number + 1
    return fresh


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a YAML one
