#!/bin/sh
# First steps of the emulated compute host: find the disk, hand over to its own init.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module"; done < /modules/order
tries=0
until mount -t ext4 /dev/vda /disk 2>/dev/null; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ]; then echo "@@ no disk"; poweroff -f; fi
  sleep 0.1
done
mkdir -p /disk/lab /disk/mnt/share
mount -t ext4 /dev/vdb /disk/lab
umount /proc
umount /sys
mount --move /dev /disk/dev
exec switch_root /disk /lab/init
