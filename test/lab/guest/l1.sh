#!/bin/sh
# Process 1 of the emulated compute host: devices, modules, libvirtd and the command server; no systemd.
export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb

say() {
  read -r uptime _ < /proc/uptime
  echo "@@ ${uptime}s $*"
}

# parameter NAME: the value of lab.NAME on the kernel's command line.
parameter() { sed -n "s/.* lab\.$1=\([^ ]*\).*/\1/p" /proc/cmdline; }

# name_nic MAC NAME: gives the interface with this address a name that no slot decides. The fifth number of the MAC is the host's.
name_nic() {
  for nic in /sys/class/net/*; do
    # shellcheck disable=SC2254 -- a pattern
    case $(cat "$nic/address") in $1) ip link set "${nic##*/}" name "$2" ;; esac
  done
  ip link set "$2" up
}

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
ln -sf /proc/self/fd /dev/fd
hostname "$(parameter name)"
ip link set lo up
say 'disk mounted'

cp /lab/qemu.conf /lab/libvirtd.conf /etc/libvirt/
# Between two hosts QEMU's own user opens and creates sockets, as on a real one.
[ -n "$(parameter address)" ] && sed -i 's/"root"/"libvirt-qemu"/' /etc/libvirt/qemu.conf
cp /lab/modprobe.conf /etc/modprobe.d/lab.conf
modprobe -a 9pnet_virtio 9p
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 share /mnt/share
/lab/node /lab/command-server.mjs /mnt/share/.command-password &
server=$!

/usr/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --type=subsystems
udevadm trigger --action=add --type=devices
modprobe -a kvm_amd vfio-pci macvtap 8021q bridge tun vhost_net
udevadm settle -t 120
say 'devices settled'

name_nic '52:54:00:00:0?:fe' mgmt0
ip addr add 10.0.2.15/24 dev mgmt0
name_nic '52:54:00:00:0?:fd' uplink0
address=$(parameter address)
if [ -n "$address" ]; then
  name_nic '52:54:00:00:0?:fc' hosts0
  ip addr add "$address/24" dev hosts0
  printf '127.0.0.1 localhost\n192.168.77.1 hosta\n192.168.77.2 hostb\n' > /etc/hosts
fi
ip link set enp1s0 up
ip link set enp2s0 up

libvirtd -d -l
until virsh -q list > /dev/null 2>&1; do sleep 0.1; done
say 'libvirtd answers'
touch /run/lab-ready

# A shell on the console, when asked for, and the command server live until one of them ends.
if grep -qw lab.shell /proc/cmdline; then
  setsid -c /bin/bash < /dev/console > /dev/console 2>&1
else
  wait $server
fi
say 'powering off'
sync
busybox poweroff -f
sleep 60
