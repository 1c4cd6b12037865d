"""Removes the namespaces of lab runs whose process is gone. A run is named after its process."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world.netns import PREFIX, remove_namespaces, sh  # noqa: E402


def main():
    runs = {line.split()[0].split("-")[1] for line in sh("ip", "netns", "list", check=False).splitlines()
            if line.startswith(PREFIX)}
    for run in runs:
        if run.isdigit() and not os.path.exists(f"/proc/{run}"):
            remove_namespaces(f"{PREFIX}{run}-")


if __name__ == "__main__":
    main()
