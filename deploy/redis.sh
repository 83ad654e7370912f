#!/bin/sh
# Redis with its password in a file of its own instead of on the command line, where every process could read it.
set -eu
umask 077
cat >/tmp/redis.conf <<END
requirepass $REDIS_PASSWORD
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
pidfile /tmp/redis.pid
END
exec redis-server /tmp/redis.conf
