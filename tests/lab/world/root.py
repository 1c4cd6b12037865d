"""Servers of another Debian: a root made by tests/support/debian_root, kept beside the checkout, and programs run in it."""
import glob
import os
import shlex
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
PACKAGES = ("prosody", "lua-unbound", "lua-sec", "ejabberd")


class NoRoot(Exception):
    """Why there is none on this machine."""


class Root:
    """The root of one suite, made when it is first wanted (half a minute and more; then it is kept)."""

    def __init__(self, suite):
        self.suite = suite
        self.path = os.path.join(os.environ.get("SALLYPORT_ROOTS", os.path.join(CHECKOUT, "..", "sallyport-roots")), suite)
        self.path = os.path.normpath(self.path)
        made = subprocess.run([os.path.join(CHECKOUT, "tests", "support", "debian_root"), suite, self.path, *PACKAGES],
                              capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if made.returncode != 0:
            raise NoRoot(made.stderr.strip().splitlines()[-1] if made.stderr.strip() else f"exit status {made.returncode}")

    def version(self, package):
        """Of a package in the root, without epoch and revision."""
        shown = subprocess.run(["dpkg-query", f"--admindir={self.path}/var/lib/dpkg", "-W", "-f=${Version}", package],
                               capture_output=True, text=True, check=True).stdout
        return shown.split(":")[-1].split("-")[0]

    def glob(self, pattern):
        """Paths as a program in the root sees them."""
        return [found[len(self.path):] for found in glob.glob(self.path + pattern)]

    def command(self, words, folder, resolver=None):
        """`words` in the root, which sees `folder` and the kernel's files; for Process with a namespace, whose mounts are seen
        by nobody else and go with it."""
        root, folder = shlex.quote(self.path), shlex.quote(folder)
        steps = [f"mount -t proc proc {root}/proc", f"mount -t tmpfs none {root}/tmp", f"mkdir -p {root}{folder}",
                 f"mount --bind {folder} {root}{folder}"]
        if resolver:
            steps.append(f"mount --bind {shlex.quote(resolver)} {root}/etc/resolv.conf")
        inner = f"export PATH=/usr/sbin:/usr/bin:/sbin:/bin && cd {folder} && exec {shlex.join(words)}"
        return ["sh", "-c", " && ".join([*steps, f"exec chroot {root} /bin/sh -c {shlex.quote(inner)}"])]
