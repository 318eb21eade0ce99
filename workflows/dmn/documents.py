"""A file of decisions as an XML tree: read without entities, DTD or network, and bounded in size."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from workflows.dmn.errors import DmnError, Problem

MAX_BYTES = 1_000_000
DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
DMN_NAMESPACE = re.compile(
    r"https?://www\.omg\.org/spec/DMN/(?:201[5-9]|202[0-4])\d{4}/(?:MODEL/|dmn\.xsd|DMN1\d\.xsd)?"
)


def read(xml: bytes, *, file: str) -> etree._Element:
    """The root element ``definitions``. Raises DmnError."""

    def refuse(reason: str, line: int = 1) -> DmnError:
        return DmnError([Problem(file, "", line, reason)])

    if len(xml) > MAX_BYTES:
        raise refuse(f"larger than {MAX_BYTES} bytes")
    try:
        # Decoded here and parsed as UTF-8, so that no other encoding can hide a DOCTYPE from the check below.
        text = DECLARATION.sub("", xml.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise refuse("not encoded in UTF-8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise refuse("holds a DOCTYPE or an entity")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise refuse(f"not well-formed XML: {error.msg}", error.lineno or 1) from None
    name = etree.QName(root)
    if name.localname != "definitions" or not DMN_NAMESPACE.fullmatch(name.namespace or ""):
        raise refuse("the root is not a DMN definitions element", line_of(root))
    return root


def tag(element: etree._Element) -> str:
    """The name without its namespace; empty for what belongs to another one (extensions, layout)."""
    name = etree.QName(element)
    return name.localname if DMN_NAMESPACE.fullmatch(name.namespace or "") else ""


def children(element: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """The child elements of DMN, all or those of the given names."""
    for child in element:
        if tag(child) and (not tags or tag(child) in tags):
            yield child


def child(element: etree._Element, *tags: str) -> etree._Element | None:
    return next(children(element, *tags), None)


def text_of(element: etree._Element | None) -> str:
    """The text inside ``<text>``, stripped."""
    inner = child(element, "text") if element is not None else None
    return (inner.text or "").strip() if inner is not None else ""


def line_of(element: etree._Element) -> int:
    """Its line in the file, counted from 1."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 1


def id_of(element: etree._Element) -> str:
    """Its id, or that of the nearest element around it."""
    around: etree._Element | None = element
    while around is not None:
        if around.get("id"):
            return str(around.get("id"))
        around = around.getparent()
    return ""
