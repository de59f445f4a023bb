# SPDX-License-Identifier: MIT
# Tells what a board is and has, in lines of key=value; runs on the board, in any POSIX sh.
# Its arguments are the programs that the board should have.
echo "system=$(uname -s)"
echo "kernel=$(uname -r)"
echo "machine=$(uname -m)"
echo "now=$(date +%s)"
echo "user=$(id -un)"
if [ ! -e /dev/kvm ]; then
    echo kvm=absent
elif [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
    echo kvm=ok
else
    echo kvm=denied
fi
for chip in /dev/gpiochip*; do
    [ -e "$chip" ] || continue
    if [ -r "$chip" ] && [ -w "$chip" ]; then rights=ok; else rights=denied; fi
    echo "chip=$chip $rights"
done
for chip in /sys/class/gpio/gpiochip*; do
    [ -r "$chip/label" ] || continue
    echo "label=$(cat "$chip/label") $(cat "$chip/ngpio")"
done
if [ -x /usr/bin/gpiodetect ] || [ -x /bin/gpiodetect ]; then
    gpiodetect 2>/dev/null | sed -n 's/^[^[]*\[\([^]]*\)\] (\([0-9]*\) lines*).*/label=\1 \2/p'
fi
lsm=$(cat /sys/kernel/security/lsm 2>/dev/null)
echo "lsm=$lsm"
if [ -z "$lsm" ] && dmesg 2>/dev/null | grep -qi 'landlock: up and running'; then
    echo lsm=landlock
fi
if [ -r /proc/sys/kernel/seccomp/actions_avail ]; then echo seccomp=ok; else echo seccomp=absent; fi
home=/opt/rpikit
[ -d "$home" ] && [ -w "$home" ] || home=/opt
[ -w "$home" ] || home=$HOME
echo "home=$home"
echo "free=$(df -Pk "$home" 2>/dev/null | awk 'NR == 2 { print $4 }')"
if grep -qs 'device.sh" boot' /etc/systemd/system/rpikit.service || grep -qs 'device.sh boot' /etc/inittab; then
    echo boot=yes
fi
for list in "${RPIKIT_HOME:-/opt/rpikit}" "$HOME/.rpikit"; do
    list=$list/trust/allowed_signers
    [ -s "$list" ] || continue
    echo "signers=$(grep -c '^[^#]' "$list")"
    command -v ssh-keygen >/dev/null 2>&1 || echo keygen=absent
    break
done
for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || echo "missing=$tool"
done
