"""The packages of Debian in a bare Debian: installed, refused without a node's file, federating, upgraded, downgraded, removed, purged.
They are made of the release build. With PACKAGES_LONG (./dev package --test) they are those of build/package, and also: two builds are
equal, what the bill of materials says, and the image."""
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest
from world import package_root, sallyport

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
ROLES = ("edge", "core", "presence")
SUITE = "bookworm"
INIT = ("sallyport init --domain b.test --self-signed --edge-public 127.0.0.1 --edge-link 127.0.0.2 --core-inside 127.0.0.3 "
        "--core-link-source 127.0.0.3 --presence 127.0.0.4")


def make(folder, version=None):
    """The .deb files: name of the package -> path."""
    words = [CHECKOUT / "packaging/make_packages", os.environ.get("PACKAGES_BINARY", sallyport.BINARY), folder]
    subprocess.run([*words, version] if version else words, check=True, capture_output=True)
    return of_folder(folder)


def of_folder(folder):
    return {path.name.split("_")[0]: path for path in sorted(pathlib.Path(folder).glob("*.deb"))}


@pytest.fixture(scope="module")
def place():
    if os.geteuid() != 0:
        pytest.skip("a root of its own needs root")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-packages-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def debs(place):
    return of_folder(CHECKOUT / "build/package") if os.environ.get("PACKAGES_LONG") else make(place / "now")


@pytest.fixture(scope="module")
def version(debs):
    return package_root.field(debs["sallyport"], "Version")


@pytest.fixture(scope="module")
def next_one(place, version):
    return make(place / "next", version.removesuffix("-1") + "+next")


@pytest.fixture(scope="module")
def host(debs):
    """One for all tests, since to copy a root takes longest; each installs what it needs. Once it is booted, it stays so."""
    try:
        root = package_root.PackageRoot(SUITE, debs["sallyport"])
    except package_root.NoRoot as why:
        pytest.skip(f"no root of {SUITE} here: {why}")
    yield root
    root.remove()


class Trio:
    """The nodes of a host, each as its unit starts it: its user, no capability. Ready when systemd would be told so."""

    def __init__(self, host):
        self.host, self.log = host, host.place / "nodes.log"

    def check(self):
        """Starts all three, asks each, and ends them in order."""
        script = "install -d -o sallyport -g sallyport -m 700 " + " ".join(f"/var/lib/sallyport/{role}" for role in ROLES) + "\n"
        for role in ROLES:
            script += f"({package_root.AS_NODE}{self.host.exec_start(role)}) 2>/run/{role}.log & {role}=$!\n"
        for role in ROLES:
            script += f"timeout 60 tail -n +1 --pid=${role} -F /run/{role}.log 2>/dev/null | grep -q -m 1 node.ready || {{ cat /run/{role}.log; exit 1; }}\n"
        for role in ROLES:
            script += f"sallyport status --node /var/lib/sallyport/{role} --json\n"
        for role in ROLES:
            script += f"kill -TERM ${role}; wait ${role}\n"
        told = self.host.run(script).stdout
        answers, decoder = [], json.JSONDecoder()
        while told := told.lstrip():
            answer, end = decoder.raw_decode(told)
            answers.append(answer)
            told = told[end:]
        assert [answer["role"] for answer in answers] == list(ROLES), answers


def kept_files(host):
    return {str(path.relative_to(host.path)): path.read_bytes() for path in sorted(host.file("/etc/sallyport").rglob("*")) if path.is_file()}


