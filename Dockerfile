# One image for web, worker, watcher and beat: what it runs is the service's command.
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /build
COPY pyproject.toml requirements.lock ./
# Only what the product needs (no test tools), in the versions and with the hashes of the lock.
RUN uv venv /opt/venv \
    && uv pip install --no-cache --compile-bytecode --python /opt/venv/bin/python \
       --require-hashes --requirements pyproject.toml --constraints requirements.lock

FROM python:3.13-slim
# libgomp1: LightGBM's wheel expects it from the system.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home mlcycle \
    && install --directory --owner=mlcycle --mode=700 /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MLCYCLE_VAR=/data
USER mlcycle
VOLUME /data
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "--blocking-threads", "8", "mlcycle_site.wsgi:application"]
