# shellcheck shell=bash disable=SC2034,SC2154
# Three real documents with markers that can be searched for. Sourced by
# installer/try.

PAGES=6

make_documents() {
    DOCUMENTS=$DIR/documents
    install -d -m 0755 "$DOCUMENTS"
    local word
    for word in PDF TEXT IMAGE; do
        printf -v "MARK_$word" '%s' "$(openssl rand -hex 8)"
    done
    TITLE_PDF="Budget $MARK_PDF.pdf"
    TITLE_TEXT="Letter $MARK_TEXT.txt"
    TITLE_IMAGE="Photo $MARK_IMAGE.png"
    make_pdf
    make_text
    make_image
    chmod 0644 "$DOCUMENTS"/*
    [ "$(qpdf --show-npages "$DOCUMENTS/budget.pdf")" = "$PAGES" ] ||
        fail 'the PDF does not have its pages'
    NOTE="PDF of $PAGES pages, text, image"
}

# Pages of text in PostScript; streams stay uncompressed, so that the search
# for plaintext has something to find.
make_pdf() {
    {
        printf '%%!PS\n/Helvetica 12 selectfont\n'
        printf '[ /Title (%s) /Creator (PrintHold trial) /DOCINFO pdfmark\n' \
            "$TITLE_PDF"
        local page line
        for page in $(seq "$PAGES"); do
            for line in $(seq 40); do
                printf '72 %d moveto (Page %d line %d secret-%s) show\n' \
                    $((780 - line * 17)) "$page" "$line" "$MARK_PDF"
            done
            printf 'showpage\n'
        done
    } | gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=pdfwrite -sPAPERSIZE=a4 \
        -dCompressPages=false -dCompressStreams=false \
        -sOutputFile="$DOCUMENTS/budget.pdf" -
}

make_text() {
    local line
    {
        printf 'Dear Sir or Madam,\n\n'
        for line in $(seq 90); do
            printf 'Line %d of a confidential letter, secret-%s.\n' \
                "$line" "$MARK_TEXT"
        done
    } >"$DOCUMENTS/letter.txt"
}

# A picture with noise in it, so that its bytes are like no other's.
make_image() {
    {
        printf '%%!PS\n200 200 scale 200 200 8 [200 0 0 -200 0 200]\n'
        printf '{ currentfile 200 string readhexstring pop } '
        printf 'false 3 colorimage\n'
        openssl rand -hex 120000 | fold -w 100
        printf '\nshowpage\n'
    } | gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=png16m -r72 -g200x200 \
        -sOutputFile="$DOCUMENTS/photo.png" -
}

# --- printing, as an ordinary user ---

print_one() { # variable title file lp-options...
    local variable=$1 title=$2 file=$3 said
    shift 3
    said=$(as_person alice lp -d PrintHold -t "$title" "$@" "$file") ||
        fail "lp refused $file"
    printf '%s\n' "$said"
    said=${said#request id is PrintHold-}
    printf -v "$variable" '%s' "${said%% *}"
}

print_documents() {
    print_one JOB_PDF "$TITLE_PDF" "$DOCUMENTS/budget.pdf" \
        -n 2 -o sides=two-sided-long-edge -o print-color-mode=monochrome
    print_one JOB_TEXT "$TITLE_TEXT" "$DOCUMENTS/letter.txt"
    print_one JOB_IMAGE "$TITLE_IMAGE" "$DOCUMENTS/photo.png"
    NOTE="CUPS jobs $JOB_PDF, $JOB_TEXT, $JOB_IMAGE"
}
