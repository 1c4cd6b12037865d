"""A Debian in which packages are installed: a copy of a root that tests/support/debian_root keeps beside the checkout, with what the
packages depend on. Programs run in it with mounts, processes and a network of their own."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
# `ip` and systemd are there beside what the packages ask for; the first brings up loopback, the second checks the units.
BESIDE = ("ca-certificates", "iproute2", "systemd", "apparmor")


class NoRoot(Exception):
    """Why there is none on this machine."""


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", str(deb), name], capture_output=True, text=True, check=True).stdout.strip()


def dependencies(deb):
    """Names of what it depends on; of alternatives the first."""
    return sorted(one.split("|")[0].split("(")[0].strip() for one in field(deb, "Depends").split(","))


class PackageRoot:
    def __init__(self, suite, deb):
        place = pathlib.Path(os.environ.get("SALLYPORT_ROOTS", CHECKOUT.parent / "sallyport-roots")).resolve()
        kept = place / f"{suite}-packages"
        made = subprocess.run([CHECKOUT / "tests/support/debian_root", suite, kept, *BESIDE, *dependencies(deb)], text=True,
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if made.returncode != 0:
            raise NoRoot(made.stderr.strip().splitlines()[-1] if made.stderr.strip() else f"exit status {made.returncode}")
        self.place = pathlib.Path(tempfile.mkdtemp(prefix=f"copy-{suite}-", dir=place))
        self.path = self.place / "root"
        subprocess.run(["cp", "-a", kept, self.path], check=True)
        self.running = []

    def remove(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait(30)
        shutil.rmtree(self.place)

    def command(self, script):
        """A shell script in the root: nothing of it is seen outside, and it ends with its first process."""
        mounts = ("mount -t proc proc proc; mount -t tmpfs none tmp; mount -t tmpfs -o mode=755 none run; "
                  "mount --rbind /dev dev; ip link set lo up; exec chroot . /bin/sh -ec \"$1\"")
        return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "env", "-i", "-C", str(self.path),
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec", mounts, "sh", script]

    def run(self, script, check=True):
        done = subprocess.run(self.command(script), capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, f"{script}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, script, log):
        """The process of a script that goes on until it is ended."""
        self.running.append(subprocess.Popen(self.command(script), stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        return self.running[-1]

    def apt(self, *words, debs=()):
        for deb in debs:
            shutil.copy(deb, self.path / "var/tmp")
        files = " ".join(f"/var/tmp/{pathlib.Path(deb).name}" for deb in debs)
        return self.run(f"apt-get -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold --no-download {' '.join(words)} {files}").stdout

    def file(self, path):
        return self.path / path.lstrip("/")

    def facts(self, path):
        return self.run(f"stat -c '%U:%G %a' {path}").stdout.strip()

    def exec_start(self, role):
        """The command of a unit, as systemd would run it."""
        unit = self.file(f"/usr/lib/systemd/system/sallyport-{role}.service").read_text(encoding="utf-8")
        return re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)[1]


AS_NODE = "exec setpriv --reuid=sallyport --regid=sallyport --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "
