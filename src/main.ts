#!/usr/bin/env node
import { runCommandLine } from './cli/command-line.js';
import { processTerminal } from './cli/terminal.js';

process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal());
// In one of several processes the channel to the parent would keep it from ending.
process.channel?.unref();
// So would what a shutdown has cut off, until it times out: a call to Zivver, a connection to a Redis that hangs.
setTimeout(() => process.exit(), 200).unref();
