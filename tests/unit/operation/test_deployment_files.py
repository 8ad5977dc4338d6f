"""The files of the deployment guide: whole, consistent with the program, and accepted by the tools that read them."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tongchou.project.cli import build_parser

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("tongchou*.*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, "utf-8")
    return parser


def commands() -> list[str]:
    """Every ``tongchou …`` that a unit or the container starts."""
    found = [
        value.partition("/bin/tongchou ")[2]
        for path in SERVICES
        for line in path.read_text("utf-8").splitlines()
        for key, _, value in [line.partition("=")]
        if key.startswith("Exec")
    ]
    container = re.search(r"^CMD (\[.*\])$", (DEPLOY / "container" / "Containerfile").read_text(), re.MULTILINE)
    assert container
    return [*found, " ".join(json.loads(container[1])[1:])]


@pytest.mark.parametrize("command", commands())
def test_every_command_that_is_started_is_one_that_the_program_understands(command: str) -> None:
    assert build_parser().parse_args(command.split())


def test_every_variable_of_the_environment_file_is_read_by_the_program() -> None:
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (DEPLOY / "systemd" / "tongchou.env").read_text(), re.MULTILINE))
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
    named |= set(compose["services"]["tongchou"]["environment"])
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "src" / "tongchou").rglob("*.py"))
    assert len(named) > 8
    assert [name for name in named if f'"{name}"' not in sources] == []


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_services_run_unprivileged_and_confined(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "tongchou"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["UMask"] == "0077"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = tmp_path / "tongchou"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in UNITS:
        text = path.read_text("utf-8")
        text = text.replace("/opt/tongchou/.venv/bin/tongchou", str(program))
        (tmp_path / path.name).write_text(re.sub(r"^(User|Group)=tongchou$", r"\1=root", text, flags=re.MULTILINE))
    files = [str(tmp_path / path.name) for path in UNITS if path.suffix in (".service", ".timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line or line.startswith("tongchou")]
    assert ours == []


MOST_EXPOSED = 4.0
"""Of 10, by systemd's own reckoning; the network that a service must reach costs 2 of it."""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_systemd_rates_the_services_as_confined(path: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)], capture_output=True, text=True
    )
    rating = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    if rating is None:
        pytest.skip("this systemd can't rate a file")
    assert float(rating[1]) <= MOST_EXPOSED


def test_the_compose_file_is_one_by_its_own_specification() -> None:
    pytest.importorskip("check_jsonschema")
    checked = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*checked, str(DEPLOY / "container" / "compose.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_build_context_is_what_the_container_copies() -> None:
    """Data, secrets and the virtual environment never reach the builder."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    copied = {word for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for word in line.split()[:-1]}
    assert "*" in lines
    assert let_in == copied


def test_compose_names_files_that_exist_and_keeps_the_container_confined() -> None:
    path = DEPLOY / "container" / "compose.yaml"
    services = yaml.safe_load(path.read_text("utf-8"))["services"]
    build = services["tongchou"]["build"]
    context = (path.parent / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()
    for volume in services["proxy"]["volumes"]:
        source = path.parent / volume.split(":")[0]
        assert source.is_file() or source.name == "tls", "the certificates are the site's own"
    assert services["tongchou"]["cap_drop"] == ["ALL"]
    assert services["tongchou"]["read_only"] is True


def test_the_container_copies_only_what_exists() -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    copied = [word for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for word in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_proxy_hides_the_figures_and_sets_the_address_itself() -> None:
    text = (DEPLOY / "nginx" / "tongchou.conf").read_text("utf-8")
    assert text.count("{") == text.count("}")
    assert "location = /metrics { return 404; }" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "TLSv1.1" not in text


def test_the_dashboard_and_the_alerts_can_be_read() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "tongchou.json").read_text("utf-8"))
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) > 10
    assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    assert scrape["rule_files"] == ["alerts.yml"]
