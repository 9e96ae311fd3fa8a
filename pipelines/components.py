"""Our spaCy components: `khazri_watch` fills doc.spans["watch"], `khazri_names` doc.spans["names"]."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import spacy
from spacy import attrs
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found]
from spacy.tokens import Doc, Span
from spacy.util import filter_spans, get_lang_class, is_package

from models.article import Mention
from models.errors import ConfigError
from pipelines.candidates import is_head_word, single_names, without_leading
from pipelines.names import JOINT, MONEY, UNKNOWN, WORD_RULES, dates, matcher_patterns, model_names
from pipelines.watch import Tagger

MOST_STRINGS = 50_000  # in a blank pipeline's vocabulary, about 13 MB; it is then built anew, which costs some ms
# spaCy takes signs off a word one by one and looks at all of it each time: 100,000 quotes in a row took 20 minutes. A
# longer run without a space is an address or an attack, and cut in the copy that is tokenised.
_LONG_RUN = re.compile(r"(\S{120})\S(?=\S)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNASKED = (
    attrs.SHAPE, attrs.PREFIX, attrs.SUFFIX, attrs.IS_STOP, attrs.IS_CURRENCY, attrs.IS_LEFT_PUNCT,
    attrs.IS_RIGHT_PUNCT, attrs.IS_BRACKET, attrs.LIKE_NUM, attrs.LIKE_URL, attrs.LIKE_EMAIL,
)  # fmt: skip
MAX_CHARS = 300_000  # spaCy's own guard; documents are cut to 200,000 before
_KEPT_LABELS = frozenset(("PERSON", "PER", "ORG", "GPE", "LOC", "MONEY", "DATE", "EVENT", "FAC"))
_BLANK = frozenset(("en", "ru", "az", "tr", "uk", "zh"))  # with a tokeniser of their own; the rest is read as xx

for _name, _default in (
    ("khazri_text", None),  # the text as a whole: spaCy puts doc.text together from its tokens at each asking
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
        self._matcher = Matcher(nlp.vocab, validate=False)  # its schema does not know flags of one's own
        flags = {  # from the first that spaCy leaves to its users
            name: nlp.vocab.add_flag(rule, flag_id=flag)
            for flag, (name, rule) in enumerate(WORD_RULES.items(), attrs.FLAG19)
        }
        for label, patterns in matcher_patterns(flags).items():
            self._matcher.add(label, patterns, greedy="LONGEST")

    def __call__(self, doc: Doc) -> Doc:
        model = [span for span in doc.ents if span.label_ in _KEPT_LABELS]
        spans = model or [one for span in self._matcher(doc, as_spans=True) for one in _trimmed(_without_office(span))]
        text = doc._.khazri_text or doc.text
        if not model:
            for start, end, label in single_names(text):
                span = doc.char_span(start, end, label=label, alignment_mode="expand")
                if span is not None:
                    spans.append(span)
        for label, found in (("MONEY", (match.span() for match in MONEY.finditer(text))), ("DATE", dates(text))):
            for start, end in found:
                span = doc.char_span(start, end, label=label, alignment_mode="expand")
                if span is not None:
                    spans.append(span)
        # of spans equally long the first wins: a label that says something before a mere run of capitals
        kept = [span for span in spans if JOINT not in text[span.start_char : span.end_char]]
        name = doc.vocab.strings.add("NAME")
        kept.sort(key=lambda span: span.label == name)
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
    # Texts out of the store hold no lone surrogates; a row of `inspect` may, and spaCy hashes words as UTF-8.
    whole = _SURROGATE.sub("\ufffd", f"{title}{JOINT}{text}" if title else text)
    if isinstance(nlp.tokenizer, Tokenizer):  # Chinese, which has no spaces, is read letter by letter
        whole = _LONG_RUN.sub(r"\1 ", whole)
    doc = nlp.make_doc(whole)
    doc._.khazri_text = whole
    doc._.khazri_title_chars = len(title)
    doc._.khazri_language = language
    doc._.khazri_outlet = outlet
    doc._.khazri_mentions = mentions
    return doc


def pipeline(language: str, ner: str, tagger: Tagger) -> Language:
    """The Language for a text's language: an installed model or a blank one, with our components behind it."""
    nlp = _base(language, ner)
    nlp.max_length = MAX_CHARS
    if not nlp.pipe_names:
        _lighten(nlp)
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


def _lighten(nlp: Language) -> None:
    """Twice the speed for a blank pipeline on words it has not met; its tokens stay as they were.

    Prefixes, suffixes and infixes are signs and digits in every language of ours: words of letters are not searched
    for them. What only a model or nobody asks of a word is not worked out: `like_num`, `is_stop`, `shape_` and their
    like say nothing in these pipelines.
    """
    for attribute in _UNASKED:
        nlp.vocab.lex_attr_getters.pop(attribute, None)  # type: ignore[attr-defined]
    tokenizer = nlp.tokenizer
    if isinstance(tokenizer, Tokenizer):  # Chinese has one of its own, without rules and cache
        nlp.tokenizer = Tokenizer(  # at once: each property set later loads all special cases again
            nlp.vocab,
            rules=tokenizer.rules,
            prefix_search=_unless_letters(tokenizer.prefix_search, None),
            suffix_search=_unless_letters(tokenizer.suffix_search, None),
            infix_finditer=_unless_letters(tokenizer.infix_finditer, ()),
            token_match=tokenizer.token_match,
            url_match=tokenizer.url_match,
            max_cache_size=MOST_STRINGS,
        )


def _unless_letters(search: Callable[[str], Any], nothing: Any) -> Callable[[str], Any]:
    return lambda word: nothing if word.isalpha() else search(word)


def is_blank(nlp: Language) -> bool:
    """Whether it holds our components and no model: cheap to build, and its vocabulary the only thing that grows."""
    return set(nlp.pipe_names) <= {"khazri_watch", "khazri_names"}


def is_full(nlp: Language) -> bool:
    """Whether a blank pipeline has met so many words that it is time for a new one."""
    return is_blank(nlp) and len(nlp.vocab.strings) > MOST_STRINGS
