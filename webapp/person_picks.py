"""People in forms: written as 姓名 · 单位 · 登录名; who types is understood by that, by a login, or by a name of one alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from flask import Flask
from sqlalchemy.orm import Session

from workflows.domain import accounts
from workflows.models import User

MOST_LISTED = 300  # in a form; of more people the rest is found by typing
BETWEEN = " · "
LONGEST = 150  # characters of a text that may name somebody


def set_up(app: Flask) -> None:
    app.jinja_env.globals.update(most_people_listed=MOST_LISTED)


def text(user: User) -> str:
    return BETWEEN.join((user.name, user.unit.name, user.login))


def one_of(people: Iterable[User], typed: str) -> int | None:
    """The id of the one of ``people`` whom ``typed`` names; a unit may have changed since. None for nobody or several."""
    name, _, rest = typed.partition(BETWEEN)
    login = rest.rpartition(BETWEEN)[2]
    known = list(people)
    for fits in (
        [one for one in known if login and (one.name, one.login) == (name, login)],
        [one for one in known if one.login == typed],
        [one for one in known if one.name == typed],
    ):
        if fits:
            return fits[0].id if len(fits) == 1 else None
    return None


class PersonPicks(Mapping[str, int]):
    """Everybody who can be chosen, by what is typed; it goes through no more than MOST_LISTED, those of the unit first."""

    def __init__(self, session: Session, *, unit_id: int) -> None:
        self._session, self._unit_id = session, unit_id
        self._listed: dict[str, int] | None = None
        self._typed: dict[str, int | None] = {}
        self._texts: dict[int, str] = {}

    def ahead(self, texts: Iterable[str], ids: Iterable[int]) -> None:
        """Look up what a form holds, all of it at once."""
        wanted = {one for one in texts if 0 < len(one) <= LONGEST} - self._typed.keys()
        if wanted:
            words = {part for one in wanted for part in (one, one.rpartition(BETWEEN)[2])}
            self._match(wanted, accounts.called(self._session, words))
        unknown = set(ids) - self._texts.keys()
        if unknown:
            self._texts |= {one.id: text(one) for one in accounts.with_ids(self._session, unknown)}

    def text_of(self, user_id: int) -> str | None:
        """How a form names somebody, whether they can still be chosen or not."""
        self.ahead((), [user_id])
        return self._texts.get(user_id)

    def __getitem__(self, typed: str) -> int:
        self.ahead([typed], ())
        found = self._typed.get(typed)
        if found is None:
            raise KeyError(typed)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._those_listed())

    def __len__(self) -> int:
        return len(self._those_listed())

    def _those_listed(self) -> dict[str, int]:
        if self._listed is None:
            people = accounts.people(self._session, unit_first=self._unit_id, most=MOST_LISTED)
            self._listed = {text(one): one.id for one in people}
            self._texts |= {known: typed for typed, known in self._listed.items()}
            self._typed |= self._listed
        return self._listed

    def _match(self, wanted: Collection[str], people: Iterable[User]) -> None:
        known = list(people)
        self._typed |= {typed: one_of(known, typed) for typed in wanted}
