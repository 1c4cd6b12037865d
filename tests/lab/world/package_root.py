"""A Debian in which packages are installed: a copy of a root that tests/support/debian_root keeps beside the checkout, with what the
packages depend on. Programs run in it with mounts, processes and a network of their own."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

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


# In mounts of its own, in the root: nothing of this host's devices but those that have none behind them.
DEVICES = ("mount -t tmpfs -o mode=755 none dev; mkdir dev/pts dev/shm; for one in null zero full random urandom tty; do touch dev/$one; "
           "mount --bind /dev/$one dev/$one; done; mount -t devpts -o newinstance,ptmxmode=666 none dev/pts; "
           "ln -s pts/ptmx dev/ptmx; mount -t tmpfs none dev/shm; ")
MOUNTS = "mount --bind . .; cd \"$PWD\"; mount -t proc proc proc; mount -t tmpfs none tmp; mount -t tmpfs -o mode=755 none run; " + DEVICES
OWN = ("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child")
CGROUPS = pathlib.Path("/sys/fs/cgroup")


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
        self.system = None  # process of unshare, whose child is systemd

    def remove(self):
        if self.system:
            self.system.kill()  # and with it all that is in its namespaces
            self.system.wait(30)
            for folder in sorted(self.cgroup.rglob("*/"), reverse=True):
                self.end_of_cgroup(folder)
            self.end_of_cgroup(self.cgroup)
        shutil.rmtree(self.place)

    @staticmethod
    def end_of_cgroup(folder):
        deadline = time.monotonic() + 10
        while folder.is_dir():  # its last process may be on its way out
            try:
                folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise

    def boot(self):
        """Starts the systemd of the root as its first process. False, with why in self.log: that cannot be here."""
        self.log = self.place / "systemd.log"
        unified = (CGROUPS / "cgroup.controllers").exists()
        self.cgroup = (CGROUPS if unified else CGROUPS / "systemd") / self.place.name
        try:
            self.cgroup.mkdir()
        except OSError as why:
            self.log.write_text(f"no control group: {why}\n", encoding="utf-8")
            return False
        self.file("/usr/sbin/policy-rc.d").unlink()  # which has kept everything from starting while the root was made
        # Nothing of this host: no terminals, no devices that come and go.
        for unit in ("getty@.service", "serial-getty@.service", "console-getty.service", "systemd-udevd.service", "systemd-logind.service"):
            self.file(f"/etc/systemd/system/{unit}").symlink_to("/dev/null")
        groups = ("mount -t cgroup2 none sys/fs/cgroup" if unified else
                  "mount -t tmpfs -o mode=755 none sys/fs/cgroup; mkdir sys/fs/cgroup/systemd; "
                  "mount -t cgroup -o none,name=systemd,xattr none sys/fs/cgroup/systemd")
        # No chroot: the kernel gives no user namespace, which the units ask for, to whoever is in one.
        turn = "mkdir tmp/old; pivot_root . tmp/old; cd /; umount -l /tmp/old; rmdir /tmp/old"
        steps = MOUNTS + f"mount -t sysfs sysfs sys; {groups}; {turn}; exec env -i container=test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd"
        words = [*OWN, "--cgroup", "sh", "-ec", f"cd '{self.path}'; {steps}"]
        into = f"echo $$ >'{self.cgroup}/cgroup.procs'; exec \"$@\""
        with self.log.open("w", encoding="utf-8") as log:
            self.system = subprocess.Popen(["sh", "-ec", into, "sh", *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.system.poll() is None:
            if self.first() and self.run("systemctl is-system-running --wait", check=False).stdout.strip() in ("running", "degraded"):
                return self.has_user_namespaces()
            time.sleep(0.1)
        return False

    def has_user_namespaces(self):
        """Not where this host is in a chroot itself; the units ask for one."""
        done = self.run("unshare --user true", check=False)
        if done.returncode != 0:
            self.log.write_text(done.stderr, encoding="utf-8")
        return done.returncode == 0

    def first(self):
        """The process of systemd outside; None while there is none."""
        try:
            below = pathlib.Path(f"/proc/{self.system.pid}/task/{self.system.pid}/children").read_text(encoding="ascii").split()
            return below[0] if below and "systemd" in os.readlink(f"/proc/{below[0]}/exe") else None
        except OSError:
            return None

    def command(self, script):
        """A shell script in the root: nothing of it is seen outside. Where no systemd runs, all ends with its first process."""
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"]
        if self.system:
            return ["nsenter", "--target", self.first(), "--all", "--root", "--wd", *clean, "sh", "-ec", script]
        return [*OWN, *clean, "sh", "-ec", f"cd '{self.path}'; {MOUNTS} ip link set lo up; exec chroot . /bin/sh -ec \"$1\"", "sh", script]

    def run(self, script, check=True):
        done = subprocess.run(self.command(script), capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, f"{script}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def apt(self, *words, debs=()):
        for deb in debs:
            shutil.copy(deb, self.path / "var/tmp")
        files = " ".join(f"/var/tmp/{pathlib.Path(deb).name}" for deb in debs)
        return self.run(f"apt-get -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold --no-install-recommends {' '.join(words)} {files}").stdout

    def file(self, path):
        return self.path / path.lstrip("/")

    def facts(self, path):
        return self.run(f"stat -c '%U:%G %a' {path}").stdout.strip()

    def exec_start(self, role):
        """The command of a unit, as systemd would run it."""
        unit = self.file(f"/usr/lib/systemd/system/sallyport-{role}.service").read_text(encoding="utf-8")
        return re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)[1]


AS_NODE = "exec setpriv --reuid=sallyport --regid=sallyport --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "
