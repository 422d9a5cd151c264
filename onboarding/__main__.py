"""``python -m onboarding`` is the command ``onboard``."""

from onboarding.cli.main import main

main()
