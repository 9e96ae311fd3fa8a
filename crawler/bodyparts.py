"""Parts of an article that an extractor missed: paragraphs of the same shape as those it took.

Magazines cut one text into several containers, with advertisements between, and extractors take the first. A paragraph
outside is the article's own when its tag, class and surroundings are those of paragraphs inside. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from crawler.bodylines import squeezed
from crawler.plain import one_line

LEAST_PROSE = 60  # characters of a paragraph that counts as prose; shorter ones are captions and menu entries
LEAST_ALIKE = 2  # paragraphs of one shape that the extractor took before another of it is believed
MOST_PARAGRAPHS = 3_000  # looked at in one page
MOST_READ = 4_000_000  # characters: paragraphs in paragraphs are read once for each
HEAD = 50  # squeezed letters by which a paragraph is found in a body
STANDFIRST_HEAD = 60  # squeezed letters of a description by which its paragraph is found: many are cut short
LEAST_STANDFIRST, LONGEST_STANDFIRST = (
    30,
    1_000,
)  # letters of a description that can be one; characters of its paragraph
START, LEAST_START = 60, 12  # characters, and squeezed letters of them, by which most paragraphs are passed over
MOST_PIECES = 60  # pieces of text that are read of it
MOST_LOOKED = 10_000  # elements that are looked at for it
LEAST_LAID_OUT = 400  # characters of a table's cell that holds part of a page
MOST_TABLES = 2_000  # looked at in one page
MOST_LINKED = 0.5  # of a paragraph's letters in links: more is a teaser
_ASIDE = frozenset(("aside", "footer", "nav", "form", "figure", "figcaption", "header", "template"))

Shape = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the page in document order."""

    text: str
    key: str  # squeezed
    shape: Shape  # the block it stands in, too: an endless page repeats its shapes for one article after another

    @property
    def head(self) -> str:
        return self.key[:HEAD]


def unwrap_layout_tables(tree: HtmlElement) -> None:
    """Tables that lay a page out become blocks, so that their paragraphs are kept: cells of data are short.

    Changes the tree. The cells of one row stay apart; the words stay where they are.
    """
    for table in list(islice(tree.iter("table"), MOST_TABLES)):
        rows = [
            row for part in (table, *table.iterchildren("tbody", "thead", "tfoot")) for row in part.iterchildren("tr")
        ]
        cells = [cell for row in rows for cell in row.iterchildren("td", "th")]
        if not any(_is_laid_out(cell) for cell in cells):
            continue
        menus = {cell for cell in cells if _is_menu(cell)}
        for element in (table, *table.iterchildren("tbody", "thead", "tfoot"), *rows, *cells):
            element.tag = "aside" if element in menus else "div"


def _is_laid_out(cell: HtmlElement) -> bool:
    """Whether a cell holds parts of a page: a headline, or long text with breaks or blocks in it."""
    if next(cell.iter("h1"), None) is not None:
        return True
    if next(cell.iter("p", "br", "div", "table"), None) is None:
        return False
    length = 0
    for piece in cell.itertext():
        length += len(piece.strip())
        if length >= LEAST_LAID_OUT:
            return True
    return False


def _is_menu(cell: HtmlElement) -> bool:
    """Whether it holds links and nothing else."""
    linked = "".join(text for link in islice(cell.iter("a"), MOST_PIECES) for text in link.itertext())
    whole = "".join(islice(cell.itertext(), 4 * MOST_PIECES))
    return bool(linked.strip()) and len(squeezed(linked)) == len(squeezed(whole))


def paragraphs_of(tree: HtmlElement) -> list[Paragraph]:
    """The prose of a page: `<p>` outside asides, with more words than links."""
    found: list[Paragraph] = []
    headlines = read = 0
    for element in tree.iter("p", "h1"):
        if element.tag == "h1":
            headlines += 1
            continue
        if len(found) > MOST_PARAGRAPHS:
            break
        text = one_line("".join(element.itertext()))
        read += len(text)
        if read > MOST_READ:
            break
        if len(text) < LEAST_PROSE or any(up.tag in _ASIDE for up in element.iterancestors()):
            continue
        linked = sum(len("".join(link.itertext())) for link in element.iter("a"))
        if linked <= MOST_LINKED * len(text):
            found.append(Paragraph(text, squeezed(text), (*_shape(element), _block(element, headlines))))
    return found


