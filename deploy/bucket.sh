#!/bin/sh
# Makes the bucket when it is not there. The server has answered its healthcheck by now.
set -eu
bucket=$1
list() { echo "s3.bucket.list" | timeout 30 weed shell -master=storage:9333; }
if list | grep -qw "$bucket"; then
    echo "bucket $bucket is there"
    exit 0
fi
echo "s3.bucket.create -name $bucket" | timeout 30 weed shell -master=storage:9333
list | grep -qw "$bucket"
