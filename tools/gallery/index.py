"""The index page of the gallery: one row per page, its screens side by side."""

import html
from collections.abc import Sequence
from itertools import groupby

from tools.gallery.camera import Picture

HEAD = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>揭榜台 · 画廊</title>
<style>body{font:14px sans-serif;margin:1rem}section{margin:2rem 0}figure{display:inline-block;margin:0 1rem 1rem 0;vertical-align:top}
img{max-height:22rem;max-width:30rem;border:1px solid #ccc}.noticed{color:#b00020}</style>
"""


def written(pictures: Sequence[Picture]) -> str:
    """The page as HTML."""
    parts = [HEAD, f"<h1>揭榜台 · 画廊</h1><p>{len(pictures)} 张</p>"]
    for (state, name), group in groupby(pictures, key=lambda one: (one.shot.state, one.shot.name)):
        shown = list(group)
        shot = shown[0].shot
        parts.append(
            f"<section><h2>{html.escape(name)} · {state}</h2><p>{html.escape(shot.path)} {html.escape(shot.login)}</p>"
        )
        parts += [_figure(one) for one in shown]
        parts.append("</section>")
    return "\n".join(parts)


def _figure(picture: Picture) -> str:
    noticed = "".join(f'<br><span class="noticed">{html.escape(one)}</span>' for one in picture.noticed)
    return (
        f'<figure><a href="{picture.file}"><img loading="lazy" src="{picture.file}" alt=""></a>'
        f"<figcaption>{picture.screen}{noticed}</figcaption></figure>"
    )
