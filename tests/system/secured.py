#!/usr/bin/env python3
"""A cluster that trusts nobody: TLS, SCRAM and client certificates, rights, and secrets that stay secret.

The whole pipeline runs with the rights that `cx topics acl` prints and no other, two processes by password, one by certificate. Each right left out,
each wrong credential: the process says what is wrong and ends with 78, where a restart would not help. A canary stands for the password: it is
looked for in everything a process shows.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from confluent_kafka.admin import AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, ResourcePatternType, ResourceType

from rig import ROOT, Pipeline, say

KAFKA = str(ROOT / "deploy/local/kafka")
CANARY = "canary-4f1c"
RECORDS = 400
FRONT, KEYED, ROUTE = "normalize classify", "dedup identify", "route analytics"
RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "transactional-id": ResourceType.TRANSACTIONAL_ID}
OPERATIONS = {"Read": AclOperation.READ, "Write": AclOperation.WRITE, "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS}
PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefixed": ResourcePatternType.PREFIXED}


def require(condition, what):
    if not condition:
        raise SystemExit(f"secured: {what}")


# ---- certificates and the broker ----

def openssl(folder, *words):
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"openssl {' '.join(words)}: {done.stderr}")


def authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
            f"{name}.key", "-out", f"{name}.pem")


def certificate(folder, name, signer, *extensions):
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / f"{name}.ext").write_text("\n".join(extensions))
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{signer}.pem", "-CAkey", f"{signer}.key", "-CAcreateserial", "-days", "2", "-extfile",
            f"{name}.ext", "-out", f"{name}.pem")


def make_certificates(folder):
    """The broker's bears the address 127.0.0.1 and no name: localhost is a wrong host name."""
    authority(folder, "ca")
    authority(folder, "stranger")
    certificate(folder, "broker", "ca", "subjectAltName=IP:127.0.0.1")
    certificate(folder, "cx-route", "ca")
    certificate(folder, "imposter", "stranger")
    openssl(folder, "pkcs8", "-topk8", "-in", "cx-route.key", "-out", "cx-route.enc.key", "-passout", f"pass:{CANARY}")
    (folder / "keystore.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.pem").read_text())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def broker_settings(folder, scram, mtls):
    settings = {
        "listeners": f"PLAINTEXT://{{address}},CONTROLLER://{{controller}},SASL_SSL://127.0.0.1:{scram},SSL://127.0.0.1:{mtls}",
        "advertised.listeners": f"PLAINTEXT://{{address}},SASL_SSL://127.0.0.1:{scram},SSL://127.0.0.1:{mtls}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL",
        "inter.broker.listener.name": "PLAINTEXT",
        "ssl.keystore.type": "PEM", "ssl.keystore.location": folder / "keystore.pem",
        "ssl.truststore.type": "PEM", "ssl.truststore.location": folder / "ca.pem",
        "listener.name.ssl.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    return [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


# ---- processes ----

class Secured:
    """A pipeline whose processes are users of a secured broker; the pipeline's own verbs ask as a superuser."""

    def __init__(self, cx, plain, folder, scram, mtls):
        os.environ["CX_KAFKA_BROKERS"] = plain
        self.pipeline = Pipeline(cx, (FRONT, KEYED, ROUTE))
        self.folder, self.scram, self.mtls = folder, scram, mtls
        self.password = folder / "password"
        self.password.write_text(CANARY + "\n")
        self.password.chmod(0o600)
        self.admin = AdminClient({"bootstrap.servers": plain})

    def by_password(self, user, **changed):
        options = {"brokers": f"127.0.0.1:{self.scram}", "security_protocol": "sasl_ssl", "sasl_mechanism": "SCRAM-SHA-512", "sasl_username": user,
                   "sasl_password_file": self.password, "ssl_ca": self.folder / "ca.pem", **changed}
        return [word for name, value in options.items() for word in ("--set", f"kafka.{name}={value}")]

    def by_certificate(self, name, **changed):
        options = {"brokers": f"127.0.0.1:{self.mtls}", "security_protocol": "ssl", "ssl_ca": self.folder / "ca.pem",
                   "ssl_certificate": self.folder / f"{name}.pem", "ssl_key": self.folder / f"{name}.key", **changed}
        return [word for name, value in options.items() if value for word in ("--set", f"kafka.{name}={value}")]

    def start(self, chain, credentials, *words, **kwargs):
        log = open(self.pipeline.scratch / f"{chain.replace(' ', '-')}.log", "ab")
        command = [self.pipeline.cx, "run", *chain.split(), "-c", str(self.pipeline.config), "--instance", "0", *credentials, *words]
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=self.pipeline.env, **kwargs)

    def is_refused(self, chain, credentials, *parts, status=78):
        command = [self.pipeline.cx, "run", *chain.split(), "-c", str(self.pipeline.config), "--instance", "0", *credentials]
        done = subprocess.run(command, capture_output=True, text=True, env=self.pipeline.env, timeout=90, check=False)
        require(done.returncode == status, f"exit {done.returncode} instead of {status}: {done.stderr[-1500:]}")
        last = done.stderr.splitlines()[-1]
        for part in parts:
            require(part in last, f"{part!r} is not in: {last}")
        require(CANARY not in done.stderr + done.stdout, "the secret is in what it says")
        return last

    def rights(self, chain, user):
        lines = self.pipeline.run("topics", "acl", *chain.split(), "--principal", f"User:{user}", "--json").stdout.splitlines()
        return [json.loads(line) for line in lines]

    @staticmethod
    def binding(right, kind=AclBinding):
        return kind(RESOURCES[right["resource"]], right["name"], PATTERNS[right["pattern"]], right["principal"], "*", OPERATIONS[right["operation"]],
                    AclPermissionType.ALLOW)

    def grant(self, *rights):
        for future in self.admin.create_acls([self.binding(right) for right in rights]).values():
            future.result(30)

    def revoke(self, right):
        for future in self.admin.delete_acls([self.binding(right, AclBindingFilter)]).values():
            require(len(future.result(30)) == 1, f"there was no such right: {right}")


