"""Mayan's own settings for production, but what is asked for is done before it is answered, and
what it signs sessions with comes from a file.

Mayan hands uploads, workflows and its search index to workers, over a broker. One e-Office has
neither: a letter that was accepted is a letter that is kept, and whoever sent one that was not sees
it. Mayan's settings for production take no environment variable for that.
"""

import os
from pathlib import Path

from mayan.settings import production
from mayan.settings.production import *  # noqa: F403 - a settings module is its names
from signing_in import *  # noqa: F403
from signing_in import APPS

INSTALLED_APPS = (*production.INSTALLED_APPS, *APPS)

CELERY_TASK_ALWAYS_EAGER = True

if "MAYAN_SECRET_KEY_FILE" in os.environ:
    SECRET_KEY = Path(os.environ["MAYAN_SECRET_KEY_FILE"]).read_text(encoding="utf-8").strip()
