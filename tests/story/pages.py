"""Reading a page back: a tree of its elements, from Python's own parser."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "hr", "link", "img", "input"})


@dataclass
class Element:
    """One element; `parts` are elements and texts in their order."""

    tag: str
    attributes: dict[str, str | None]
    parent: "Element | None" = None
    parts: list["Element | str"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        yield self
        for part in self.parts:
            if isinstance(part, Element):
                yield from part.walk()

    def all(self, tag: str = "", **having: str) -> list["Element"]:
        """Return the elements below with this tag and these attributes; class by one word."""
        return [one for one in self.walk() if one is not self and one.fits(tag, having)]

    def fits(self, tag: str, having: dict[str, str]) -> bool:
        if tag and self.tag != tag:
            return False
        for name, value in having.items():
            name = name.rstrip("_").replace("_", "-")
            found = self.attributes.get(name) or ""
            if value not in (found.split() if name == "class" else [found]):
                return False
        return True

    def text(self) -> str:
        """Return all text below."""
        return "".join(p if isinstance(p, str) else p.text() for p in self.parts)

    def above(self) -> Iterator["Element"]:
        """Yield this element and all that it is in."""
        yield self
        if self.parent is not None:
            yield from self.parent.above()


class Reader(HTMLParser):
    """Builds the tree and refuses tags that do not match."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root", {})
        self._open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has an attribute twice"
        element = Element(tag, dict(attrs), self._open)
        self._open.parts.append(element)
        if tag not in VOID:
            self._open = element

    def handle_endtag(self, tag: str) -> None:
        assert self._open.tag == tag, f"</{tag}> closes <{self._open.tag}>"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        self._open.parts.append(data)


def read(page: str) -> Element:
    """Return the root of a page that is well formed."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader._open is reader.root, f"<{reader._open.tag}> is never closed"
    return reader.root
