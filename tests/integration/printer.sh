# shellcheck shell=bash disable=SC2034
# The printer's side for scenarios: curl with a printer's certificate and grants
# of a test issuer. Source it after host_start; it sets PKI, URL and BODY, the
# file with the last answer, and offers
#   pki COMMAND...                   tests/support/pki
#   grant OPTION...                  a grant for alice at $PRINTER
#   status_as CERTIFICATE PATH OPTION...   one request; prints the status
#   open_session GRANT_OPTION...     sets SESSION
#   call METHOD PATH OPTION...       one request in it; prints the status
#   answers_fit N                    all answers so far are as the API says
#   complete ID RESULT, problem, job_id_of LOGIN N, document_sha ID

ISSUER=https://hub.example.com
URL=https://127.0.0.1:$RELEASE_PORT/v1
PKI=$HOST/pki
BODY=$HOST/body

pki() {
    "$SOURCE/tests/support/pki" "$@"
}

grant() { # ph-test-grant option...
    "$BUILD/tests/support/ph-test-grant" --key "$PKI/issuer.key" \
        --iss "$ISSUER" --aud "$WS" --sub alice@example.com \
        --printer-cert "$PKI/$PRINTER.crt" "$@"
}

curl_as() { # certificate-name curl-option...
    local name=$1
    shift
    curl -sS --http1.1 --tlsv1.3 --max-time 20 --cacert "$PKI/ca.crt" \
        --cert "$PKI/$name.crt" --key "$PKI/$name.key" "$@"
}

# Prints the status; the body is in $BODY. Every answer is kept for
# answers_fit.
ANSWERS=$HOST/answers
mkdir "$ANSWERS"
status_as() { # certificate-name path curl-option...
    local name=$1 path=$2 rc=0 said
    shift 2
    said=$(curl_as "$name" -o "$BODY" \
        -w '%{http_code} %{method} %{content_type}' "$@" "$URL$path") || rc=$?
    {
        printf '%s %s\n' "${path:-/}" "$said"
        case $said in
        *json) cat "$BODY" ;;
        esac
    } >"$(mktemp "$ANSWERS/XXXXXXXX")"
    printf '%s' "${said%% *}"
    return "$rc"
}

# Are they all as docs/release-api.openapi.yaml says?
answers_fit() { # how many kinds there must be
    "$SOURCE/tests/support/check-answers" \
        "$SOURCE/docs/release-api.openapi.yaml" "$ANSWERS" "$1"
}

# The grant on standard input; prints the status of POST /v1/sessions.
sign_in_as() { # certificate-name
    jq -Rc '{grant: .}' | status_as "$1" /sessions \
        -H 'Content-Type: application/json' --data-binary @-
}

SESSION=
open_session() { # grant-option...
    is "sign in ${*: -1}" "$(grant "$@" | sign_in_as "$PRINTER")" 201
    SESSION=$(jq -r .session "$BODY")
}

# A request of the printer in its session; prints the status.
call() { # method path curl-option...
    local method=$1 path=$2
    shift 2
    status_as "$PRINTER" "$path" -X "$method" \
        -H "Authorization: Bearer $SESSION" "$@"
}

complete() { # id result
    call POST "/jobs/$1/complete" -H 'Content-Type: application/json' \
        -d "{\"result\":\"$2\"}"
}

problem() {
    jq -r .type "$BODY"
}

job_id_of() { # login n
    ph root jobs --all --json |
        jq -r "[.[] | select(.ticket[\"owner-login\"] == \"$1\")][$2].id"
}

document_sha() { # id
    ph root jobs --all --json | jq -r ".[] | select(.id == \"$1\") | .sha256"
}
