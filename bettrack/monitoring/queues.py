"""The task queue in Redis: does it answer, and how much waits in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import redis
from django.conf import settings

PATIENCE: Final = 1.0
"""Seconds to connect, and to wait for an answer."""
QUEUES: Final = ("default", "feeds", "settle")


class QueueGone(Exception):
    """Redis does not answer; the text names the kind of trouble and no address."""


def ping() -> None:
    """Raises QueueGone where Redis does not answer within a second."""
    _ask(lambda client: client.ping())


def lengths() -> dict[str, int]:
    """How many tasks wait in each queue. Raises QueueGone."""

    def ask(client: Any) -> list[int]:
        with client.pipeline(transaction=False) as pipe:
            for queue in QUEUES:
                pipe.llen(queue)
            return list(pipe.execute())

    return dict(zip(QUEUES, _ask(ask), strict=True))


def _ask(question: Callable[[Any], Any]) -> Any:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    )
    try:
        return question(client)
    except (redis.RedisError, OSError) as error:
        raise QueueGone(type(error).__name__) from error
    finally:
        client.close()