# ---- cases ----

def the_commands_are_those_of_kafka(s):
    """What is printed for people says the same as --json, and Kafka's own tool takes it."""
    rights = s.rights(KEYED, "cx-keyed")
    lines = s.pipeline.run("topics", "acl", *KEYED.split(), "--principal", "User:cx-keyed").stdout.decode().splitlines()
    require(len(lines) == len(rights), f"{len(lines)} commands, {len(rights)} rights")
    for line, right in zip(lines, rights):
        words = shlex.split(line, comments=True)
        expected = ["kafka-acls.sh", "--bootstrap-server", s.pipeline.brokers, "--add", "--allow-principal", right["principal"], "--operation", right["operation"],
                    f"--{right['resource']}", right["name"]] + (["--resource-pattern-type", "prefixed"] if right["pattern"] == "prefixed" else [])
        require(words == expected, f"{words} instead of {expected}")
    prefixed = next(i for i, right in enumerate(rights) if right["pattern"] == "prefixed")
    jars = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "cxstream"
    folder = max(p for p in jars.glob("kafka-*") if p.is_dir())
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/*", "kafka.admin.AclCommand", *shlex.split(lines[prefixed], comments=True)[1:]],
                          capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"AclCommand: {done.stdout}{done.stderr}")
    s.revoke(rights[prefixed])  # which it made
    return len(rights)


def the_pipeline_runs_with_just_these_rights(s):
    users = {FRONT: ("cx-front", s.by_password("cx-front")), KEYED: ("cx-keyed", s.by_password("cx-keyed")), ROUTE: ("cx-route", s.by_certificate("cx-route"))}
    for chain, (user, _) in users.items():
        s.grant(*s.rights(chain, user))
    s.pipeline.produce_sample(RECORDS, 5)
    running = [s.start(chain, credentials) for chain, (_, credentials) in users.items()]
    try:
        s.pipeline.wait_until_drained()
    finally:
        for process in running:
            process.terminate()
    for chain, process in zip(users, running):
        require(process.wait(60) == 0, f"{chain}: exit {process.returncode}: {s.pipeline.log(chain)[-1500:]}")
        require("AUTHORIZATION" not in s.pipeline.log(chain), s.pipeline.log(chain)[-1500:])
    audit = s.pipeline.run("audit", check=False)
    require(audit.returncode == 0, f"audit: {audit.stdout.decode()}")
    routed = sum(1 for _ in s.pipeline.tap("cx.identified.v1"))
    require(routed > RECORDS / 2, f"{routed} records came through")


def each_right_left_out_is_refused(s, chain, user):
    """The group and its offsets are there already; new records come so that it has something to write."""
    rights = [right for right in s.rights(chain, user) if right["operation"] != "DescribeConfigs"]  # a process does without, and without snapshots
    for right in rights:
        s.revoke(right)
        last = s.is_refused(chain, s.by_password(user))
        require(right["name"].strip(".") in last or "AUTHORIZATION" in last, f"{right['operation']} {right['name']}: {last}")
        require("cx topics acl" in last, f"what to do is not in: {last}")
        s.grant(right)
    return len(rights)


def settings_it_may_not_read_cost_it_only_the_snapshots(s, chain, user):
    """Twice, so that there is something to restore, and the file of a time with more rights to be refused."""
    rights = [right for right in s.rights(chain, user) if right["operation"] == "DescribeConfigs"]
    require(rights, "no right to read settings was asked for")
    for right in rights:
        s.revoke(right)
    before = {file: file.stat().st_mtime_ns for file in s.pipeline.scratch.glob("*.snapshot")}
    require(before, "no snapshot from before")
    s.pipeline.chains = [chain]
    seen = len(s.pipeline.log(chain))
    for _ in range(2):
        process = s.start(chain, s.by_password(user))
        wait_for(lambda: "event=restored " in s.pipeline.log(chain)[seen:], process)
        s.pipeline.wait_until_drained()
        process.terminate()
        log, seen = s.pipeline.log(chain)[seen:], len(s.pipeline.log(chain))
        require(process.wait(60) == 0, f"exit {process.returncode}: {log[-1500:]}")
        require(log.count("event=no_snapshots ") == len(rights), f"what it goes without is not told once a changelog: {log[-1500:]}")
        restored = re.findall(r"event=restored .* from=(\w+)", log)
        require(restored and set(restored) == {"changelog"}, f"restored from {restored}")
    require({file: file.stat().st_mtime_ns for file in s.pipeline.scratch.glob("*.snapshot")} == before, "a snapshot was written")
    s.grant(*rights)


def wrong_credentials_are_told(s):
    wrong = s.folder / "wrong"
    wrong.write_text(CANARY + "-is-not-it\n")
    s.is_refused(KEYED, s.by_password("cx-keyed", sasl_password_file=wrong), "kafka.sasl_password_file", "uthentication failed")
    s.is_refused(KEYED, s.by_password("nobody"), "kafka.sasl_username")
    s.is_refused(KEYED, s.by_password("cx-keyed", sasl_password_file=s.folder / "none"), "sasl_password_file", "cannot be read")
    s.is_refused(KEYED, s.by_password("cx-keyed", ssl_ca=s.folder / "stranger.pem"), "kafka.ssl_ca", "certificate")
    s.is_refused(KEYED, s.by_password("cx-keyed", brokers=f"localhost:{s.scram}"), "names in kafka.brokers")
    s.is_refused(ROUTE, s.by_certificate("imposter"), "kafka.ssl_certificate")
    s.is_refused(ROUTE, s.by_certificate("", ssl_certificate="", ssl_key=""), "kafka.ssl_certificate")
    s.is_refused(ROUTE, s.by_certificate("cx-route", ssl_key=s.folder / "cx-route.enc.key", ssl_key_password_file=wrong))
    done = s.pipeline.run("doctor", *s.by_password("cx-keyed", security_protocol="plaintext"), check=False)
    require(done.returncode == 69 and b"kafka.security_protocol" in done.stderr, f"plain text to a TLS port: {done}")
    return 9


def doctor_says_what_it_may_not_see(s):
    done = s.pipeline.run("doctor", "--json", *s.by_password("cx-keyed"), check=False)
    checks = {line["check"] for line in map(json.loads, done.stdout.splitlines()) if line["level"] == "finding"}
    require(done.returncode == 1 and "rights" in checks and checks <= {"rights", "topics"}, f"{done}")


def secrets_stay_secret(s):
    """A process with an encrypted key and one with a password, at work: what anybody on the machine can see of them."""
    shown = {}
    key = s.by_certificate("cx-route", ssl_key=s.folder / "cx-route.enc.key", ssl_key_password_file=s.password)
    for chain, credentials in ((KEYED, s.by_password("cx-keyed")), (ROUTE, key)):
        process = s.start(chain, credentials, "--set", "http.listen=127.0.0.1:0", "--set", "log.level=debug", cwd=s.folder,
                          preexec_fn=lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_CORE, (-1, -1)))
        port = wait_for(lambda: (re.findall(r"event=http .*port=(\d+)", s.pipeline.log(chain)) or [None])[-1], process)
        wait_for(lambda: page(port, "/readyz"), process)
        for path in ("/config", "/status", "/metrics", "/version", "/livez", "/readyz"):
            shown[f"{chain} {path}"] = page(port, path)
        for file in ("cmdline", "environ"):
            shown[f"{chain} {file}"] = pathlib.Path(f"/proc/{process.pid}/{file}").read_text(errors="replace")
        printed = subprocess.run([s.pipeline.cx, "run", *chain.split(), "-c", str(s.pipeline.config), "--print-config", *credentials], capture_output=True,
                                 text=True, env=s.pipeline.env, check=True)
        shown[f"{chain} --print-config"] = printed.stdout + printed.stderr
        os.kill(process.pid, signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        require(os.WTERMSIG(status) == signal.SIGABRT and not os.WCOREDUMP(status), "a process that holds a secret left a core")
        shown[f"{chain} log"] = s.pipeline.log(chain)
    for where, text in shown.items():
        require(text and CANARY not in text, f"the secret is in {where}" if text else f"{where} is empty")
    return len(shown)


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.read().decode()
    except OSError:
        return None


def wait_for(what, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        require(process.poll() is None and time.monotonic() < deadline, f"it did not come so far (exit {process.poll()})")
        time.sleep(0.1)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    import tempfile
    with tempfile.TemporaryDirectory(prefix="cxstream-secured-") as scratch:
        folder = pathlib.Path(scratch)
        make_certificates(folder)
        scram, mtls = free_port(), free_port()
        users = [word for user in ("cx-front", "cx-keyed") for word in ("--scram", f"{user}={CANARY}")]
        place = str(folder / "broker")
        try:
            plain = subprocess.run([KAFKA, "up", "--dir", place, *users, *broker_settings(folder, scram, mtls)], stdout=subprocess.PIPE, text=True,
                                   check=True).stdout.strip()
            s = Secured(args.cx, plain, folder, scram, mtls)
            s.pipeline.create_topics()
            rights = the_commands_are_those_of_kafka(s)
            say("the pipeline")
            the_pipeline_runs_with_just_these_rights(s)
            say("rights")
            s.pipeline.produce_sample(RECORDS, 6)
            run_front(s)
            left_out = each_right_left_out_is_refused(s, KEYED, "cx-keyed")
            settings_it_may_not_read_cost_it_only_the_snapshots(s, KEYED, "cx-keyed")
            say("credentials")
            wrong = wrong_credentials_are_told(s)
            doctor_says_what_it_may_not_see(s)
            say("secrets")
            places = secrets_stay_secret(s)
        finally:
            subprocess.run([KAFKA, "down", "--dir", place, "--hard"], check=False, stderr=subprocess.DEVNULL)
    print(f"secured rights={rights} left_out={left_out} credentials={wrong} places={places} wrong=0")


def run_front(s):
    process = s.start(FRONT, s.by_password("cx-front"))
    s.pipeline.chains = [FRONT]
    s.pipeline.wait_until_drained()
    process.terminate()
    require(process.wait(60) == 0, "the front process ends well")


if __name__ == "__main__":
    sys.exit(main())
