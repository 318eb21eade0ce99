"""Which version of each process begins anew: the last that was deployed, kept in the database for all servers.

What is in the folder of a release is current until somebody deploys another version; from then on every change of
the current version of that process is a row, those that a release brings too.
"""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.definitions import LIBRARY, Definition, Files, build, bundles, digest_of
from workflows.engine.tables import DefinitionFile, Deployment


def digests(session: Session) -> frozenset[str]:
    """Every version that the database holds: each passed the gate before it was stored."""
    return frozenset(session.scalars(select(DefinitionFile.digest)))


def put(session: Session, files: Files, *, by_id: int | None) -> list[Definition]:
    """Make what changed in ``files``, all files of the service, the versions that begin anew; those that are new."""
    fresh = []
    for process, bundle in bundles(files).items():
        digest = digest_of(process, bundle)
        if LIBRARY.digests().get(process) != digest:
            fresh.append(build(process, bundle))
    LIBRARY.write(session, fresh)
    for one in fresh:
        session.add(Deployment(process=one.process, digest=one.digest, by_id=by_id, at=clock.now()))
    session.flush()
    return fresh


def follow_release(session: Session, released: Mapping[str, str], known: frozenset[str]) -> None:
    """Let versions that a release brings anew (process -> digest, not ``known``) take the place of deployed ones."""
    deployed = set(session.scalars(select(Deployment.process).distinct()))
    for process, digest in released.items():
        if process in deployed and digest not in known:
            session.add(Deployment(process=process, digest=digest, by_id=None, at=clock.now()))
    session.flush()


def refresh(session: Session) -> None:
    """Take over what was deployed since this server last looked, by whichever server."""
    latest = select(func.max(Deployment.id)).group_by(Deployment.process)
    rows = session.execute(
        select(Deployment.process, Deployment.digest).where(Deployment.id.in_(latest))
    ).all()
    known = LIBRARY.digests() if rows else {}
    for process, digest in rows:
        if known.get(process) != digest:
            LIBRARY.put(LIBRARY.get(session, digest))


def recent(session: Session, *, limit: int) -> list[Deployment]:
    """The last deployments, the newest first."""
    return list(session.scalars(select(Deployment).order_by(Deployment.id.desc()).limit(limit)))
