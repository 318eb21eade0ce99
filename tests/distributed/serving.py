"""The service as gunicorn, the relay and the workers start it, but for the clock, which the test holds.

Also ``flask --app tests.distributed.serving:application relay``.
"""

import os
from pathlib import Path

from flask import Flask

from tests.distributed import clocks
from webapp import create_app
from workflows import workers

CLOCK = "JIEBANG_TEST_CLOCK"

workers.LOOK_SECONDS = 0.02  # the clock of a rehearsal runs faster than that of a plant


def application() -> Flask:
    clocks.follow(Path(os.environ[CLOCK]))
    return create_app()
