// SPDX-License-Identifier: GPL-2.0-only
/* A policy without programs, with options of each kind: for options.c and others */
#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile bool flag;
const volatile __u8 small;
const volatile signed char small_signed;
const volatile __u16 medium;
const volatile short medium_signed;
const volatile __u32 large;
const volatile int large_signed;
const volatile __u64 huge;
const volatile long long huge_signed;
const volatile __u64 cgroup_id;

/* No options: not a single number, not visible to the tool, or not constant */
const volatile __u32 array[4];
const volatile struct {
	__u32 a, b;
} pair;
static const volatile __u32 hidden = 1;
__u32 changes = 1;

/* Options of single cgroups */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u32);
} priority SEC(".maps");

/* No options: another map type, key or value */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} state SEC(".maps");

SEC("socket") int uses_them(void *ctx)
{
	return (int)(hidden + changes + flag + array[1] + pair.b + huge_signed);
}

char _license[] SEC("license") = "GPL";
