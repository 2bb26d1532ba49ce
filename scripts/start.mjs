#!/usr/bin/env node
// Sets the project up, then runs the main job: `npm start -- [file] [options]`, on data/digits where no file is named.
import { projectPaths, projectRoot } from './lib/project.mjs';
import { runAsSelf, runMain } from './lib/run.mjs';
import { setup } from './setup.mjs';

await runMain(async () => {
  const args = process.argv.slice(2);
  const ranks = args.some((argument) => argument === '--ranks' || argument.startsWith('--ranks='));
  const { ok } = await setup({ ranks, quiet: args.includes('--quiet') || args.includes('--json') });
  if (!ok) return 1;
  // npm changes to the project's folder; the user's file names are relative to where the user is.
  const cwd = process.env.npm_lifecycle_event ? (process.env.INIT_CWD ?? process.cwd()) : process.cwd();
  const { commandLine } = projectPaths(projectRoot);
  return runAsSelf([process.execPath, commandLine, 'transport', ...args], { cwd });
});