def test_an_installation_has_user_folders_units_pages_and_completion(host, debs):
    host.apt("install", debs=[debs["sallyport"], debs["sallyport-doc"]])
    assert host.run("getent passwd sallyport").stdout.split(":")[5:] == ["/var/lib/sallyport", "/usr/sbin/nologin\n"]
    assert host.facts("/etc/sallyport") == "root:sallyport 750"
    assert host.run("dpkg --verify sallyport sallyport-doc").stdout == ""
    for path in ("/usr/share/man/man1/sallyport.1.gz", "/usr/share/man/man5/sallyport.toml.5.gz", "/etc/apparmor.d/sallyport",
                 "/usr/share/man/man5/sallyport-settings.5.gz", "/usr/share/man/man5/sallyport-limits.5.gz",
                 "/usr/share/bash-completion/completions/sallyport", "/usr/share/zsh/vendor-completions/_sallyport",
                 "/usr/share/fish/vendor_completions.d/sallyport.fish", "/usr/share/sallyport/prometheus/sallyport.rules.yml",
                 "/usr/share/sallyport/grafana/sallyport.json", "/usr/share/doc/sallyport/manual/index.md"):
        assert host.file(path).is_file(), path
    enabled = host.run("systemctl --root=/ is-enabled " + " ".join(f"sallyport-{role}" for role in ROLES), check=False).stdout
    assert enabled.split() == ["disabled"] * 3, "which node a host is, only its administrator knows"
    host.run("apparmor_parser --skip-kernel-load --skip-cache /etc/apparmor.d/sallyport")


def test_units_are_in_order_where_they_are_installed(host, debs):
    host.apt("install", debs=[debs["sallyport"]])
    for role in ROLES:
        unit = f"/usr/lib/systemd/system/sallyport-{role}.service"
        done = host.run(f"systemd-analyze verify --man=no {unit}")
        assert "sallyport" not in done.stdout + done.stderr, done.stderr
        judged = host.run(f"systemd-analyze security --offline=true --no-pager {unit}").stdout
        assert float(re.search(r"exposure level for \S+: ([\d.]+)", judged)[1]) < 2.0, judged


def test_purge_leaves_nothing_but_the_user(host, debs):
    host.apt("purge", "sallyport", "sallyport-doc")
    before = host.run("find / -xdev -path /proc -prune -o -path /var/cache -prune -o -path /var/log -prune -o -path /var/tmp -prune -o -print").stdout
    host.apt("install", debs=[debs["sallyport"], debs["sallyport-doc"]])
    host.run(INIT)
    Trio(host).check()
    host.run("systemctl --root=/ enable sallyport-edge")
    host.apt("purge", "sallyport", "sallyport-doc")
    after = host.run("find / -xdev -path /proc -prune -o -path /var/cache -prune -o -path /var/log -prune -o -path /var/tmp -prune -o -print").stdout
    new = set(after.split()) - set(before.split())
    assert {path for path in new if "sallyport" in path} == set(), new
    assert host.run("getent passwd sallyport").returncode == 0


@pytest.fixture(scope="module")
def booted(host):
    if not host.boot():
        pytest.skip("no systemd in a root of its own here: " + host.log.read_text(encoding="utf-8")[-300:])
    return host


def test_a_node_without_a_file_says_what_to_do(booted, debs):
    booted.apt("install", debs=[debs["sallyport"]])
    for role in ROLES:
        assert booted.run(f"systemctl start sallyport-{role}", check=False).returncode == 1
        said = booted.run(f"journalctl --sync; journalctl -u sallyport-{role} -o cat").stdout
        assert (f"/etc/sallyport/{role}.toml: /etc/sallyport/{role}.toml does not exist; `sallyport init` writes the files of a new "
                "installation") in said.splitlines(), said
        told = booted.run(f"systemctl show -p ExecMainStatus -p NRestarts -p ActiveState sallyport-{role}").stdout.split()
        assert sorted(told) == ["ActiveState=failed", "ExecMainStatus=2", "NRestarts=0"], "nobody tries again what only a person can cure"


def processes(host):
    """The nodes' processes, each of which systemd has been told is ready, and which answer; they run as their user, confined."""
    numbers = []
    for role in ROLES:
        assert host.run(f"systemctl is-active sallyport-{role}").stdout == "active\n"
        assert json.loads(host.run(f"sallyport status --node /var/lib/sallyport/{role} --json").stdout)["role"] == role
        number = host.run(f"systemctl show -p MainPID --value sallyport-{role}").stdout.strip()
        facts = dict(line.split(":\t", 1) for line in host.run(f"cat /proc/{number}/status").stdout.splitlines() if ":\t" in line)
        assert facts["Uid"].split() == [host.run("id -u sallyport").stdout.strip()] * 4
        assert (int(facts["CapEff"], 16), int(facts["CapBnd"], 16), facts["NoNewPrivs"], facts["Seccomp"]) == (0, 0, "1", "2"), facts
        numbers.append(number)
    return numbers


