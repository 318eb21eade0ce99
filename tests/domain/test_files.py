"""Files are kept whole and secret, taken in by their kind, and called as the person called them."""

import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import storage
from workflows.domain import file_types, files
from workflows.errors import Invalid
from workflows.models import FileLink, User

PDF = b"%PDF-1.7\n..."


def packed(*names: str, size: int = 3) -> bytes:
    """A zip that holds ``names``."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name in names:
            entry = zipfile.ZipInfo(name)  # of 1980: tests are named by these bytes, the same in every worker
            made.writestr(entry, b"x" * size, zipfile.ZIP_DEFLATED)
    return content.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files are kept (conftest)."""
    return tmp_path / "files"


@pytest.fixture
def person(session: Session) -> User:
    return factories.user(session)


def test_a_file_is_kept_encrypted_under_the_digest_of_what_is_kept(folder: Path) -> None:
    kept = storage.keep(PDF)
    (path,) = [one for one in folder.rglob("*") if one.is_file()]
    assert path == folder / kept.digest[:2] / kept.digest
    assert PDF not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert storage.read(kept) == PDF


def test_a_file_that_was_changed_or_lost_is_not_given_out(folder: Path) -> None:
    kept = storage.keep(PDF)
    path = folder / kept.digest[:2] / kept.digest
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(storage.FileLost):
        storage.read(kept)
    path.unlink()
    with pytest.raises(storage.FileLost):
        storage.read(kept)


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        storage.keep(PDF)
    assert [one for one in folder.rglob("*") if one.is_file()] == []


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("揭榜挂帅方案.pdf", PDF, "application/pdf"),
        (
            "纪要.DOCX",
            packed("[Content_Types].xml", "word/document.xml"),
            f"{file_types.OFFICE}.wordprocessingml.document",
        ),
        ("表.xlsx", packed("xl/workbook.xml"), f"{file_types.OFFICE}.spreadsheetml.sheet"),
        ("讲.pptx", packed("ppt/presentation.xml"), f"{file_types.OFFICE}.presentationml.presentation"),
        ("公文.ofd", packed("OFD.xml"), "application/ofd"),
        ("照片.jpg", b"\xff\xd8\xff\xe0...", "image/jpeg"),
        ("图.png", b"\x89PNG\r\n\x1a\n...", "image/png"),
        ("图纸.dwg", b"AC1032...", "image/vnd.dwg"),
        ("说明.txt", "冻堵".encode("gb18030"), "text/plain"),
        ("数据.csv", "井号,压力\n".encode(), "text/csv"),
        ("资料.zip", packed("a/b.txt"), "application/zip"),
    ],
)
def test_files_of_work_are_accepted(name: str, content: bytes, media_type: str) -> None:
    assert file_types.media_type_of(name, content) == media_type


def test_a_file_is_taken_in_and_given_out_again(session: Session, person: User) -> None:
    file = files.take_in(session, PDF, name="揭榜挂帅方案.pdf", actor=person)
    assert (file.name, file.size, file.media_type) == ("揭榜挂帅方案.pdf", len(PDF), "application/pdf")
    assert file.uploaded_by_id == person.id
    assert files.content(file) == PDF


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("空.pdf", b"", "是空文件，请检查后重新上传。"),
        ("图.svg", b"<svg/>", f"的类型不能上传。可以上传：{file_types.ALLOWED}。"),
        ("页.html", b"<p>", f"的类型不能上传。可以上传：{file_types.ALLOWED}。"),
        ("没有扩展名", PDF, f"的类型不能上传。可以上传：{file_types.ALLOWED}。"),
        ("假.pdf", b"MZ\x90", "的内容与扩展名不符，或压缩包过大、已损坏，请检查后重新上传。"),
        (
            "假.docx",
            packed("xl/workbook.xml"),
            "的内容与扩展名不符，或压缩包过大、已损坏，请检查后重新上传。",
        ),
        (
            "宏.docx",
            packed("word/document.xml", "word/vbaProject.bin"),
            "的内容与扩展名不符，或压缩包过大、已损坏，请检查后重新上传。",
        ),
        ("坏.zip", packed("a")[:-9], "的内容与扩展名不符，或压缩包过大、已损坏，请检查后重新上传。"),
        ("坏.txt", b"a\0b", "的内容与扩展名不符，或压缩包过大、已损坏，请检查后重新上传。"),
        ("坏.csv", b"\xff\xff\xff", "的内容与扩展名不符，或压缩包过大、已损坏，请检查后重新上传。"),
    ],
)
def test_other_files_are_refused_with_the_rule(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        file_types.media_type_of(name, content)
    assert refused.value.fields == {"file": [f"“{name}”{reason}"]}


def test_a_zip_made_to_fill_the_disk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_types, "LARGEST_UNPACKED", 1_000_000)
    with pytest.raises(Invalid):
        file_types.media_type_of("弹.zip", packed("a", "b", size=600_000))
    monkeypatch.setattr(file_types, "MOST_PACKED", 2)
    with pytest.raises(Invalid):
        file_types.media_type_of("弹.zip", packed("a", "b", "c"))


def test_a_file_may_be_as_large_as_the_setting_says(session: Session, person: User) -> None:
    largest = 2 * files.MEGABYTE
    fits = PDF.ljust(largest, b" ")
    assert files.take_in(session, fits, name="a.pdf", actor=person, largest_bytes=largest).size == largest
    with pytest.raises(Invalid) as refused:
        files.take_in(session, fits + b" ", name="a.pdf", actor=person, largest_bytes=largest)
    assert refused.value.fields == {"file": ["“a.pdf”超过 2 MB，请压缩或拆分后再上传。"]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\文件\\方案.pdf", "方案.pdf"),
        ("../../etc/方案.pdf", "方案.pdf"),
        ("方\r\n案\u202e.pdf", "方案.pdf"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_a_name_loses_its_folders_and_what_cannot_be_seen(
    session: Session, person: User, given: str, kept: str
) -> None:
    assert files.take_in(session, PDF, name=given, actor=person).name == kept


def test_a_file_is_attached_once_to_each_thing(session: Session, person: User) -> None:
    file = files.take_in(session, PDF, name="a.pdf", actor=person)
    for item_id in (None, None, 5, 5, 6):
        files.attach(session, [file.id, file.id], process_id=3, item_id=item_id)
        session.flush()
    links = session.query(FileLink).order_by(FileLink.id)
    assert [(link.file_id, link.item_id) for link in links] == [(file.id, None), (file.id, 5), (file.id, 6)]
    assert [link.file.name for link in files.of_process(session, 3)] == ["a.pdf"] * 3
