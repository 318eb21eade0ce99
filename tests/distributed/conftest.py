"""Brokers, where this machine has them."""

import os
import secrets

import pytest

from tests.engine.conftest import trials
from webapp.broker import CeleryBroker
from workflows.workers import BrokerAway

__all__ = ["trials"]

ADDRESSES = {"rabbitmq": "amqp://guest:guest@127.0.0.1:5672//", "redis": "redis://127.0.0.1:6379/0"}


@pytest.fixture
def broker_url(request: pytest.FixtureRequest) -> str:
    """The address of RabbitMQ or Redis; the test is skipped, loudly, where there is none."""
    address = os.environ.get(f"JIEBANG_TEST_{request.param.upper()}") or ADDRESSES[request.param]
    probe = CeleryBroker(address, f"jiebang-probe-{secrets.token_hex(4)}")
    try:
        probe.waiting()
        probe.forget()
    except BrokerAway as error:
        pytest.skip(f"no {request.param} here: {error}")
    return address
