#!/bin/sh
# Init of the micro guest: reads the config drive, sets up NICs by their MAC, says on the console what it sees, then does what is typed
# there. Every line it prints for machines begins with "L2-".

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
stty -F /dev/ttyS0 -echo
while read -r module; do insmod "/modules/$module" || echo "L2-ERROR module=$module"; done < /modules/order
acpid -c /etc/acpi -p /run/acpid.pid -l /dev/null
ip link set lo up
metadata=/run/meta_data
network=/run/network_data
touch $metadata $network

# label_of BLOCK: the volume label of an ISO 9660 file system, else nothing readable.
label_of() { dd if="/dev/$1" bs=1 skip=32808 count=32 2>/dev/null | tr -cd 'a-zA-Z0-9_-'; }

# now: whole seconds since the start, in $now. Like all that is done often here it starts no process: that is slow under emulation.
now() {
  read -r now _ < /proc/uptime
  now=${now%.*}
}

# A drive may appear some time after its controller, and its medium after that.
read_config_drive() {
  now
  limit=$((now + 8))
  while [ "$now" -lt $limit ]; do
    for block in /sys/block/*; do
      block=${block##*/}
      [ "$(label_of "$block")" = config-2 ] || continue
      mount -t iso9660 -o ro "/dev/$block" /config || continue
      awk -f /lab/json.awk /config/openstack/latest/meta_data.json > $metadata
      awk -f /lab/json.awk /config/openstack/latest/network_data.json > $network
      echo "L2-CONFIG-DRIVE disk=$block"
      return
    done
    sleep 0.5
    now
  done
  echo 'L2-CONFIG-DRIVE disk=none'
}

# meta KEY: one value of meta_data.json. Example: meta devices.0.mac
meta() { sed -n "s/^$1 //p" $metadata; }

driver_of() {
  driver=$(readlink "$1/driver")
  echo "${driver##*/}"
}

# mac_of INTERFACE: its address, in $mac; has_carrier INTERFACE: is there a link?
mac_of() { read -r mac < "/sys/class/net/$1/address"; } 2> /dev/null

has_carrier() {
  read -r carrier < "/sys/class/net/$1/carrier" && [ "$carrier" = 1 ]
} 2> /dev/null

report_nic() {
  device=$(readlink -f "/sys/class/net/$1/device")
  driver=$(driver_of "$device")
  # A virtio NIC is below its PCI function.
  while [ "$device" != / ] && [ ! -e "$device/vendor" -o ! -e "$device/class" ]; do device=$(dirname "$device"); done
  address=$(ip -4 -o addr show dev "$1" | awk '{ printf "%s%s", comma, $4; comma = "," }')
  mac_of "$1"
  has_carrier "$1" && carrier=1 || carrier=0
  # Of an interface that joins others: their drivers.
  over=
  for lower in "/sys/class/net/$1"/lower_*; do
    [ -e "$lower/device" ] || continue
    lower=$(driver_of "$(readlink -f "$lower/device")")
    over="$over${over:+,}$lower"
  done
  echo "L2-NIC if=$1 mac=$mac driver=$driver pci=${device##*/} addr=${address:-none}" \
    "mtu=$(cat "/sys/class/net/$1/mtu") carrier=$carrier${over:+ over=$over}"
}

set_up_nic() {
  mac_of "$1"
  awk -v mac="$mac" -f /lab/nic-settings.awk $network > /run/nic
  ip link set "$1" up
  while read -r what first mask; do
    case $what in
      mtu) ip link set "$1" mtu "$first" ;;
      address) eval "$(ipcalc -p "$first" "$mask")"; ip addr add "$first/$PREFIX" dev "$1" ;;
    esac
  done < /run/nic
  now
  limit=$((now + 5))
  until has_carrier "$1" || [ "$now" -ge $limit ]; do
    sleep 0.2
    now
  done
}

# NICs that were seen, as words "index:interface=mac"; one that goes and comes back has another index.
seen=

