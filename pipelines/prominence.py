"""Whom an article is about: main or secondary, decided from where and how often an entity is named in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from models.article import Mention
from models.config import Entity

NAMED_AGAIN = 2  # times; what the lead names once may be a bystander, what is named again is what the article follows


def main_entities(mentions: Iterable[Mention], entities: Mapping[str, Entity]) -> frozenset[str]:
    """The watched entities that the article is about; every other one that it names is secondary.

    Main is who stands in the headline, and who stands in the lead and is named again. Where that is nobody, whoever
    the lead names is main, a place excepted: datelines name it without meaning it. A part of a project counts for the
    whole, too. Ambiguous mentions and decoys are left out.
    """
    named: Counter[str] = Counter()
    headline: set[str] = set()
    lead: set[str] = set()
    for mention in mentions:
        if mention.ambiguous or mention.decoy:
            continue
        entity = entities[mention.entity]
        for one in {entity.id, entity.parent or entity.id}:
            named[one] += 1
            if mention.prominence == "headline":
                headline.add(one)
            elif mention.prominence == "lead":
                lead.add(one)
    main = headline | {one for one in lead if named[one] >= NAMED_AGAIN}
    return frozenset(main or {one for one in lead if entities[one].type != "place"})
