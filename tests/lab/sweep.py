"""Removes what lab runs whose process is gone have left: namespaces with what runs in them, folders. A run is named after
its process."""
import glob
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world.federation import FOLDER  # noqa: E402
from world.netns import PREFIX, names, remove_namespaces  # noqa: E402


def main():
    folders = glob.glob(os.path.join(tempfile.gettempdir(), f"{FOLDER}*"))
    runs = {name.split("-")[1] for name in names(PREFIX)}
    runs |= {os.path.basename(folder)[len(FOLDER):].split("-")[0] for folder in folders}
    for run in runs:
        if run.isdigit() and not os.path.exists(f"/proc/{run}"):
            remove_namespaces(f"{PREFIX}{run}-")
            for folder in folders:
                if os.path.basename(folder).startswith(f"{FOLDER}{run}-"):
                    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
