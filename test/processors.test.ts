import test from 'ava';
import { cpuQuota } from '../ts/kernel/native/processors.js';

/** What a process sees whose control groups are these files. */
const files = (content: Record<string, string>) => (file: string) => content[file];

test('without control groups, or with one without a limit, no quota is found', (t) => {
  t.is(cpuQuota(files({})), Infinity);
  t.is(
    cpuQuota(files({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' })),
    Infinity,
  );
  t.is(
    cpuQuota(files({ '/proc/self/cgroup': 'what is this\n', '/sys/fs/cgroup/cpu.max': '??\n' })),
    Infinity,
  );
});

test('version 2: the smallest quota on the way to the root counts', (t) => {
  const groups = {
    '/proc/self/cgroup': '0::/pods/one/box\n',
    '/sys/fs/cgroup/pods/one/box/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/pods/one/cpu.max': '150000 100000\n',
    '/sys/fs/cgroup/pods/cpu.max': '800000 100000\n',
  };
  t.is(cpuQuota(files(groups)), 1.5);
});

test('version 2 in a container whose path is that of the host', (t) => {
  const groups = {
    '/proc/self/cgroup': '0::/system.slice/docker-0123.scope\n',
    '/sys/fs/cgroup/cpu.max': '50000 100000\n',
  };
  t.is(cpuQuota(files(groups)), 0.5);
});

test('version 1: a quota of the controller cpu, −1 for none', (t) => {
  const limited = (quota: string) => ({
    '/proc/self/cgroup': '4:memory:/a\n3:cpu,cpuacct:/docker/b\n1:name=systemd:/\n',
    '/sys/fs/cgroup/cpu/docker/b/cpu.cfs_quota_us': quota,
    '/sys/fs/cgroup/cpu/docker/b/cpu.cfs_period_us': '100000\n',
  });
  t.is(cpuQuota(files(limited('250000\n'))), 2.5);
  t.is(cpuQuota(files(limited('-1\n'))), Infinity);
});
