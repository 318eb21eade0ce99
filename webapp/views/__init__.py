"""The rooms of the site, one module each."""

from flask import Flask

from webapp.views import (
    acceptances,
    account,
    api_docs,
    appraisals,
    approvals,
    bids,
    boxes,  # noqa: F401 -- adds its pages to those of work
    campaigns,
    challenges,
    changes,
    design,
    drafts,
    files,
    health,
    home,
    meetings,
    notices,
    phrases,
    preferences,
    problems,
    projects,
    publicities,
    rewards,
    selections,
    sharing,
    sign_in,
    starts,
    vetoes,
    work,
)


def set_up(app: Flask) -> None:
    for room in (
        sign_in,
        home,
        work,
        sharing,
        drafts,
        phrases,
        files,
        starts,
        challenges,
        approvals,
        bids,
        campaigns,
        problems,
        projects,
        acceptances,
        meetings,
        changes,
        publicities,
        appraisals,
        vetoes,
        rewards,
        selections,
        notices,
        account,
        preferences,
        api_docs,
        design,
        health,
    ):
        app.register_blueprint(room.pages)
