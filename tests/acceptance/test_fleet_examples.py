"""`examples/fleet`: scheduler and workers in containers, by what they promise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from reconciler import __version__
from reconciler.ci.hosts import EXAMPLE_HOSTS
from tests.acceptance.test_ci_examples import _tool

FOLDER = Path(__file__).parents[2] / "examples" / "fleet"
SECRETS = {"VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET", "RECONCILER_STATE", "RECONCILER_STATE_KEY"}
SCHEDULER = ["scheduler", "--port", "8786", "--no-dashboard"]
WORKER = [
    *("worker", "tcp://scheduler:8786", "--nthreads", "1", "--no-dashboard"),
    *("--local-directory", "/tmp"),
]


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def test_every_container_has_the_same_version_of_reconciler() -> None:
    """That of this package: workers of another one are refused."""
    versions = []
    for file in FOLDER.iterdir():
        versions += re.findall(r"(?:reconciler-fleet:|\]==)(\d+\.[\w.]+)", file.read_text(encoding="utf-8"))
    assert len(versions) >= 5
    assert set(versions) == {__version__}


def test_the_image_is_linted_and_runs_as_nobody() -> None:
    _tool("hadolint", str(FOLDER / "Dockerfile"))
    lines = (FOLDER / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]


def test_in_compose_only_workers_have_secrets_and_none_stands_in_the_file() -> None:
    """Nobody is root, nothing is kept in a container, and only this machine reaches the scheduler."""
    _tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(FOLDER / "compose.yaml"))
    (compose,) = documents("compose.yaml")
    services = compose["services"]
    assert services["scheduler"]["command"] == SCHEDULER
    assert services["worker"]["command"] == WORKER
    *secrets, hosts = services["worker"]["environment"]
    assert secrets == sorted(SECRETS, key=secrets.index)
    assert hosts == f"VISMA_ALLOWED_HOSTS=${{VISMA_ALLOWED_HOSTS:-{EXAMPLE_HOSTS}}}"
    assert "environment" not in services["scheduler"]
    for service in services.values():
        assert service["user"] == "10001:10001"
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "volumes" not in service
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_in_kubernetes_only_workers_have_secrets_and_none_stands_in_the_file() -> None:
    """Nobody is root, nothing is kept in a pod, and only pods of the fleet reach the scheduler."""
    manifests = {(one["kind"], one["metadata"]["name"]): one for one in documents("kubernetes.yaml")}
    assert {kind for kind, _ in manifests} == {"Deployment", "Service", "NetworkPolicy"}
    pods = {name: one["spec"]["template"]["spec"] for (kind, name), one in manifests.items() if kind == "Deployment"}
    assert set(pods) == {"scheduler", "worker"}
    for name, pod in pods.items():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert [set(volume) for volume in pod["volumes"]] == [{"name", "emptyDir"}]
        hosts = [{"name": "VISMA_ALLOWED_HOSTS", "value": EXAMPLE_HOSTS}]
        assert container.get("env", []) == (hosts if name == "worker" else [])
        assert [source["secretRef"]["name"] for source in container.get("envFrom", [])] == (
            ["reconciler-fleet"] if name == "worker" else []
        )
        selector = manifests["Deployment", name]["spec"]["selector"]["matchLabels"]
        assert selector == manifests["Deployment", name]["spec"]["template"]["metadata"]["labels"]
    assert pods["scheduler"]["containers"][0]["args"] == SCHEDULER
    assert pods["worker"]["containers"][0]["args"] == WORKER
    fleet = {"app": "reconciler-fleet"}
    policy = manifests["NetworkPolicy", "scheduler"]["spec"]
    assert policy["podSelector"]["matchLabels"] == fleet
    assert policy["ingress"] == [{"from": [{"podSelector": {"matchLabels": fleet}}]}]
    text = (FOLDER / "kubernetes.yaml").read_text(encoding="utf-8")
    assert all(f"--from-literal={name}=..." in text for name in SECRETS)
