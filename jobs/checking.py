"""`khazri config check`: the config's own errors and remarks, and every entity's test sentences."""

from __future__ import annotations

from pathlib import Path

from models.config import Config
from models.text import fold, fold_word, word_script


def check_all(path: Path | str | None) -> tuple[list[str], list[str]]:
    """(errors, remarks), each one line. A test sentence that fails is an error: the config does not do what it says."""
    from models.config.file import read_config

    checked = read_config(path)
    errors, lints = list(checked.errors), list(checked.lints)
    if checked.config is not None:
        errors += failed_cases(checked.config)
        errors += refused_queries(checked.config)
        lints += [*common_words(checked.config), *shared_forms(checked.config)]
    return errors, lints


def common_words(config: Config) -> list[str]:
    """Aliases without any context rule that are words of every day: in the stop words of spaCy, a country, language,
    month or weekday, or a single word written small. They would be found in half the archive."""
    from pipelines.candidates import known_words, roots_of
    from pipelines.names import stop_words

    remarks = []
    for entity in config.entities.values():
        for alias in entity.aliases:
            if alias.need or alias.hint or alias.reject or alias.text == "*" or len(alias.text.split()) > 1:
                continue
            folded = fold_word(alias.text)
            what = ""
            if folded in stop_words():
                what = "one of the commonest words"
            elif entity.type not in ("place", "gov") and roots_of(alias.text) in known_words():
                what = "a country, language, month or weekday"
            elif alias.case == "any" and alias.text.islower() and word_script(alias.text) in ("latin", "cyrillic"):
                what = "written small, like a word of every day"
            if what:
                remarks.append(f"entities.{entity.id}: lint: alias '{alias.text}' is {what}: give it 'need' or 'case'")
    return remarks


def shared_forms(config: Config) -> list[str]:
    """Aliases that a form of another entity's alias takes in whole, with nothing that tells the two apart."""
    from pipelines.watch import Tagger

    tagger = Tagger(config)
    plain = {
        (entity.id, fold_word(alias.text.replace("~", "")))
        for entity in config.entities.values()
        for alias in entity.aliases
        if not (alias.need or alias.hint or alias.reject or alias.group)
    }
    remarks = []
    for entity, text in sorted(plain):
        others = {
            other
            for other, start, end in tagger.hits(text, fold(text), None)
            if (start, end) == (0, len(text)) and other != entity and any(other == one for one, _ in plain)
        }
        parents = {config.entities[entity].parent, *(config.entities[other].parent for other in others)}
        remarks += [
            f"entities.{entity}: lint: alias '{text}' is also a form of {other}: give both one 'group', or a 'need'"
            for other in sorted(others - {None})
            if other not in parents and entity not in parents and (other, text) not in plain
        ]
    return remarks


def refused_queries(config: Config) -> list[str]:
    """Topics whose query cannot be read, or can never be met."""
    from models.errors import ConfigError
    from pipelines.querylint import compile_query

    refused = []
    for topic in config.topics.values():
        if topic.query:
            try:
                compile_query(topic.query, config)
            except ConfigError as error:
                refused.append(f"topics.{topic.id}.query: {error}")
    return refused


def failed_cases(config: Config) -> list[str]:
    """Entity test sentences whose outcome is not the one written."""
    from pipelines.watch import Tagger

    tagger = Tagger(config)
    failed = []
    for case in config.entity_cases():
        found = {m.entity for m in tagger.tag(case.sentence) if not m.ambiguous}
        if (case.entity in found) != case.expected:
            wanted = "must" if case.expected else "must not"
            failed.append(f"entities.{case.entity}.tests: {wanted} match in '{case.sentence}'; found {sorted(found)}")
    return failed
