"""The drill's own process, in the environment of `scratch.environment`: prints one JSON object a line.

`{"say": …}` for progress, `{"fault": …}` for each fault with its checks.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from bettrack.drill.checks import Check, Replay
    from bettrack.drill.faults import Fault
    from bettrack.drill.instance import Instance
    from bettrack.drill.scene import Scene


ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
logger = logging.getLogger(__name__)


def tell(**words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--schema", type=Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(arguments)
    for number in ENDING:
        signal.signal(number, interrupt)
    django.setup()
    from bettrack.drill.faults import BY_NAME
    from bettrack.drill.instance import Instance, remove
    from bettrack.drill.provider import Provider

    provider = Provider()
    instance = Instance(provider_url=provider.url)
    try:
        return _drill(instance, provider, [BY_NAME[name] for name in options.fault], options)
    except KeyboardInterrupt:
        return 130
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        provider.close()
        instance.stop()
        if not options.keep:
            remove(instance.home)


def _drill(instance: Instance, provider: Any, faults: list[Fault], options: argparse.Namespace) -> int:
    from bettrack.drill.checks import Replay, everything
    from bettrack.drill.instance import DrillError
    from bettrack.drill.scene import Scene

    tell(say="Making a scratch instance")
    try:
        instance.prepare(schema=options.schema)
        scene, replay = Scene(instance, provider), Replay()
        instance.start()
        tell(say="Starting worker and scheduler")
        scene.await_step()
        quiet = list(everything(scene, replay))
    except DrillError as error:
        tell(say=f"The scratch instance does not come up: {error}")
        return 2
    tell(fault="none", title="before any fault", seconds=0.0, checks=[asdict(check) for check in quiet])
    good = all(check.passed for check in quiet)
    for fault in faults:
        tell(say=f"{fault.title} …")
        good = _one(scene, replay, fault, short=options.short) and good
    return 0 if good else 1


def _one(scene: Scene, replay: Replay, fault: Fault, *, short: bool) -> bool:
    from bettrack.drill.checks import everything
    from bettrack.drill.instance import DrillError

    begun = time.monotonic()
    checks: list[Check] = []
    try:
        checks += fault.strike(scene, short)
        checks += everything(scene, replay)
    except DrillError as error:
        checks.append(_broken(str(error)))
    except Exception as error:
        logger.exception("%s", fault.name)
        checks.append(_broken(f"{type(error).__name__}: {error}"))
    tell(
        fault=fault.name,
        title=fault.title,
        seconds=round(time.monotonic() - begun, 1),
        checks=[asdict(check) for check in checks],
    )
    return all(check.passed for check in checks)


def _broken(reason: str) -> Check:
    from bettrack.drill.checks import Check

    return Check("the drill went through", False, reason)


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
    sys.exit(main(sys.argv[1:]))
