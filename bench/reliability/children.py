"""Work done by a child of this process, which may differ from it in its zone, its clock and its end."""

import gc
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from workflows.db import Database

DIED, FAILED = 77, 1  # exit codes


class Died(Exception):
    """The child ended by ``die``."""


def ask(database: Database, do: Callable[[], Any]) -> Any:
    """What ``do`` returns in a child; it can be pickled. Raises Died, RuntimeError when it failed.

    Nobody may be connected to ``database`` from this process: a connection, and what SQLite knows of its locks, is
    not for two.
    """
    database.engine.dispose()
    gc.freeze()  # what is shared with the child is not copied for being looked at
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(do, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == DIED:
        raise Died
    if code != 0:
        raise RuntimeError(f"the child ended with {code}: see above")
    return pickle.loads(told)


def die() -> NoReturn:
    """End this process at once, without a word to anybody."""
    os._exit(DIED)


def _be_child(do: Callable[[], Any], writing: int) -> NoReturn:
    code = FAILED
    try:
        gc.disable()
        answer = do()
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
