import { Transform } from 'node:stream';

/** What mpirun puts before and after a message of its own. */
const RULE = /^-{60,80}$/;
/** Lines that such a message has at most: of what goes on for longer nothing is held back. */
const LINES = 24;

/** Messages that say no more than the rank has said that ended the others. */
const KNOWN = [
  /^MPI_ABORT was invoked on rank/,
  /^Primary job\s+terminated normally/,
  /^mpirun detected that one or more processes exited with non-zero status/,
];
/** What follows where several ranks have sent the same one. */
const MORE = [
  /^\[\S+:\d+\] \d+ more process(es)? ha(s|ve) sent help message help-mpi-api\.txt \/ mpi-abort/,
  /^\[\S+:\d+\] Set MCA parameter "orte_base_help_aggregate" to 0/,
];
const KILLED =
  /^mpirun noticed that process rank (\d+) with PID \d+ on node (\S+) exited on signal (\d+)(.*?)\.?$/;

/**
 * Standard error of ranks as mpirun passes it on, without what mpirun says of their end: a rank that fails says so itself, with
 * its name and host. Of one that was killed, which cannot, one line says which it was. Messages that are not known come through.
 */
export function withoutMpirunMessages(): Transform {
  let rest = '';
  /** A message that has begun. */
  let block: string[] | undefined;
  const settled = (lines: readonly string[]): string => {
    const first = lines[1]?.trimEnd() ?? '';
    if (KNOWN.some((known) => known.test(first))) return '';
    const [, rank, host, signal, name] = KILLED.exec(first) ?? [];
    if (rank === undefined) return lines.join('');
    const why = signal === '9' ? '; where nobody killed it, the machine ran out of memory' : '';
    return `ridgeflow: rank ${rank} (host ${host}) ended on signal ${signal}${name}, and with it all ranks${why}\n`;
  };
  const take = (line: string): string => {
    const isRule = RULE.test(line.trimEnd());
    if (block === undefined) {
      if (!isRule) return MORE.some((more) => more.test(line)) ? '' : line;
      block = [line];
      return '';
    }
    block.push(line);
    if (!isRule && block.length < LINES) return '';
    const lines = block;
    block = undefined;
    return settled(lines);
  };
  return new Transform({
    decodeStrings: false,
    encoding: 'utf8',
    transform(chunk: Buffer | string, _, done) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      done(null, lines.map((line) => take(`${line}\n`)).join(''));
    },
    flush(done) {
      done(null, [...(block ?? []), rest].join(''));
    },
  });
}
