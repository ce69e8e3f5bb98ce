#!/usr/bin/env python3
"""The files of deploy/ against the tools they are for: systemd, Kubernetes' schemas, the compose specification, Prometheus, yamllint.

  deploy.py --cx PROGRAM
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = "1.30.0"
EXPOSURE = 2.0
CHAINS = (("normalize", "classify"), ("dedup", "identify"), ("route", "analytics"))
_tests = []


def test(function):
    _tests.append(function)
    return function


def run(*words, **kwargs):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **kwargs)


def manifests():
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if document:
                yield file.name, document


def pods():
    return [(document, document["spec"]["template"]["spec"]) for _, document in manifests() if document["kind"] in ("Deployment", "StatefulSet")]


@test
def units_are_what_systemd_understands(cx):
    """In a root of their own, with this machine's targets and a program called cx."""
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree("/lib/systemd/system", f"{root}/usr/lib/systemd/system", symlinks=True)
        shutil.copytree(DEPLOY / "systemd", f"{root}/etc/systemd/system")
        os.makedirs(f"{root}/usr/bin")
        shutil.copy(cx, f"{root}/usr/bin/cx")
        shutil.copy("/usr/bin/kill", f"{root}/usr/bin/kill")
        units = [file.name.replace("@.", "@0.") for file in (DEPLOY / "systemd").glob("*.service")]
        assert len(units) == len(CHAINS), units
        for unit in units:
            verified = run("systemd-analyze", f"--root={root}", "verify", "--man=no", unit)
            ours = [line for line in verified.stderr.splitlines() if "cx-" in line]
            assert verified.returncode == 0 and not ours, f"{unit}: {verified.stderr}"
            exposed = run("systemd-analyze", f"--root={root}", "security", "--offline=true", f"--threshold={int(EXPOSURE * 10)}", unit)
            score = float(re.search(r"exposure level for \S+: ([\d.]+)", exposed.stdout)[1])
            assert exposed.returncode == 0 and score <= EXPOSURE, f"{unit}: exposure {score}"


@test
def units_run_what_cx_understands(cx):
    for file in (DEPLOY / "systemd").glob("*.service"):
        line, = re.findall(r"^ExecStart=/usr/bin/(cx .*)$", file.read_text(), re.M)
        words = line.replace("%i", "0").replace("/etc/cx/cx.yaml", str(DEPLOY / "cx.yaml")).split()
        done = run(cx, *words[1:], "--print-config")
        assert done.returncode == 0, f"{file.name}: {done.stderr}"
    base = (DEPLOY / "systemd/cx-@.service.d/base.conf").read_text()
    assert "Type=notify" in base and "NotifyAccess=main" in base and "WatchdogSec=180" in base, "pipeline/run/notify.c would talk to nobody"
    assert "RestartPreventExitStatus=64 65 78" in base and "LimitCORE=0" in base and "Restart=on-failure" in base


@test
def manifests_follow_the_schemas_of_kubernetes(cx):
    import kubernetes_validate
    for name, document in manifests():
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    broken = next(document for _, document in manifests() if document["kind"] == "StatefulSet")
    broken["spec"]["template"]["spec"]["containers"][0]["securityContex"] = {}
    try:
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError:
        return
    raise AssertionError("a misspelt field passes: the check sees nothing")


@test
def pods_hold_to_the_restricted_standard(cx):
    """Pod Security Standards, restricted; and probes, and no token."""
    for document, pod in pods():
        name, context = document["metadata"]["name"], pod["securityContext"]
        assert context["runAsNonRoot"] and context["seccompProfile"]["type"] == "RuntimeDefault" and not pod["automountServiceAccountToken"], name
        for container in pod["containers"]:
            inner = container["securityContext"]
            assert not inner["allowPrivilegeEscalation"] and inner["readOnlyRootFilesystem"] and inner["capabilities"] == {"drop": ["ALL"]}, name
            assert container["livenessProbe"]["httpGet"]["path"] == "/livez" and container["readinessProbe"]["httpGet"]["path"] == "/readyz", name
            assert not any("valueFrom" in v and "secretKeyRef" in v["valueFrom"] for v in container["env"]), f"{name}: a secret in the environment"


@test
def chains_with_state_are_stateful_sets_named_by_their_ordinal(cx):
    budgets = {document["metadata"]["name"] for _, document in manifests() if document["kind"] == "PodDisruptionBudget"}
    found = {}
    for document, pod in pods():
        container, = pod["containers"]
        stages = tuple(container["args"][1:])
        names = [v["name"] for v in container["env"]]
        found[stages] = document["kind"], "CX_KAFKA_INSTANCE" in names
        assert document["metadata"]["name"] in budgets, f"{stages} has no PodDisruptionBudget"
        done = run(cx, *container["args"], "--print-config", env={v["name"]: v.get("value", "0") for v in container["env"] if v["name"] != "CX_CONFIG"})
        assert done.returncode == 0, f"{stages}: {done.stderr}"
    assert found == {CHAINS[0]: ("Deployment", False), CHAINS[1]: ("StatefulSet", True), CHAINS[2]: ("StatefulSet", True)}, found


