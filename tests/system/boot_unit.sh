#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# boot_unit.sh BIN UNIT OUT: systemd, started in namespaces of its own over a copy-on-write view of this machine's root, with musterd from BIN
# under the unit: it runs until it listens, its main process is killed, it comes back, it is stopped. What was seen lies in OUT, a file a
# question. Needs root, systemd, overlayfs and cgroups that may be written. Nothing of the machine is changed. Exit code 77: it can't be done here.
set -eu
bin=$(readlink -f "$1")
unit=$(readlink -f "$2")
out=$(readlink -f "$3")

if [ "${4:-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] && [ -x /lib/systemd/systemd ] && command -v useradd >/dev/null && command -v setpriv >/dev/null || exit 77
    for procs in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
        group=$(dirname "$procs")/muster-unit-$$
        [ -w "$procs" ] && mkdir "$group" 2>/dev/null && groups="${groups:-} $group" || true
    done
    [ -n "${groups:-}" ] || exit 77
    code=0
    # In the background, so that this shell stays outside of the groups, and can remove them.
    (
        for group in $groups; do sh -c 'echo $PPID' >"$group/cgroup.procs" 2>/dev/null || true; done
        exec timeout -s KILL 100 unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup --propagation private "$0" "$bin" "$unit" "$out" inside
    ) || code=$?
    for group in $groups; do find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true; done
    [ -e "$out/stopped" ] && exit 0
    [ -e "$out/booted" ] && exit "$((code == 0 ? 1 : code))"
    exit 77
fi

work=$out/work
mkdir -p "$work"
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mkdir -p "$root/etc/muster" "$root/var/lib/muster"
mount --bind "$out" "$root/mnt"
install -m 755 "$bin/musterd" "$root/usr/bin/musterd"
cp "$unit" "$root/etc/systemd/system/musterd.service"
cp "$out/coordinator.pub" "$root/etc/muster/coordinator.pub"
chmod 644 "$root/etc/muster/coordinator.pub"
# What belongs to the machine is left to it.
for name in sysctl udevd udev-trigger modules-load binfmt remount-fs random-seed machine-id-commit tmpfiles-setup-dev timesyncd; do
    ln -sf /dev/null "$root/etc/systemd/system/systemd-$name.service"
done
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -o remount,bind,ro "$root/sys"
chroot "$root" useradd -r -d /var/lib/muster -s /usr/sbin/nologin muster
chroot "$root" chown muster:muster /var/lib/muster
chmod 700 "$root/var/lib/muster"
chroot "$root" setpriv --reuid muster --regid muster --clear-groups /usr/bin/musterd --init /var/lib/muster/exchange --coordinator /etc/muster/coordinator.pub \
    --origin unit.example/log --address tcp://127.0.0.1:7447 >"$out/init" 2>&1
sed 's|^directory.*|directory = /var/lib/muster/exchange|' "$root/var/lib/muster/exchange/musterd.conf" >"$root/etc/muster/musterd.conf"
chmod 644 "$root/etc/muster/musterd.conf"
cat >"$root/usr/local/bin/look" <<'LOOK'
#!/bin/sh
# Waits until so many starts have come to listen, then tells what runs.
touch /mnt/booted
look() {
    for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        journalctl --no-pager -o cat -u musterd.service >/mnt/journal 2>&1
        [ "$(grep -c event=listening /mnt/journal)" -ge "$1" ] && break
        sleep 1
    done
    systemctl show musterd.service -p ActiveState -p SubState -p NRestarts
    for group in /sys/fs/cgroup/systemd/system.slice/musterd.service /sys/fs/cgroup/system.slice/musterd.service; do
        for pid in $(cat "$group/cgroup.procs" 2>/dev/null); do
            echo "process $(tr '\0' ' ' <"/proc/$pid/cmdline")$(grep -E '^(NoNewPrivs|Seccomp|CapEff):' "/proc/$pid/status" | tr '\n\t' '  ')"
        done
    done
}
look 1 >/mnt/running
systemctl kill -s KILL --kill-whom=main musterd.service
look 2 >/mnt/again
systemctl stop musterd.service
systemctl show musterd.service -p ActiveState -p Result >/mnt/stopped
LOOK
chmod 755 "$root/usr/local/bin/look"
cat >"$root/etc/systemd/system/look.service" <<'LOOK'
[Unit]
Wants=musterd.service
After=musterd.service
[Service]
Type=oneshot
ExecStart=/usr/local/bin/look
ExecStartPost=/bin/systemctl exit 0
LOOK
printf '[Unit]\nWants=look.service systemd-journald.service\n' >"$root/etc/systemd/system/look.target"
mkdir "$root/oldroot"
cd "$root"
pivot_root . oldroot
exec chroot . /bin/sh -c 'umount -l /oldroot; exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=look.target </dev/null >/mnt/console 2>&1'