def test_nodes_live_through_upgrade_downgrade_removal_and_a_new_installation(booted, debs, next_one, version):
    booted.apt("install", debs=[debs["sallyport"]])
    booted.run(INIT)
    files = kept_files(booted)
    assert {f"etc/sallyport/{role}.toml" for role in ROLES} <= set(files)
    units = " ".join(f"sallyport-{role}" for role in ROLES)
    booted.run(f"systemctl enable --now {units}; echo '# of this host' >>/etc/apparmor.d/sallyport")
    first = processes(booted)
    booted.run(f"systemctl reload {units}")
    assert processes(booted) == first

    def check(wanted, before):
        assert booted.run("dpkg-query -W -f='${Version} ${Status}' sallyport").stdout == f"{wanted} install ok installed"
        assert kept_files(booted) == files and booted.facts("/etc/sallyport") == "root:sallyport 750"
        assert booted.file("/etc/apparmor.d/sallyport").read_text(encoding="utf-8").endswith("# of this host\n")
        now = processes(booted)
        assert not set(now) & set(before), "what runs is what is installed"
        return now

    booted.apt("install", debs=[next_one["sallyport"]])
    upgraded = check(package_root.field(next_one["sallyport"], "Version"), first)
    booted.apt("install", "--allow-downgrades", debs=[debs["sallyport"]])
    downgraded = check(version, upgraded)

    booted.apt("remove", "sallyport")
    assert booted.run(f"systemctl is-active {units}", check=False).stdout.split() == ["inactive"] * 3
    assert not booted.file("/usr/bin/sallyport").exists() and kept_files(booted) == files
    assert booted.file("/var/lib/sallyport/edge/settings.db").is_file(), "databases stay, too"
    booted.apt("install", debs=[debs["sallyport"]])
    booted.run(f"systemctl start {units}")
    check(version, downgraded)


def test_lintian_finds_nothing(debs):
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    # A release build has no debug information, which is what lintian says of the package for it.
    judged = [path for name, path in debs.items() if name != "sallyport-dbgsym" or os.environ.get("PACKAGES_LONG")]
    done = subprocess.run(["lintian", "--allow-root", "--display-info", "--fail-on", "error,warning", *judged], capture_output=True,
                          text=True, check=False)
    serious = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W:"))]
    assert done.returncode == 0 and not serious, done.stdout + done.stderr


LONG = pytest.mark.skipif(not os.environ.get("PACKAGES_LONG"), reason="long: ./dev package --test")


@LONG
def test_two_builds_of_one_commit_are_equal(place):
    """The second one in a clone elsewhere, compiled anew."""
    first = CHECKOUT / "build/package"
    assert not any("+changed" in name for name in os.listdir(first)), "the first was made of files that are not committed"
    clone = place / "another/place"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", CHECKOUT, clone], check=True)
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run([clone / "dev", "package"], check=True, env={**environment, "CCACHE_DISABLE": "1", "TZ": "Pacific/Auckland"},
                   stdout=subprocess.DEVNULL)
    second = clone / "build/package"
    assert sorted(os.listdir(first)) == sorted(os.listdir(second))
    for name in os.listdir(first):
        assert (first / name).is_dir() or (first / name).read_bytes() == (second / name).read_bytes(), name


@LONG
def test_nothing_in_the_packages_tells_where_they_were_made(debs, place):
    for name, deb in debs.items():
        folder = place / f"{name}-contents"
        subprocess.run(["dpkg-deb", "-R", deb, folder], check=True)
        found = subprocess.run(["grep", "-rlaF", str(CHECKOUT), folder], capture_output=True, text=True, check=False).stdout
        assert found == "", found


