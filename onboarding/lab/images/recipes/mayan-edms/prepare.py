"""Inside the root of the image, once: the product's pages are put together and its code compiled.

Mayan's own installer would download JavaScript packages and a font when it first starts. Here they
come from the packages that the recipe pins, and every one is held against Mayan's own list.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import sys
from pathlib import Path

PACKAGES = Path("/opt/mayan/packages")
NODE_MODULES = Path("/opt/mayan/node_modules")
STATIC = Path("/opt/mayan/static")
SCRATCH = Path("/opt/mayan/scratch")
FACES = [(family, face) for family in ("lato", "sarabun") for face in ("400", "400-italic", "700")]


def main() -> None:
    sys.path.insert(0, str(PACKAGES))
    SCRATCH.mkdir()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="mayan.settings.production",
        MAYAN_MEDIA_ROOT=str(SCRATCH),
        MAYAN_STATIC_ROOT=str(STATIC),
        HOME=str(SCRATCH),
    )
    import django
    from django.core import management

    django.setup()
    _javascript()
    _fonts()
    management.call_command("appearance_prepare_static", interactive=False, verbosity=0)
    _tidy()
    _compile()


def _javascript() -> None:
    from mayan.apps.dependencies.classes import JavaScriptDependency

    missing = []
    for wanted in JavaScriptDependency.get_all(subclass_only=True):
        source, target = NODE_MODULES / wanted.name, wanted.get_install_path()
        if source.is_dir():
            shutil.copytree(source, target)
            if wanted.replace_list:
                wanted.patch_files()
        if not wanted.check():
            missing.append(f"{wanted.name} {wanted.version_string}")
    if missing:
        sys.exit(f"package.json lacks, or has in another version: {', '.join(missing)}")


def _fonts() -> None:
    """Latin letters in Lato as Mayan has it, Thai ones in Sarabun, under the one name it uses."""
    from mayan.apps.dependencies.classes import GoogleFontDependency

    for wanted in GoogleFontDependency.get_all(subclass_only=True):
        target = wanted.get_install_path()
        (target / "files").mkdir(parents=True)
        text = ""
        for family, face in FACES:
            folder = NODE_MODULES / "@fontsource" / family
            text += (folder / f"{face}.css").read_text().replace("'Sarabun'", "'Lato'")
            for file in (folder / "files").glob(f"{family}-*-{_stem(face)}.woff*"):
                shutil.copy(file, target / "files" / file.name)
        (target / "import.css").write_text(text)


def _stem(face: str) -> str:
    weight, _, style = face.partition("-")
    return f"{weight}-{style or 'normal'}"


def _tidy() -> None:
    """What is collected is served from there alone; of a package Mayan still reads its version."""
    for modules in PACKAGES.glob("mayan/apps/*/static/*/node_modules"):
        for file in sorted(modules.rglob("*"), reverse=True):
            if file.is_dir():
                if not any(file.iterdir()):
                    file.rmdir()
            elif file.name != "package.json" and not file.name.startswith("LICENSE"):
                file.unlink()
    for left in (NODE_MODULES, SCRATCH, PACKAGES / "bin"):
        shutil.rmtree(left)


def _compile() -> None:
    """The root is read-only where it runs, so nothing could be compiled there."""
    for cache in PACKAGES.rglob("__pycache__"):
        shutil.rmtree(cache)
    # Python's own libraries wrote theirs with times in them.
    compileall.compile_dir(
        PACKAGES,
        quiet=2,
        workers=1,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


if __name__ == "__main__":
    main()
