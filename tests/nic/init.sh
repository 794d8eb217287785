#!/bin/busybox sh
# The guest's first process: loads drivers, takes the outer machine's / as its root, with what is
# written there kept in memory, and runs the servant there. What the kernel's command line says:
# weir.share, a folder that both sides write to, at the same path as outside; weir.servant, the
# program. When that ends, so does the guest.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules); do
  insmod "/lib/$module.ko" || echo "init: no module $module"
done
for word in $(cat /proc/cmdline); do
  case $word in
    weir.share=*) share=${word#*=} ;;
    weir.servant=*) servant=${word#*=} ;;
  esac
done

# Nobody else writes to the lower root while a test runs, so what was read of it may be kept.
transport=trans=virtio,version=9p2000.L,msize=1048576
mount -t 9p -o "ro,cache=loose,$transport" root /lower &&
  mount -t tmpfs upper /upper && mkdir /upper/files /upper/work &&
  mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work root /root &&
  mount -t 9p -o "cache=none,$transport" share "/root$share" || poweroff -f
for folder in dev proc sys; do mount --move "/$folder" "/root/$folder"; done
mount -t tmpfs run /root/run
mkdir -p /root/dev/hugepages /root/dev/shm
mount -t tmpfs shm /root/dev/shm
mount -t hugetlbfs huge /root/dev/hugepages
ip link set lo up

env HOME=/run TMPDIR=/run PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  chroot /root /usr/bin/python3 -I "$servant"
poweroff -f
