"""HTML as text that cannot be broken by what it holds.

Text is escaped unless it is Markup, and only `el` makes Markup:

    >>> el("p", "64 < 65 ", el("b", "units"), class_="note")
    '<p class="note">64 &lt; 65 <b>units</b></p>'
"""

from collections.abc import Iterable, Mapping
from html import escape

# Of HTML alone: what is drawn must be closed, or it would swallow what follows.
_VOID = frozenset({"br", "hr", "meta"})
# What an attribute must never start with: nothing on the page is fetched, nothing runs.
_OWN_PAGE = "#"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | Iterable["Content"] | None


def text(content: Content) -> Markup:
    """Return content as Markup: strings escaped, Markup as it is, nothing for None."""
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(escape(content, quote=True))
    return Markup("".join(text(part) for part in content))


def el(tag: str, *content: Content, attributes: Mapping[str, str] | None = None,
       **more: str | bool | None) -> Markup:  # fmt: skip
    """Return an element.

    Args:
        tag: its name, of ours.
        content: what is inside; strings are escaped.
        attributes: attributes by exact name, for names that Python cannot spell.
        more: attributes; an underscore stands for a hyphen, one at the end is dropped. True gives
            a bare attribute, False and None give none.

    Raises:
        ValueError: a link leads off the page.
    """
    found: dict[str, str | bool | None] = {
        name.rstrip("_").replace("_", "-"): value for name, value in more.items()
    }
    found |= attributes or {}
    parts = [tag]
    for name, value in found.items():
        if value is None or value is False:
            continue
        if name in ("href", "src") and not str(value).startswith(_OWN_PAGE):
            raise ValueError(f"{name} {value!r} leads off the page")
        parts.append(name if value is True else f'{name}="{escape(str(value), quote=True)}"')
    opening = f"<{' '.join(parts)}>"
    if tag in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{text(content)}</{tag}>")


def page(title: str, style: str, body: Content) -> str:
    """Return a whole page that needs nothing but itself.

    Args:
        title: of the window.
        style: the style sheet, of ours.
        body: what is on the page.
    """
    # The policy makes a browser refuse whatever a page could ask the outside for.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="color-scheme", content="light dark"),
        el("title", title),
        el("style", Markup(style)),
    )
    return f"<!doctype html>\n{el('html', head, el('body', body), lang='en')}\n"
