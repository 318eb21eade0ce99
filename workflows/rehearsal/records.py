"""What a rehearsal looks up in the rows of the service: read only, for what people know without asking."""

from dataclasses import dataclass

from sqlalchemy import select

from workflows.db import Database
from workflows.domain import vetoes
from workflows.engine.tables import RUNNING, Process
from workflows.models import (
    Acceptance,
    Bid,
    BidState,
    Challenge,
    ChallengeProblem,
    Indicator,
    Project,
    RewardCase,
)


@dataclass(frozen=True)
class Records:
    database: Database

    def challenges_of_problems(self) -> dict[int, int]:
        """The challenge that came of each problem, by id."""
        columns = (ChallengeProblem.problem_id, ChallengeProblem.challenge_id)
        with self.database.read() as session:
            return dict(session.execute(select(*columns)).all())

    def challenge_state(self, challenge_id: int | None) -> str | None:
        with self.database.read() as session:
            return session.scalar(select(Challenge.state).where(Challenge.id == challenge_id))

    def bid_state(self, bid_id: int | None) -> str | None:
        with self.database.read() as session:
            return session.scalar(select(Bid.state).where(Bid.id == bid_id))

    def has_unjudged(self, bid_ids: list[int]) -> bool:
        """Whether the eligibility of one of the bids is still to be found."""
        unjudged = Bid.state.in_((BidState.DRAFT, BidState.SEALED, BidState.OPENED))
        with self.database.read() as session:
            return session.scalar(select(Bid.id).where(Bid.id.in_(bid_ids), unjudged).limit(1)) is not None

    def indicators(self, challenge_id: int | None) -> list[tuple[int, str, int]]:
        """Id, name and verifying unit of each indicator, in order."""
        columns = (Indicator.id, Indicator.name, Indicator.verifier_unit_id)
        with self.database.read() as session:
            rows = session.execute(
                select(*columns).where(Indicator.challenge_id == challenge_id).order_by(Indicator.seq)
            )
            return [(number, name, unit_id) for number, name, unit_id in rows]

    def project_of_bid(self, bid_id: int | None) -> int | None:
        """The project that came of a bid; None when it has not won."""
        with self.database.read() as session:
            return session.scalar(select(Project.id).where(Project.bid_id == bid_id))

    def bid_behind(self, kind: str, number: int) -> int:
        """The bid that a project, or what belongs to one, came of: kind and id as in its path."""
        with self.database.read() as session:
            if kind == "acceptances":
                number = session.get_one(Acceptance, number).project_id
            elif kind == "rewards":
                number = session.get_one(RewardCase, number).project_id
            return session.get_one(Project, number).bid_id

    def is_running(self, process: str) -> bool:
        """Whether an instance of ``process`` runs."""
        running = (Process.name == process, Process.status == RUNNING)
        with self.database.read() as session:
            return session.scalar(select(Process.id).where(*running).limit(1)) is not None

    def is_team_clause(self, clause: str) -> bool:
        """Whether a veto under ``clause`` is on teams, never on a whole unit."""
        with self.database.read() as session:
            return bool(vetoes.clause(session, clause)["scope"] == "team")