def _shape(element: HtmlElement) -> Shape:
    """Tag and class of the element and of three levels around it, numbers in classes set aside."""
    shape = []
    up: HtmlElement | None = element
    for _ in range(4):
        if up is None:
            break
        names = "".join(char for char in (up.get("class") or "") if not char.isdigit())
        shape.append(f"{up.tag}.{' '.join(sorted(names.split()))}")
        up = up.getparent()
    return tuple(shape)


def _block(element: HtmlElement, headlines: int) -> str:
    """Which article of the page it stands in: the nearest <article>, and how many headlines came before."""
    article = next(element.iterancestors("article"), None)
    return f"{headlines} {article.getroottree().getpath(article) if article is not None else ''}"


def missing_share(body: str, paragraphs: list[Paragraph]) -> float:
    """What part of the page's prose, by characters, the body does not hold."""
    key = squeezed(body)
    total = sum(len(one.text) for one in paragraphs)
    return sum(len(one.text) for one in paragraphs if one.head not in key) / total if total else 0.0


def prose_share(body: str, paragraphs: list[Paragraph]) -> float:
    """What part of the body, by letters, is prose of the page."""
    key = squeezed(body)
    return sum(len(one.key) for one in paragraphs if one.head in key) / len(key) if key else 0.0


def completed(body: str, paragraphs: list[Paragraph]) -> str:
    """The body with the paragraphs it lacks of the shapes it has, each after the paragraph that stands before it."""
    key = squeezed(body)
    taken = Counter(one.shape for one in paragraphs if one.head in key)
    own = {shape for shape, count in taken.items() if count >= LEAST_ALIKE}
    if not any(one.shape in own and one.head not in key for one in paragraphs):
        return body
    lines = body.splitlines()
    keys = [squeezed(line) for line in lines]
    at = -1  # the line after which the next missing paragraph belongs
    for one in paragraphs:
        place = next((number for number in range(at + 1, len(keys)) if one.head in keys[number]), None)
        if place is not None:
            at = place
        elif one.shape in own and one.head not in key and at >= 0:
            at += 1
            lines.insert(at, one.text)
            keys.insert(at, one.key)
    return "\n".join(lines)


def standfirst(tree: HtmlElement, body: str, descriptions: Sequence[str]) -> str:
    """The paragraph under the headline that sums the article up, "" where the body has it or the page has none.

    Found by what the page says of itself for search engines and shares: newsrooms take the standfirst for it, whole or
    cut short. Extractors leave it out, because it stands in the header.
    """
    wanted = [key for text in descriptions if len(key := squeezed(text)[:STANDFIRST_HEAD]) >= LEAST_STANDFIRST]
    key = squeezed(body)
    if not wanted or any(head in key for head in wanted):
        return ""
    headline = False
    found: list[str] = []
    for number, element in enumerate(tree.iter("h1", "h2", "h3", "p", "div", "span", "strong", "header")):
        if number > MOST_LOOKED:
            break
        if element.tag == "h1":
            headline = True
        text = element.text or (element[0].text if len(element) else "") or ""
        if not headline or element.tag in ("h1", "header") or not (start := squeezed(text[:START])[:LEAST_START]):
            continue
        if not any(head.startswith(start) for head in wanted):  # nearly all end here
            continue
        whole = squeezed(text := one_line("".join(islice(element.itertext(), MOST_PIECES))))
        if len(text) > LONGEST_STANDFIRST or whole[:HEAD] in key:
            continue
        if len(whole) < LEAST_STANDFIRST or not any(whole.startswith(head) for head in wanted):
            continue
        if not any(up.tag in _ASIDE and up.tag != "header" for up in (element, *element.iterancestors())):
            found.append(text)
    return min(found, key=len, default="")  # the innermost: the others hold buttons, too
