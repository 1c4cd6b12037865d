"""What a taken edge has - its certificate and key, the secret of its link, its SSH host key - opens no other node, and not its own
listeners from somewhere else. On the three files that `sallyport init` wrote, with a core that has servers inside and components, and a
presence node that has one; nothing here needs root."""
import hashlib
import re
import socket
import ssl
import subprocess
import tempfile

import pytest

from world import sallyport
from world.certificates import Authority
from world.names import NameServer
from world.trio import Trio
from world.wait import until

pytestmark = pytest.mark.pair

AT = {"edge": "127.0.62.20", "link": "127.0.62.21", "core": "127.0.62.10", "presence": "127.0.62.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
INSIDE = ("by-certificate.coluc.com", "by-dialback.coluc.com")  # servers inside, and how they prove who they are
COMPONENTS = {"core": "bot.coluc.com", "presence": "irc.coluc.com"}
COMPONENT_SECRET = "a secret for the components of this lab"
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
          " to='{}' from='core1-coluc-com' version='1.0' xmlns:sp='urn:sallyport:link:0' sp:node='taken'>")


class Lab:
    def __init__(self, folder):
        self.names = NameServer("taken-dns", "127.0.62.53", 'local-zone: "com." static\n', folder, port=5355)
        self.folder = f"{folder}/trio"
        self.trio = Trio(self.folder, "coluc.com", AT, NAMES, "127.0.62.53:5355", "127.0.0.0/8")
        self.add_listeners()
        for role in ("edge", "presence"):  # on the loopback the core comes from there, whatever its own address is
            self.rewrite(role, f'addresses = ["{AT["core"]}"]', 'addresses = ["127.0.0.1"]')
        self.trio.start()

    def add_listeners(self):
        servers = "".join(f'[[inside.server]]\ndomains = ["{domain}"]\naddress = "127.0.62.9"\nauth = "{domain[3:].split(".")[0]}"\n'
                          for domain in INSIDE)
        for role, more in (("core", f'[inside]\nlisten = ["{AT["core"]}:5269"]\n{servers}'), ("presence", "")):
            with open(f"{self.folder}/{role}.toml", "a", encoding="utf-8") as file:
                file.write(f'\n{more}\n[components]\nlisten = ["{AT[role]}:5347"]\n\n[[components.allowed]]\n'
                           f'domain = "{COMPONENTS[role]}"\nsecret = "{COMPONENT_SECRET}"\n')

    def rewrite(self, role, old, new):
        with open(f"{self.folder}/{role}.toml", encoding="utf-8") as file:
            text = file.read()
        assert old in text, (role, old)
        with open(f"{self.folder}/{role}.toml", "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def stop(self):
        self.trio.stop()
        self.names.stop()

    def secret(self, role):
        """Of the link at that node's listener."""
        with open(f"{self.folder}/{role}.toml", encoding="utf-8") as file:
            return re.search(r'\[\[link\.accept\]\][^\[]*secret = "([0-9a-f]+)"', file.read())[1]

    def dial(self, role, owner, secret):
        """What the listener of `role` says to who comes with the certificate of `owner`: its stream, then after the handshake."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(f"{self.folder}/traversal-ca.pem")
        context.load_cert_chain(f"{self.folder}/{owner}-link.pem", f"{self.folder}/{owner}-link.key")
        heard = ["", ""]
        with socket.create_connection((AT["link" if role == "edge" else role], 7400), 10) as plain:
            try:
                with context.wrap_socket(plain) as stream:
                    stream.sendall(HEADER.format(NAMES[role].replace(".", "-")).encode())
                    while "</stream:features>" not in heard[0] and (part := stream.recv(65536)):
                        heard[0] += part.decode()
                    stream_id = re.search(r" id='([^']+)'", heard[0])
                    if stream_id:
                        digest = hashlib.sha1((stream_id[1] + secret).encode()).hexdigest()
                        stream.sendall(f"<handshake>{digest}</handshake>".encode())
                        heard[1] = stream.recv(65536).decode()
            except OSError:
                pass
        return heard


@pytest.fixture(scope="module")
def lab():
    with tempfile.TemporaryDirectory(prefix="sallyport-taken-") as folder:
        made = Lab(folder)
        try:
            yield made
        finally:
            made.stop()


@pytest.mark.parametrize("role", ["edge", "presence"])
@pytest.mark.parametrize("owner", ["edge", "presence"])
def test_the_key_of_the_edge_opens_no_other_node(lab, role, owner):
    for secret in (lab.secret("edge"), lab.secret("presence")):
        assert lab.dial(role, owner, secret) == ["", ""], "nothing is said to it"
    lab.trio.nodes[role].wait_for(r"link\.stranger")


@pytest.mark.parametrize("role", ["edge", "presence"])
def test_the_secret_of_one_link_is_not_that_of_another(lab, role):
    other = "presence" if role == "edge" else "edge"
    stream, answer = lab.dial(role, "core", lab.secret(other))
    assert "<stream:features" in stream and "not-authorized" in answer, (stream, answer)
    stream, answer = lab.dial(role, "core", lab.secret(role))
    assert "<handshake/>" in answer, "what is refused above is let in with the right one"


def test_the_host_key_of_the_edge_logs_in_nowhere(lab):
    tried = subprocess.run(["ssh", "-F", "none", "-N", "-p", "2222", "-i", f"{lab.folder}/ssh_host_ed25519", "-o", "IdentitiesOnly=yes",
                            "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                            f"sallyport@{AT['link']}"], capture_output=True, timeout=30, check=False)
    assert tried.returncode == 255 and b"Permission denied (publickey)" in tried.stderr, tried.stderr
    lab.trio.edge.wait_for("ssh.refused.*unknown key")


def test_the_edge_has_no_credentials_for_axl(lab):
    with open(f"{lab.folder}/edge.toml", encoding="utf-8") as file:
        assert "axl" not in file.read()
    done = subprocess.run(["curl", "-sS", "-k", "--cert", f"{lab.folder}/edge-link.pem", "--key", f"{lab.folder}/edge-link.key", "-o",
                           "/dev/null", "-w", "%{http_code}", "-u", f"axl-core:{lab.secret('edge')}", "-d", "<x/>", "-H",
                           "Content-Type: text/xml", f"https://{AT['presence']}:8443/axl/"], capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.stdout == "401", done
    for port in (7400, 2222, 8443):
        with socket.socket() as probe:
            assert probe.connect_ex((AT["core"], port)) != 0, "the core listens for servers and components inside only"


class Intruder:
    """Whoever has the edge's link certificate and key, at a listener that takes XMPP streams."""

    def __init__(self, lab, role, port, namespace, origin, to):
        self.header = (f"<?xml version='1.0'?><stream:stream xmlns='{namespace}' xmlns:stream='http://etherx.jabber.org/streams'"
                       f" xmlns:db='jabber:server:dialback'{origin} to='{to}' version='1.0'>")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.context.load_cert_chain(f"{lab.folder}/edge-link.pem", f"{lab.folder}/edge-link.key")
        self.socket, self.heard = socket.create_connection((AT[role], port), 10), ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, text, pattern):
        """What is heard from now on, up to the pattern or the end of the stream."""
        self.heard = ""
        try:
            self.socket.sendall(text.encode())
            while not re.search(pattern, self.heard) and (part := self.socket.recv(65536)):
                self.heard += part.decode()
        except OSError:
            pass
        return self.heard

    def start_tls(self):
        """The features under TLS."""
        assert "<starttls" in self.say(self.header, "</stream:features>")
        assert "<proceed" in self.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed[^>]*>")
        self.socket = self.context.wrap_socket(self.socket)
        return self.say(self.header, "</stream:features>")


