#!/bin/sh
# sh check.sh GPUS BYTES: nvidia-smi shows that many GPUs, each with so much memory. For images without Python.
gpus=$1 wanted=$(($2 / 1048576))

fail() {
    echo "GPU check failed: $1"
    exit 1
}

shown=$(nvidia-smi --query-gpu=index,memory.total --format=csv,noheader,nounits 2>&1) ||
    fail "nvidia-smi ends with $? ($(echo "$shown" | head -n 1 | cut -c 1-200)). The node's driver or container toolkit is broken."

count=$(echo "$shown" | grep -c '^[0-9]*, *[0-9]')
[ "$count" -ge "$gpus" ] || fail "$count of $gpus GPUs are shown. Drain the node, and look at its device plugin and at dmesg."

echo "$shown" | while IFS=', ' read -r index mebibytes _; do
    case $mebibytes in
    '' | *[!0-9]*) fail "GPU $index does not say how much memory it has ($mebibytes). Drain the node." ;;
    esac
    [ "$mebibytes" -ge "$wanted" ] ||
        fail "GPU $index shows $((mebibytes / 1024)) GiB of $((wanted / 1024)). It is another type, is shared, or is broken."
done || exit 1

echo "GPU check passed: $count GPUs, at least $((wanted / 1024)) GiB each"
