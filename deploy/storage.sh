#!/bin/sh
# SeaweedFS as one S3 server: a key for the verifier that reaches its bucket and nothing else.
set -eu
umask 077
bucket=$1
cat >/tmp/s3.json <<END
{"identities": [{
  "name": "verifier",
  "credentials": [{"accessKey": "$S3_ACCESS_KEY", "secretKey": "$S3_SECRET_KEY"}],
  "actions": ["Read:$bucket", "Write:$bucket", "List:$bucket"]
}]}
END
exec weed server -dir=/data -ip=storage -ip.bind=0.0.0.0 -s3 -s3.config=/tmp/s3.json -s3.iam=false \
    -s3.autoCreateBucket=false -s3.port.iceberg=0 -s3.port.lance=0 -volume.max=0 -master.volumeSizeLimitMB=1024 \
    -master.telemetry=false -filer.localSocket=/tmp/filer.sock -s3.localSocket=/tmp/s3.sock
