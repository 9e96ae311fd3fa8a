"""What one reader's mail says: articles of the last days that they have not had; nothing here writes or sends.

build = pick (new to this reader, of their topics) -> collapse (identical titles are one story) -> rank -> words
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from unicodedata import category

from models.config import Config, Reader, Source
from models.queries import ArticleAt, ArticleFilter, Snapshot, SourceAt
from models.store import shown_name
from reports.days import span_of

MAX_LINES = 30  # story lines under the top stories; the busiest month so far had 10 pages, more is a flood
MAX_TROUBLES = 15  # sources named in the footer; the rest are a number
SENTENCE_LIMIT = 300  # characters of others' text that we show
REASON_LIMIT = 120  # characters of a source's error: one line on a phone
ANSWER_HOURS = (
    24  # a source that answered within the day is alive, or within two of its own intervals if that is longer
)
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One story: the best of the articles with one title. `link` is "" unless it is http(s); texts are one line each.

    lang   two or three letters for the lang attribute, "" where unknown.
    when   date, and time where it is known, in the reports' zone.
    citing names of the outlets it gives as its origin; `also` names of other outlets with the same title.
    """

    title: str
    lang: str
    link: str
    outlet: str
    own: bool
    when: str
    sentence: str
    citing: tuple[str, ...]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A source that is not well, in words. The digest is told, it does not judge: reports import no crawler.

    source  its id. outlet: the outlet's name. why: a few words, foreign ones among them. since: "since 3 March" or "".
    """

    source: str
    outlet: str
    why: str
    since: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One mail to one reader. `articles` are all that the reader has had with it: listed, or counted as older.

    stories  number of new stories: `top`, `rest` and `more` that are not listed.
    older    articles found now but published before the window, undated, or imported.
    answered, asked  enabled sources that gave a readable answer lately, and all enabled ones.
    """

    reader: Reader
    now: datetime
    day: date
    date_text: str
    subject: str
    top: tuple[StoryLine, ...]
    rest: tuple[StoryLine, ...]
    more: int
    older: int
    answered: int
    asked: int
    troubles: tuple[Trouble, ...]
    more_troubles: int
    articles: tuple[int, ...]

    @property
    def stories(self) -> int:
        return len(self.top) + len(self.rest) + self.more


def build(
    at: Snapshot, config: Config, reader: Reader, now: datetime, troubles: Sequence[Trouble] = ()
) -> Digest:  # fmt: skip
    """The digest of `reader` on the calendar day of `now`. The same store, config, now and troubles (the worst first)
    give the same digest, also after it has been sent: deliveries of the day itself are not looked at. Raises
    StoreError."""
    day = now.astimezone(config.zone).date()
    fresh, older = _pick(at, config, reader, now)
    stories = _rank(_collapse(fresh), _topics_of(reader, config))
    top = stories[: config.digest.top_stories]
    rest = sorted(stories[config.digest.top_stories :], key=lambda story: _newest_first(story[0]))
    topics = _covered([story[0] for story in stories], _topics_of(reader, config))
    polled = at.polled()
    enabled = [source for source in config.sources if source.enabled]
    date_text = f"{day.day} {MONTHS[day.month - 1]}"
    return Digest(
        reader=reader,
        now=now,
        day=day,
        date_text=f"{date_text} {day.year}",
        subject=_subject(date_text, len(stories), [shown_name(config.topics[topic].name) for topic in topics]),
        top=tuple(_line(story, config, day) for story in top),
        rest=tuple(_line(story, config, day) for story in rest[:MAX_LINES]),
        more=max(0, len(rest) - MAX_LINES),
        older=len(older),
        answered=sum(_answered(source, polled, now) for source in enabled),
        asked=len(enabled),
        troubles=tuple(_plain(trouble) for trouble in troubles[:MAX_TROUBLES]),
        more_troubles=max(0, len(troubles) - MAX_TROUBLES),
        articles=(*sorted(article.id for article in fresh), *sorted(older)),
    )


# --- which articles -------------------------------------------------------------------------------------------------


def _topics_of(reader: Reader, config: Config) -> tuple[str, ...]:
    return reader.topics or tuple(config.topics)


def _pick(at: Snapshot, config: Config, reader: Reader, now: datetime) -> tuple[list[ArticleAt], list[int]]:
    """Articles primary to the reader's topics that they have not had: (the new ones, ids of the older finds)."""
    day = now.astimezone(config.zone).date().isoformat()
    window = timedelta(days=config.digest.window_days)
    if not at.has_had_mail(reader.id, day):
        window = timedelta(hours=config.digest.first_mail_hours)
    only = ArticleFilter(topics=_topics_of(reader, config), roles=("primary",), not_had_by=(reader.id, day))
    fresh: list[ArticleAt] = []
    older: list[int] = []
    for article in at.articles(only):
        if article.via != "import" and _in_window(article, now - window, config):
            fresh.append(article)
        else:
            older.append(article.id)
    return fresh, older


def _in_window(article: ArticleAt, start: datetime, config: Config) -> bool:
    """A date known to the day is in the window with its whole day; month and year are too coarse to be news."""
    if article.published is None or article.precision not in ("minute", "day"):
        return False
    if article.precision == "minute":
        return article.published > start
    return article.published.date() >= start.astimezone(config.zone).date()


