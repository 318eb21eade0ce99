"""Which files may be handed in: by their name and, as names lie, by their content."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from workflows.errors import Invalid

LARGEST_UNPACKED = 500 * 1024 * 1024  # bytes of all that a zip holds
MOST_PACKED = 5000  # files in a zip
OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class Kind:
    """A kind of file: what it is served as, and whether a content is one."""

    media_type: str
    is_one: Callable[[bytes], bool]


def media_type_of(name: str, content: bytes) -> str:
    """What a file called ``name`` is served as.

    Raises Invalid({"file": ...}) if its kind is not accepted, or its content is not what its name says.
    """
    if not content:
        raise _refused(f"“{name}”是空文件，请检查后重新上传。")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = KINDS.get(ending)
    if kind is None:
        raise _refused(f"“{name}”的类型不能上传。可以上传：{ALLOWED}。")
    if not kind.is_one(content):
        raise _refused(f"“{name}”的内容与扩展名不符，或压缩包过大、已损坏，请检查后重新上传。")
    return kind.media_type


def _refused(text: str) -> Invalid:
    return Invalid({"file": [text]}, text)


def _begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(beginnings)


def _is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024]


def _is_text(content: bytes) -> bool:
    """Text without NUL in one of the encodings that are in use here."""
    if b"\0" in content:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _holds(part: str) -> Callable[[bytes], bool]:
    """A zip that holds ``part`` and no macros, and is not made to fill the disk of whoever unpacks it."""

    def is_one(content: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                parts = packed.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        if len(parts) > MOST_PACKED or sum(one.file_size for one in parts) > LARGEST_UNPACKED:
            return False
        names = [one.filename for one in parts]
        has_macros = any(name.endswith("vbaProject.bin") for name in names)
        return not has_macros and (not part or any(name.startswith(part) for name in names))

    return is_one


KINDS = {
    "pdf": Kind("application/pdf", _is_pdf),
    "docx": Kind(f"{OFFICE}.wordprocessingml.document", _holds("word/")),
    "xlsx": Kind(f"{OFFICE}.spreadsheetml.sheet", _holds("xl/")),
    "pptx": Kind(f"{OFFICE}.presentationml.presentation", _holds("ppt/")),
    "ofd": Kind("application/ofd", _holds("OFD.xml")),
    "png": Kind("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": Kind("image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": Kind("image/jpeg", _begins(b"\xff\xd8\xff")),
    "dwg": Kind("image/vnd.dwg", _begins(b"AC10")),
    "txt": Kind("text/plain", _is_text),
    "csv": Kind("text/csv", _is_text),
    "zip": Kind("application/zip", _holds("")),
}
ALLOWED = "、".join(KINDS)  # in the words of the rule
PHOTOS = ".jpg,.jpeg,.png"
ACCEPT = ",".join(f".{ending}" for ending in KINDS)  # as a browser's file dialog has it
