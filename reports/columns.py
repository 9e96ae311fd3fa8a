"""Every column of every report: name, meaning, unit and how it is read, in one place.

A report lists the columns it shows; header, cell and docs/columns.md all come from the same line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from models.queries import ArticleAt, MentionAt
from reports.days import day_of, first_seen_text, time_of

Cell = str | int | float | None  # None is an empty cell: unknown, never zero
Line = TypeVar("Line")


@dataclass(frozen=True)  # no slots: a generic alias sets __orig_class__ when it is called
class Column(Generic[Line]):
    """One column. `unit` is "" for text; `value` reads the cell from a report's line."""

    name: str
    meaning: str
    unit: str
    value: Callable[[Line], Cell]


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """One article as a report line; `zone` is the calendar of the report."""

    article: ArticleAt
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class MentionLine(ArticleLine):
    """One mention as a report line, with its article."""

    mention: MentionAt


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One new name near a topic, with the forms it was seen in."""

    name: str
    kind: str
    score: float
    articles: int
    outlets: int
    elsewhere: int
    forms: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class TrendLine:
    """One period of one entity or topic. Changes are None where there is no whole period before to compare with."""

    period: str
    kind: str
    id: str
    name: str
    articles: int
    mentions: int | None
    days: int | None = None
    articles_change: int | None = None
    articles_change_percent: float | None = None
    mentions_change: int | None = None
    mentions_change_percent: float | None = None


def _topics(line: ArticleLine) -> str:
    return "; ".join(f"{hit.topic} {hit.role} {hit.score:.2f}" for hit in line.article.topics)


def _entities(line: ArticleLine) -> str:
    return "; ".join(sorted({mention.entity.id for mention in line.article.mentions}))


def _attributions(line: ArticleLine) -> str:
    named = [origin.outlet.id if origin.outlet else origin.name for origin in line.article.attributions]
    return "; ".join(dict.fromkeys(named))


# --- of an article --------------------------------------------------------------------------------------------------

DAY = Column[ArticleLine](
    "day",
    "day of publication in the reports' zone, as exact as it is known (2025-10-17, 2025-10, 2025), or undated",
    "",
    lambda line: day_of(line.article.published, line.article.precision, line.zone),
)
TIME = Column[ArticleLine](
    "time",
    "time of publication in the reports' zone; empty where only the day is known",
    "HH:MM",
    lambda line: time_of(line.article.published, line.article.precision, line.zone),
)
PRECISION = Column[ArticleLine](
    "precision",
    "how exactly the source gave the date: minute, day, month or year",
    "",
    lambda line: line.article.precision,
)
OUTLET = Column[ArticleLine]("outlet", "id of the outlet that published", "", lambda line: line.article.outlet.id)
OUTLET_NAME = Column[ArticleLine]("outlet_name", "name of the outlet", "", lambda line: line.article.outlet.name)
COUNTRY = Column[ArticleLine](
    "country", "country of the outlet, ISO 3166; empty where unknown", "", lambda line: line.article.outlet.country
)
VOICE = Column[ArticleLine](
    "voice",
    "own: the company's own site or a paid wire; earned: everybody else",
    "",
    lambda line: "own" if line.article.outlet.own else "earned",
)
TIER = Column[ArticleLine](
    "tier",
    "1 agency or leading trade title, 2 established, 3 portal or unknown; empty where not described",
    "",
    lambda line: line.article.outlet.tier,
)
LANGUAGE = Column[ArticleLine]("language", "language of the text, two letters", "", lambda line: line.article.language)
TITLE = Column[ArticleLine]("title", "title of the article", "", lambda line: line.article.title)
URL = Column[ArticleLine]("url", "address of the article", "", lambda line: line.article.url)
TOPICS = Column[ArticleLine](
    "topics", "topics the article is of, each with its role (primary, passing) and score", "score: no unit", _topics
)
ENTITIES = Column[ArticleLine]("entities", "ids of the watched entities it mentions", "", _entities)
MENTIONS = Column[ArticleLine](
    "mentions",
    "mentions of watched entities, ambiguous ones and decoys left out",
    "mentions",
    lambda line: len(line.article.mentions),
)
ATTRIBUTION = Column[ArticleLine](
    "attribution",
    "outlets it names as its origin: ids, or the name as written while it is not resolved",
    "",
    _attributions,
)
FIRST_SEEN = Column[ArticleLine](
    "first_seen",
    "when the article was first collected or imported",
    "time with offset",
    lambda line: first_seen_text(line.article.first_seen, line.zone),
)
VIA = Column[ArticleLine]("via", "how it came: crawl or import", "", lambda line: line.article.via)
REVISIONS = Column[ArticleLine](
    "revisions", "texts of the article seen so far, the first included", "texts", lambda line: line.article.revisions
)
CHANGED = Column[ArticleLine](
    "changed",
    "what its later texts changed: headline, text, date; empty where nothing was seen to change",
    "",
    lambda line: "; ".join(line.article.changed),
)
GONE = Column[ArticleLine](
    "gone",
    "when its page was found to be gone (404, 410, or sent to the home page); empty while it is there",
    "time with offset",
    lambda line: first_seen_text(line.article.gone, line.zone) if line.article.gone else None,
)

# --- of a mention ---------------------------------------------------------------------------------------------------

ENTITY = Column[MentionLine]("entity", "id of the entity that is mentioned", "", lambda line: line.mention.entity.id)
ENTITY_NAME = Column[MentionLine]("entity_name", "name of the entity", "", lambda line: line.mention.entity.name)
ENTITY_TYPE = Column[MentionLine](
    "entity_type", "org, gov, project, person, place or event", "", lambda line: line.mention.entity.type
)
SURFACE = Column[MentionLine]("surface", "the words in the text", "", lambda line: line.mention.surface)
PROMINENCE = Column[MentionLine](
    "prominence", "where it stands: headline, lead or body", "", lambda line: line.mention.prominence
)
STANDING = Column[MentionLine](
    "standing",
    "main: the article is about the entity (headline, or lead and again); secondary: it is named beside others",
    "",
    lambda line: "main" if line.mention.main else "secondary",
)
SENTENCE = Column[MentionLine](
    "sentence", "the sentence it stands in, at most 300 characters", "", lambda line: line.mention.sentence
)

# --- of a trend -----------------------------------------------------------------------------------------------------

CANDIDATE = Column[CandidateLine]("name", "the name in its commonest form", "", lambda line: line.name)
CANDIDATE_KIND = Column[CandidateLine](
    "kind", "ORG, PERSON, or NAME where nothing says which; a model's own labels where one is installed", "",
    lambda line: line.kind,
)  # fmt: skip
CANDIDATE_SCORE = Column[CandidateLine](
    "score",
    "rises with articles and outlets, falls with what the name does elsewhere; compares within one report only",
    "none",
    lambda line: line.score,
)
CANDIDATE_ARTICLES = Column[CandidateLine](
    "articles", "articles on the topic that have the name", "articles", lambda line: line.articles
)
CANDIDATE_OUTLETS = Column[CandidateLine]("outlets", "outlets of these articles", "outlets", lambda line: line.outlets)
CANDIDATE_ELSEWHERE = Column[CandidateLine](
    "elsewhere", "other articles that have the name", "articles", lambda line: line.elsewhere
)
CANDIDATE_FORMS = Column[CandidateLine](
    "forms", "further forms and spellings, the commonest first, 8 at most", "", lambda line: "; ".join(line.forms[:8])
)
CANDIDATE_URL = Column[CandidateLine]("url", "one of the articles on the topic", "", lambda line: line.url)

PERIOD = Column[TrendLine](
    "period",
    "day (2025-10-17), ISO week (2025-W42) or month (2025-10) of publication, or undated",
    "",
    lambda line: line.period,
)
DAYS = Column[TrendLine](
    "days",
    "days of the period inside --from and --to; fewer than the period has means it is cut",
    "days",
    lambda line: line.days,
)
KIND = Column[TrendLine]("kind", "entity or topic", "", lambda line: line.kind)
ID = Column[TrendLine]("id", "id of the entity or topic", "", lambda line: line.id)
NAME = Column[TrendLine]("name", "name of the entity; a topic's id", "", lambda line: line.name)
TREND_ARTICLES = Column[TrendLine](
    "articles", "articles that mention the entity, or are of the topic", "articles", lambda line: line.articles
)
TREND_MENTIONS = Column[TrendLine](
    "mentions", "mentions of the entity; empty for a topic", "mentions", lambda line: line.mentions
)
ARTICLES_CHANGE = Column[TrendLine](
    "articles_change",
    "articles against the whole period before; empty where there is none",
    "articles",
    lambda line: line.articles_change,
)
ARTICLES_CHANGE_PERCENT = Column[TrendLine](
    "articles_change_percent",
    "the same in percent; empty where the period before had fewer than 10",
    "%",
    lambda line: line.articles_change_percent,
)
MENTIONS_CHANGE = Column[TrendLine](
    "mentions_change",
    "mentions against the whole period before; empty where there is none, and for a topic",
    "mentions",
    lambda line: line.mentions_change,
)
MENTIONS_CHANGE_PERCENT = Column[TrendLine](
    "mentions_change_percent",
    "the same in percent; empty where the period before had fewer than 10",
    "%",
    lambda line: line.mentions_change_percent,
)
