/* SPDX-License-Identifier: GPL-2.0-only */
/* device.c: /dev/bpf_oom */
#ifndef _BPF_OOM_RECORD_DEVICE_H
#define _BPF_OOM_RECORD_DEVICE_H

#include <linux/types.h>

/**
 * struct device_user - callbacks of reads and writes of the device
 * @settle: closes the record of the last OOM once that is over
 * @rehearse: asks the policy of one attachment about a simulated OOM; returns 0 or an
 *	error
 */
struct device_user {
	void (*settle)(void);
	int (*rehearse)(u64 attachment);
};

int bpf_oom_device_init(const struct device_user *device_user);
void bpf_oom_device_exit(void);

#endif /* _BPF_OOM_RECORD_DEVICE_H */
