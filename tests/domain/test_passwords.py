import pytest

from workflows.domain import passwords

EASY = "这个密码太容易猜到，请用几个不相干的词，或更长的一句话。"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "密码长度应为 10 至 128 个字符。"),
        ("x" * 129, "密码长度应为 10 至 128 个字符。"),
        ("aaaaaaaaaaab", EASY),
        ("1234567890", EASY),
        ("Password123!", EASY),
        ("admin-2026-admin", EASY),
        ("qwertyuiop12", EASY),
        ("My-WangJG-pass", "密码中不能包含登录名。"),
        ("correct horse", None),
        ("Tian-shan-2026", None),
    ],
)
def test_a_weak_password_is_told_why(password: str, said: str | None) -> None:
    assert passwords.weakness(password, login="wangjg") == said
