# shellcheck shell=bash disable=SC2034
# Programs that people have print into the queue, without a question for a
# password: evince (GTK 3), gnome-text-editor (GTK 4), qpdfview (Qt) and
# LibreOffice.
DESKTOP_TOOLS=(evince gnome-text-editor qpdfview soffice dbus-run-session)
. "$SOURCE/tests/desktop/desktop.sh"
desktop_start
text_pdf "$HOST/five.pdf" one two three four five

# A letter of three pages, made by LibreOffice itself.
{
    echo '<html><head><title>letter</title></head><body><p>one</p>'
    echo '<p style="page-break-before: always">two</p>'
    echo '<p style="page-break-before: always">three</p></body></html>'
} >"$HOST/letter.html"
(cd "$HOST/home" && on_desktop soffice --headless --writer --convert-to odt \
    "$HOST/letter.html" >"$HOST/convert.log" 2>&1) ||
    fail "no letter: $(cat "$HOST/convert.log")"
app soffice --headless --pt PrintHold "$HOST/home/letter.odt"
printed 'LibreOffice'
app_ended_well
in_ticket 'LibreOffice' <<TXT
job-name|letter.odt
job-impressions|3
copies|1
sides|one-sided
media|iso_a4_210x297mm
TXT

app dbus-run-session evince "$HOST/five.pdf"
dialog 'five.pdf'
keys ctrl+p
dialog '^Print$'
keys alt+s ctrl+a 3
picture evince-dialog
confirm
printed 'evince'
app_end
in_ticket 'evince' <<TXT
job-name|five.pdf — Untitled
job-impressions|5
copies|3
media|iso_a4_210x297mm
TXT

printf 'one line\n' >"$HOST/note.txt"
app dbus-run-session gnome-text-editor "$HOST/note.txt"
dialog 'note.txt'
keys ctrl+p
dialog '^Print$'
picture gtk4-dialog
confirm
printed 'GTK 4'
app_end
in_ticket 'GTK 4' <<TXT
job-impressions|1
copies|1
TXT

app dbus-run-session qpdfview --unique "$HOST/five.pdf"
dialog 'five'
keys ctrl+p
dialog '^Print'
picture qpdfview-dialog
confirm
printed 'qpdfview'
app_end
in_ticket 'qpdfview' <<TXT
job-name|five
job-impressions|5
copies|1
sides|one-sided
print-color-mode|color
TXT
agent_stop
