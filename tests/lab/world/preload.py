"""Shared objects that are preloaded into one node, to change what it sees of the system."""
import os
import re
import subprocess

from . import sallyport


def preloaded(source, folder, **environment):
    """What a program has to be told so that it runs with this C file between itself and libc, and with these variables."""
    shim = os.path.join(folder, os.path.basename(source).removesuffix(".c") + ".so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", shim, source, "-ldl"], check=True)
    linked = subprocess.run(["ldd", sallyport.BINARY], capture_output=True, text=True, check=True).stdout
    first = re.search(r"libasan\.so\.\d+", linked)  # a sanitizer wants to be the first
    return ["env", f"LD_PRELOAD={first[0]} {shim}" if first else f"LD_PRELOAD={shim}",
            *(f"{name}={value}" for name, value in environment.items())]
