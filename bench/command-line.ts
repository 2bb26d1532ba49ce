import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { compiled } from '../test/compiled.js';

/** What a run of the command line took. */
export interface CommandLineRun {
  seconds: number;
  /** Seconds of all processors. */
  processor: number;
  /** Resident memory at its largest. */
  mebibytes: number;
}

/** Time and memory of the command line in a process of its own. Throws where it ends with another code than 0. */
export async function commandLine(args: readonly string[]): Promise<CommandLineRun> {
  const main = compiled('cli/main.js');
  const script = `
    process.argv.splice(1, 0, ${JSON.stringify(main)});
    process.once('exit', () => {
      const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
      process.stdout.write(JSON.stringify([maxRSS / 1024, (userCPUTime + systemCPUTime) / 1e6]));
    });
    await import(${JSON.stringify(pathToFileURL(main).href)});`;
  const begin = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`ridgeflow ${args.join(' ')} ended with ${code}`);
  const [mebibytes, processor] = JSON.parse(said) as [number, number];
  return { seconds: (performance.now() - begin) / 1000, processor, mebibytes };
}
