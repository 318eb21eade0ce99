"""The API's operations as a plain page, read from its own OpenAPI description."""

from flask import Blueprint, current_app, render_template

pages = Blueprint("api_docs", __name__)


@pages.get("/api/v1/docs")
def show() -> str:
    spec = current_app.extensions["api"].spec.to_dict()
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    ]
    return render_template("api_docs.html", info=spec["info"], operations=operations)
