# Builds the sandbox's view in $root and enters it. Runs as the first process of new namespaces.
# Arguments: root workdir passwd memory-bytes folder... -- link-target link-path ... -- command...
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1 workdir=$2 passwd=$3 bytes=$4
shift 4

# A bind mount keeps the flags of its file system; the kernel refuses a remount that would drop them.
read_only() {
  mount -o remount,bind,ro "$1" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$1" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev,noexec "$1"
}

show() {
  if [ -d "$1" ]; then
    mkdir -p "$root$2"
  else
    mkdir -p "$(dirname "$root$2")"
    : >"$root$2"
  fi
  mount --rbind "$1" "$root$2"
}

mount -t tmpfs -o "size=$bytes,mode=755" tmpfs "$root"
# Before the folders that are shown: one of them may lie below /tmp.
for folder in proc dev/shm tmp home/sandbox; do
  mkdir -p "$root/$folder"
done
for folder in dev/shm tmp home/sandbox; do
  mount -t tmpfs -o "size=$bytes,mode=1777,nosuid,nodev" tmpfs "$root/$folder"
done
while [ "$1" != -- ]; do
  show "$1" "$1"
  read_only "$root$1"
  shift
done
shift
while [ "$1" != -- ]; do
  ln -s "$1" "$root$2"
  shift 2
done
shift
show "$passwd" /etc/passwd
read_only "$root/etc/passwd"
for device in null zero full random urandom; do
  show "/dev/$device" "/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -t proc proc "$root/proc"
# Namespaces of its own would give the code inside capabilities, and memory that nobody counts.
echo 0 >"$root/proc/sys/user/max_user_namespaces"
# The host's root could write to /proc/sys even without capabilities.
mount -o remount,bind,ro "$root/proc"
show "$workdir" /repo
mkdir "$root/.old"
cd "$root"
pivot_root . .old
umount -l /.old
rmdir /.old
mount -o remount,bind,ro /
cd /repo
# No exec: the first process of a namespace ignores signals that would end any other.
status=0
setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@" || status=$?
exit "$status"