@pytest.mark.parametrize("domain", INSIDE)
def test_the_key_of_the_edge_is_no_server_inside(lab, domain):
    before = lab.trio.core.json("status")["links"]
    external = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"
    message = f"<message from='ceo@{domain}' to='clerk@elsewhere.lab' id='forged'><body>pay</body></message>"
    for attempt in (external, f"<db:result from='{domain}' to='elsewhere.lab'>00</db:result>", ""):
        with Intruder(lab, "core", 5269, "jabber:server", f" from='{domain}'", "elsewhere.lab") as intruder:
            features = intruder.start_tls()
            assert "<stream:features" in features and "EXTERNAL" not in features, features
            if attempt:
                answer = intruder.say(attempt, "<failure|<success|type=|</stream:stream>")
                assert "<success" not in answer and "type='valid'" not in answer, answer
            assert "</stream:stream>" in intruder.heard or "<stream:error" in intruder.say(message, "</stream:stream>"), intruder.heard
    links = lab.trio.core.json("status")["links"]
    assert [link["sent"] for link in links] == [link["sent"] for link in before], "nothing was passed on"


@pytest.mark.parametrize("role", ["core", "presence"])
def test_what_the_edge_has_is_no_component(lab, role):
    for secret in (lab.secret("edge"), ""):
        with Intruder(lab, role, 5347, "jabber:component:accept", "", COMPONENTS[role]) as intruder:
            stream_id = re.search(r" id='([^']+)'", intruder.say(intruder.header, r" id='[^']+'[^>]*>"))[1]
            digest = hashlib.sha1((stream_id + secret).encode()).hexdigest()
            assert "not-authorized" in intruder.say(f"<handshake>{digest}</handshake>", "</stream:stream>|<handshake")
            assert "<handshake" not in intruder.heard
    with Intruder(lab, role, 5347, "jabber:component:accept", "", COMPONENTS[role]) as intruder:
        stream_id = re.search(r" id='([^']+)'", intruder.say(intruder.header, r" id='[^']+'[^>]*>"))[1]
        digest = hashlib.sha1((stream_id + COMPONENT_SECRET).encode()).hexdigest()
        assert "<handshake" in intruder.say(f"<handshake>{digest}</handshake>", "</stream:stream>|<handshake"), "with the right one it is"


