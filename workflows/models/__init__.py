"""What is stored. Importing this package makes every table of the campaign known to ``db.Base``."""

from workflows.models.bids import (
    Bid,
    BidState,
    BudgetLine,
    EligibilityCheck,
    MilestoneDraft,
    PledgedValue,
    TeamMember,
)
from workflows.models.challenges import (
    Category,
    Challenge,
    ChallengeState,
    Indicator,
    Mode,
    NumberSeries,
    SealKey,
)
from workflows.models.notices import Notice
from workflows.models.organisation import ApiToken, Post, PostHolding, RoleGrant, Unit, User
from workflows.models.requests import IdempotentRequest

__all__ = [
    "ApiToken",
    "Bid",
    "BidState",
    "BudgetLine",
    "Category",
    "Challenge",
    "ChallengeState",
    "EligibilityCheck",
    "IdempotentRequest",
    "Indicator",
    "MilestoneDraft",
    "Mode",
    "Notice",
    "NumberSeries",
    "PledgedValue",
    "Post",
    "PostHolding",
    "RoleGrant",
    "SealKey",
    "TeamMember",
    "Unit",
    "User",
]
