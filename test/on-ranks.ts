import test, { type TestFn } from 'ava';
import { findCommand } from '../scripts/lib/requirements.mjs';
import { localBuild } from '../ts/kernel/native/locate.js';

const there = localBuild('ridgeflow-mpi.node').path !== undefined;
const possible = findCommand('mpicxx') !== null && findCommand('mpirun') !== null;

/**
 * A test that starts ranks of Open MPI, one such test of a file at a time. Left out only where this machine has no MPI to
 * build the addon with: where it has, an addon that is missing fails the test.
 */
export const onRanks: TestFn | TestFn['skip'] = there || possible ? test.serial : test.skip;
