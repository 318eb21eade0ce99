"""The counts of a meeting's vote: whether they add up, and whether they carry the resolution."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import ranking, rules


def check(
    session: Session, values: Mapping[str, Any], *, is_passed: bool, at: dt.datetime | None
) -> dict[str, list[str]]:
    """What is wrong with ``values`` {should, present, in_favour, against, abstain}, by field.

    A resolution that is passed needs the shares of settings quorum and pass as of ``at``.
    """
    should, present, in_favour = values["should"], values["present"], values["in_favour"]
    if present > should:
        return {"present": ["实到人数不能多于应到人数。"]}
    if in_favour + values["against"] + values["abstain"] != present:
        return {"in_favour": ["同意、反对、弃权的票数合计应等于实到人数。"]}
    if not is_passed:
        return {}
    quorum = rules.setting(session, "quorum", at=at)
    if not ranking.is_passed(present=should, in_favour=present, share=quorum, reached=True):
        return {"present": ["到会人数不足，不能形成同意的决议。"]}
    share = rules.setting(session, "pass", at=at)
    if not ranking.is_passed(present=present, in_favour=in_favour, share=share, reached=False):
        return {"in_favour": ["同意票没有过半，不能形成同意的决议。"]}
    return {}
