"""Each import contract fails when it is broken: a forbidden line in a copy of the sources, and it is told."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# contract, importer, imported
BROKEN_BY = [
    ("layers", "workflows.domain", "workflows.engine.tables"),
    ("layers", "workflows.engine", "workflows.domain"),
    ("layers", "workflows.domain", "workflows.steps"),
    ("layers", "workflows.steps", "workflows.work"),
    ("layers", "workflows.work", "workflows.watch"),
    ("layers", "workflows.models", "workflows.domain"),
    ("layers", "workflows.db", "workflows.models"),
    ("layers", "workflows.dmn", "workflows.db"),
    ("layers", "workflows.feel", "workflows.dmn"),
    ("layers", "workflows.clock", "workflows.feel"),
    ("layers", "workflows.jobs", "webapp"),
    ("engine-without-campaign", "workflows.engine", "workflows.models.bids"),
    ("workflows-without-web", "workflows.work", "flask"),
    ("workflows-without-web", "workflows.domain", "werkzeug"),
    ("workflows-without-web", "workflows.steps", "jinja2"),
    ("spiffworkflow-in-engine", "workflows.work", "SpiffWorkflow"),
    ("spiffworkflow-in-engine", "webapp", "SpiffWorkflow"),
    ("engine-behind-work", "webapp", "workflows.engine.tables"),
    ("engine-behind-work", "webapp", "workflows.steps"),
]


def broken_imports(folder: Path, contract: str) -> set[str]:
    """The imports that break ``contract``, as "importer -> imported"."""
    program = Path(sys.executable).parent / "lint-imports"
    options = ["--contract", contract, "--no-cache", "--no-logo"]
    done = subprocess.run([program, *options], cwd=folder, capture_output=True, text=True, check=False)
    found = set(re.findall(r"^- +(\S+ -> \S+) \(l\.", done.stdout, re.MULTILINE))
    verdict = "Contracts: 0 kept, 1 broken." if found else "Contracts: 1 kept, 0 broken."
    assert verdict in done.stdout, done.stdout + done.stderr
    assert done.returncode == bool(found)
    return found


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the contracts are about."""
    for package in ("webapp", "workflows"):
        for file in (ROOT / package).rglob("*.py"):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


@pytest.mark.parametrize("contract", sorted({contract for contract, _, _ in BROKEN_BY}))
def test_the_sources_keep_the_contract(sources: Path, contract: str) -> None:
    assert broken_imports(sources, contract) == set()


@pytest.mark.parametrize(("contract", "importer", "imported"), BROKEN_BY)
def test_a_forbidden_import_is_told(sources: Path, contract: str, importer: str, imported: str) -> None:
    module = sources / Path(*importer.split("."))
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    with file.open("a") as lines:
        lines.write(f"\nimport {imported}\n")

    assert f"{importer} -> {imported}" in broken_imports(sources, contract)
