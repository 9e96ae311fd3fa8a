"""`khazri config check`: the config's own errors and remarks, and every entity's test sentences."""

from __future__ import annotations

from pathlib import Path

from models.config import Config


def check_all(path: Path | str | None) -> tuple[list[str], list[str]]:
    """(errors, remarks), each one line. A test sentence that fails is an error: the config does not do what it says."""
    from models.config.file import read_config

    checked = read_config(path)
    errors, lints = list(checked.errors), list(checked.lints)
    if checked.config is not None:
        errors += failed_cases(checked.config)
        errors += refused_queries(checked.config)
    return errors, lints


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
