"""Plays a Containerfile without a container engine: its own steps, in a root file system that is a copy on write of this machine.

Needs root on a Debian of the image's release, for overlay mounts, chroot and network namespaces. What differs from a real
build: the base image is this machine (Python in a virtual environment stands for the image's own), and packages come from
the index that this machine uses.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

BASE = "/usr/local/image"
"""Where the stand-in for the image's Python lies."""
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
OVERLAY_SIZE = "8g"
FROM_OUTSIDE = re.compile(r"(PIP_|SSL_|REQUESTS_|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy)")


@dataclass
class Image:
    """A root file system and what the Containerfile says about running it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: str = "/"
    volumes: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"

    def ids(self) -> tuple[int, int]:
        """User and group id of the image's user, from its own files."""
        line = next(
            one for one in (self.root / "etc/passwd").read_text().splitlines() if one.startswith(f"{self.user}:")
        )
        return int(line.split(":")[2]), int(line.split(":")[3])

    def confined(self, command: list[str]) -> list[str]:
        """The command inside, as the image's user, without capabilities and without a way to get them."""
        user, group = self.ids()
        return [
            "chroot", str(self.root), "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups",
            "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", *command,
        ]  # fmt: skip

    def variables(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of what runs inside."""
        return {"PATH": f"{BASE}/bin:{SYSTEM_PATH}", "HOME": "/root"} | self.environment | (more or {})


def can_play() -> str:
    """Empty, or why images can't be played here."""
    if os.geteuid() != 0:
        return "only root may mount"
    missing = [
        name for name in ("mount", "chroot", "setpriv", "unshare", "nsenter", "useradd") if not shutil.which(name)
    ]
    if missing:
        return f"not installed: {', '.join(missing)}"
    release = Path("/etc/os-release")
    if not release.exists() or "bookworm" not in release.read_text():
        return "the image's steps are those of Debian bookworm"
    return ""


@contextmanager
def built(containerfile: Path, context: Path, folder: Path) -> Iterator[Image]:
    """Execute every step. The file system is gone at the end.

    Raises:
        AssertionError: a step failed, with what it printed.
    """
    with ExitStack() as stack:
        mount(stack, "tmpfs", folder, "-t", "tmpfs", "-o", f"size={OVERLAY_SIZE}")
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(mode=0o755)
        root = folder / "root"
        layers = f"lowerdir=/,upperdir={folder / 'upper'},workdir={folder / 'work'}"
        mount(stack, "overlay", root, "-t", "overlay", "-o", layers)
        mount(stack, "/dev", root / "dev", "--rbind")
        mount(stack, "proc", root / "proc", "-t", "proc")
        mount(stack, "tmpfs", root / "tmp", "-t", "tmpfs")
        mount(stack, "tmpfs", root / str(context).lstrip("/"), "-t", "tmpfs")  # nothing may come from the repository
        done = subprocess.run(
            ["chroot", str(root), "/usr/bin/python3", "-m", "venv", BASE], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        for name in ("passwd", "shadow", "group", "gshadow"):  # the base image knows no such user
            file = root / "etc" / name
            kept = [line for line in file.read_text().splitlines() if not line.startswith("tongchou:")]
            file.write_text("\n".join(kept) + "\n")
        image = Image(root)
        for keyword, text in instructions(containerfile.read_text("utf-8")):
            step(image, keyword, text, context)
        yield image


def mount(stack: ExitStack, source: str, target: Path, *options: str) -> None:
    """Mount now, unmount at the end."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *options, source, str(target)], check=True)
    if "--rbind" in options:
        subprocess.run(["mount", "--make-rslave", str(target)], check=True)
    stack.callback(subprocess.run, ["umount", "-l", str(target)], check=False)


def instructions(text: str) -> list[tuple[str, str]]:
    """Keyword and rest of each instruction, continued lines joined, comments gone."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [
        (word, rest.strip()) for line in joined.splitlines() if line.strip() for word, _, rest in [line.partition(" ")]
    ]


def step(image: Image, keyword: str, text: str, context: Path) -> None:
    """One instruction."""
    if keyword == "RUN":
        run_step(image, text)
    elif keyword == "COPY":
        *sources, target = text.split()
        for source in sources:
            copy(context / source, image.root / f"{image.folder}/{target}".lstrip("/"), into=target.endswith("./"))
    elif keyword == "WORKDIR":
        image.folder = text
        (image.root / text.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif keyword == "USER":
        image.user = text
    elif keyword == "ENV":
        image.environment |= dict(pair.split("=", 1) for pair in text.split())
    elif keyword == "VOLUME":
        image.volumes = json.loads(text)
    elif keyword == "STOPSIGNAL":
        image.stop_signal = text
    elif keyword == "HEALTHCHECK":
        image.health = json.loads(text[text.index("[") :])
    elif keyword == "CMD":
        image.command = json.loads(text)
    else:
        assert keyword == "FROM", f"unknown instruction {keyword}"
        assert text.endswith("-bookworm"), "another release than the one that is played here"


def run_step(image: Image, text: str) -> None:
    """RUN, as root, in the working folder."""
    outside = {name: value for name, value in os.environ.items() if FROM_OUTSIDE.match(name)}
    done = subprocess.run(
        ["chroot", str(image.root), "/bin/sh", "-c", f"cd {image.folder} && {text}"],
        env=image.variables(outside),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"RUN {text}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def copy(source: Path, target: Path, *, into: bool) -> None:
    """COPY a file, or the content of a folder."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target = target / source.name if into else target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
