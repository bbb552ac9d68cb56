"""One process of the settlement benchmark: ``python -m bettrack.benchmarks.settle_worker DATABASE BATCH``."""

from __future__ import annotations

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
    django.setup()
    from bettrack.benchmarks.settle import work  # needs Django to be set up

    work(sys.argv[1], int(sys.argv[2]))


if __name__ == "__main__":
    main()
