"""dev.py: what it does twice, and what it says when something is missing."""

import ast
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from tools import environment, locks, services, steps

ROOT = Path(__file__).resolve().parent.parent


def test_a_step_runs_once_and_again_only_when_its_inputs_change(tmp_path: Path) -> None:
    source, product, runs = tmp_path / "source", tmp_path / "product", list[str]()

    def make() -> None:
        runs.append(source.read_text())
        product.write_text("made")

    for content in ("a", "a", "b", "b"):
        source.write_text(content)
        steps.once(tmp_path / "stamp", steps.fingerprint([source]), product, make)
    product.unlink()
    steps.once(tmp_path / "stamp", steps.fingerprint([source]), product, make)

    assert runs == ["a", "b", "b"]


def test_a_step_that_failed_runs_again(tmp_path: Path) -> None:
    runs = list[str]()

    def fail() -> None:
        runs.append("run")
        raise steps.Failed("no luck")

    for _ in range(2):
        with pytest.raises(steps.Failed, match="no luck"):
            steps.once(tmp_path / "stamp", "same", tmp_path, fail)

    assert runs == ["run", "run"]


def test_a_failed_command_is_told_with_its_output_and_what_to_do(capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]

    with pytest.raises(steps.Failed) as failure:
        steps.run("count to ten", command, advice="Count slowly.")

    assert str(failure.value) == "the reason\ncount to ten: failed with exit code 3. Count slowly."


def test_a_missing_program_is_told_with_what_to_do() -> None:
    with pytest.raises(steps.Failed) as failure:
        steps.run("count", ["no-such-program"], advice="Install it.")

    assert str(failure.value) == "count: there is no no-such-program. Install it."


def test_an_old_python_is_told_what_to_install(tmp_path: Path) -> None:
    for name in ("dev.py", "tools"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, tmp_path / name)
    script = "import sys, runpy; sys.version_info = (3, 9, 2); runpy.run_path('dev.py', run_name='__main__')"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "dev.py needs Python 3.11 or newer: apt-get install python3.11, then python3.11 dev.py ...\n",
    )


def test_dev_py_can_be_read_by_the_pythons_it_refuses() -> None:
    assert ast.parse((ROOT / "dev.py").read_text(), feature_version=(3, 7)).body


def test_run_tells_of_a_port_in_use(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code = dev.main(["run", "--port", str(port)])

    told = f"\nPort {port} on 127.0.0.1 is in use: choose another, e.g. dev.py run --port {port + 1}\n"
    assert (code, capfd.readouterr()) == (1, ("", told))


def test_run_tells_of_an_address_that_is_not_of_this_machine() -> None:
    with pytest.raises(steps.Failed, match=r"^Cannot listen on 192\.0\.2\.1:8000: Cannot assign"):
        services.is_taken("192.0.2.1", 8000)


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server, no wheel with one, no browser, no apt-get."""
    monkeypatch.setattr(services, "LOCAL_SERVERS", [])
    monkeypatch.setattr(services, "VENV", tmp_path)
    (tmp_path / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("JIEBANG_TEST_POSTGRES", "JIEBANG_CHROMIUM", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("bare_machine")
def test_what_ci_has_not_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(steps.Failed) as failure:
        dev.tests_pass([], whole=False)

    missing = "No PostgreSQL and no Chromium and no Pango with Chinese fonts here"
    assert str(failure.value) == f"{missing}: with CI set this is a failure, not a skip."


@pytest.mark.usefixtures("bare_machine")
def test_what_a_developer_has_not_is_skipped_loudly(capfd: pytest.CaptureFixture[str]) -> None:
    assert dev.tests_pass(["-n", "0", "tests/test_dev.py::test_a_step_that_failed_runs_again"], whole=False)

    last_lines = capfd.readouterr().out.splitlines()[-3:]
    assert last_lines == [
        "!! NOT TESTED: everything that needs PostgreSQL, because this machine has none.",
        "!! NOT TESTED: everything that needs Chromium, because this machine has none.",
        "!! NOT TESTED: everything that needs Pango with Chinese fonts, because this machine has none.",
    ]


def test_a_throw_away_postgres_starts_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LOCAL_SERVERS", [])
    monkeypatch.delenv("JIEBANG_TEST_POSTGRES", raising=False)

    with services.postgres() as address:
        assert address is not None
        assert services.lets_in(address)

    assert not services.lets_in(address)


def test_without_pip_and_ensurepip_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)

    with pytest.raises(steps.Failed) as failure:
        environment.pip()

    assert str(failure.value) == "This Python has neither pip nor ensurepip: apt-get install python3-pip"


def test_a_lock_file_is_outdated_once_its_requirements_change(tmp_path: Path) -> None:
    for file in (*ROOT.glob("requirements*.txt"), *ROOT.glob("requirements*.lock")):
        shutil.copyfile(file, tmp_path / file.name)
    with (tmp_path / "requirements.txt").open("a") as requirements:
        requirements.write("six\n")

    assert (locks.outdated(ROOT), locks.outdated(tmp_path)) == (
        [],
        ["requirements.lock", "requirements-dev.lock"],
    )


def test_no_lock_file_names_a_host() -> None:
    found = [
        file.name
        for file in (*ROOT.glob("requirements*"), ROOT / "package-lock.json", ROOT / ".npmrc")
        if "--index-url" in file.read_text() or "resolved" in file.read_text().replace("-resolved=true", "")
    ]

    assert found == []
