"""附件: upload, read about, download."""

from typing import Any

from flask import current_app, request
from flask_smorest import Blueprint
from flask_smorest.fields import Upload
from marshmallow import Schema, fields
from werkzeug import Response

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY, Person, as_file
from webapp.views.files import download
from workflows import access
from workflows.domain import files
from workflows.errors import Invalid
from workflows.models import StoredFile

endpoints = Blueprint("api_files", __name__, url_prefix="/api/v1/files", description="附件")

FILE = f"/{ID}file_id>"


class FileSent(Schema):
    file = Upload(required=True)


class FileShown(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)
    media_type = fields.String(required=True)
    uploaded_by = fields.Nested(Person, required=True)
    uploaded_at = fields.AwareDateTime(required=True)


@endpoints.route("", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, FileShown)
@endpoints.arguments(FileSent, location="files")
def upload(sent: dict[str, Any]) -> StoredFile:
    """上传附件

    上传后把返回的 id 填入表单的附件字段；在此之前只有上传人可以查看。
    """
    if request.form:
        raise Invalid({name: ["Unknown field."] for name in request.form})
    largest = current_app.config["MAX_FILE_MB"] * files.MEGABYTE
    return files.take_in(
        db.session(),
        sent["file"].read(),
        name=sent["file"].filename or "",
        actor=auth.actor(),
        largest_bytes=largest,
    )


@endpoints.route(FILE)
@endpoints.response(200, FileShown)
def show(file_id: int) -> StoredFile:
    """一个附件的信息"""
    return access.file(db.session(), file_id, actor=auth.actor())


@endpoints.route(f"{FILE}/content")
@endpoints.doc(responses=as_file("*/*"))
def content(file_id: int) -> Response:
    """下载附件"""
    return download(file_id)
