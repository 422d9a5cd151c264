"""The pages of Mayan EDMS, put together once by what its image's recipe does, and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs

from onboarding.lab.images import recipe
from tests.contract.servers import mayan

_SCRIPT = """
import importlib.util, sys
from pathlib import Path
recipe, made = Path(sys.argv[1]), Path(sys.argv[2])
spec = importlib.util.spec_from_file_location("prepare", recipe / "prepare.py")
prepare = importlib.util.module_from_spec(spec)
spec.loader.exec_module(prepare)
prepare.NODE_MODULES = made / "node_modules"
import django
from django.core import management
django.setup()
prepare._javascript()
prepare._fonts()
management.call_command("appearance_prepare_static", interactive=False, verbosity=0)
"""


def static() -> Path:
    """The folder that the product serves as its static files."""
    kept = platformdirs.user_cache_path("onboard") / "products" / f"mayan-edms-{mayan.VERSION}"
    done, made = kept / "pages" / "static", kept / "pages.half"
    if done.is_dir():
        return done
    source = recipe.load()["mayan-edms"].recipe
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, made / name)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(["npm", "ci", *quiet], cwd=made, check=True, stdout=sys.stderr, timeout=1800)
    mayan.install(mayan.VERSION)
    programs = kept / "venv" / "bin"
    packages = next((programs.parent / "lib").glob("python*/site-packages"))
    for left in packages.glob("mayan/apps/*/static/*/node_modules"):
        shutil.rmtree(left)
    (made / "media").mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(made),
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": "mayan.settings.production",
        "MAYAN_MEDIA_ROOT": str(made / "media"),
        "MAYAN_STATIC_ROOT": str(made / "static"),
    }
    subprocess.run(
        [str(programs / "python"), "-c", _SCRIPT, str(source), str(made)],
        cwd=made, env=environment, check=True, stdout=sys.stderr, timeout=1800,
    )  # fmt: skip
    shutil.rmtree(made / "node_modules")
    made.rename(done.parent)
    return done
