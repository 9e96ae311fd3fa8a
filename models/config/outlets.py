"""Nodes -> Outlet and Source. One block an outlet; the loader adds the ids up over all files."""

from __future__ import annotations

from datetime import date
from typing import get_args
from urllib.parse import urlsplit

from models.config import DateOrder, Outlet, OutletKind, PageHints, Selectors, Source, SourceFormat, SourceKind
from models.config.fields import Fields, Problems, as_names, is_id
from models.config.yamlfile import Node

OUTLET_KEYS = (
    "name", "also_known_as", "country", "languages", "kind", "tier", "own", "zone", "hosts", "collect", "hints",
    "notes",
)  # fmt: skip
SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
SOURCE_KEYS = (
    "id", *SOURCE_KINDS, "language", "zone", "every_minutes", "enabled", "reason", "verified", "selectors",
    "url_pattern", "min_per_week", "max_per_week", "format", "discovers", "pages", "javascript",
)  # fmt: skip
SOURCE_FORMATS: tuple[SourceFormat, ...] = get_args(SourceFormat)
FORMATS_OF: dict[str, tuple[SourceFormat, ...]] = {  # which kind of source each format belongs to
    "api": ("gdelt", "wordpress"),
    "archive": ("cdx",),
    "listing": ("telegram",),
    "feed": ("google_alerts", "google_news", "bing_news"),
}
HINT_SELECTORS = ("title", "body", "date", "author")
HINT_KEYS = (*HINT_SELECTORS, "zone", "date_order", "valid_until", "url_pattern", "verified")
MOST_PAGES = 50  # of one listing in one poll: at 2 s a page that is near two minutes of one host
LOWEST_TIER = 3
# Once an hour is polite and enough for all but agencies, whose feeds turn over in 2 to 6 hours (shared notes, domain).
EVERY_MINUTES = 60
WEEK_MINUTES = 7 * 24 * 60


def read_outlet(outlet_id: str, node: Node, problems: Problems, source_nodes: dict[str, Node]) -> Outlet:
    """One outlet. `source_nodes` collects source id -> its node over all outlets, so that a second one is refused."""
    fields = Fields(node, problems, OUTLET_KEYS)
    name_node = fields.need("name")
    name = as_names(name_node, problems) if name_node else {}
    zone = fields.zone("zone", "UTC")
    collect = []
    for item in fields.items("collect"):
        source = read_source(outlet_id, zone, item, problems)
        if source is None:
            continue
        first = source_nodes.setdefault(source.id, item)
        if first is not item:
            problems.error(item, f"source {source.id!r} is already defined at {first.at()}")
        collect.append(source)
    return Outlet(
        id=outlet_id,
        name=name,
        names=tuple(dict.fromkeys((*name.values(), *fields.texts("also_known_as")))),
        country=fields.country("country"),
        languages=fields.languages("languages"),
        kind=fields.choice("kind", get_args(OutletKind)),
        tier=fields.count("tier", LOWEST_TIER, least=1, most=LOWEST_TIER),
        own=fields.flag("own", False),
        zone=zone,
        hosts=_hosts(fields, problems),
        collect=tuple(collect),
        hints=tuple(read_hints(item, problems) for item in fields.items("hints")),
        notes=fields.text("notes", ""),
    )


def _hosts(fields: Fields, problems: Problems) -> tuple[str, ...]:
    hosts = fields.texts("hosts")
    for host in hosts:
        node = fields.get("hosts")
        if node is not None and (host != host.lower() or "/" in host or ":" in host or "." not in host):
            problems.error(node, f"{host!r} is not a host name such as report.az")
    return hosts


