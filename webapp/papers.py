"""Papers to hang up, to hand over and to file: a template as PDF, or as a page to print where there is no Pango."""

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import make_response, render_template
from markupsafe import Markup
from werkzeug import Response

from webapp import downloads

STYLE = Path(__file__).parent / "assets" / "papers.css"
# One paper at a time, and always in the same thread: each thread that draws keeps some 80 MB of fonts.
_drawer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="papers")


def answer(template: str, *, name: str, address: str, about: object, proof: str) -> Response:
    """The paper that ``template`` makes of ``about``, as a download.

    It can be checked at ``address``, where ``proof`` (a SHA-256) is shown too.

    Without the libraries of the system that WeasyPrint needs it is a page to print, which says what to install.
    """
    shown = {"about": about, "address": address, "proof": proof, "qr": _qr(address)}
    try:
        import weasyprint  # noqa: F401 -- takes a while, and loads Pango
    except OSError:
        return make_response(render_template(template, is_page=True, **shown))
    html = render_template(template, is_page=False, **shown)
    written = _drawer.submit(_draw, html).result()
    return downloads.send(written, media_type="application/pdf", name=f"{name}.pdf")


def _draw(html: str) -> bytes:
    """``html`` as PDF. Nothing is fetched for it: a paper holds all that it shows."""
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    nothing = URLFetcher(allowed_protocols=())
    style = CSS(string=STYLE.read_text(), url_fetcher=nothing)
    written: bytes = HTML(string=html, url_fetcher=nothing).write_pdf(stylesheets=[style])
    gc.collect()  # WeasyPrint 70 leaves fonts in circles of references, some 30 MB a paper
    return written


def _qr(address: str) -> Markup:
    """The address as a drawing to scan."""
    import segno

    drawing = segno.make_qr(address, error="m").svg_inline(omitsize=True, border=2, svgclass="qr")
    return Markup(drawing)  # noqa: S704 -- drawn by segno: an address leaves nothing but squares in it
