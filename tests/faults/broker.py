"""broker.py - the cluster a session runs on. Others have the same four members: see README.md."""
import pathlib
import shutil
import subprocess
import tempfile

# The usual settings.
BROKER = ("group.min.session.timeout.ms=3000", "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000", "message.max.bytes=12000000")
KAFKA = pathlib.Path(__file__).resolve().parents[2] / "deploy/local/kafka"


class OneNode:
    """One broker of deploy/local/kafka."""

    def __init__(self, settings=()):
        self.folder = tempfile.mkdtemp(prefix="cxstream-faults-kafka-")
        self.settings = [word for setting in ("log.retention.check.interval.ms=3600000", *settings) for word in ("--set", setting)]
        self.bootstrap = None  # host:port for the rig's own clients
        self.stages = None     # host:port for the stage processes

    def start(self):
        done = subprocess.run([KAFKA, "up", "--dir", self.folder, *self.settings], stdout=subprocess.PIPE, check=True, text=True)
        self.bootstrap = self.stages = done.stdout.strip()

    def kill(self):
        """kill -9; start() goes on with the same data on the same port."""
        subprocess.run([KAFKA, "down", "--dir", self.folder, "--keep", "--hard"], check=True)

    def stop(self):
        subprocess.run([KAFKA, "down", "--dir", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
