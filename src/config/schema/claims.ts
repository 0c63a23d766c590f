import { z } from 'zod';
import type { ClaimRule } from '../types/idp.js';
import type { Scalars } from './scalars.js';
import { complain } from './value.js';

const KINDS = ['set', 'copy', 'rename', 'drop', 'lowercase', 'template'] as const;

/** Are all braces of the template paired, with a name inside or doubled? */
function fitTemplate(template: string): boolean {
  return /^(?:[^{}]|\{\{|\}\}|\{[^{}]+\})*$/.test(template);
}

/** One rule of `claims:`. */
export function claimRuleSchema({ text }: Scalars) {
  const move = (what: string) =>
    z
      .strictObject({
        from: text().describe('Name of the attribute to read, or `NameID`.'),
        to: text().describe('Name of the attribute to write, or `NameID`.'),
      })
      .optional()
      .describe(what);

  return z
    .strictObject({
      set: z
        .strictObject({
          to: text().describe('Name of the attribute, or `NameID`.'),
          value: text().describe('The constant.'),
        })
        .optional()
        .describe('Replaces the claim by a constant.'),
      copy: move('Copies the values of one claim to another.'),
      rename: move('Gives an attribute another Name.'),
      drop: text().optional().describe('Removes the attribute of this Name.'),
      lowercase: text().optional().describe('Lower-cases the values of this attribute, or of `NameID`.'),
      template: z
        .strictObject({
          to: text().describe('Name of the attribute to write, or `NameID`.'),
          template: text().describe(
            'Text in which `{name}` stands for the value of that claim; `{{` and `}}` are braces.',
          ),
        })
        .optional()
        .describe('Builds a claim from others.'),
    })
    .transform((written, context): ClaimRule => {
      const named = KINDS.filter((kind) => written[kind] !== undefined);
      if (named.length !== 1) {
        const problem = named.length === 0 ? 'says not what to do' : `has ${named.join(' and ')} in one rule`;
        complain(context, [], problem, `write exactly one of ${KINDS.join(', ')} per list item`);
        return z.NEVER;
      }
      const { set, copy, rename, drop, lowercase, template } = written;
      if (set !== undefined) return { kind: 'set', ...set };
      if (copy !== undefined) return { kind: 'copy', ...copy };
      if (rename !== undefined) return { kind: 'rename', ...rename };
      if (lowercase !== undefined) return { kind: 'lowercase', name: lowercase };
      if (drop === 'NameID') {
        complain(context, ['drop'], 'the NameID cannot be dropped', 'drop attributes only');
      }
      if (drop !== undefined) return { kind: 'drop', name: drop };
      if (template !== undefined && !fitTemplate(template.template)) {
        complain(
          context,
          ['template', 'template'],
          'has a brace without its partner',
          'write {name}, or {{ for a brace',
        );
      }
      return template === undefined ? z.NEVER : { kind: 'template', ...template };
    });
}