# --- stories --------------------------------------------------------------------------------------------------------


def _newest_first(article: ArticleAt) -> tuple[float, str, str]:
    published = article.published.timestamp() if article.published else 0.0
    return (-published, article.outlet.id, article.url)


def _collapse(articles: Iterable[ArticleAt]) -> list[list[ArticleAt]]:
    """Articles with the same title are one story, the best first: tier, earned before own, then who was first."""
    by_title: dict[str, list[ArticleAt]] = {}
    for article in articles:  # they come by publication: who was first stays first
        key = " ".join(article.title.casefold().split()) or article.url
        by_title.setdefault(key, []).append(article)
    return [sorted(same, key=_standing) for same in by_title.values()]


def _standing(article: ArticleAt) -> tuple[int, bool]:
    unknown_tier = 9  # after every tier that config can say
    return (article.outlet.tier or unknown_tier, article.outlet.own)


def _rank(stories: list[list[ArticleAt]], topics: tuple[str, ...]) -> list[list[ArticleAt]]:
    def order(story: list[ArticleAt]) -> tuple[object, ...]:
        scores = (hit.score for one in story for hit in one.topics if hit.role == "primary" and hit.topic in topics)
        return (-max(scores, default=0.0), *_standing(story[0]), *_newest_first(story[0]))

    return sorted(stories, key=order)


def _covered(articles: Iterable[ArticleAt], topics: tuple[str, ...]) -> list[str]:
    """The reader's topics that some article is primary to, in the reader's order."""
    hit = {found.topic for article in articles for found in article.topics if found.role == "primary"}
    return [topic for topic in topics if topic in hit]


# --- words ----------------------------------------------------------------------------------------------------------


def _subject(date_text: str, stories: int, topics: list[str]) -> str:
    if not stories:
        return f"Khazri, {date_text}: nothing new"
    # English wants "the Trans-Caspian cable" but "AzerTelecom": a name of several words is a description
    names = [f"the {name}" if " " in name and not name.lower().startswith("the ") else name for name in topics]
    return f"Khazri, {date_text}: {stories} new" + (f" on {' and '.join(names)}" if names else "")


def _one_line(text: str, limit: int) -> str:
    """Foreign text as one printable line of at most `limit` characters."""
    # soft hyphens and marks that turn the line round go without a trace, other controls become blanks
    plain = "".join(letter if letter.isprintable() else " " * (category(letter) != "Cf") for letter in text)
    line = " ".join(plain.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _when(article: ArticleAt, config: Config, today: date) -> str:
    span = span_of(article.published, article.precision, config.zone)
    if span is None or article.published is None:
        return ""
    day = span.first
    text = f"{day.day} {MONTHS[day.month - 1]}" + ("" if day.year == today.year else f" {day.year}")
    return f"{text}, {article.published.astimezone(config.zone):%H:%M}" if article.precision == "minute" else text


def _sentence(article: ArticleAt) -> str:
    """The sentence that was hit: of the topic, else of a mention; none that only repeats the title."""
    title = " ".join(article.title.split())
    hits = sorted((hit for hit in article.topics if hit.role == "primary"), key=lambda hit: (-hit.score, hit.topic))
    for sentence in (*(hit.sentence for hit in hits), *(mention.sentence for mention in article.mentions)):
        line = _one_line(sentence, SENTENCE_LIMIT)
        if line and line != title:
            return line
    return ""


def _line(story: list[ArticleAt], config: Config, today: date) -> StoryLine:
    best, *others = story
    citing = [origin.outlet.name if origin.outlet else origin.name for origin in best.attributions]
    also = [article.outlet.name for article in others if article.outlet.id != best.outlet.id]
    lang = best.language or ""
    return StoryLine(
        title=_one_line(best.title, SENTENCE_LIMIT) or best.url,
        lang=lang if lang.isascii() and lang.isalpha() and len(lang) <= 3 else "",
        link=best.url if best.url.lower().startswith(("https://", "http://")) else "",
        outlet=_one_line(best.outlet.name, REASON_LIMIT),
        own=best.outlet.own,
        when=_when(best, config, today),
        sentence=_sentence(best),
        citing=tuple(dict.fromkeys(_one_line(name, REASON_LIMIT) for name in citing)),
        also=tuple(dict.fromkeys(_one_line(name, REASON_LIMIT) for name in also)),
    )


# --- sources --------------------------------------------------------------------------------------------------------


def _answered(source: Source, polled: Mapping[str, SourceAt], now: datetime) -> bool:
    """Whether it gave a readable answer lately: within a day, or two of its own intervals if that is longer."""
    last = polled[source.id].answered_at if source.id in polled else None
    patience = max(timedelta(hours=ANSWER_HOURS), timedelta(minutes=2 * source.every_minutes))
    return last is not None and last >= now - patience


def _plain(trouble: Trouble) -> Trouble:
    """The same in one line each: a host's own words may be among them."""
    return Trouble(
        trouble.source, _one_line(trouble.outlet, REASON_LIMIT), _one_line(trouble.why, REASON_LIMIT), trouble.since
    )
