import { readdirSync } from 'node:fs';
import { projectFile, projectFiles, projectRoot } from './project.js';

/** A page of the documentation. */
export interface MarkdownPage {
  /** From the checkout. */
  readonly path: string;
  readonly text: string;
}

const FOLDERS = ['bench', 'certs', 'config', 'deploy', 'docs'];

/** Every Markdown page of the checkout. */
export function markdownPages(): MarkdownPage[] {
  const top = readdirSync(projectRoot).filter((name) => name.endsWith('.md'));
  const below = FOLDERS.flatMap((folder) => projectFiles(folder, '.md'));
  return [...top, ...below].map((path) => ({ path, text: projectFile(path) }));
}

/** What links and images point to, code left out. */
export function linksOf(text: string): string[] {
  const prose = withoutFences(text).replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(<?([^)>\s]+)>?[^)]*\)/g)].map((link) => link[1] ?? '');
}

/** Inline code, as written between the backticks; one that wraps has a space for the line end. */
export function codeSpansOf(text: string): string[] {
  return [...withoutFences(text).matchAll(/`([^`]+)`/g)].map((span) => (span[1] ?? '').replaceAll(/\s+/g, ' '));
}

/** The bodies of the fenced blocks of one language. */
export function fencesOf(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter((block) => block[1] === language)
    .map((block) => block[2] ?? '');
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(text: string): string[] {
  return [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map((heading) =>
    (heading[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutFences(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '');
}
