#!/bin/sh
# secrets.sh DIR: makes at random the secrets of docker-compose.yml that are not in
# DIR/all yet, and copies to each DIR/AUDIENCE those that it needs. All of these are
# volumes. Your own are of letters and digits, because they go into JSON as they are.
#
# Copies can be read by anybody, because each audience reads them as a user of its
# own; nobody else mounts its volume.
set -eu
umask 077
cd "$1"

give() {
	audience=$1
	shift
	for name; do
		if ! test -s "all/$name"; then
			head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"all/$name.new"
			mv "all/$name.new" "all/$name"
		fi
		cp -f "all/$name" "$audience/$name.new"
		chmod 444 "$audience/$name.new"
		mv -f "$audience/$name.new" "$audience/$name"
	done
}

give esdb esdb-admin esdb-ops
give accounts esdb-admin esdb-xinfang esdb-metrics
give xinfang esdb-xinfang scrape-token
give prometheus esdb-metrics scrape-token
