"""What everybody answers, one module for each process; imported for their registrations."""

from workflows.rehearsal.answers import (
    acceptances,
    appraisals,
    approvals,
    bids,
    campaigns,
    deliveries,
    intakes,
    meetings,
    pledges,
    publications,
    rewards,
    selections,
    vetoes,
)

__all__ = [
    "acceptances",
    "appraisals",
    "approvals",
    "bids",
    "campaigns",
    "deliveries",
    "intakes",
    "meetings",
    "pledges",
    "publications",
    "rewards",
    "selections",
    "vetoes",
]