watch_nics() {
  present=
  for nic in /sys/class/net/*/device; do
    [ -e "$nic" ] || continue
    nic=${nic%/device}
    # One of two that net_failover has joined.
    [ -e "$nic/master" ] && continue
    nic=${nic##*/}
    mac_of "$nic" || continue
    read -r index < "/sys/class/net/$nic/ifindex" || continue
    word="$index:$nic=$mac"
    present="$present $word"
    case " $seen " in *" $word "*) continue ;; esac
    set_up_nic "$nic"
    report_nic "$nic"
  done
  for word in $seen; do
    case " $present " in *" $word "*) ;; *) echo "L2-NIC-GONE mac=${word#*=}" ;; esac
  done
  seen=$present
}

report_pci() {
  for device in /sys/bus/pci/devices/*; do
    id="$(cat "$device/vendor"):$(cat "$device/device")"
    echo "L2-PCI address=${device##*/} id=$(echo "$id" | sed 's/0x//g') class=$(cat "$device/class") driver=$(driver_of "$device")"
  done
}

# The first words on a disk say whose it is.
report_disks() {
  forget_read
  for block in /sys/block/*; do
    text=$(dd if="/dev/${block##*/}" bs=64 count=1 2>/dev/null | tr -cd 'a-zA-Z0-9_-')
    echo "L2-DISK name=${block##*/} bytes=$(($(cat "$block/size") * 512)) text=$text"
  done
}

# Reads from the disk what would come from memory.
forget_read() { echo 3 > /proc/sys/vm/drop_caches; }

# The config drive as it is now.
report_drive() {
  umount /config 2>/dev/null
  forget_read
  : > $metadata
  read_config_drive
  echo "L2-DRIVE uuid=$(meta uuid) name=$(meta name)"
}

# Which start of the system this is.
report_alive() {
  read -r uptime _ < /proc/uptime
  echo "L2-ALIVE boot=$(cat /proc/sys/kernel/random/boot_id) uptime=$uptime"
}

report_metadata() { sed 's/^/L2-META /' $metadata; sed 's/^/L2-NETWORK /' $network; }

ping_peer() {
  received=$(ping -c 2 -W 2 ${2:+-I "$2"} "$1" 2>&1 | sed -n 's/.* \([0-9]*\) packets received.*/\1/p')
  echo "L2-PING address=$1 received=${received:-0}/2"
}

interface_of() { grep -l "^$1$" /sys/class/net/*/address | sed 's#.*/net/##; s#/address##'; }

obey() {
  case $1 in
    ping) ping_peer "$2" "$3" ;;
    nics) for nic in /sys/class/net/*/device; do nic=${nic%/device}; [ -e "$nic" ] && [ ! -e "$nic/master" ] && report_nic "${nic##*/}"; done ;;
    pci) report_pci ;;
    disks) report_disks ;;
    write) printf '%-64s' "$3" | dd of="/dev/$2" conv=notrunc,fsync 2> /dev/null ;;
    drive) report_drive ;;
    alive) report_alive ;;
    metadata) report_metadata ;;
    address) ip addr add "$3" dev "$(interface_of "$2")" && report_nic "$(interface_of "$2")" ;;
    poweroff) poweroff -f ;;
    *) echo "L2-ERROR unknown=$1" ;;
  esac
}

read_config_drive
report_pci
awk -f /lab/devices.awk $metadata
watch_nics
exec < /dev/ttyS0
read -r uptime _ < /proc/uptime
echo "L2-READY uptime=$uptime uuid=$(meta uuid) name=$(meta name)"
# Apart from the reading of commands: one that is interrupted by a time limit loses what it has of a line.
while true; do
  sleep 1
  watch_nics
done &
while true; do
  # A terminal that hangs up is no end: the first process must not have one.
  read -r line || sleep 1
  [ -n "$line" ] || continue
  # shellcheck disable=SC2086 -- words of the command
  obey $line
  echo "L2-DONE $line"
done
