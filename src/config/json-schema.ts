import { z } from 'zod';
import { gatewaySchema } from './schema/gateway.js';
import { idpSchema } from './schema/idp.js';
import { ValueSource } from './source.js';

/** What may be written, as JSON Schema (draft 2020-12). */
export function inputJsonSchema(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, { io: 'input' });
}

/** The JSON Schemas of the two kinds of file; editors complete and check from them. */
export function generateJsonSchema(): {
  readonly gateway: z.core.JSONSchema.BaseSchema;
  readonly idp: z.core.JSONSchema.BaseSchema;
} {
  const nowhere = new ValueSource('/', {});
  return {
    gateway: { ...inputJsonSchema(gatewaySchema(nowhere)), title: 'claims-gateway: gateway.yaml' },
    idp: { ...inputJsonSchema(idpSchema(nowhere)), title: 'claims-gateway: idps/*.yaml' },
  };
}
