"""The addresses of mail servers, as operators write them."""

import pytest

from webapp import smtp


def test_addresses_of_servers_are_read() -> None:
    plain = smtp.server("smtp://mail.example", timeout=1)
    assert (plain.port, plain.is_tls, plain.tls, plain.user) == (25, False, "try", "")
    signed = smtp.server("smtp://a%40b:p%2Fw@mail.example:587", timeout=1)
    assert (signed.port, signed.tls, signed.user, signed.password) == (587, "require", "a@b", "p/w")
    assert (smtp.server("smtps://mail.example", timeout=1).port) == 465
    with pytest.raises(ValueError, match="smtp://"):
        smtp.server("smtp://mail.example?tls=perhaps", timeout=1)
