"""config.yaml + watch/ + KHAZRI_* environment -> Config; refuses what it does not know, with file, line and place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date as calendar_day
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from models.errors import ConfigError

SourceKind = Literal["feed", "sitemap", "listing", "api", "archive", "url"]
EntityType = Literal["org", "gov", "project", "person", "place", "event"]
# How to read a source where its kind alone does not tell. "" is the kind's own way.
SourceFormat = Literal[
    "",
    "gdelt",  # api: GDELT DOC 2.0, artlist
    "wordpress",  # api: WordPress REST, posts
    "cdx",  # archive: an index of captures, as the Wayback Machine's
    "telegram",  # listing: the public preview of a channel, t.me/s/NAME
    "google_alerts",  # feed: links are wrapped in google.com/url
    "google_news",  # feed: links are wrapped, some of them opaque
    "bing_news",  # feed: links are wrapped in bing.com/news/apiclick.aspx
]
Case = Literal["any", "title", "exact"]
Inflect = Literal["none", "last", "all"]
DateOrder = Literal["", "dmy", "mdy", "ymd"]
OutletKind = Literal[
    "agency",  # sells news to others
    "newspaper",
    "broadcaster",
    "portal",  # general news site
    "business",  # business and finance press
    "trade",  # telecom and IT press
    "analysis",  # think tanks, journals, opinion
    "local",  # one town or province
    "state",  # a government's own site
    "company",  # a company's own site
    "wire",  # paid press releases
    "syndicator",  # republishes others under contract
    "aggregator",  # republishes or lists others
    "other",
]


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS for a listing: `link` picks <a> (or `css@attribute`), `title` and `date` are read inside the same block or
    page; `next` picks the link to the next page."""

    link: str = ""
    title: str = ""
    date: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class PageHints:
    """Where an outlet's own pages keep their parts: CSS, or `css@attribute`; "" leaves a field to the general rules.

    `body` names either the block that holds the text or its paragraphs (`div.text p`).
    """

    title: str = ""
    body: str = ""
    date: str = ""
    author: str = ""
    zone: str = ""  # IANA name for dates without an offset, "" for the source's or outlet's
    date_order: DateOrder = ""  # of dates in numbers such as 03/04/25, "" for what language and zone say
    valid_until: calendar_day | None = None  # last day on which pages were published in this layout; None: to this day
    url_pattern: str = ""  # regular expression that the address must hold, "" for any page of the outlet
    verified: str = ""  # YYYY-MM that somebody compared it with a page, "" when nobody did


