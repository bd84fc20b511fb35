#!/bin/sh
# accounts.sh NODE: makes, as the administrator of EventStoreDB, the accounts that
# are not administrators: xinfang, which the ledger uses, and metrics, which may
# read no stream. Accounts that exist are left as they are.
#
# Passwords go to curl through its standard input: arguments and the environment
# can be seen by others.
set -eu
url=https://$1:2113/users/

request() {
	printf 'user = "admin:%s"\nheader = "Content-Type: application/json"\n' "$(cat /run/secrets/esdb-admin)"
	printf 'data = "{\\"LoginName\\":\\"%s\\",\\"FullName\\":\\"%s\\",\\"Groups\\":[],\\"Password\\":\\"%s\\"}"\n' \
		"$1" "$1" "$(cat "$2")"
}

create() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		status=$(request "$@" | curl --silent --show-error --max-time 10 --cacert /certs/ca.crt \
			--output /dev/null --write-out '%{http_code}' --config - "$url") || status=none
		case $status in
		201) echo "accounts: $1 is made"; return ;;
		409) echo "accounts: $1 exists"; return ;;
		esac
		sleep 3 # the cluster may still be electing its leader
	done
	echo "accounts: $url answers $status to making $1; see its log, and whether esdb-admin in the volume secrets is the password it was first started with" >&2
	exit 1
}

create xinfang /run/secrets/esdb-xinfang
create metrics /run/secrets/esdb-metrics
