"""Text as the files of office programs hold it."""

import re

# XML 1.0, section 2.2: python-docx and openpyxl refuse everything else, wherever people have pasted it from.
NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(text: str) -> str:
    """``text`` without the control characters that XML cannot hold; lines and tabs stay."""
    return NO_XML.sub("", text)
