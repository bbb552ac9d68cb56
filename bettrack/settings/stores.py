"""Databases, backups, Redis and the queue of tasks."""

from __future__ import annotations

from typing import Any

from bettrack.environment import backups, databases
from bettrack.settings.site import EMBEDDED, EMBEDDED_REDIS, HOME, TESTING, env

_databases = databases.read(env, EMBEDDED)
DATABASES = _databases.all
DATABASE_POOLED = _databases.is_pooled
# for migrations, upkeep and backups, where DATABASE_URL goes through a pooler
DIRECT_DATABASE = _databases.direct
REPLICA_DATABASE = _databases.replica
REPLICA_MAX_LAG = env.positive("REPLICA_MAX_LAG", default=10)  # seconds
DIRECT_DATABASE_URL = env.str("DIRECT_DATABASE_URL", default=env.str("DATABASE_URL", default=""))
MIGRATION_LOCK_TIMEOUT = env.seconds("MIGRATION_LOCK_TIMEOUT", default=5)
MIGRATION_STATEMENT_TIMEOUT = env.seconds("MIGRATION_STATEMENT_TIMEOUT", default=1800)

BACKUPS = backups.backup_settings(env, HOME)

# tests on several cores: each process has a Redis database of its own, as it has one of PostgreSQL
REDIS_DATABASE = int(env.str("PYTEST_XDIST_WORKER", default="gw0").removeprefix("gw")) if TESTING else 0
REDIS_URL = EMBEDDED.redis_url(REDIS_DATABASE) if EMBEDDED_REDIS else env.str("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": EMBEDDED.cache_settings(REDIS_DATABASE)
    if EMBEDDED_REDIS
    else {"BACKEND": "bettrack.redis_cache.RedisCache", "LOCATION": REDIS_URL}
}
CACHES["default"]["KEY_PREFIX"] = "bettrack"
# every board asks it for a version: one that does not answer must not hold pages up
CACHES["default"].setdefault("OPTIONS", {}).update(socket_connect_timeout=0.5, socket_timeout=2)

CELERY_BROKER_URL = EMBEDDED.celery_broker_url(REDIS_DATABASE) if EMBEDDED_REDIS else REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "odds.tasks.*": {"queue": "feeds"},
    "feeds.tasks.*": {"queue": "feeds"},
    "bets.tasks.*": {"queue": "settle"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
CELERY_TIMEZONE = "UTC"
