# The one image of Notifier: web, workers, dispatcher and the one-shot commands. Holds no sandbox and no secret.

FROM python:3.13-slim AS packages
COPY requirements/production.txt /tmp/production.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
        -r /tmp/production.txt \
    && /opt/venv/bin/pip uninstall --yes --quiet pip

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin notifier
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY rules.toml ./
COPY templates templates
COPY channels channels
COPY workers workers
COPY notifier notifier
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1
RUN python -m compileall -q channels workers notifier
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001
ENTRYPOINT ["python", "-m", "notifier"]
CMD ["--help"]
