"""The layers of an image: Debian's packages, those of PyPI and npm, and the recipe's own files.

They are tars whose entries are sorted and carry one time, so that equal packages give equal bytes.
"""

from __future__ import annotations

import platform
import re
import shlex
import shutil
import sys
from pathlib import Path

from onboarding.lab.images import recipe, steps

_OLDEST_GLIBC = 5
_PINNED = ("wheels.txt", "sources.txt")
_VERSIONS = "dpkg-query --admindir=\"$1/var/lib/dpkg\" -W -f '${Package} ${Version}\\n' > "


def debian(of: recipe.Root, made: Path, shop: steps.Workshop, mirror: str | None) -> None:
    """Put ``layer.tar`` and ``packages.txt``, the versions in it, into the folder ``made``."""
    after = (*recipe.AFTER, _VERSIONS + shlex.quote(str(made / "packages.txt")))
    arguments = [
        "mmdebstrap",
        "--mode=root",
        "--variant=apt",
        f"--include={','.join(of.packages)}",
        '--aptopt=APT::Install-Recommends "false"',
        "--dpkgopt=force-confold",
        *(f"--essential-hook={hook}" for hook in of.before),
        *(f"--customize-hook={hook}" for hook in after),
        of.version,
        str(made / "layer.tar"),
        *([mirror] if mirror else []),
    ]
    shop.run("Debian packages", arguments)


def packages(of: recipe.Product, below: Path | None, layer: Path, shop: steps.Workshop) -> None:
    """Put the packages of PyPI and npm into the tar ``layer``; ``below``: Debian's."""
    root = shop.folder / "root"
    root.mkdir()
    if below:
        shop.run("unpacking Debian's layer", ["tar", "-xpf", str(below), "-C", str(root)])
    if of.python:
        _python(of, root / of.python.lstrip("/"), shop)
    if of.pages:
        _pages(of, root / of.pages.lstrip("/"), shop)
    if of.prepare:
        _prepare(of, root, shop)
    _packed(root, layer, shop)


def files(of: recipe.Image, layer: Path, shop: steps.Workshop) -> None:
    """Put the recipe's own files into the tar ``layer``."""
    root = shop.folder / "files"
    root.mkdir()
    for name, target in of.files:
        place = root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        # What is a program stays one.
        shutil.copy(of.recipe / name, place)
    _packed(root, layer, shop)


def _packed(root: Path, layer: Path, shop: steps.Workshop) -> None:
    """Only ``/opt``: the rest of the root is another layer's."""
    arguments = [
        "tar", "--create", f"--file={layer}", f"--directory={root}", "--sort=name",
        f"--mtime=@{shop.epoch}", "--owner=0", "--group=0", "--numeric-owner",
        "--format=gnu", "--mode=u+rw,go=rX", "opt",
    ]  # fmt: skip
    shop.run("packing what was added", arguments)
    shutil.rmtree(root)


def _python(of: recipe.Product, target: Path, shop: steps.Workshop) -> None:
    """Wheels of PyPI for the image's Python, whatever Python this is; each has its pinned hash."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--retries=10"]
    wheels = shop.folder / "wheels"
    hashed = ["--no-deps", "--require-hashes"]
    sources, tools = of.recipe / "sources.txt", of.recipe / "build.txt"
    if sources.exists():
        # Of these there is no wheel: pure Python, built with pinned tools.
        building = ["--no-cache-dir", "--build-constraint", str(tools), "--wheel-dir", str(wheels)]
        shop.run(
            "packages of PyPI without a wheel",
            [*pip, "wheel", *hashed, *building, "-r", str(sources)],
        )
    pinned = ["-r", str(of.recipe / "wheels.txt")]
    shop.run(
        "wheels of PyPI",
        [*pip, "download", *hashed, *_for(of.suite), "--dest", str(wheels), *pinned],
    )
    # By name, not by file: of a file pip would note down where on this computer it was.
    names = shop.folder / "names.txt"
    names.write_text("\n".join(_names(of)), encoding="utf-8")
    offline = ["--no-index", "--find-links", str(wheels), "--no-deps", "--no-compile"]
    shop.run(
        "installing the wheels",
        [*pip, "install", *offline, "--no-warn-script-location", *_for(of.suite),
         "--target", str(target), "-r", str(names)],
    )  # fmt: skip


def _names(of: recipe.Product) -> list[str]:
    """``name==version`` of all packages of PyPI, in order."""
    files = [of.recipe / name for name in _PINNED if (of.recipe / name).exists()]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return sorted(re.findall(r"^[\w.-]+==[^\s;]+", "\n".join(texts), re.MULTILINE))


def _for(suite: recipe.Suite) -> list[str]:
    machine = platform.machine()
    minor = int(suite.glibc.split(".")[1])
    names = [f"manylinux_2_{n}_{machine}" for n in range(minor, _OLDEST_GLIBC - 1, -1)]
    names += [f"{old}_{machine}" for old in ("manylinux2014", "manylinux2010", "manylinux1")]
    return [
        "--only-binary=:all:",
        f"--python-version={suite.python}",
        "--implementation=cp",
        *(f"--platform={name}" for name in names),
    ]


def _pages(of: recipe.Product, target: Path, shop: steps.Workshop) -> None:
    folder = shop.folder / "pages"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(of.recipe / name, folder / name)
    shop.run(
        "packages of npm",
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        folder=folder,
    )
    (folder / "node_modules" / ".package-lock.json").unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / "node_modules", target)


def _prepare(of: recipe.Product, root: Path, shop: steps.Workshop) -> None:
    """Run the recipe's script inside the root, cut off from the network."""
    script = root / "opt" / of.prepare
    shutil.copy(of.recipe / of.prepare, script)
    shop.run(
        "preparing inside the image",
        ["unshare", "--net", f"--root={root}", "--wd=/", "/usr/bin/python3", f"/opt/{of.prepare}"],
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
    )
    script.unlink()