def read_hints(node: Node, problems: Problems) -> PageHints:
    """One entry of `hints`: selectors for pages of one layout."""
    fields = Fields(node, problems, HINT_KEYS)
    until = fields.matching("valid_until", "", _is_day, "a day such as 2026-04-05")
    order: DateOrder = fields.choice("date_order", get_args(DateOrder)[1:], "")
    found = PageHints(
        title=fields.css("title"),
        body=fields.css("body"),
        date=fields.css("date"),
        author=fields.css("author"),
        zone=fields.zone("zone", "") if fields.has("zone") else "",
        date_order=order,
        valid_until=date.fromisoformat(until) if until else None,
        url_pattern=fields.regex("url_pattern"),
        verified=fields.matching("verified", "", _is_month, "a month such as 2026-09"),
    )
    if node.kind == "map" and not any(fields.has(key) for key in (*HINT_SELECTORS, "zone", "date_order")):
        problems.error(node, f"hints at nothing: give one of {', '.join(HINT_SELECTORS)}, zone, date_order")
    return found


def read_source(outlet_id: str, zone: str, node: Node, problems: Problems) -> Source | None:
    """One entry of `collect`, or None when it has no usable id or kind (which is reported)."""
    before = len(problems.errors)
    fields = Fields(node, problems, SOURCE_KEYS)
    if node.kind != "map":
        return None
    kinds = [kind for kind in SOURCE_KINDS if fields.has(kind)]
    if len(kinds) != 1 and not (not kinds and len(problems.errors) > before):  # a misspelt kind is told once
        found = f", found {' and '.join(kinds)}" if kinds else ""
        problems.error(node, f"needs exactly one of {', '.join(SOURCE_KINDS)}{found}")
    source_id = fields.matching("id", None, is_id, "small letters, digits and _")
    if len(kinds) != 1 or not source_id:
        return None
    enabled = fields.flag("enabled", True)
    reason = fields.text("reason", "")
    if not enabled and not reason:
        problems.error(node, "is not enabled: say why in 'reason'")
    fewest = fields.count("min_per_week", 0)
    most = fields.count("max_per_week", 0)
    if most and fewest > most:
        problems.error(node, f"min_per_week {fewest} is more than max_per_week {most}")
    kind, form = kinds[0], fields.choice("format", SOURCE_FORMATS, "")
    if form and form not in FORMATS_OF.get(kind, ()):
        problems.error(node, f"format {form!r} is not for a {kind}")
    javascript = fields.flag("javascript", False)
    if javascript and kind != "listing":
        problems.error(node, f"javascript is for a listing, not for a {kind}")
    return Source(
        id=source_id,
        outlet=outlet_id,
        kind=kind,
        address=fields.matching(kind, None, _is_address, "an http or https address without a password"),
        language=fields.language("language"),
        zone=fields.zone("zone", zone),
        every_minutes=fields.count("every_minutes", EVERY_MINUTES, least=1, most=WEEK_MINUTES),
        enabled=enabled,
        reason=reason,
        verified=fields.matching("verified", "", _is_month, "a month such as 2026-09"),
        selectors=_selectors(fields, problems),
        url_pattern=fields.regex("url_pattern"),
        min_per_week=fewest,
        max_per_week=most,
        format=form,
        discovers=fields.flag("discovers", False),
        pages=fields.count("pages", 1, least=1, most=MOST_PAGES),
        javascript=javascript,
    )


def _selectors(fields: Fields, problems: Problems) -> Selectors:
    node = fields.get("selectors")
    if node is None:
        return Selectors()
    inner = Fields(node, problems, ("link", "title", "date", "next"))
    return Selectors(**{name: inner.text(name, "") for name in ("link", "title", "date", "next")})


def _is_address(word: str) -> bool:
    try:
        parts = urlsplit(word)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.password is None and " " not in word
    except ValueError:  # urlsplit on a broken [IPv6] host
        return False


def _is_month(word: str) -> bool:
    year, _, month = word.partition("-")
    return len(year) == 4 and year.isdigit() and len(month) == 2 and month.isdigit() and 1 <= int(month) <= 12


def _is_day(word: str) -> bool:
    try:
        return date.fromisoformat(word).isoformat() == word
    except ValueError:
        return False