@test
def the_configuration_of_kubernetes_is_one(cx):
    text = next(document["data"]["cx.yaml"] for _, document in manifests() if document["kind"] == "ConfigMap")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = run(cx, "lint", file.name)
    assert done.returncode == 0, done.stdout + done.stderr


@test
def the_compose_file_follows_the_specification(cx):
    from compose_spec import ComposeSpecification
    tree = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    parsed = ComposeSpecification.model_validate(tree)
    assert len(parsed.services) == len(CHAINS) + 2, "a broker, the topics, the processes"
    for chain in CHAINS:
        service = tree["services"]["-".join(chain)]
        assert service["command"] == ["run", *chain] and service["read_only"] and service["cap_drop"] == ["ALL"], service
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), "ports are this machine's alone"
    for name, service in tree["services"].items():
        unknown = set(service) - set(type(parsed.services[name]).model_fields)  # which the model would pass over
        assert not unknown, f"{name}: {unknown}"
    tree["services"]["kafka"]["cap_drop"] = "ALL"
    try:
        ComposeSpecification.model_validate(tree)
    except ValueError:
        return
    raise AssertionError("a word where a list should be passes: the check sees nothing")


@test
def the_reference_configuration_is_what_create_prints(cx):
    done = run(cx, "create")
    assert done.stdout == (DEPLOY / "cx.yaml").read_text(), "deploy/cx.yaml is old: make generated"
    assert run(cx, "lint", DEPLOY / "cx.yaml").returncode == 0


@test
def alerts_are_sound_and_seen_to_fire(cx):
    rules = DEPLOY / "prometheus/rules.yaml"
    for words in (("check", "rules", rules), ("test", "rules", DEPLOY / "prometheus/rules_test.yaml")):
        done = run("promtool", *words)
        assert done.returncode == 0, done.stdout + done.stderr
    tested = (DEPLOY / "prometheus/rules_test.yaml").read_text()
    pages = (ROOT / "docs/operating.md").read_text()
    for group in yaml.safe_load(rules.read_text())["groups"]:
        for rule in group["rules"]:
            assert f"alertname: {rule['alert']}\n" in tested, f"{rule['alert']} has no test in which it fires"
            for heading in re.findall(r"docs/operating.md, ([^.]+)\.", rule["annotations"]["description"]):
                assert heading in pages, f"docs/operating.md has no {heading!r}"


@test
def alerts_ask_for_metrics_that_there_are(cx):
    sources = "".join(file.read_text() for file in (ROOT / "pipeline/run").glob("*.c"))
    for name in set(re.findall(r"\bcx_[a-z_]+", (DEPLOY / "prometheus/rules.yaml").read_text())):
        assert f'"{name}"' in sources, f"no metric {name}"


@test
def the_bill_of_materials_is_valid_and_names_what_is_linked(cx):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    done = run(sys.executable, "-B", ROOT / "tools/dev/sbom.py", cx)
    assert done.returncode == 0, done.stderr
    trouble = JsonStrictValidator(SchemaVersion.V1_5).validate_str(done.stdout)
    assert trouble is None, trouble
    bill = json.loads(done.stdout)
    shipped = {c["name"]: c for c in bill["components"] if c.get("scope") != "excluded"}
    for name in ("librdkafka1", "libmicrohttpd12", "libjansson4", "libvectorscan5", "libc6"):
        assert name in shipped and shipped[name]["licenses"], f"{name} is not in {sorted(shipped)}"
    needed = set(re.findall(r"Shared library: \[(\S+)\]", run("readelf", "-d", cx).stdout))
    files = {pathlib.Path(p["value"]).name.split(".so")[0] for c in shipped.values() for p in c["properties"] if p["name"] == "file"}
    assert {name.split(".so")[0] for name in needed} <= files, f"{needed} beside {files}"
    broken = json.loads(done.stdout)
    del broken["components"][0]["name"]
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(broken)) is not None, "a component without a name passes: the check sees nothing"


@test
def yaml_is_tidy(cx):
    done = run("yamllint", "--strict", "-c", ROOT / ".yamllint", *(DEPLOY / name for name in ("kubernetes", "compose", "prometheus")))
    assert done.returncode == 0, done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    cx = os.path.realpath(parser.parse_args().cx)
    failed = 0
    for function in _tests:
        try:
            function(cx)
        except Exception as trouble:  # any failure is one test's failure
            failed += 1
            print(f"FAILED {function.__name__}: {type(trouble).__name__}: {trouble}", flush=True)
    print(f"{len(_tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
