#!/bin/sh
# The stand-in listens on loopback only, as the tests on the host want it; here others must reach it.
set -eu
socat TCP-LISTEN:27017,fork,reuseaddr TCP:127.0.0.1:27018 &
exec setpriv --reuid mongodb --regid mongodb --clear-groups \
    java -Xmx512m -cp "/opt/server/classes:/opt/server/lib/*" MongoForTests 27018 /data/db/data.mv
