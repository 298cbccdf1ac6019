# shellcheck shell=bash disable=SC2034
# The broker's certificate may be of an authority that the system trusts
# (cloud.trust = system), and of no other then (SR-40).
. "$SOURCE/tests/integration/host.sh"
install -d "$HOST/etc/conf.d"
host_config cloud trust system
status_says() { # words
    ph root status --json | jq -e --arg words "$1" \
        '(.["cloud-text"] // "") | contains($words)' >/dev/null
}

# In this scenario's mount namespace the system has the authorities of $HOST/certs.
mkdir "$HOST/certs"
chmod 0755 "$HOST/certs"
mount --bind "$HOST/certs" "$(readlink -f /etc/ssl/certs)"

host_start
check 'an authority that the system does not know is not trusted' \
    until_true 20 status_says 'signed by an unknown authority'
agent_stop

install -m 0644 "$HOST/pki/ca.crt" "$HOST/certs/fleet.pem"
openssl rehash "$HOST/certs"
agent_start
check 'one that it knows is' until_true 20 cloud_is_online
agent_stop

# The name counts as ever.
"$SOURCE/tests/support/pki" service "$HOST/pki" else --dns else.example
broker_stop
cp "$HOST/pki/else.crt" "$HOST/pki/broker.crt"
cp "$HOST/pki/else.key" "$HOST/pki/broker.key"
broker_start
agent_start
check 'but for another name it is refused' \
    until_true 20 status_says 'is for another name'
agent_stop
