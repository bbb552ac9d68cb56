"""The soak: a scratch instance under a steady load, with pulls and settlement running, for as long as is wished.

A process of its own like the drill's: prints `{"say": …}` as it goes and `{"soak": …}` in the end.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import django

from bettrack.drill.run import ENDING, interrupt, tell

if TYPE_CHECKING:
    from bettrack.drill.instance import Instance
    from bettrack.drill.load import Load, Target
    from bettrack.drill.scene import Scene

SAMPLE_EVERY: Final = 10.0
WARM_UP: Final = 1 / 3
"""Of the time; caches and pools fill in it, so memory is judged from there on."""
MOST_GROWTH: Final = 24.0
"""Megabytes an hour that one process may grow by after the warm-up."""
PATHS: Final = (
    "/",
    "/edges/",
    "/status/",
    "/healthz",
    "/readyz",
    "/api/v1/games/?limit=20",
    "/api/v1/odds/?limit=50",
    "/api/v1/sports/",
    "/api/v1/bookmakers/",
    "/api/v1/status/",
    "/healthz",
    "/api/v1/games/?limit=5",
)
OWN_PATHS: Final = ("/bets/", "/stats/", "/", "/bets/slip/")
PATIENCE: Final = 300.0
"""Seconds that prices and settlements may take under the load before the soak gives up."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--schema")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(arguments)
    for number in ENDING:
        signal.signal(number, interrupt)
    django.setup()
    from pathlib import Path

    from bettrack.drill.instance import Instance, remove
    from bettrack.drill.provider import Provider

    provider = Provider()
    instance = Instance(provider_url=provider.url)
    try:
        tell(say="Making a scratch instance")
        instance.prepare(schema=Path(options.schema) if options.schema else None)
        found = Soak(instance, provider, rate=options.rate, seconds=60 * options.minutes).run()
        tell(soak=found)
        return 0 if found["passed"] else 1
    except KeyboardInterrupt:
        return 130
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        provider.close()
        instance.stop()
        if not options.keep:
            remove(instance.home)