@dataclass(frozen=True, slots=True)
class Source:
    """One way to collect from an outlet. `id` is unique over all outlets."""

    id: str
    outlet: str
    kind: SourceKind
    address: str
    language: str | None  # two letters, None where the source mixes languages
    zone: str  # IANA name, from the source or its outlet
    every_minutes: int
    enabled: bool
    reason: str = ""  # why it is disabled, or a remark an operator needs
    verified: str = ""  # YYYY-MM that somebody measured it working, "" when nobody did
    selectors: Selectors = Selectors()
    url_pattern: str = ""  # regular expression an article's address must match, "" for any
    min_per_week: int = 0  # what is normal: fewer warns; 0 where nobody knows
    max_per_week: int = 0  # more warns; 0 for no limit
    format: SourceFormat = ""
    discovers: bool = False  # it points at many publishers: what it finds belongs to the outlet of the address
    pages: int = 1  # of a listing or an API, how many pages to walk at most; one whose links were all seen ends it
    javascript: bool = False  # its page is made by scripts: run in a browser, which is the extra `browser`


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher. `name` is by language; `names` are all spellings under which others cite it."""

    id: str
    name: Mapping[str, str]
    names: tuple[str, ...]
    country: str  # ISO 3166 two letters, "" unknown
    languages: tuple[str, ...]
    kind: OutletKind
    # 1 national agency or leading trade title, 2 established, 3 portal, aggregator or unknown; docs/add-an-outlet.md
    tier: int
    own: bool  # the company's own voice or a paid wire: kept apart from earned coverage
    zone: str
    hosts: tuple[str, ...]
    collect: tuple[Source, ...] = ()
    hints: tuple[PageHints, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """One spelling of an entity. `~` = nothing, hyphen or space. Patterns are regular expressions over folded text."""

    text: str
    lang: tuple[str, ...] = ()  # empty: the union of all suffix classes of its script
    case: Case = "any"
    need: str = ""  # must be within 160 characters, else no mention
    reject: str = ""  # must not be within 160 characters
    hint: str = ""  # within 160 characters: score + 1
    group: str = ""  # aliases of several entities that compete carry the same group
    prior: float = 1.0
    inflect: Inflect = "last"
    form: str = ""  # "derived" for adjectives made of a name


@dataclass(frozen=True, slots=True)
class EntityTests:
    """Sentences in which the entity must, or must not, be found: `khazri config check` runs them."""

    match: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """What is watched. A decoy is listed only so that it is not taken for its twin."""

    id: str
    type: EntityType
    name: Mapping[str, str]
    aliases: tuple[Alias, ...]
    decoy: bool = False
    parent: str | None = None
    country: str = ""
    roles: tuple[Mapping[str, str], ...] = ()  # people: {role, years}
    notes: str = ""
    tests: EntityTests = EntityTests()


@dataclass(frozen=True, slots=True)
class Relation:
    subject: str
    predicate: str
    object: str
    years: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One way a topic can be hit: every group in `all_of` must be found (a group is a list of names of term lists
    or `entity:<id>`), within `near` characters when that is given."""

    all_of: tuple[tuple[str, ...], ...]
    near: int = 0
    weight: float = 1.0
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A rule over entities and terms. `terms` maps a list's name to language -> stems; a veto lowers, never drops.

    An analyst's own topic is a `query` in Lucene's notation instead of clauses (pipelines/query.py reads it).
    """

    id: str
    name: Mapping[str, str]
    clauses: tuple[Clause, ...]
    terms: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    veto: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    primary_at: float = 2.0
    passing_at: float = 1.0
    query: str = ""


@dataclass(frozen=True, slots=True)
class Politeness:
    user_agent: str
    delay_seconds: float  # between two requests to one host, unless robots.txt asks for more
    timeout_seconds: int
    max_page_bytes: int  # after decompression
    max_feed_bytes: int
    # Between these a source's own rhythm decides how often it is polled; `every_minutes` is where it begins.
    fastest_minutes: int = 10
    slowest_minutes: int = 1440
    recheck_hours: tuple[int, ...] = (24, 168)  # after it was stored, an article's page is looked at again


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a digest. The address comes from config; secrets (SMTP password) from the environment only.

    topics  ids; empty: every topic there is.
    """

    id: str
    email: str
    language: str = "en"
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    at: str  # HH:MM in the reports' zone
    readers: tuple[Reader, ...]
    sender: str
    window_days: int = 7
    first_mail_hours: int = 24
    top_stories: int = 3


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often the scheduler looks, seconds. Sources have their own `every_minutes`, the digest its `at`."""

    read_every_seconds: int = 30


@dataclass(frozen=True, slots=True)
class EntityCase:
    """One test sentence: `entity` must (`expected`) or must not be found in `sentence`."""

    entity: str
    sentence: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Config:
    """All of it, checked. `path` is the file it came from; `sources` is a flat view over the outlets."""

    version: int
    path: Path
    database: str  # SQLAlchemy URL; KHAZRI_DATABASE overrides
    outlets: Mapping[str, Outlet]
    entities: Mapping[str, Entity]
    topics: Mapping[str, Topic]
    relations: tuple[Relation, ...]
    politeness: Politeness
    digest: Digest
    zone: ZoneInfo  # reports.zone: the calendar in which days are counted
    var: Path  # where the database and outputs live
    proxy: str = ""  # http proxy for everything the crawler fetches; exempt from the address guard
    ner: str = "auto"  # auto | off | the name of an installed spaCy package
    schedule: Schedule = Schedule()
    smtp_url: str = field(default="", repr=False)  # smtp(s)://user:password@host:port, from KHAZRI_SMTP_URL only
    now: datetime | None = None  # a fixed clock from KHAZRI_NOW, aware; None for the real one

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(source for outlet in self.outlets.values() for source in outlet.collect)

    def source(self, source_id: str) -> Source | None:
        return next((source for source in self.sources if source.id == source_id), None)

    def outlet_at(self, address: str) -> Outlet | None:
        """The outlet whose host an address (or a bare host) is on, the nearest parent domain counting."""
        try:
            host = (urlsplit(address if "//" in address else f"//{address}").hostname or "").removesuffix(".")
        except ValueError:  # an unclosed [ of an IPv6 host: nobody's
            return None
        by_host = {name: outlet for outlet in self.outlets.values() for name in outlet.hosts}
        while host:
            if host in by_host:
                return by_host[host]
            host = host.partition(".")[2]
        return None

    def entity_cases(self) -> Iterator[EntityCase]:
        """The sentences of every entity's `tests`, in the order of the file: what `khazri config check` runs."""
        for entity in self.entities.values():
            for sentence in entity.tests.match:
                yield EntityCase(entity.id, sentence, expected=True)
            for sentence in entity.tests.reject:
                yield EntityCase(entity.id, sentence, expected=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """What reading a config came to: `config` is None when there are errors; lints are only remarks."""

    config: Config | None
    errors: tuple[str, ...]
    lints: tuple[str, ...]


# The loader builds the nouns above, so it is imported when asked; that also keeps yaml and pydantic out of `--help`.
def inspect_config(path: Path | str | None = None) -> Checked:
    """Read everything, say all that is wrong. `path` None: KHAZRI_CONFIG, else config.yaml in the current folder.

    Files in messages are relative to the folder of the config file.
    """
    from models.config.file import read_config

    return read_config(path)


def load_config(path: Path | str | None = None) -> Config:
    """The checked config. Raises ConfigError with the first error, `file:line: place: what`."""
    checked = inspect_config(path)
    if checked.config is None:
        raise ConfigError(checked.errors[0])
    return checked.config


def check_config(path: Path | str | None = None) -> list[str]:
    """Every error, then every lint, one line each; empty when all is well. A lint's line has ` lint: ` in it."""
    checked = inspect_config(path)
    return [*checked.errors, *checked.lints]


def show_config(config: Config) -> str:
    """The effective config as YAML in one file, secrets as `***`. Without secrets it loads to the same config again."""
    from models.config.show import show

    return show(config)
