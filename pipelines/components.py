"""Our spaCy components: `khazri_watch` fills doc.spans["watch"], `khazri_names` doc.spans["names"]."""

from __future__ import annotations

from collections.abc import Iterator

import spacy
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans, get_lang_class, is_package

from models.article import Mention
from models.errors import ConfigError
from pipelines.candidates import is_head_word, single_names, without_leading
from pipelines.names import DATE, JOINT, MONEY, UNKNOWN, matcher_patterns, model_names
from pipelines.watch import Tagger

MAX_CHARS = 300_000  # spaCy's own guard; documents are cut to 200,000 before
_KEPT_LABELS = frozenset(("PERSON", "PER", "ORG", "GPE", "LOC", "MONEY", "DATE", "EVENT", "FAC"))
_BLANK = frozenset(("en", "ru", "az", "tr", "uk", "zh"))  # with a tokeniser of their own; the rest is read as xx

for _name, _default in (
    ("khazri_title_chars", 0),  # where the title ends
    ("khazri_language", None),
    ("khazri_outlet", None),
    ("khazri_mentions", None),  # the matcher's own mentions with exact offsets: tokens can be wider
):
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=_default)


class WatchComponent:
    """Spans of the watched names, `span_id` their entity. `tagger` is bound by whoever builds the pipeline."""

    def __init__(self) -> None:
        self.tagger: Tagger | None = None

    def __call__(self, doc: Doc) -> Doc:
        if doc._.khazri_mentions is None:
            doc._.khazri_mentions = self._tag(doc)
        base = doc._.khazri_title_chars + len(JOINT) if doc._.khazri_title_chars else 0
        spans: list[Span] = []
        for mention in doc._.khazri_mentions:
            start = mention.start + (base if mention.part == "text" else 0)
            span = doc.char_span(
                start,
                start + len(mention.surface),
                label="WATCH",
                span_id=mention.entity,
                alignment_mode="expand",
            )
            if span is not None:  # beyond the tokenised part of a very long text
                spans.append(span)
        doc.spans["watch"] = spans
        return doc

    def _tag(self, doc: Doc) -> tuple[Mention, ...]:
        if self.tagger is None:
            raise ConfigError("khazri_watch has no tagger: build the pipeline with pipelines.nlp.build(config)")
        title_chars = doc._.khazri_title_chars
        title, text = (doc.text[:title_chars], doc.text[title_chars + len(JOINT) :]) if title_chars else ("", doc.text)
        return self.tagger.tag(text, title=title, language=doc._.khazri_language, outlet=doc._.khazri_outlet)


class NamesComponent:
    """Candidate names: a model's entities where one ran, else the Matcher's; money and dates by rules."""

    def __init__(self, nlp: Language) -> None:
        self._matcher = Matcher(nlp.vocab)
        for label, patterns in matcher_patterns().items():
            self._matcher.add(label, patterns, greedy="LONGEST")

    def __call__(self, doc: Doc) -> Doc:
        model = [span for span in doc.ents if span.label_ in _KEPT_LABELS]
        spans = model or [one for span in self._matcher(doc, as_spans=True) for one in _trimmed(_without_office(span))]
        if not model:
            for start, end, label in single_names(doc.text):
                span = doc.char_span(start, end, label=label, alignment_mode="expand")
                if span is not None:
                    spans.append(span)
        for label, pattern in (("MONEY", MONEY), ("DATE", DATE)):
            for match in pattern.finditer(doc.text):
                span = doc.char_span(*match.span(), label=label, alignment_mode="expand")
                if span is not None:
                    spans.append(span)
        # of spans equally long the first wins: a label that says something before a mere run of capitals
        kept = sorted((span for span in spans if JOINT not in span.text), key=lambda span: span.label_ == "NAME")
        doc.spans["names"] = sorted(filter_spans(kept), key=lambda span: span.start)
        return doc


def _trimmed(span: Span) -> Iterator[Span]:
    """A run of capitals without the small word that a sentence begins with: `The`, `Bu`; nothing of `The company`."""
    cut = without_leading(span.text) if span.label_ in ("NAME", "ORG") else 0
    if cut == 0:
        yield span
    elif cut < len(span.text) and not is_head_word(span.text[cut:]):
        shorter = span.doc.char_span(span.start_char + cut, span.end_char, label=span.label, alignment_mode="expand")
        if shorter is not None:
            yield shorter


def _without_office(span: Span) -> Span:
    return Span(span.doc, span.start + 1, span.end, label="PERSON") if span.label_ == "PERSON" else span


@Language.factory("khazri_watch")
def make_watch(nlp: Language, name: str) -> WatchComponent:
    del nlp, name
    return WatchComponent()


@Language.factory("khazri_names")
def make_names(nlp: Language, name: str) -> NamesComponent:
    del name
    return NamesComponent(nlp)


def document(
    nlp: Language, title: str, text: str, language: str | None, outlet: str | None, mentions: tuple[Mention, ...]
) -> Doc:
    """Title and text as one document that knows where its title ends and what was found in it."""
    doc = nlp.make_doc(f"{title}{JOINT}{text}" if title else text)
    doc._.khazri_title_chars = len(title)
    doc._.khazri_language = language
    doc._.khazri_outlet = outlet
    doc._.khazri_mentions = mentions
    return doc


def pipeline(language: str, ner: str, tagger: Tagger) -> Language:
    """The Language for a text's language: an installed model or a blank one, with our components behind it."""
    nlp = _base(language, ner)
    nlp.max_length = MAX_CHARS
    watch = nlp.add_pipe("khazri_watch")
    assert isinstance(watch, WatchComponent)
    watch.tagger = tagger
    nlp.add_pipe("khazri_names")
    return nlp


def _base(language: str, ner: str) -> Language:
    for name in model_names(ner):
        if name.split("_")[0] in (language, UNKNOWN) and is_package(name):
            return spacy.load(name, exclude=["parser", "lemmatizer", "attribute_ruler", "tagger"])
        if ner == name and not is_package(name):
            raise ConfigError(f"ner: spaCy package {name!r} is not installed")
    code = language if language in _BLANK else UNKNOWN
    return get_lang_class(code)()
