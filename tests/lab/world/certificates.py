"""Two authorities of our own: the public one that every server trusts, and the traversal one of the router link."""
import os

from .netns import sh


class Authority:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        os.makedirs(folder, exist_ok=True)
        self.certificate = os.path.join(folder, f"{name}.pem")
        self.key = os.path.join(folder, f"{name}.key")
        sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
           "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate,
           "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def self_signed(self, name, domains):
        """(certificate, key) that nobody but itself vouches for."""
        base = os.path.join(self.folder, name)
        sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "20",
           "-subj", f"/CN={domains[0]}", "-keyout", f"{base}.key", "-out", f"{base}.pem",
           "-addext", "subjectAltName=" + ",".join(f"DNS:{domain}" for domain in domains))
        os.chmod(f"{base}.key", 0o644)
        return f"{base}.pem", f"{base}.key"

    def issue(self, name, domains, days=20, usage="serverAuth,clientAuth", role=None):
        """(certificate chain, key) for `domains`; the files are called after `name`. `days` -1: it ended yesterday; `role`: of a
        node on the router link."""
        base = os.path.join(self.folder, name)
        names = ",".join([f"DNS:{domain}" for domain in domains] + ([f"URI:urn:sallyport:role:{role}"] if role else []))
        sh("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
           f"/CN={domains[0][:60]}", "-keyout", f"{base}.key", "-out", f"{base}.csr")
        sh("openssl", "x509", "-req", "-in", f"{base}.csr", "-CA", self.certificate, "-CAkey", self.key, "-days", str(days),
           "-CAcreateserial", "-out", f"{base}.crt", "-extfile", "/dev/stdin",
           stdin=f"basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage={usage}\nsubjectAltName={names}\n")
        with open(f"{base}.pem", "w", encoding="ascii") as chain:
            for part in (f"{base}.crt", self.certificate):
                with open(part, encoding="ascii") as file:
                    chain.write(file.read())
        os.chmod(f"{base}.key", 0o644)
        return f"{base}.pem", f"{base}.key"
