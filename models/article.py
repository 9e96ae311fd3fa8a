"""The nouns that travel between stages: frozen, with the unit and origin of each field said (DESIGN §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.dates import KnownDate

PageKind = Literal["article", "listing", "home", "gallery", "paywall", "challenge", "consent", "error", "empty"]
Part = Literal["title", "text"]
Role = Literal["primary", "passing", "none"]
Prominence = Literal["headline", "lead", "body"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, sitemap or listing, as the source says it. Text is plain NFC with no markup."""

    title: str  # "" where it has neither title nor summary; a long summary that stands for it is cut
    link: str  # absolute http(s) address; of an entry that has only a name (`urn:…`) that name; else ""
    id: str  # guid, atom:id or rdf:about as given, else ""
    published: KnownDate | None
    summary: str  # plain text
    language: str | None  # two letters as the feed says, else None
    conflicts: tuple[tuple[str, str], ...] = ()  # (origin, ISO text) of dates not believed, where no other is known


@dataclass(frozen=True, slots=True)
class Feed:
    """What `read_feed` makes of a body. `entries` in document order; `warnings` say what was mended or left out."""

    entries: tuple[Entry, ...]
    title: str = ""
    language: str | None = None
    warnings: tuple[str, ...] = ()
    next: str = ""  # the address of the next page, where a listing names one


@dataclass(frozen=True, slots=True)
class Located:
    """One address that a sitemap lists, a page's or another sitemap's.

    changed    `lastmod`: when the page changed last, which says nothing of when it was published.
    published  only of a news sitemap (`news:publication_date`), origin "sitemap news".
    """

    link: str  # absolute http(s) address
    changed: KnownDate | None = None
    title: str = ""  # `news:title`
    published: KnownDate | None = None
    language: str | None = None  # two letters of `news:language`


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What `read_sitemap` makes of a body: `pages` of a sitemap, `children` of an index, both in document order."""

    pages: tuple[Located, ...] = ()
    children: tuple[Located, ...] = ()
    title: str = ""  # `news:name`, the publication
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What `read_page` makes of a page.

    text           paragraphs separated by one newline, NFC, no markup, no control characters.
    authors        people only, in the page's order.
    language       two-letter code of the text, or "other" or None when there is no text.
    title_language the same of the title; None when there is no text or no title.
    also_in        (language, share of the paragraphs 0 to 1) of other languages of ours that have a fifth of them.
    canonical_url  plausible canonical address (same site, not the home page), else the address asked for.
    kind           only "article" goes on; the rest end as `dropped:<kind>`.
    warnings       what was mended or looked odd.
    """

    title: str
    text: str
    authors: tuple[str, ...]
    published: KnownDate | None
    modified: KnownDate | None
    language: str | None
    canonical_url: str
    kind: PageKind
    site_name: str = ""
    warnings: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()  # (origin, day) of dates not believed, where `published` is None
    title_language: str | None = None
    also_in: tuple[tuple[str, float], ...] = ()

    @property
    def language_note(self) -> str:
        """What a page in more than one language is to people: "title in en; 40 % of the paragraphs in ru", else ""."""
        strange = self.title_language not in (None, self.language)
        notes = [f"title in {self.title_language}"] if strange else []
        notes += [f"{share:.0%} of the paragraphs in {code}" for code, share in self.also_in]
        return "; ".join(notes)


@dataclass(frozen=True, slots=True)
class Mention:
    """One entity at one place of one revision.

    start, end  Python code points into `part` exactly as given to the tagger.
    rule        why it matched, e.g. "alias 'AzerTelecom' + az suffix 'un'; hint azerb".
    ambiguous   a tie between entities, or a score under the threshold: stored, counted nowhere.
    decoy       the entity is listed only so that it is not taken for its twin.
    main        the article is about the entity; else it is named in passing.
    """

    part: Part
    start: int
    end: int
    surface: str
    entity: str
    rule: str
    ambiguous: bool = False
    decoy: bool = False
    prominence: Prominence = "body"
    sentence: str = ""  # the evidence, <= 300 characters
    main: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name found by rules or a model, never counted as watched."""

    part: Part
    start: int
    end: int
    surface: str
    label: str  # PERSON ORG NAME GPE MONEY DATE; WORD where a sentence begins with it
    key: str = ""  # what the name's forms have in common; "" for money, dates and what can be no new name


@dataclass(frozen=True, slots=True)
class TopicHit:
    """What an article is to a topic. `score` has no unit and compares only within one topic and rule version."""

    topic: str
    role: Role
    score: float
    reasons: tuple[str, ...] = ()
    sentence: str = ""  # the evidence, <= 300 characters


@dataclass(frozen=True, slots=True)
class Attribution:
    """An outlet that an article names as its origin; `outlet` is None while the name is not resolved."""

    outlet: str | None
    name: str
    part: Part
    start: int
    end: int
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that reading one revision found; one per revision, steps keyed by their fingerprints."""

    mentions: tuple[Mention, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    topics: tuple[TopicHit, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    fingerprints: Mapping[str, str] = field(default_factory=dict)