def test_the_key_of_the_edge_is_no_user(lab):
    with Intruder(lab, "presence", 5222, "jabber:client", "", "coluc.com") as intruder:
        features = intruder.start_tls()
        assert "<mechanism" in features and "EXTERNAL" not in features, features
        answer = intruder.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>Y2VvQGNvbHVjLmNvbQ==</auth>",
                              "<failure|<success|</stream:stream>")
        assert "<failure" in answer, answer


def test_strangers_keep_the_core_out_of_no_listener(lab):
    """Silent connections from many addresses, as many as they get, while the core comes back, which may not have been here before:
    it is known by its address in the files."""
    lab.trio.nodes["core"].stop()
    silent = []
    try:
        for number in range(120):
            for address, port in ((AT["link"], 7400), (AT["presence"], 7400), (AT["link"], 2222)):
                stranger = socket.socket()
                stranger.bind((f"127.0.63.{number % 60 + 1}", 0))
                stranger.settimeout(5)
                silent.append(stranger)
                stranger.connect((address, port))
        core = lab.trio.restart("core")
        until(lambda: {link["far_role"] for link in core.json("status")["links"] if link["state"] == "open"} == {"edge", "presence"},
              lambda: f"both links: {core.log()[-4000:]}\n{lab.trio.nodes['presence'].log()[-4000:]}", 10)
        step = f"settings received on {NAMES['core']}"
        # The step comes with the core's first report.
        until(lambda: lab.trio.edge.chain().get(step, {}).get("state") == "in force", lambda: f"provisioning: {lab.trio.edge.chain()}", 15)
    finally:
        for stranger in silent:
            stranger.close()


def linked(lab):
    def roles():
        return {link["far_role"] for link in lab.trio.core.json("status")["links"] if link["state"] == "open"}
    until(lambda: roles() == {"edge", "presence"}, lambda: f"both links: {roles()}\n{lab.trio.core.log()[-2000:]}", 10)


def weaknesses(lab):
    return [problem["text"] for role in NAMES for problem in lab.trio.nodes[role].json("status")["problems"] if problem["text"].startswith("link.")]


def test_files_of_before_work_and_warn_until_they_are_migrated(lab):
    """One secret, no names at the listeners, no roles in certificates, as an older release wrote it; then `init --migrate`. The last
    test: it changes the files."""
    assert not weaknesses(lab), "what init writes has none"
    lab.trio.stop()
    before = Authority.__new__(Authority)
    before.folder, before.certificate, before.key = lab.folder, f"{lab.folder}/traversal-ca.pem", f"{lab.folder}/traversal-ca.key"
    for role, name in NAMES.items():
        before.issue(f"{role}-link", [name])
        path = f"{lab.folder}/{role}.toml"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"\n\[\[link\.accept\]\]\n.*?\n\n", "\n\n", text, flags=re.S)
        text = re.sub(r'(\[\[link\.dial\]\]\n(?:[^\n\[]+\n)*?)secret = [^\n]*\n', r"\1", text)
        text = text.replace("require_roles = true", 'secret = "one secret for everybody"')
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([sallyport.BINARY, "check-config", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "link.require_roles" in done.stderr and "init --migrate" in done.stderr, done
    lab.trio.start()
    linked(lab)
    assert len(weaknesses(lab)) == 6, weaknesses(lab)
    lab.trio.edge.wait_for(r"node\.file\.weak.*link\.accept")
    done = subprocess.run([sallyport.BINARY, "init", "--migrate", "--directory", lab.folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    lab.trio.stop()
    lab.trio.start()
    linked(lab)
    assert not weaknesses(lab)
    assert lab.dial("presence", "edge", "one secret for everybody") == ["", ""]
