#!/usr/bin/env node
import { runCommandLine } from './cli/command-line.js';
import { processTerminal } from './cli/terminal.js';

process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal());
// In one of several processes the channel to the parent would keep it from ending.
process.channel?.unref();