class Soak:
    """One soak: the load, the story beside it, and the samples."""

    def __init__(self, instance: Instance, provider: Any, *, rate: float, seconds: float) -> None:
        self.instance, self.provider = instance, provider
        self.rate, self.seconds = rate, seconds
        self.samples: list[tuple[float, dict[str, float]]] = []
        self.connections: list[int] = []
        self.queued: list[int] = []
        self.rounds = 0

    def run(self) -> dict[str, Any]:
        from bettrack.drill.checks import Replay, everything
        from bettrack.drill.load import Load
        from bettrack.drill.scene import Scene

        port = self._serve()
        scene = Scene(self.instance, self.provider, patience=PATIENCE)
        self.instance.start()
        scene.await_step()
        targets = self._targets(scene)
        load = Load(port, lambda: targets, rate=self.rate)
        tell(say=f"{self.rate:g} requests a second for {self.seconds / 60:g} minutes")
        load.start()
        begun = time.monotonic()
        try:
            self._keep_going(scene, load, begun)
        finally:
            load.stop()
        took = time.monotonic() - begun
        checks = [asdict(check) for check in everything(scene, Replay())]
        return self._judge(load, took, checks)

    def _serve(self) -> int:
        from bettrack.drill.instance import free_port
        from bettrack.running import children, preparation
        from bettrack.running.instance import Address

        static = preparation.StaticFiles()
        static.begin(lambda line: None)
        static.finish()
        address = Address("127.0.0.1", free_port())
        self.web = self.instance.supervisor.start(children.web(address))
        self.instance.until("the web server", lambda: children.answer_of(address) == 200)
        return address.port

    def _targets(self, scene: Scene) -> Sequence[Target]:
        from django.test import Client

        from bettrack.drill.load import Target
        from games.models import Game

        client = Client()
        client.force_login(scene.user)
        cookie = f"sessionid={client.cookies['sessionid'].value}"
        games = [f"/games/{game}/" for game in Game.objects.values_list("id", flat=True)[:4]]
        strangers = [Target(path) for path in (*PATHS, *games)]
        return [*strangers, *(Target(path, cookie) for path in (*OWN_PATHS, games[0]))]

    def _keep_going(self, scene: Scene, load: Load, begun: float) -> None:
        """Move prices on, place bets, have games end; sample and tell meanwhile."""
        from bettrack.drill.faults import waited

        said = 0.0
        while (passed := time.monotonic() - begun) < self.seconds:
            self._sample(passed)
            if passed - said >= 60:
                said = passed
                answers = load.answers
                tell(
                    say=f"{passed / 60:.0f} min: {len(answers.seconds):,} answers, {answers.errors.total()} errors, "
                    f"p99 {answers.quantile(0.99):.0f} ms, {self.rounds} rounds of bets"
                )
            games = scene.begin_round()
            scene.provider.finish(games)
            scene.await_settled()
            self.rounds += 1
            pause = min(begun + self.seconds, time.monotonic() + SAMPLE_EVERY)
            self.instance.until("a pause", waited(pause - time.monotonic()), seconds=SAMPLE_EVERY + 5)

    def _sample(self, passed: float) -> None:
        import redis
        from django.conf import settings

        from bettrack.drill.instance import value
        from bettrack.drill.load import descendants, own_memory
        from bettrack.embedded import state

        sizes: dict[str, float] = {}
        for child in self.instance.supervisor.children:
            if child.process is not None:
                for place, pid in enumerate(descendants(child.process.pid)):
                    sizes[f"{child.name} {place} (pid {pid})"] = own_memory(pid)
        server = int(state.read_state(settings.EMBEDDED)["services"]["postgres"]["pid"])
        sizes["postgres, all processes"] = sum(own_memory(pid) for pid in descendants(server))
        if self.instance.redis.process is not None:
            sizes["redis"] = own_memory(self.instance.redis.process.pid)
        self.samples.append((passed, sizes))
        self.connections.append(int(value("SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL")))
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            self.queued.append(sum(int(client.llen(name)) for name in ("default", "feeds", "settle")))

    def _judge(self, load: Load, took: float, checks: list[dict[str, Any]]) -> dict[str, Any]:
        from bettrack.drill.load import slope

        answers = load.answers
        late = [(at, sizes) for at, sizes in self.samples if at >= WARM_UP * self.seconds]
        memory = {}
        for name in sorted({name for _, sizes in self.samples for name in sizes}):
            series = [(at, sizes[name]) for at, sizes in late if name in sizes]
            if series:
                memory[name] = {
                    "first_mb": round(series[0][1], 1),
                    "last_mb": round(series[-1][1], 1),
                    "mb_per_hour": round(3600 * slope(series), 1),
                    "samples": len(series),
                }
        judged = {name: of for name, of in memory.items() if of["samples"] == len(late)}
        restarts = sum(child.failures for child in self.instance.supervisor.children)
        passed = (
            not answers.errors
            and len(answers.seconds) >= 0.95 * self.rate * self.seconds
            and restarts == 0
            and bool(judged)  # too short a soak proves nothing
            and all(of["mb_per_hour"] <= MOST_GROWTH for of in judged.values())
            and all(check["passed"] for check in checks)
        )
        return {
            "passed": passed,
            "seconds": round(took),
            "answers": len(answers.seconds),
            "rate": round(len(answers.seconds) / took, 1),
            "errors": dict(answers.errors),
            "p50_ms": round(answers.quantile(0.5), 1),
            "p99_ms": round(answers.quantile(0.99), 1),
            "rounds": self.rounds,
            "steps": len(self.provider.told),
            "restarts": restarts,
            "connections": {"most": max(self.connections), "last": self.connections[-1]},
            "queued": {"most": max(self.queued), "last": self.queued[-1]},
            "most_mb_per_hour": MOST_GROWTH,
            "memory": memory,
            "checks": checks,
        }


def report(found: dict[str, Any]) -> Iterator[str]:
    """What a soak came to, line by line."""
    yield (
        f"{found['answers']:,} answers in {found['seconds'] / 60:.1f} min, {found['rate']} a second, "
        f"{sum(found['errors'].values())} errors; p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms"
    )
    yield from (f"  {count} x {error}" for error, count in found["errors"].items())
    yield (
        f"{found['rounds']} rounds of bets settled, {found['steps']} answers of the provider taken in, "
        f"{found['restarts']} restarts; connections {found['connections']['most']} at most, "
        f"queued tasks {found['queued']['most']} at most, {found['queued']['last']} in the end"
    )
    yield f"memory of its own after the warm-up, at most {found['most_mb_per_hour']:g} MB/h of growth each:"
    for name, of in found["memory"].items():
        yield f"  {name:32} {of['first_mb']:7.1f} -> {of['last_mb']:7.1f} MB, {of['mb_per_hour']:+.1f} MB/h"
    for check in found["checks"]:
        yield f"{'passed' if check['passed'] else 'FAILED'}: {check['name']}: {check['detail']}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
    sys.exit(main(sys.argv[1:]))
