"""P-256 certificates for one benchmark: the public side's CA and the router link's own."""

import subprocess
from pathlib import Path


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _key(path):
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


def make_ca(folder: Path, name: str):
    """`name`.pem and `name`.key."""
    _key(folder / f"{name}.key")
    _openssl("req", "-x509", "-new", "-key", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-days", "7",
             "-subj", f"/CN=benchmark {name}")


def make_certificate(folder: Path, ca: str, name: str, domains: list[str]):
    """`name`.pem and `name`.key, and `name`-both.pem for servers that want one file."""
    key, request, extensions, pem = (folder / f"{name}.{end}" for end in ("key", "csr", "ext", "pem"))
    _key(key)
    _openssl("req", "-new", "-key", key, "-out", request, "-subj", f"/CN={domains[0]}")
    names = ",".join(f"DNS:{domain}" for domain in domains)
    extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
    _openssl("x509", "-req", "-in", request, "-CA", folder / f"{ca}.pem", "-CAkey", folder / f"{ca}.key",
             "-CAcreateserial", "-days", "7", "-extfile", extensions, "-out", pem)
    (folder / f"{name}-both.pem").write_text(pem.read_text() + key.read_text())


def make_all(folder: Path):
    make_ca(folder, "public-ca")
    make_certificate(folder, "public-ca", "server", ["b.test", "*.b.test"])
    make_certificate(folder, "public-ca", "remote", ["remote.lab", "*.remote.lab"])
    make_ca(folder, "traversal-ca")
    make_certificate(folder, "traversal-ca", "edge1", ["edge1.b.test"])
    make_certificate(folder, "traversal-ca", "core1", ["core1.b.test"])
