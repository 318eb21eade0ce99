"""Diagrams and tables spoilt at random, by a seed: something deleted, doubled, renamed, moved or rewritten anywhere."""

import random
from collections.abc import Mapping

from lxml import etree

TEXTS = [
    "",
    "((",
    "1/0",
    "x y z",
    "R/",
    '"2026-01-01T00:00"',
    "null",
    "PT1H",
    "bid",
    "for x in 1..9999999 return x",
]
VALUES = ["", "1", "Start", "é 中", "P1Y", "true", "End", "x" * 300]


def spoil(root: etree._Element, chance: random.Random) -> None:
    """One change somewhere below ``root``."""
    elements = [one for one in root.iter(etree.Element) if one is not root] or [
        etree.SubElement(root, "lost")
    ]
    element, other = chance.choice(elements), chance.choice(elements)
    parent = element.getparent()
    assert parent is not None
    key = chance.choice(sorted(element.attrib) or ["id"])
    match chance.randrange(8):
        case 0:
            parent.remove(element)
        case 1:
            parent.append(etree.fromstring(etree.tostring(element)))
        case 2:
            element.tag = other.tag
        case 3:
            element.attrib.pop(key, "")
        case 4:
            element.set(key, chance.choice([*VALUES, other.get("id", "x")]))
        case 5:
            element.text = chance.choice(TEXTS)
        case 6:
            _rewire(root, chance)
        case _:
            if element not in other.iterancestors() and element is not other:
                other.append(element)


def _rewire(root: etree._Element, chance: random.Random) -> None:
    """A flow leads elsewhere: what is well-formed and unsound."""
    flows = list(root.iter("{*}sequenceFlow"))
    if flows:
        chance.choice(flows).set("targetRef", chance.choice(flows).get("targetRef", ""))


def spoilt(files: Mapping[str, bytes], seed: int) -> tuple[str, bytes]:
    """One of ``files`` with one to five changes, or cut off or garbled as bytes: its name and content."""
    chance = random.Random(seed)
    name = chance.choice(sorted(files))
    content = files[name]
    if chance.random() < 0.15:
        at, length = chance.randrange(len(content)), chance.randrange(1, 40)
        return name, content[:at] + chance.randbytes(chance.choice([0, length])) + content[at + length :]
    root = etree.fromstring(content)
    for _ in range(chance.choice([1, 1, 2, 5])):
        spoil(root, chance)
    return name, etree.tostring(root)
