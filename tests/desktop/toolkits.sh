# shellcheck shell=bash disable=SC2034
# GTK and Qt print into the queue, without a question for a password (SR-B1).
DESKTOP_TOOLS=(/usr/bin/python3)
. "$SOURCE/tests/desktop/desktop.sh"
desktop_start
HERE=$SOURCE/tests/desktop

app /usr/bin/python3 "$HERE/gtk3.py" 'GTK Jöb at once' 5
printed 'GTK'
app_ended_well
in_ticket 'GTK' <<TXT
job-name|GTK Jöb at once
job-impressions|5
copies|2
media|iso_a4_210x297mm
TXT

app /usr/bin/python3 "$HERE/gtk3.py" 'GTK Jöb by dialog' 4 --dialog
dialog '^Print$'
picture gtk3-dialog
confirm
printed 'GTK dialog'
picture gtk3-after
app_ended_well
in_ticket 'GTK dialog' <<TXT
job-name|GTK Jöb by dialog
job-impressions|4
copies|3
sides|two-sided-long-edge
print-color-mode|monochrome
TXT

app /usr/bin/python3 "$HERE/qt5.py" 'Qt Jöb' 5
printed 'Qt'
app_ended_well
in_ticket 'Qt' <<TXT
job-name|Qt Jöb
job-impressions|5
copies|2
sides|two-sided-long-edge
media|iso_a4_210x297mm
TXT

# Over TCP the kernel tells cupsd nothing, so it must ask: the search above for
# a question finds one where there is one.
APP_CUPS=localhost:$CUPS_TCP_PORT
app /usr/bin/python3 "$HERE/gtk3.py" 'GTK over TCP' 1
check 'over TCP there is a question for a password' until_true 30 asks_password
picture gtk3-tcp
app_end
is 'and no job' "$(jobs_of alice)" "$JOBS"
agent_stop
