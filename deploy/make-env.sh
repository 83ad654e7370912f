#!/bin/sh
# Writes the settings of the compose stack with fresh random secrets: sh deploy/make-env.sh [FILE]
# Refuses to overwrite: the secrets of a running installation are in it.
set -eu

file=${1:-$(dirname "$0")/city.env}
umask 077
set -C # no overwriting

hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

{
    echo "# Secrets of this installation. Keep a copy elsewhere: without VERIFIER_MASTER_KEY files cannot be read."
    echo "VERIFIER_MASTER_KEY=$(head -c 32 /dev/urandom | base64)"
    echo "POSTGRES_PASSWORD=$(hex 24)"
    echo "REDIS_PASSWORD=$(hex 24)"
    echo "S3_ACCESS_KEY=$(hex 10)"
    echo "S3_SECRET_KEY=$(hex 24)"
} >"$file"
echo "wrote $file"
