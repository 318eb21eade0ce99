"""The gallery pictures every page there is."""

from flask import Flask

from tools.gallery import details, plan
from webapp import navigation

DOWNLOADS = {
    "approvals.sheet",
    "bids.receipt",
    "files.download",
    "meetings.minutes",
    "projects.pledge",
    "publicities.poster",
    "rewards.payout",
    "rosters.present",
    "rosters.template",
    "static",
}
FRAGMENTS = {
    "notices.badges",
    "people.suggestions",
    "work.diagram",
    "operations.diagram",
    "operations.heat_diagram",
    "migrations.diagram",
    "health.alive",
    "health.measured",
    "health.ready",
}


def test_every_page_is_pictured(app: Flask) -> None:
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    }
    pictured = {*navigation.ROOMS, *details.PLAIN, *details.OF_ONE, *details.ACTS, *details.REST}
    pictured |= {f"{thing}.show" for thing in plan.THINGS}
    pictured |= {"sign_in.show", "work.show", "starts.show", "starts.show_act"}
    assert pages - pictured - DOWNLOADS - FRAGMENTS == set()
    assert pictured <= pages