class Image:
    """An archive of the OCI, every digest of which is held against its content."""

    def __init__(self, archive, folder):
        self.folder = folder
        subprocess.run(["tar", "-C", folder, "-xf", archive], check=True)
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        manifest = json.loads(self.blob(index["manifests"][0]))
        self.config = json.loads(self.blob(manifest["config"]))
        self.layers = manifest["layers"]
        docker = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))[0]
        assert docker["Config"].endswith(manifest["config"]["digest"].removeprefix("sha256:"))

    def blob(self, descriptor):
        algorithm, digest = descriptor["digest"].split(":")
        content = (self.folder / "blobs" / algorithm / digest).read_bytes()
        assert hashlib.new(algorithm, content).hexdigest() == digest and len(content) == descriptor["size"]
        return content

    def unpack(self, root):
        root.mkdir()
        for layer, plain in zip(self.layers, self.config["rootfs"]["diff_ids"], strict=True):
            content = gzip.decompress(self.blob(layer))
            assert "sha256:" + hashlib.sha256(content).hexdigest() == plain
            subprocess.run(["tar", "-C", root, "--numeric-owner", "-xpf", "-"], input=content, check=True)


@LONG
def test_the_image_runs_a_trio_read_only_and_as_nobody_of_note(debs, place):
    """As the compose file has it, without a daemon: the image's root read-only, its user, no capability, /tmp and a volume to write to."""
    subprocess.run([CHECKOUT / "packaging/oci/make_image", debs["sallyport"], place / "image"], check=True, stdout=subprocess.DEVNULL)
    (place / "layout").mkdir()
    image = Image(place / "image/sallyport.oci.tar", place / "layout")
    user, group = image.config["config"]["User"].split(":")
    assert int(user) > 0 and image.config["config"]["Entrypoint"] == ["/usr/bin/sallyport"]
    root, nodes = place / "root", place / "nodes"
    image.unpack(root)
    nodes.mkdir()
    confined = (f"setpriv --reuid={user} --regid={group} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all ")
    script = f'cd "{root}"; mount --bind . .; cd "{root}"; mount -t proc proc proc; mount --rbind /dev dev; mount -t tmpfs -o size=16m,mode=1777 none tmp\n'
    script += f'mount --bind "{nodes}" etc/sallyport; chroot . {INIT} >/dev/null; mount -t tmpfs -o mode=755 none var/lib/sallyport\n'
    script += "".join(f"install -d -o {user} -g {group} -m 700 var/lib/sallyport/{role}\n" for role in ROLES)
    script += "mount -o remount,bind,ro etc/sallyport; mount -o remount,bind,ro .; ip link set lo up\n"
    script += f"! chroot . {confined} sh -c 'echo x >/x' 2>/dev/null; ! chroot . sh -c 'echo x >/etc/x' 2>/dev/null\n"
    for role in ROLES:
        script += f"chroot . {confined} /usr/bin/sallyport {role} --config /etc/sallyport/{role}.toml 2>'{place}/{role}.log' & {role}=$!\n"
    for role in ROLES:
        script += f"timeout 60 tail -n +1 --pid=${role} -F '{place}/{role}.log' 2>/dev/null | grep -q -m 1 node.ready || {{ cat '{place}/{role}.log'; exit 1; }}\n"
        script += f"chroot . {confined} /usr/bin/sallyport status --json --node /var/lib/sallyport/{role} >'{place}/{role}.json'\n"
    for role in ROLES:
        script += f"kill -TERM ${role}; wait ${role}\n"
    done = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-ec", script], capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    for role in ROLES:
        assert json.loads((place / f"{role}.json").read_text(encoding="utf-8"))["role"] == role


@LONG
def test_the_bill_of_materials_names_what_the_packages_depend_on(debs):
    (found,) = (CHECKOUT / "build/package").glob("*.spdx.json")
    bill = json.loads(found.read_text(encoding="utf-8"))
    packages = {one["SPDXID"]: one for one in bill["packages"]}
    named = {one["name"]: one for one in packages.values()}
    assert len(packages) == len(bill["packages"]) == len(named)
    for relation in bill["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= {"SPDXRef-DOCUMENT", *packages}, relation
    for name, deb in debs.items():
        assert named[name]["checksums"] == [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(deb.read_bytes()).hexdigest()}]
    libraries = set(package_root.dependencies(debs["sallyport"])) - {"systemd", "init-system-helpers"}
    linked = {packages[one["relatedSpdxElement"]]["name"] for one in bill["relationships"] if one["relationshipType"] == "DYNAMIC_LINK"}
    assert libraries <= linked, libraries - linked
    assert {"preact", "htm", "uplot", "libcli11-dev", "libboost1.81-dev"} <= set(named)
