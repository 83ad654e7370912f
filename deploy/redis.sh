#!/bin/sh
# Redis with its password in a file of its own instead of on the command line, where every process could read it.
set -eu
umask 077
cat >/run/redis/redis.conf <<END
requirepass $REDIS_PASSWORD
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
pidfile /run/redis/redis.pid
END
exec redis-server /run/redis/redis.conf
